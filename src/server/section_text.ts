// The blocks of one kind as bytes, in pieces of a few dozen blocks. A block that is the same object as the last time is
// taken over with its bytes, and a piece with all its blocks.
import { type Carrier, variableText } from "./block_text.ts";

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
  readonly order: Order;
  /** By the id of the first block, in the order of the file. */
  readonly pieces: ReadonlyMap<string, Piece>;
  /** Blocks that had to be made into text. */
  readonly blocksRendered: number;
}

/** The ids of blocks. */
export interface Order {
  /** As they were given. */
  readonly ids: readonly string[];
  /** In the order of their UTF-16 units, and in groups of a few dozen. */
  readonly groups: readonly (readonly string[])[];
}

/** Some blocks one after the other. */
export interface Piece {
  /** Their ids. */
  readonly ids: readonly string[];
  /** The blocks themselves. */
  readonly blocks: readonly unknown[];
  /** All of them. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Each of them: views of all. */
  readonly parts: readonly Uint8Array<ArrayBuffer>[];
}

/**
 * Writes the blocks of one kind in the order of their ids, since that of the source is not the same on every host. `last`
 * was written with the same prefix. Rests where it yields.
 */
export function* sectionText(section: Section, last: SectionText | undefined): Generator<void, SectionText> {
  const { blocks } = section;
  if (last?.blocks === blocks) return { ...last, blocksRendered: 0 };
  const order = yield* orderOf(Object.keys(blocks), last?.order);
  const kept: (Piece | null)[] = [];
  for (const ids of order.groups) {
    kept.push(keptPiece(blocks, ids, last));
    yield;
  }
  const left = leftBlocks(last, new Set(kept));
  const pieces = new Map<string, Piece>();
  let blocksRendered = 0;
  for (const [at, ids] of order.groups.entries()) {
    let piece = kept[at]!;
    if (piece === null) {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for (const id of ids) {
        const known = left.get(id);
        if (known !== undefined && known.block === blocks[id]) parts.push(known.bytes);
        else {
          parts.push(bytesOf(section, id, blocks[id]));
          blocksRendered++;
          yield;
        }
      }
      piece = pieceOf(ids, ids.map((id) => blocks[id]), parts);
    }
    pieces.set(ids[0]!, piece);
    yield;
  }
  return { blocks, order, pieces, blocksRendered };
}

/** The piece of before that has just these blocks. */
function keptPiece(blocks: Section["blocks"], ids: readonly string[], last: SectionText | undefined): Piece | null {
  const piece = last?.pieces.get(ids[0]!);
  const isSame = piece !== undefined && areSame(piece.ids, ids) &&
    ids.every((id, at) => blocks[id] === piece.blocks[at]);
  return isSame ? piece : null;
}

interface LeftBlock {
  readonly block: unknown;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The blocks of the pieces of before that are not kept as they are. */
function leftBlocks(
  last: SectionText | undefined,
  kept: ReadonlySet<Piece | null>,
): ReadonlyMap<string, LeftBlock> {
  const left = new Map<string, LeftBlock>();
  for (const piece of last?.pieces.values() ?? []) {
    if (kept.has(piece)) continue;
    for (const [at, id] of piece.ids.entries()) left.set(id, { block: piece.blocks[at], bytes: piece.parts[at]! });
  }
  return left;
}

function pieceOf(ids: readonly string[], blocks: readonly unknown[], parts: readonly Uint8Array[]): Piece {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  const views = parts.map((part) => {
    bytes.set(part, end);
    return bytes.subarray(end, end += part.length);
  });
  return { ids, blocks, bytes, parts: views };
}

/** An empty line, the variables by which the block's texts travel, and the block; nothing if the block has no text. */
function bytesOf({ prefix, text }: Section, id: string, block: unknown): Uint8Array<ArrayBuffer> {
  let variables = "";
  const main = text(id, block as never, {
    variableFor(setting, value) {
      // By its place, so that a new value changes one line, and a value tells nothing of itself.
      const name = `${prefix}__${encoded(id)}__${encoded(setting)}`;
      variables += variableText(name, value);
      return name;
    },
  });
  return new TextEncoder().encode(main === "" ? "" : `\n${variables}${main}`);
}

/** A text as a part of a variable's name, no two the same; the server knows a name's end by what is no `\w`. */
function encoded(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, (unit) => `_${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const STEP_NAMES = 4096;

/** Ids that are the same as before are in order already. */
function* orderOf(ids: readonly string[], last: Order | undefined): Generator<void, Order> {
  if (last !== undefined && areSame(last.ids, ids)) return last;
  let runs: string[][] = [];
  for (let from = 0; from < ids.length; from += STEP_NAMES) {
    runs.push(ids.slice(from, from + STEP_NAMES).sort());
    yield;
  }
  while (runs.length > 1) {
    const longer: string[][] = [];
    for (let at = 0; at < runs.length; at += 2) longer.push(yield* merged(runs[at]!, runs[at + 1] ?? []));
    runs = longer;
  }
  return { ids, groups: [...groupsOf(runs[0] ?? [])] };
}

function* merged(one: readonly string[], other: readonly string[]): Generator<void, string[]> {
  const result: string[] = [];
  let [left, right] = [0, 0];
  while (left < one.length || right < other.length) {
    const isLeft = right === other.length || (left < one.length && one[left]! < other[right]!);
    result.push(isLeft ? one[left++]! : other[right++]!);
    if (result.length % STEP_NAMES === 0) yield;
  }
  return result;
}

const MEAN_GROUP = 32;
const MAX_GROUP = 256;

/** Groups whose ends depend on the names in them, so that a new name changes one group and not all that follow it. */
function* groupsOf(names: readonly string[]): Generator<string[]> {
  let group: string[] = [];
  for (const name of names) {
    group.push(name);
    if (!endsGroup(name) && group.length < MAX_GROUP) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** FNV-1a over the units; its high bits depend on all of them. */
function endsGroup(name: string): boolean {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return (hash >>> 16) % MEAN_GROUP === 0;
}

function areSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((one, at) => one === others[at]);
}
