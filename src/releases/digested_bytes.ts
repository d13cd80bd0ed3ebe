// Bytes with their SHA-256 behind them: a file that was cut or altered shows.
import { createHash } from "node:crypto";
import { openPace, type Pace } from "../time/pace.ts";

/** The bytes that a digest adds. */
export const DIGEST_BYTES = 32;
/** Hashed at once: some milliseconds. */
const PIECE_BYTES = 1024 * 1024;

/** Returns the pieces and their digest, in turns, those of the work before if its pace is given. */
export async function withDigest(pieces: readonly Uint8Array[], pace: Pace = openPace()): Promise<Uint8Array[]> {
  return [...pieces, await digestOf(pieces, pace)];
}

/** Returns the bytes before the digest, in turns; null: they are not those that it was made of. */
export async function withoutDigest(bytes: Uint8Array, pace: Pace = openPace()): Promise<Uint8Array | null> {
  if (bytes.length < DIGEST_BYTES) return null;
  const content = bytes.subarray(0, -DIGEST_BYTES);
  const digest = await digestOf([content], pace);
  return digest.every((byte, index) => byte === bytes[content.length + index]) ? content : null;
}

async function digestOf(pieces: readonly Uint8Array[], pace: Pace): Promise<Uint8Array> {
  const hash = createHash("sha256");
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += PIECE_BYTES) {
      if (pace.isSpent()) await pace.rest();
      hash.update(piece.subarray(at, at + PIECE_BYTES));
    }
  }
  return hash.digest();
}
