// The snapshot's file format: a resolved config as JSON, whose first member `$snapshot` says what it is. What
// `verifyInTurns` accepts is a whole file that holds exactly the content it was sealed with; it never throws.
import { Buffer } from "node:buffer";
import { openPace, type Pace } from "../time/pace.ts";
import { type Json, type JsonObject, parseSha256Hex, type Sha256Hex } from "./canonical.ts";
import { type Content, contentOf, openContentMemory } from "./content.ts";
import type { Pieces } from "./joined_texts.ts";
import type { SealedFault, SealedFile, SealedHeader } from "./sealed_file.ts";
import { inTurns } from "../time/turns.ts";

/** The number of the format that this version writes and reads. */
export const SNAPSHOT_FORMAT = 1;

/** The largest snapshot, and the largest server form, that is written or read, in bytes: four times the largest source. */
export const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;

/** The value of `$snapshot`. */
export interface SnapshotHeader extends SealedHeader {
  /** The number of the file's format. */
  readonly format: typeof SNAPSHOT_FORMAT;
}

/** A config ready to be written: its two hashes and the whole file. */
export interface Snapshot {
  /** As in {@linkcode SnapshotHeader}. */
  readonly hash: Sha256Hex;
  /** As in {@linkcode SnapshotHeader}. */
  readonly contentHash: Sha256Hex;
  /** The whole file, in pieces. */
  readonly pieces: Pieces;
  /** How long the file is. */
  readonly byteLength: number;
  /** The whole file in one piece, put together each time it is asked for. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What {@linkcode verifyInTurns} found. */
export type Verification =
  | { readonly ok: true; readonly header: SnapshotHeader; readonly config: JsonObject }
  | { readonly ok: false; readonly reason: SealedFault };

/** Makes snapshots, one like the other but for what was edited. */
export interface Sealer {
  /**
   * Makes the snapshot of a resolved config and its portable form, in turns. A `$snapshot` in either counts for nothing.
   * Whatever entry is the same object as in the last config is not written out again, so a config must not be changed
   * once it was given.
   *
   * The file is the header and then the config in canonical order, objects one member a line and indented by two so that
   * people can read and compare it, ended by a newline. The hashes are over the canonical bytes (RFC 8785), not over the
   * file's, so its layout may change without a new format. The indentation stops at a fixed depth, which keeps the file
   * within a small multiple of its content however deeply that is nested.
   *
   * Rejects with a TypeError for a config that is not JSON; see {@linkcode canonicalText}.
   */
  seal(config: JsonObject, portable: JsonObject, pace?: Pace): Promise<Snapshot>;
  /**
   * The hash of a portable config whose resolved one is not to be sealed; null where it holds what canonical JSON cannot
   * say.
   */
  hash(portable: JsonObject, pace?: Pace): Promise<Sha256Hex | null>;
}

/** Opens a sealer, which remembers the texts of entries and the bytes of what it sealed last. */
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
      return joined(pieces, byteLength);
    },
  };
}

function joined(pieces: Pieces, byteLength: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(byteLength);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** The snapshot as a file with a header. */
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
 * Reads a snapshot's bytes and proves them: bounded, UTF-8, JSON ended by a newline (so that a file cut short by one
 * byte is noticed), a header of exactly the known members, and the content's hash computed anew. Layout and order do not
 * matter. `hash` cannot be proven from the file, for the portable config is not in it.
 *
 * It works in turns, but for decoding and parsing, which cannot rest: some 10 ms for each MB. Rejects with the pace's
 * reason alone.
 *
 * V8's JSON.parse can misread an escaped member name after it has met one that ends in a backslash (bug 521080746):
 * such a config's own snapshot may be called different from its content, never the other way round.
 */
export function verifyInTurns(bytes: Uint8Array, pace: Pace = openPace()): Promise<Verification> {
  return inTurns(verificationOf(bytes), pace);
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
    // It parses as JSON and yet has no canonical form: `1e999`, an escaped lone surrogate.
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

/** A fault in words, to stand after "the snapshot" or "the server form". */
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
