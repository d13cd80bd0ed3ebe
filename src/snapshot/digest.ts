// The SHA-256 of bytes that come in pieces, computed from the first piece on that is not what it was: the state of the
// hash is kept at every few pieces of the last time. The digest is that of the whole, always.
import { createHash, type Hash } from "node:crypto";
import { Buffer } from "node:buffer";
import type { Sha256Hex } from "./canonical.ts";

/** Bytes in pieces, to be read one after the other. */
export type Pieces = readonly Uint8Array<ArrayBuffer>[];

/** A digest that can be continued. */
export interface Digest {
  /** What was hashed. */
  readonly pieces: Pieces;
  /** The state before the piece at `STRIDE`, at twice that, and so on. */
  readonly states: readonly Hash[];
  /** The digest of all. */
  readonly hash: Sha256Hex;
}

/** Keeping a state costs as much as hashing 4 KB. */
const STRIDE = 4;

/** Hashes the pieces, given what was hashed last. Rests where it yields; what it yields is how many bytes it hashed. */
export function* digestOf(pieces: Pieces, last: Digest | undefined): Generator<number, Digest> {
  const same = last === undefined ? 0 : samePieces(last.pieces, pieces);
  if (last !== undefined && same === pieces.length && same === last.pieces.length) return last;
  const states = last === undefined ? [] : last.states.slice(0, Math.floor(same / STRIDE));
  const hash = states.at(-1)?.copy() ?? createHash("sha256");
  const first = states.length * STRIDE;
  for (let at = first; at < pieces.length; at++) {
    if (at > first && at % STRIDE === 0) states.push(hash.copy());
    const piece = pieces[at]!;
    hash.update(piece);
    yield piece.length;
  }
  return { pieces, states, hash: hash.digest("hex") as Sha256Hex };
}

function samePieces(one: Pieces, other: Pieces): number {
  const length = Math.min(one.length, other.length);
  let same = 0;
  while (same < length && isSamePiece(one[same]!, other[same]!)) same++;
  return same;
}

function isSamePiece(one: Uint8Array, other: Uint8Array): boolean {
  return one === other || (one.length === other.length && Buffer.compare(one, other) === 0);
}
