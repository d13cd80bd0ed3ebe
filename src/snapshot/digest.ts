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

/** A piece may be as long as a file; it is hashed in so many bytes at a time, a millisecond's worth. */
const STEP_BYTES = 1024 * 1024;

/** Hashes the pieces, given what was hashed last, and says how many bytes that took. Rests where it yields. */
export function* digestOf(
  pieces: Pieces,
  last: Digest | undefined,
): Generator<void, { readonly digest: Digest; readonly bytesHashed: number }> {
  const same = last === undefined ? 0 : yield* samePieces(last.pieces, pieces);
  if (last !== undefined && same === pieces.length && same === last.pieces.length) {
    return { digest: last, bytesHashed: 0 };
  }
  const states = last === undefined ? [] : last.states.slice(0, Math.floor(same / STRIDE));
  const hash = states.at(-1)?.copy() ?? createHash("sha256");
  const first = states.length * STRIDE;
  let bytesHashed = 0;
  for (let at = first; at < pieces.length; at++) {
    if (at > first && at % STRIDE === 0) states.push(hash.copy());
    const piece = pieces[at]!;
    for (let from = 0; from < piece.length; from += STEP_BYTES) {
      hash.update(piece.subarray(from, from + STEP_BYTES));
      yield;
    }
    bytesHashed += piece.length;
  }
  return { digest: { pieces, states, hash: hash.digest("hex") as Sha256Hex }, bytesHashed };
}

/** How many pieces are the same from the start on. */
function* samePieces(one: Pieces, other: Pieces): Generator<void, number> {
  const length = Math.min(one.length, other.length);
  let same = 0;
  for (; same < length; same++) {
    if (one[same] === other[same]) continue;
    if (!isSamePiece(one[same]!, other[same]!)) break;
    yield;
  }
  return same;
}

function isSamePiece(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && Buffer.compare(one, other) === 0;
}
