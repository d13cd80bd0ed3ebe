// The source texts of the releases, as files `HASH.FORMAT.zst`. A text is there whole or not at all, through kill -9
// and a full disk; a damaged one is never returned. A refusal of the system is a result and holds nothing up.
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { atomicWrite, errorCode } from "../host/atomic_write.ts";
import { readRegularFile } from "../host/regular_file.ts";
import { withinLimit } from "../time/limit.ts";
import { type HistoryDirectory, makeHistoryDirectory, namesIn } from "./history_directory.ts";
import type { KeyRingFile } from "./key_ring.ts";
import { type Kept, openOwedWriter, WriteRefusedError, type WriterSettings } from "./owed_writer.ts";
import type { TextFormat } from "./release.ts";
import { openResealer, type Resealed } from "./resealing.ts";
import { MAX_SEAL_BYTES, sealedParts } from "./sealed_text.ts";
import { maxStoredBytes, readStoredForm, storedForm } from "./stored_text.ts";

/** A file system that hangs must not hold the caller. */
const LIMIT_MILLISECONDS = 5_000;

const FILE_NAME = /^([0-9a-f]{64})\.(hcl|json)\.zst$/;

/** The source of a release as it was written. */
export interface ReleaseText {
  /** Of the portable config, by which the hosts compare. */
  readonly hash: string;
  readonly format: TextFormat;
  /** SHA-256 of the bytes in hex: two texts can have one hash. */
  readonly digest: string;
  /** Must not be changed any more. */
  readonly bytes: Uint8Array;
}

/** A text that is read; `message` is one line for a log or an answer. */
export type TextRead =
  | { readonly ok: true; readonly format: TextFormat; readonly bytes: Uint8Array }
  | {
    readonly ok: false;
    /** `sealed`: the key is not here. */
    readonly reason: "missing" | "damaged" | "sealed" | "unreadable";
    readonly message: string;
  };

/** A text in the history. */
export interface KeptText {
  readonly hash: string;
  readonly format: TextFormat;
  /** As it is on the disk, compressed. */
  readonly sizeBytes: number;
  /** When it was written, in milliseconds since 1970. */
  readonly writtenAt: number;
}

/** Which texts are evicted: all but the pinned ones and, of the others, the first in the order that find a place. */
export interface Eviction {
  /** Of the texts that are needed: those of the running, the stable and the last good release. */
  readonly pinned: ReadonlySet<string>;
  /** The hashes of all releases, the newest first. Texts that none of them names come behind them. */
  readonly ordered: readonly string[];
}

/** The bounds of the history. Pinned texts count, and stay beyond them. */
export interface HistoryBounds {
  /** In texts: `History:Keep`. */
  readonly keep: number;
  /** For all texts together, as they are on the disk: `History:MaxMegabytes`. */
  readonly maxBytes: number;
}

/** The settings of a history. */
export interface SourceHistoryOptions extends HistoryBounds, WriterSettings {
  readonly directory: HistoryDirectory;
  /** The largest source that the daemon reads. */
  readonly maxTextBytes: number;
  /** The key ring that seals and opens texts; null: none. */
  readonly keyRing: KeyRingFile | null;
}

/** The texts, by their hashes. */
export interface SourceHistory extends AsyncDisposable {
  /**
   * Keeps a text, in place of another one with the same hash. Call it with the running text after each look, too: then
   * a text that is lost is there again, and nothing is written if it is there. A text that could not be written is
   * owed: it is in memory, and written as soon as that is possible, unless a newer one supersedes it.
   */
  put(text: ReleaseText): Promise<Kept>;
  /** Reads a text, also one that is owed. Never throws. */
  text(hash: string): Promise<TextRead>;
  /** Removes texts beyond the bounds, never the text that was put last. Null if all went well, else one line. */
  evict(eviction: Eviction): Promise<string | null>;
  /**
   * Seals the texts again that are not sealed with the newest key of the ring, one after the other. Costs next to
   * nothing if that was done before. Never throws.
   */
  reseal(): Promise<Resealed>;
}

