// The form of a text on the disk: zstd that `zstd -d` reads, with a SHA-256 at its end. The digest is checked before
// anything is decompressed, because Deno's decompressor needs it (2.7.11): it takes a truncated file for a short text,
// a flipped bit can switch off zstd's own checksum, and its asynchronous form ends the process over a damaged file.
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { openPace } from "../time/pace.ts";
import { DIGEST_BYTES, withDigest, withoutDigest } from "./digested_bytes.ts";
import { joinedBytes } from "../host/joined_bytes.ts";

/** A frame each. Deno compresses on the main thread, also asynchronously: some 9 ms a megabyte. */
const PIECE_BYTES = 1024 * 1024;

/**
 * RFC 8878, section 3.1.2: a decoder passes over such a frame. It holds the frames' lengths, their count, the digest.
 */
const SKIPPABLE_FRAME = 0x184d2a50;
const FRAME_HEADER_BYTES = 8;
const NUMBER_BYTES = 4;
/**
 * The bounds of a frame without content, and of the bytes that incompressible content adds (RFC 8878, section 3.1.1).
 */
const FRAME_BYTES = 64;

/** The most bytes that a packed text of `maxTextBytes` has. */
export function maxPackedBytes(maxTextBytes: number): number {
  const frames = Math.ceil(maxTextBytes / PIECE_BYTES);
  return maxTextBytes + frames * (FRAME_BYTES + NUMBER_BYTES) + FRAME_HEADER_BYTES + NUMBER_BYTES + DIGEST_BYTES;
}

/** Compresses a text, in turns. */
export async function packText(text: Uint8Array): Promise<Uint8Array[]> {
  const pace = openPace();
  const frames: Uint8Array[] = [];
  for (let at = 0; at < text.length; at += PIECE_BYTES) {
    if (pace.isSpent()) await pace.rest();
    const params = { [constants.ZSTD_c_checksumFlag]: 1 };
    frames.push(zstdCompressSync(text.subarray(at, at + PIECE_BYTES), { params }));
  }
  const lengths = frames.map((frame) => frame.length);
  const contentBytes = (lengths.length + 1) * NUMBER_BYTES + DIGEST_BYTES;
  const numbers = new DataView(new ArrayBuffer(FRAME_HEADER_BYTES + contentBytes - DIGEST_BYTES));
  [SKIPPABLE_FRAME, contentBytes, ...lengths, frames.length].forEach((number, index) =>
    numbers.setUint32(index * NUMBER_BYTES, number, true)
  );
  return await withDigest([...frames, new Uint8Array(numbers.buffer)], pace);
}

/** Returns the text of a packed file, in turns; null: the file is damaged, or its text has more than `maxTextBytes`. */
export async function unpackText(packed: Uint8Array, maxTextBytes: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const pace = openPace();
  const content = await withoutDigest(packed, pace);
  const frames = content && framesOf(content);
  if (frames === null) return null;
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (const frame of frames) {
    if (pace.isSpent()) await pace.rest();
    const piece = decompressed(frame);
    length += piece?.length ?? 0;
    if (piece === null || length > maxTextBytes) return null;
    pieces.push(piece);
  }
  return joinedBytes(pieces);
}

/** Null: another program wrote the file. */
function framesOf(content: Uint8Array): Uint8Array[] | null {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const countAt = content.length - NUMBER_BYTES;
  if (countAt < FRAME_HEADER_BYTES) return null;
  const count = view.getUint32(countAt, true);
  const lengthsAt = countAt - count * NUMBER_BYTES;
  if (lengthsAt < FRAME_HEADER_BYTES) return null;
  const frames: Uint8Array[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    const length = view.getUint32(lengthsAt + index * NUMBER_BYTES, true);
    frames.push(content.subarray(at, at + length));
    at += length;
  }
  return at === lengthsAt - FRAME_HEADER_BYTES ? frames : null;
}

/** Null: another program wrote the file. */
function decompressed(frame: Uint8Array): Uint8Array<ArrayBuffer> | null {
  try {
    return new Uint8Array(zstdDecompressSync(frame, { maxOutputLength: PIECE_BYTES }));
  } catch {
    return null;
  }
}
