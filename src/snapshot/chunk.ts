// Some members of an object, one after the other, as bytes: canonical and, where they are to stand in a file, laid out.
// A chunk never changes. A new one takes over the bytes of every member whose value is the same object as before.
import { Buffer } from "node:buffer";
import { canonicalText, type Json } from "./canonical.ts";
import { lineBreak, unfold } from "./layout.ts";

/** Some members, in canonical order, and their bytes. */
export interface Chunk {
  /** The members' names. */
  readonly names: readonly string[];
  /** The members' values, in the order of the names. */
  readonly values: readonly Json[];
  /** What is hashed: each member behind a comma. */
  readonly canonical: Rendering;
  /** What stands in the file, where it does: each member behind a comma and a line break. */
  readonly laidOut: Rendering | null;
}

/** Members as bytes. */
export interface Rendering {
  /** All of them. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each one ends. */
  readonly ends: Uint32Array;
}

/** What a chunk is made of. */
export interface ChunkRequest {
  /** The members' names. */
  readonly names: readonly string[];
  /** The members' values. */
  readonly values: readonly Json[];
  /** In how many objects the members stand. */
  readonly depth: number;
  /** Whether they are to be laid out too. */
  readonly isLaidOut: boolean;
  /** Where the bytes of a member are known from; null: nowhere. Only canonical bytes, where no others are asked for. */
  known(index: number): KnownMember | null;
}

/** A chunk, and what it cost. */
export interface MadeChunk {
  /** The chunk. */
  readonly chunk: Chunk;
  /** How many of its members had to be rendered. */
  readonly rendered: number;
}

/** A member of another chunk that has the same name and says the same, at the same depth where it is laid out. */
export interface KnownMember {
  /** The other chunk. */
  readonly chunk: Chunk;
  /** Which of its members. */
  readonly index: number;
}

/** What stands before a member in canonical text. */
export const CANONICAL_SEPARATOR = ",";

/** What stands before a member in a file. */
export function laidOutSeparator(depth: number): string {
  return `,${lineBreak(depth)}`;
}

/**
 * Makes a chunk.
 *
 * @throws {TypeError} for a value that is not JSON; see {@linkcode canonicalText}.
 */
export function makeChunk(request: ChunkRequest): MadeChunk {
  const { names, values, depth, isLaidOut, known } = request;
  const found = names.map((_, index) => known(index));
  const same = isLaidOut ? null : sameChunk(found);
  if (same !== null) return { chunk: { names, values, canonical: same.canonical, laidOut: null }, rendered: 0 };
  const texts = found.map((member, index) => {
    if (member !== null) return null;
    const label = canonicalText(names[index]!);
    const text = canonicalText(values[index]!);
    return {
      canonical: `${CANONICAL_SEPARATOR}${label}:${text}`,
      laidOut: isLaidOut ? `${laidOutSeparator(depth)}${label}: ${unfold(text, depth)}` : "",
    };
  });
  const renderingIn = (form: "canonical" | "laidOut") =>
    written(found.map((member, index) => member === null ? texts[index]![form] : bytesOf(member, form)));
  const canonical = renderingIn("canonical");
  const chunk = { names, values, canonical, laidOut: isLaidOut ? renderingIn("laidOut") : null };
  return { chunk, rendered: found.filter((member) => member === null).length };
}

function bytesOf({ chunk, index }: KnownMember, form: "canonical" | "laidOut"): Uint8Array {
  const { bytes, ends } = chunk[form]!;
  return bytes.subarray(index === 0 ? 0 : ends[index - 1], ends[index]);
}

/** The one chunk that has all the members and no others, in this order; null: there is none. */
function sameChunk(found: readonly (KnownMember | null)[]): Chunk | null {
  const chunk = found[0]?.chunk ?? null;
  if (chunk?.names.length !== found.length) return null;
  return found.every((member, index) => member?.chunk === chunk && member.index === index) ? chunk : null;
}

const ENCODER = new TextEncoder();

/**
 * All members one after the other, in memory of the right size. The sizes are counted before: `encodeInto` of Deno 2.7.11
 * says wrongly how much it has read of a text with characters from U+0080 to U+00FF, once it is optimised.
 */
function written(members: readonly (string | Uint8Array)[]): Rendering {
  const sizeOf = (member: string | Uint8Array) =>
    typeof member === "string" ? Buffer.byteLength(member) : member.length;
  const bytes = new Uint8Array(members.reduce((sum, member) => sum + sizeOf(member), 0));
  const ends = new Uint32Array(members.length);
  let length = 0;
  for (const [index, member] of members.entries()) {
    if (typeof member === "string") length += ENCODER.encodeInto(member, bytes.subarray(length)).written;
    else {
      bytes.set(member, length);
      length += member.length;
    }
    ends[index] = length;
  }
  if (length !== bytes.length) throw new Error(`a chunk has ${length} bytes in place of ${bytes.length}`);
  return { bytes, ends };
}
