// Bytes as text where they are UTF-8 to the last byte, and null where they are not: nothing is replaced in silence. What
// few characters beyond ASCII cost follows their number and not the file's size.
import { isUtf8 } from "node:buffer";

/**
 * So many bytes are decoded at once. A text with a single wide character takes the slow way as a whole; in pieces only
 * those that have one do.
 */
const PIECE_BYTES = 8 * 1024;

/** The text that the bytes are, without its byte order mark; null where they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  if (!isUtf8(bytes)) return null;
  // Not a second one: of two byte order marks one is removed.
  const first = startsWithMark(bytes) ? MARK_BYTES : 0;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const pieces: string[] = [];
  for (let start = first, end = first; start < bytes.length; start = end) {
    end = Math.min(start + PIECE_BYTES, bytes.length);
    while (end < bytes.length && isContinuation(bytes[end]!)) end++;
    pieces.push(decoder.decode(bytes.subarray(start, end)));
  }
  return pieces.join("");
}

const MARK_BYTES = 3;

function startsWithMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** Whether a byte is not the first of its character (RFC 3629, section 3). */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