/** Opens the history of texts. */
export function openSourceHistory(options: SourceHistoryOptions): SourceHistory {
  const { directory, keyRing } = options;
  let written: { readonly text: Omit<ReleaseText, "bytes">; readonly identity: string | null } | null = null;
  // A text that is sealed again must not come in the place of one that was put meanwhile.
  let last: Promise<unknown> = Promise.resolve();
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };

  const write = async (text: ReleaseText) => {
    const path = pathOf(directory, text);
    if (written?.identity && isSameText(written.text, text) && written.identity === await identityAt(path)) return;
    await makeHistoryDirectory(directory);
    const { fileSystem } = directory;
    const form = await storedForm(text.bytes, { hash: text.hash, keyRing });
    if (!form.ok) throw new WriteRefusedError(form.message);
    await atomicWrite(path, form.bytes, { mode: 0o600, fileSystem });
    const { hash, format, digest } = text;
    written = { text: { hash, format, digest }, identity: await identityAt(path) };
    // A crash before this leaves both, of which the newer one counts.
    await fileSystem.remove(pathOf(directory, { hash, format: format === "hcl" ? "json" : "hcl" })).catch(() => {});
  };
  const writer = openOwedWriter("the history", (text: ReleaseText) => exclusively(() => write(text)), options);
  const resealer = openResealer({
    keyRing,
    maxBytes: maxStoredBytes(options.maxTextBytes),
    fileSystem: directory.fileSystem,
    texts: async () =>
      (await listHistory(directory))?.map((text) => ({ hash: text.hash, path: pathOf(directory, text) })) ?? null,
    exclusively,
  });

  return {
    put: (text) => writer.put(text),
    async text(hash) {
      const owed = writer.owed;
      if (owed?.hash === hash) return { ok: true, format: owed.format, bytes: owed.bytes };
      return await readHistoryText(directory, hash, options);
    },
    async evict({ pinned, ordered }) {
      const newest = writer.owed?.hash ?? written?.text.hash;
      const kept = newest === undefined ? pinned : new Set([...pinned, newest]);
      const removed = await withinLimit(evict(directory, options, { pinned: kept, ordered }), LIMIT_MILLISECONDS);
      return removed.ok ? removed.value : notEvicted(directory.path, "ETIMEDOUT");
    },
    reseal: resealer.reseal,
    async [Symbol.asyncDispose]() {
      await Promise.all([writer, resealer].map((one) => one[Symbol.asyncDispose]()));
    },
  };
}

/** Lists the texts on the disk, in no order; null: the directory cannot be read. Resolves after at most 5 s. */
export async function listHistory(directory: HistoryDirectory): Promise<readonly KeptText[] | null> {
  const texts = await withinLimit(textsIn(directory).catch(() => null), LIMIT_MILLISECONDS);
  return texts.ok ? texts.value && [...currentOf(texts.value).values()] : null;
}

/** Reads a text that is on the disk. Never throws, and resolves after at most 5 s. */
export async function readHistoryText(
  directory: HistoryDirectory,
  hash: string,
  settings: Pick<SourceHistoryOptions, "maxTextBytes" | "keyRing">,
): Promise<TextRead> {
  const read = await withinLimit(readText(directory, hash, settings), LIMIT_MILLISECONDS);
  return read.ok ? read.value : unreadable(directory.path, "ETIMEDOUT");
}

/** The key that sealed a text on the disk; null: none, or the file cannot be read. */
export async function historyTextKey(directory: HistoryDirectory, text: KeptText): Promise<string | null> {
  const read = await withinLimit(readRegularFile(pathOf(directory, text), MAX_SEAL_BYTES), LIMIT_MILLISECONDS)
    .catch(() => null);
  return read?.ok ? sealedParts(read.value)?.id ?? null : null;
}

/**
 * Decides which hashes stay. The pinned ones take their places first; then the others in their order, until one finds
 * no place: the oldest are evicted, and no gap arises.
 */
