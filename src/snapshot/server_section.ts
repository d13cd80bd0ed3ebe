// The blocks of one kind in the grammar that a server reads, as bytes, in pieces of a few dozen blocks. A piece with all
// its blocks the same objects as the last time is taken over.
import { createHash } from "node:crypto";
import { type MemberOrder, orderMembers } from "./member_order.ts";
import { type Carrier, variableText } from "./server_block_text.ts";

/** The blocks of one kind, and how one of them is written. */
export interface Section {
  /** The blocks by id. */
  readonly blocks: Readonly<Record<string, unknown>>;
  /** The beginning of the names of the variables by which its texts travel. */
  readonly prefix: string;
  /** Makes a block into text. */
  readonly text: (id: string, block: never, carrier: Carrier) => string;
}

/** The blocks of one kind as they are written. */
export interface SectionText {
  /** The blocks by id. */
  readonly blocks: Section["blocks"];
  /** Their ids. */
  readonly order: MemberOrder;
  /** By the id of the first block, in the order of the file. */
  readonly pieces: ReadonlyMap<string, Piece>;
  /** Blocks that had to be made into text. */
  readonly blocksRendered: number;
}

/** Some blocks one after the other. */
export interface Piece {
  /** Their ids. */
  readonly ids: readonly string[];
  /** The blocks themselves. */
  readonly blocks: readonly unknown[];
  /** All of them as text. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Writes the blocks of one kind in the order of their ids, since that of the source is not the same on every host. `last`
 * was written with the same prefix. Rests where it yields.
 */
export function* sectionText(section: Section, last: SectionText | undefined): Generator<void, SectionText> {
  const { blocks } = section;
  if (last?.blocks === blocks) return { ...last, blocksRendered: 0 };
  const order = yield* orderMembers(Object.keys(blocks), last?.order);
  const pieces = new Map<string, Piece>();
  let blocksRendered = 0;
  for (const [index, start] of order.groups.entries()) {
    const ids = order.sorted.slice(start, order.groups[index + 1]);
    let piece = last?.pieces.get(ids[0]!);
    if (piece === undefined || !isOf(piece, ids, blocks)) {
      piece = yield* pieceOf(section, ids);
      blocksRendered += ids.length;
    }
    pieces.set(ids[0]!, piece);
    yield;
  }
  return { blocks, order, pieces, blocksRendered };
}

/** Whether a piece has just these blocks. */
function isOf(piece: Piece, ids: readonly string[], blocks: Section["blocks"]): boolean {
  return piece.ids.length === ids.length &&
    ids.every((id, at) => piece.ids[at] === id && piece.blocks[at] === blocks[id]);
}

function* pieceOf(section: Section, ids: readonly string[]): Generator<void, Piece> {
  let text = "";
  for (const id of ids) {
    text += textOf(section, id);
    yield;
  }
  return { ids, blocks: ids.map((id) => section.blocks[id]), bytes: new TextEncoder().encode(text) };
}

/** An empty line, the variables by which the block's texts travel, and the block; nothing if the block has no text. */
function textOf({ blocks, prefix, text }: Section, id: string): string {
  let variables = "";
  const main = text(id, blocks[id] as never, {
    variableFor(setting, value) {
      // By its place, so that a new value changes one line, and a value tells nothing of itself.
      const name = `${prefix}__${encoded(id)}__${encoded(setting)}`;
      variables += variableText(name, value);
      return name;
    },
  });
  return main === "" ? "" : `\n${variables}${main}`;
}

/** Longer parts of names are digests: an id may be as long as a file, and stand in the name of each of its settings. */
const MAX_PART = 64;

/** A text as a part of a variable's name, no two the same; the server knows a name's end by what is no `\w`. */
function encoded(text: string): string {
  if (text.length > MAX_PART) return `_h${createHash("sha256").update(text, "utf16le").digest("hex")}`;
  return text.replace(/[^A-Za-z0-9]/g, (unit) => `_${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
