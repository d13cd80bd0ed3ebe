// The snapshot's file format: a resolved config as JSON, whose first member `$snapshot` says what it is. What
// `verifySnapshot` accepts is a whole file that holds exactly the content it was sealed with; it never throws.
import {
  canonicalBytes,
  canonicalText,
  type Json,
  type JsonObject,
  parseSha256Hex,
  type Sha256Hex,
  sha256Hex,
} from "./canonical.ts";

/** The number of the format that this version writes and reads. */
export const SNAPSHOT_FORMAT = 1;

/** The largest snapshot that is written or read, in bytes: four times the largest source. */
export const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;

/** The value of `$snapshot`. */
export interface SnapshotHeader {
  /** The number of the file's format. */
  readonly format: typeof SNAPSHOT_FORMAT;
  /** SHA-256 of the portable config's canonical JSON: what instances compare. */
  readonly hash: Sha256Hex;
  /** SHA-256 of the resolved config's canonical JSON. It never leaves the host. */
  readonly contentHash: Sha256Hex;
}

/** A config ready to be written: its two hashes and the whole file. */
export interface Snapshot {
  /** As in {@linkcode SnapshotHeader}. */
  readonly hash: Sha256Hex;
  /** As in {@linkcode SnapshotHeader}. */
  readonly contentHash: Sha256Hex;
  /** The whole file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Why bytes are not a snapshot in force. `newer-format` is the only one that does not mean damage. */
export type SnapshotFault =
  | "too-large"
  | "not-text"
  | "not-json"
  | "no-header"
  | "newer-format"
  | "content-differs";

/** What {@linkcode verifySnapshot} found. */
export type Verification =
  | { readonly ok: true; readonly header: SnapshotHeader; readonly config: JsonObject }
  | { readonly ok: false; readonly reason: SnapshotFault };

/** How deep the file is laid out for people; what lies deeper, and every list, stands in one line. */
const UNFOLDED_DEPTH = 6;

/**
 * Makes the snapshot of a resolved config and its portable form. A `$snapshot` in either counts for nothing.
 *
 * The file is the header and then the config in canonical order, objects one member a line and indented by two so that
 * people can read and compare it, ended by a newline. The hashes are over the canonical bytes (RFC 8785), not over the
 * file's, so its layout may change without a new format. The indentation stops at a fixed depth, which keeps the
 * file within a small multiple of its content however deeply that is nested.
 *
 * @throws {TypeError} for a config that is not JSON; see {@linkcode canonicalText}.
 */
export function sealSnapshot(config: JsonObject, portable: JsonObject): Snapshot {
  const content = canonicalText(withoutHeader(config));
  const contentHash = sha256Hex(new TextEncoder().encode(content));
  const hash = sha256Hex(canonicalBytes(withoutHeader(portable)));
  const header = [
    `    "format": ${SNAPSHOT_FORMAT},`,
    `    "hash": "${hash}",`,
    `    "contentHash": "${contentHash}"`,
  ].join("\n");
  const rest = content === "{}" ? "\n}" : `,${unfold(content).slice("{".length)}`;
  const bytes = new TextEncoder().encode(`{\n  "$snapshot": {\n${header}\n  }${rest}\n`);
  return { hash, contentHash, bytes };
}

/**
 * Reads a snapshot's bytes and proves them: bounded, UTF-8, JSON ended by a newline (so that a file cut short by one
 * byte is noticed), a header of exactly the known members, and the content's hash computed anew. Layout and order do not
 * matter. `hash` cannot be proven from the file, for the portable config is not in it.
 *
 * V8's JSON.parse can misread an escaped member name after it has met one that ends in a backslash (bug 521080746):
 * such a config's own snapshot may be called different from its content, never the other way round.
 */
export function verifySnapshot(bytes: Uint8Array): Verification {
  if (bytes.length > MAX_SNAPSHOT_BYTES) return { ok: false, reason: "too-large" };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { ok: false, reason: "not-text" };
  }
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: "not-json" };
  }
  if (!text.endsWith("\n")) return { ok: false, reason: "not-json" };
  if (!isJsonObject(value) || !Object.hasOwn(value, "$snapshot")) return { ok: false, reason: "no-header" };
  const header = parseHeader(value.$snapshot!);
  if (typeof header === "string") return { ok: false, reason: header };
  const config = withoutHeader(value);
  const contentHash = contentHashOf(config);
  return contentHash === header.contentHash ? { ok: true, header, config } : { ok: false, reason: "content-differs" };
}

/** A fault in words, to stand after "the snapshot". */
export function describeFault(fault: SnapshotFault): string {
  switch (fault) {
    case "too-large":
      return `is larger than ${MAX_SNAPSHOT_BYTES} bytes`;
    case "not-text":
      return "is not UTF-8 text";
    case "not-json":
      return "is not a whole JSON text that ends with a newline";
    case "no-header":
      return "has no $snapshot header that this version understands";
    case "newer-format":
      return "was written by a newer version in a format that this one does not know";
    case "content-differs":
      return "does not hold the content that its contentHash names";
  }
}

function parseHeader(header: Json): SnapshotHeader | SnapshotFault {
  if (!isJsonObject(header)) return "no-header";
  const { format, hash, contentHash, ...others } = header;
  if (typeof format === "number" && Number.isSafeInteger(format) && format > SNAPSHOT_FORMAT) return "newer-format";
  const parsed = { hash: parseSha256Hex(hash), contentHash: parseSha256Hex(contentHash) };
  if (format !== SNAPSHOT_FORMAT || parsed.hash === null || parsed.contentHash === null) return "no-header";
  if (Object.keys(others).length > 0) return "no-header";
  return { format, hash: parsed.hash, contentHash: parsed.contentHash };
}

/** Null for what parses as JSON and yet has no canonical form: `1e999`, an escaped lone surrogate. */
function contentHashOf(config: JsonObject): Sha256Hex | null {
  try {
    return sha256Hex(canonicalBytes(config));
  } catch {
    return null;
  }
}

function withoutHeader(config: JsonObject): JsonObject {
  const { $snapshot: _, ...rest } = config;
  return rest;
}

function isJsonObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Lays canonical text out in lines, adding nothing but whitespace between tokens. `JSON.stringify` with an indentation
 * would not do: it puts names that look like array indexes first, which is not the canonical order.
 */
function unfold(canonical: string): string {
  let result = "";
  let copied = 0;
  let depth = 0;
  let lists = 0;
  for (let at = 0; at < canonical.length; at++) {
    const character = canonical[at];
    if (character === '"') {
      at = endOfString(canonical, at);
      continue;
    }
    if (character === "[") lists++;
    else if (character === "]") lists--;
    if (lists > 0) continue;
    if (character === "{") depth++;
    const unfolded = depth <= UNFOLDED_DEPTH;
    if (character === "}") depth--;
    if (!unfolded || (character === "{" && canonical[at + 1] === "}")) continue;
    if (character === "{" || character === ",") {
      result += `${canonical.slice(copied, at + 1)}\n${"  ".repeat(depth)}`;
    } else if (character === ":") result += `${canonical.slice(copied, at + 1)} `;
    else if (character === "}" && canonical[at - 1] !== "{") {
      result += `${canonical.slice(copied, at)}\n${"  ".repeat(depth)}}`;
    } else continue;
    copied = at + 1;
  }
  return result + canonical.slice(copied);
}

/** The offset of the quote that closes the string which opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}
