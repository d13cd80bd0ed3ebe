// The file of a server form: a comment line with the header, then the text that a server reads. The header has the
// digest of the text, so the file proves itself: `tail -n +2 FILE | sha256sum` prints the same digest.
import { createHash } from "node:crypto";
import { openPace, type Pace } from "../time/pace.ts";
import { parseSha256Hex, type Sha256Hex } from "./canonical.ts";
import type { SealedFault, SealedFile, SealedHeader } from "./sealed_file.ts";
import { MAX_SNAPSHOT_BYTES } from "./snapshot.ts";

/** The format that this version writes and reads. */
const SERVER_FORM_FORMAT = 1;

/** The content of the first line. */
export interface ServerFormHeader extends SealedHeader {
  readonly format: typeof SERVER_FORM_FORMAT;
  /** SHA-256 of all bytes after the first line. */
  readonly body: Sha256Hex;
}

/** A server form ready to be written. */
export type ServerForm = SealedFile<ServerFormHeader>;

/** The text after the first line, in UTF-8; ends with a line break. */
export type ServerFormBody = Pick<ServerForm, "pieces" | "byteLength">;

/** Makes the file from a text and the hashes of its snapshot; yields to the event loop. */
export async function sealServerForm(
  { pieces, byteLength }: ServerFormBody,
  { hash, contentHash }: SealedHeader,
  pace: Pace = openPace(),
): Promise<ServerForm> {
  const digest = createHash("sha256");
  for (const piece of pieces) {
    digest.update(piece);
    if (pace.isSpent()) await pace.rest();
  }
  const body = digest.digest("hex") as Sha256Hex;
  const line = new TextEncoder().encode(serverFormLine({ hash, contentHash, body: `sha256:${body}` }));
  const header: ServerFormHeader = { format: SERVER_FORM_FORMAT, hash, contentHash, body };
  return { header, pieces: [line, ...pieces], byteLength: line.length + byteLength };
}

/** Returns the first line with its line break; a caller may replace a hash that it must not show by another text. */
export function serverFormLine(
  { hash, contentHash, body }: Readonly<Record<"hash" | "contentHash" | "body", string>>,
): string {
  return `# honua-configd server form ${SERVER_FORM_FORMAT} hash=${hash} contentHash=${contentHash} body=${body}\n`;
}

/** The result of {@linkcode verifyServerForm}. */
export type ServerFormVerification =
  | { readonly ok: true; readonly header: ServerFormHeader }
  | { readonly ok: false; readonly reason: SealedFault };

/** Longer than the first line of this format, and short enough to search in any file. */
const MAX_LINE_BYTES = 512;

/** Bytes that are hashed from one yield to the next: about a millisecond. */
const STEP_BYTES = 1024 * 1024;

/**
 * Proves the bytes of a server form: their number is bounded, the first line has exactly the known form, and the rest
 * has its digest, which also finds a truncated file. The hashes are those of the snapshot beside it, and can be
 * compared only with that snapshot. Rejects only with the pace's reason.
 */
export async function verifyServerForm(bytes: Uint8Array, pace: Pace = openPace()): Promise<ServerFormVerification> {
  if (bytes.length > MAX_SNAPSHOT_BYTES) return { ok: false, reason: "too-large" };
  const end = bytes.subarray(0, MAX_LINE_BYTES).indexOf(LINE_FEED);
  const header = parseHeader(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(0, Math.max(end, 0))));
  if (typeof header === "string") return { ok: false, reason: header };
  const body = createHash("sha256");
  for (let from = end + 1; from < bytes.length; from += STEP_BYTES) {
    body.update(bytes.subarray(from, from + STEP_BYTES));
    if (pace.isSpent()) await pace.rest();
  }
  return body.digest("hex") === header.body ? { ok: true, header } : { ok: false, reason: "content-differs" };
}

const LINE_FEED = 0x0a;

function parseHeader(line: string): ServerFormHeader | SealedFault {
  const [, number, rest = ""] = /^# honua-configd server form ([1-9]\d{0,14})( .*)?$/.exec(line) ?? [];
  if (number === undefined) return "no-header";
  if (Number(number) > SERVER_FORM_FORMAT) return "newer-format";
  const [, ...hashes] = /^ hash=(\w+) contentHash=(\w+) body=sha256:(\w+)$/.exec(rest) ?? [];
  const [hash = null, contentHash = null, body = null] = hashes.map(parseSha256Hex);
  if (hash === null || contentHash === null || body === null) return "no-header";
  return { format: SERVER_FORM_FORMAT, hash, contentHash, body };
}
