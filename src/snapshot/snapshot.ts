// The snapshot's file format: a resolved config as JSON, with the header as its first member `$snapshot`.
// `verifyInTurns` accepts only a whole file with exactly the content that was sealed; it never throws.
import { Buffer } from "node:buffer";
import { joinedBytes } from "../host/joined_bytes.ts";
import { openPace, type Pace } from "../time/pace.ts";
import { type Json, type JsonObject, parseSha256Hex, type Sha256Hex } from "./canonical.ts";
import { type Content, contentOf, openContentMemory } from "./content.ts";
import type { Pieces } from "./joined_texts.ts";
import type { SealedFault, SealedFile, SealedHeader } from "./sealed_file.ts";
import { inTurns } from "../time/turns.ts";

/** The format that this version writes and reads. */
export const SNAPSHOT_FORMAT = 1;

/** The largest snapshot and the largest server form, in bytes: four times the largest source. */
export const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;

/** The value of `$snapshot`. */
export interface SnapshotHeader extends SealedHeader {
  readonly format: typeof SNAPSHOT_FORMAT;
}

/** A config ready to be written, with its two hashes. */
export interface Snapshot {
  readonly hash: Sha256Hex;
  readonly contentHash: Sha256Hex;
  /** The whole file, in pieces. */
  readonly pieces: Pieces;
  readonly byteLength: number;
  /** The whole file in one piece, joined at each access. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The result of {@linkcode verifyInTurns}. */
export type Verification =
  | { readonly ok: true; readonly header: SnapshotHeader; readonly config: JsonObject }
  | { readonly ok: false; readonly reason: SealedFault };

/** Makes snapshots one after the other; it is fast if they are similar. */
export interface Sealer {
  /**
   * Makes the snapshot of a resolved config and its portable form, and yields to the event loop. It ignores a
   * `$snapshot` in either. An entry that is the same object as in the last config keeps its text, so a config must not
   * change after this call.
   *
   * The file is the header, then the config in canonical order, and a newline at the end. Objects have one member on a
   * line and are indented by two, so that people can read and compare them. The hashes are over the canonical bytes
   * (RFC 8785), not over the file's, so its layout may change without a new format. The indentation stops at a fixed
   * depth, which keeps the file within a small multiple of its content at any depth of nesting.
   *
   * Rejects with a TypeError if a config is not JSON; see {@linkcode canonicalText}.
   */
  seal(config: JsonObject, portable: JsonObject, pace?: Pace): Promise<Snapshot>;
  /**
   * Returns the hash of a portable config without a snapshot; null if canonical JSON cannot express the config.
   */
  hash(portable: JsonObject, pace?: Pace): Promise<Sha256Hex | null>;
}

/** Opens a sealer, which remembers the texts of entries and the bytes of its last snapshot. */
export function openSealer(): Sealer {
  const memory = openContentMemory();
  let resolved: Content | null = null;
  let common: Content | null = null;
  return {
    async seal(config, portable, pace = openPace()) {
      const content = await inTurns(contentOf(config, true, memory, { last: resolved }), pace);
      common = await inTurns(contentOf(portable, false, memory, { last: common, twin: content }), pace);
      resolved = content;
      return snapshotOf(common.hash, content);
    },
    async hash(portable, pace = openPace()) {
      try {
        common = await inTurns(contentOf(portable, false, memory, { last: common }), pace);
        return common.hash;
      } catch (error) {
        if (error instanceof TypeError) return null;
        throw error;
      }
    },
  };
}

function snapshotOf(hash: Sha256Hex, { hash: contentHash, laidOut }: Content): Snapshot {
  const header = [
    `    "format": ${SNAPSHOT_FORMAT},`,
    `    "hash": "${hash}",`,
    `    "contentHash": "${contentHash}"`,
  ].join("\n");
  const head = new TextEncoder().encode(`{\n  "$snapshot": {\n${header}\n  }`);
  const pieces = [head, ...laidOut.map(({ bytes }) => bytes)];
  const byteLength = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return {
    hash,
    contentHash,
    pieces,
    byteLength,
    get bytes() {
      return joinedBytes(pieces);
    },
  };
}

/** Returns the snapshot as a file with a header. */
export function snapshotFile({ hash, contentHash, pieces, byteLength }: Snapshot): SealedFile<SnapshotHeader> {
  return { header: { format: SNAPSHOT_FORMAT, hash, contentHash }, pieces, byteLength };
}

/** Whether some bytes are exactly the file. */
export function isFileOf(bytes: Uint8Array, file: Pick<Snapshot, "pieces" | "byteLength">): boolean {
  if (bytes.length !== file.byteLength) return false;
  let at = 0;
  return file.pieces.every((piece) => Buffer.compare(piece, bytes.subarray(at, at += piece.length)) === 0);
}

/**
 * Proves the bytes of a snapshot. Their number is bounded, and they are UTF-8 and JSON with a newline at the end, which
 * finds a file that lacks its last byte. The header has exactly the known members, and the content has its hash. Layout
 * and order do not matter. The file cannot prove `hash`, since the portable config is not in it.
 *
 * It yields to the event loop, except while it decodes and parses: some 10 ms for each MB. Never rejects.
 *
 * V8's JSON.parse can misread an escaped member name after one that ends in a backslash (bug 521080746): verification
 * may then refuse such a config's own snapshot, but never accepts another.
 */
export function verifyInTurns(bytes: Uint8Array): Promise<Verification> {
  return inTurns(verificationOf(bytes), openPace());
}

function* verificationOf(bytes: Uint8Array): Generator<void, Verification> {
  const text = decode(bytes);
  if (!text.ok) return text;
  yield;
  const read = readText(text.text);
  if (typeof read === "string") return { ok: false, reason: read };
  yield;
  const { header, config } = read;
  try {
    const { hash } = yield* contentOf(config, false, openContentMemory());
    if (hash === header.contentHash) return { ok: true, header, config };
  } catch {
    // It is JSON without a canonical form: `1e999`, an escaped lone surrogate.
  }
  return { ok: false, reason: "content-differs" };
}

function decode(bytes: Uint8Array): { ok: true; text: string } | { ok: false; reason: SealedFault } {
  if (bytes.length > MAX_SNAPSHOT_BYTES) return { ok: false, reason: "too-large" };
  try {
    return { ok: true, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { ok: false, reason: "not-text" };
  }
}

function readText(text: string): { header: SnapshotHeader; config: JsonObject } | SealedFault {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    return "not-json";
  }
  if (!text.endsWith("\n")) return "not-json";
  if (!isJsonObject(value) || !Object.hasOwn(value, "$snapshot")) return "no-header";
  const { $snapshot, ...config } = value;
  const header = parseHeader($snapshot!);
  return typeof header === "string" ? header : { header, config };
}

/** Describes a fault in words that follow "the snapshot" or "the server form". */
export function describeFault(fault: SealedFault): string {
  switch (fault) {
    case "too-large":
      return `is larger than ${MAX_SNAPSHOT_BYTES} bytes`;
    case "not-text":
      return "is not UTF-8 text";
    case "not-json":
      return "is not a whole JSON text that ends with a newline";
    case "no-header":
      return "has no header that this version understands";
    case "newer-format":
      return "was written by a newer version in a format that this one does not know";
    case "content-differs":
      return "does not hold the content that its header names";
  }
}

function parseHeader(header: Json): SnapshotHeader | SealedFault {
  if (!isJsonObject(header)) return "no-header";
  const { format, hash, contentHash, ...others } = header;
  if (typeof format === "number" && Number.isSafeInteger(format) && format > SNAPSHOT_FORMAT) return "newer-format";
  const parsed = { hash: parseSha256Hex(hash), contentHash: parseSha256Hex(contentHash) };
  if (format !== SNAPSHOT_FORMAT || parsed.hash === null || parsed.contentHash === null) return "no-header";
  if (Object.keys(others).length > 0) return "no-header";
  return { format, hash: parsed.hash, contentHash: parsed.contentHash };
}

function isJsonObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