export function keptHashes(
  texts: readonly KeptText[],
  { keep, maxBytes }: HistoryBounds,
  { pinned, ordered }: Eviction,
): ReadonlySet<string> {
  const kept = new Map(texts.filter(({ hash }) => pinned.has(hash)).map((text) => [text.hash, text]));
  let bytes = [...kept.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const byHash = new Map(texts.map((text) => [text.hash, text]));
  const unknown = texts.toSorted((a, b) => b.writtenAt - a.writtenAt).map(({ hash }) => hash);
  for (const hash of new Set([...ordered, ...unknown])) {
    const text = byHash.get(hash);
    if (text === undefined || kept.has(hash)) continue;
    if (kept.size >= keep || bytes + text.sizeBytes > maxBytes) break;
    kept.set(hash, text);
    bytes += text.sizeBytes;
  }
  return new Set(kept.keys());
}

async function readText(
  directory: HistoryDirectory,
  hash: string,
  { maxTextBytes, keyRing }: Pick<SourceHistoryOptions, "maxTextBytes" | "keyRing">,
): Promise<TextRead> {
  let path = directory.path;
  const limit = maxStoredBytes(maxTextBytes);
  try {
    const found = [await textAt(directory, { hash, format: "hcl" }), await textAt(directory, { hash, format: "json" })];
    const text = currentOf(found.filter((one) => one !== null)).get(hash);
    if (text === undefined) {
      return { ok: false, reason: "missing", message: `${terminalText(path)} has no source of ${hash}` };
    }
    path = pathOf(directory, text);
    const stored = await readRegularFile(path, limit);
    const damaged = { ok: false, reason: "damaged", message: "is damaged" } as const;
    const read = stored.length > limit ? damaged : await readStoredForm(stored, { hash, keyRing }, maxTextBytes);
    if (read.ok) return { ok: true, format: text.format, bytes: read.bytes };
    return { ...read, message: `${terminalText(path)} ${read.message}` };
  } catch (error) {
    return unreadable(path, errorCode(error));
  }
}

function unreadable(path: string, code: string): TextRead {
  return { ok: false, reason: "unreadable", message: `${terminalText(path)} cannot be read: ${code}` };
}

async function evict(
  directory: HistoryDirectory,
  bounds: HistoryBounds,
  eviction: Eviction,
): Promise<string | null> {
  let message: string | null = null;
  try {
    const texts = await textsIn(directory);
    const current = currentOf(texts);
    const kept = keptHashes([...current.values()], bounds, eviction);
    for (const text of texts) {
      if (kept.has(text.hash) && current.get(text.hash) === text) continue;
      const path = pathOf(directory, text);
      const code = await directory.fileSystem.remove(path).then(() => null, errorCode);
      if (code !== null && code !== "ENOENT") message ??= `${terminalText(path)} cannot be removed: ${code}`;
    }
  } catch (error) {
    message = notEvicted(directory.path, errorCode(error));
  }
  return message;
}

function notEvicted(path: string, code: string): string {
  return `${terminalText(path)} cannot be listed, so no old source is evicted: ${code}`;
}

/** All files of the history's own form. */
async function textsIn(directory: HistoryDirectory): Promise<KeptText[]> {
  const texts: KeptText[] = [];
  for (const name of await namesIn(directory.path)) {
    const [, hash, format] = FILE_NAME.exec(name) ?? [];
    if (hash === undefined || (format !== "hcl" && format !== "json")) continue;
    const text = await textAt(directory, { hash, format });
    if (text !== null) texts.push(text);
  }
  return texts;
}

/** By hash. Of a text in both formats, which only a crash leaves, the newer one counts. */
function currentOf(texts: readonly KeptText[]): Map<string, KeptText> {
  return new Map(texts.toSorted((a, b) => a.writtenAt - b.writtenAt).map((text) => [text.hash, text]));
}

/** Null: there is nothing. Rejects with the system's error. */
async function textAt(
  directory: HistoryDirectory,
  { hash, format }: Pick<ReleaseText, "hash" | "format">,
): Promise<KeptText | null> {
  try {
    const { size, mtimeMs } = await lstat(pathOf(directory, { hash, format }));
    return { hash, format, sizeBytes: size, writtenAt: mtimeMs };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

/** Shows whether the file was replaced; null: it cannot be known. */
function identityAt(path: string): Promise<string | null> {
  return lstat(path).then(({ ino, size, mtimeMs }) => `${ino} ${size} ${mtimeMs}`, () => null);
}

function isSameText(a: Omit<ReleaseText, "bytes">, b: Omit<ReleaseText, "bytes">): boolean {
  return a.hash === b.hash && a.format === b.format && a.digest === b.digest;
}

function pathOf({ path }: HistoryDirectory, { hash, format }: Pick<ReleaseText, "hash" | "format">): string {
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new TypeError(`no hash: ${hash}`);
  return join(path, `${hash}.${format}.zst`);
}
