// The server form's file: one comment line that says what the file is, and the text that a server reads, as it was
// rendered. The line has the digest of the text, so the file proves itself: `tail -n +2 FILE | sha256sum` says the same.
import { createHash } from "node:crypto";
import { openPace, type Pace } from "../time/pace.ts";
import { parseSha256Hex, type Sha256Hex } from "./canonical.ts";
import type { SealedFault, SealedFile, SealedHeader } from "./sealed_file.ts";
import { MAX_SNAPSHOT_BYTES } from "./snapshot.ts";

/** The number of the format that this version writes and reads. */
export const SERVER_FORM_FORMAT = 1;

/** The content of the first line. */
export interface ServerFormHeader extends SealedHeader {
  /** The number of the file's format. */
  readonly format: typeof SERVER_FORM_FORMAT;
  /** SHA-256 of all that follows the first line. */
  readonly body: Sha256Hex;
}

/** A server form ready to be written. */
export type ServerForm = SealedFile<ServerFormHeader>;

/** What follows the first line, in UTF-8; ends with a line break. */
export type ServerFormBody = Pick<ServerForm, "pieces" | "byteLength">;

/** Makes the file of a text and the hashes of its snapshot, in turns. */
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

/** The first line with its line break; what must not be shown may be given as another text. */
export function serverFormLine(
  { hash, contentHash, body }: Readonly<Record<"hash" | "contentHash" | "body", string>>,
): string {
  return `# honua-configd server form ${SERVER_FORM_FORMAT} hash=${hash} contentHash=${contentHash} body=${body}\n`;
}

/** What {@linkcode verifyServerForm} found. */
export type ServerFormVerification =
  | { readonly ok: true; readonly header: ServerFormHeader }
  | { readonly ok: false; readonly reason: SealedFault };

/** Longer than the first line of this format, and short enough to be searched in any file. */
const MAX_LINE_BYTES = 512;

/** Bytes that are hashed at a time, a millisecond's worth. */
const STEP_BYTES = 1024 * 1024;

/**
 * Reads a server form's bytes and proves them: bounded, a first line of exactly the known form, and the digest of the
 * rest computed anew, which finds also a file that was cut short. The hashes are those of the snapshot beside it, and can
 * be compared only with that. Rejects only with the pace's reason.
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
