// The blocks of one kind as bytes, in pieces of a few dozen blocks. What is the same object as it was the last time is
// taken over: a block with its bytes, and a piece if all its blocks are.
import { type Carrier, variableText } from "./block_text.ts";

/** The blocks of one kind, and how one of them is written. */
export interface Section {
  /** The blocks by id. */
  readonly blocks: Readonly<Record<string, object>>;
  /** What the names of the variables begin with by which its texts travel. */
  readonly prefix: string;
  /** Makes a block into text. */
  readonly text: (id: string, block: never, carrier: Carrier) => string;
}

/** The blocks of one kind as they are written. */
export interface SectionText {
  /** What was written. */
  readonly blocks: Section["blocks"];
  /** Each block by its id. */
  readonly written: ReadonlyMap<string, WrittenBlock>;
  /** By the id of the first block, in the order of the file. */
  readonly pieces: ReadonlyMap<string, Piece>;
  /** Blocks that had to be made into text. */
  readonly blocksRendered: number;
}

/** A block as it is written. */
export interface WrittenBlock {
  /** The block itself. */
  readonly block: object;
  /** Its part of a piece. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Some blocks one after the other. */
export interface Piece {
  /** The blocks themselves. */
  readonly blocks: readonly object[];
  /** All of them. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Writes the blocks of one kind in the order of their ids, since that of the source is not the same on every host. `last`
 * was written with the same prefix. Rests where it yields.
 */
export function* sectionText(section: Section, last: SectionText | undefined): Generator<void, SectionText> {
  const { blocks } = section;
  if (last?.blocks === blocks) return { ...last, blocksRendered: 0 };
  const written = new Map<string, WrittenBlock>();
  const pieces = new Map<string, Piece>();
  let blocksRendered = 0;
  for (const ids of groupsOf(yield* sorted(Object.keys(blocks)))) {
    const members = ids.map((id) => blocks[id]!);
    const before = last?.pieces.get(ids[0]!);
    if (before !== undefined && areSame(before.blocks, members)) {
      pieces.set(ids[0]!, before);
      for (const id of ids) written.set(id, last!.written.get(id)!);
      yield;
      continue;
    }
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (const [at, id] of ids.entries()) {
      const known = last?.written.get(id);
      if (known !== undefined && known.block === members[at]) parts.push(known.bytes);
      else {
        parts.push(bytesOf(section, id, members[at]!));
        blocksRendered++;
        yield;
      }
    }
    const bytes = joined(parts);
    let end = 0;
    for (const [at, id] of ids.entries()) {
      written.set(id, { block: members[at]!, bytes: bytes.subarray(end, end += parts[at]!.length) });
    }
    pieces.set(ids[0]!, { blocks: members, bytes });
    yield;
  }
  return { blocks, written, pieces, blocksRendered };
}

/** A block, with an empty line before it; before it are the variables by which its texts travel. */
function bytesOf({ prefix, text }: Section, id: string, block: object): Uint8Array<ArrayBuffer> {
  let variables = "";
  const main = text(id, block as never, {
    variableFor(setting, value) {
      // By its place, so that a new value changes one line, and a value tells nothing of itself.
      const name = `${prefix}__${encoded(id)}__${encoded(setting)}`;
      variables += variableText(name, value);
      return name;
    },
  });
  return new TextEncoder().encode(`${variables}${main}` === "" ? "" : `\n${variables}${main}`);
}

/** A text as a part of a variable's name, no two the same; the server knows a name's end by what is no `\w`. */
function encoded(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, (unit) => `_${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const SORTED_AT_ONCE = 8192;

/** Parts that are in order are merged in no time by what sorts the whole. */
function* sorted(names: readonly string[]): Generator<void, string[]> {
  const parts: string[] = [];
  for (let from = 0; from < names.length; from += SORTED_AT_ONCE) {
    for (const name of names.slice(from, from + SORTED_AT_ONCE).sort()) parts.push(name);
    yield;
  }
  return parts.sort();
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

function areSame(some: readonly object[], others: readonly object[]): boolean {
  return some.length === others.length && some.every((one, at) => one === others[at]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
