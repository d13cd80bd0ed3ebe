// `releases.json` in the history: the releases of this host, and its skips. A fault in an entry costs only that entry.
// A file that cannot be read at all is set aside before another takes its place, and never deleted.
import { jsonOf } from "../host/json_of.ts";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import * as z from "zod";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { atomicWrite, errorCode } from "../host/atomic_write.ts";
import { readRegularFile } from "../host/regular_file.ts";
import { withinLimit } from "../time/limit.ts";
import { type HistoryDirectory, makeHistoryDirectory } from "./history_directory.ts";
import type { KeptReleases } from "./release.ts";
import { type Kept, openOwedWriter, WRITE_LIMIT_MILLISECONDS, type WriterSettings } from "./owed_writer.ts";

const NAME = "releases.json";
/** Changes with the shape of the file. */
const FORMAT = 1;
/** More than {@linkcode MAX_RELEASES} entries can have. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;
/** As many as `History:Keep` allows, with two that were healthy and the pinned one. */
const MAX_RELEASES = 1_003;
const MAX_HASHES = 32;
/** Of each text that a person wrote. A longer one is cut, so that no entry is lost over it. */
const MAX_TEXT_LENGTH = 500;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const instant = z.iso.datetime();
const milliseconds = z.int().min(0);
const text = z.string().transform((long) => long.slice(0, MAX_TEXT_LENGTH));
const count = z.int().min(0);
const scope = z.enum(["host", "fleet"]);
const cause = z.enum(["file", "operator", "force", "cluster", "rollback", "health", "confirmation", "found"]);

const release = z.object({
  number: z.int().min(1),
  hash,
  format: z.enum(["hcl", "json"]),
  digest: hash.nullable(),
  at: instant,
  until: instant.nullable(),
  cause,
  author: text.nullable(),
  reason: text.nullable(),
  state: z.enum(["running", "baking", "healthy", "failed", "rolled-back", "skipped", "replaced"]),
  halted: text.exactOptional(),
  changes: z.object({ added: count, removed: count, changed: count }).nullable(),
}).readonly();
const overruled = z.object({ hash, by: text, at: instant, reason: text }).readonly();
const skip = z.object({ ...overruled.unwrap().shape, scope }).readonly();
const pinned = z.object({
  hash,
  scope,
  undoes: z.array(hash).max(MAX_HASHES).readonly(),
  cause,
  author: text.nullable(),
  reason: text,
  // An older file does not have it.
  isFollowed: z.boolean().default(false),
}).readonly();
const hold = z.object({ until: milliseconds, since: milliseconds, author: text, reason: text }).readonly();
const bake = z.object({
  hash,
  phase: z.enum(["hooks", "checking"]),
  endsAt: milliseconds.nullable(),
  failures: count,
  isBlamed: z.boolean(),
  wasHealthy: z.boolean().exactOptional(),
}).readonly();
const confirmation = z.object({
  hash,
  deadline: milliseconds,
  waitMilliseconds: milliseconds.exactOptional(),
  author: text,
}).readonly();

const stored = z.object({ format: z.literal(FORMAT) }).loose();

/** The file, open for writing. */
export interface ReleaseFile extends AsyncDisposable {
  readonly path: string;
  /** Its content; null: there was none, or it is set aside. */
  readonly found: KeptReleases | null;
  /** The part of a file that does not count, in one line; null: all of it does. */
  readonly trouble: string | null;
  /**
   * Resolves when the value or a newer one is on the disk, or with the failure, after at most 5 s. A value that could
   * not be written is owed, and written as soon as that is possible. Never throws.
   */
  write(kept: KeptReleases): Promise<Kept>;
}

/** Its own clock for the name of a file that is set aside. */
export interface ReleaseFileOptions extends WriterSettings {
  readonly directory: HistoryDirectory;
  readonly now?: () => Date;
}

/** Reads the file for a command, while the daemon may be down. Never throws, and resolves after at most 5 s. */
export async function readReleaseFile(directory: Pick<HistoryDirectory, "path">): Promise<ReadReleases> {
  const path = join(directory.path, NAME);
  const read = await withinLimit(readReleases(path), WRITE_LIMIT_MILLISECONDS);
  return read.ok ? read.value : { kept: null, trouble: `${terminalText(path)} cannot be read: ETIMEDOUT` };
}

/** Reads the file and opens it for writing. */
export async function openReleaseFile(options: ReleaseFileOptions): Promise<ReleaseFile> {
  const { directory, now = () => new Date() } = options;
  const path = join(directory.path, NAME);
  const read = await readReleases(path);
  let isInTheWay = read.kept === null && read.trouble !== null;
  const setAside = async () => {
    if (!isInTheWay) return null;
    const name = await setFileAside(directory, path, now());
    isInTheWay = false;
    return name;
  };
  const first = await withinLimit(setAside().catch(() => null), WRITE_LIMIT_MILLISECONDS);
  const aside = first.ok ? first.value : null;

  const write = async (kept: KeptReleases) => {
    await makeHistoryDirectory(directory);
    await setAside();
    await atomicWrite(path, bytesOf(kept), { mode: 0o600, fileSystem: directory.fileSystem });
  };
  const writer = openOwedWriter(path, write, options);
  return {
    path,
    found: read.kept,
    trouble: read.trouble === null || aside === null ? read.trouble : `${read.trouble}; it is now ${aside}`,
    write: (kept) => writer.put(kept),
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

/**
 * The content of the file; null: there is none. `trouble` names in one line the parts that do not count; null: all do.
 */
export interface ReadReleases {
  readonly kept: KeptReleases | null;
  readonly trouble: string | null;
}

/** Never throws. */
async function readReleases(path: string): Promise<ReadReleases> {
  const none = (trouble: string | null) => ({ kept: null, trouble });
  const shown = terminalText(path);
  let bytes: Uint8Array;
  try {
    bytes = await readRegularFile(path, MAX_FILE_BYTES);
  } catch (error) {
    const code = errorCode(error);
    return none(code === "ENOENT" ? null : `${shown} cannot be read: ${code}`);
  }
  if (bytes.length > MAX_FILE_BYTES) return none(`${shown} has more than ${MAX_FILE_BYTES} bytes`);
  const content = jsonOf(new TextDecoder().decode(bytes));
  const parsed = stored.safeParse(content);
  if (!parsed.success) return none(`${shown} is damaged or of another version`);
  const { kept, faults } = repair(parsed.data);
  return { kept, trouble: faults.length === 0 ? null : `${shown} has an impossible value (${faults.join(", ")})` };
}

/** Leaves out entries that do not match; the rest counts. */
function repair(found: Record<string, unknown>): { readonly kept: KeptReleases; readonly faults: readonly string[] } {
  const faults = new Set<string>();
  const items = <T>(name: keyof KeptReleases, schema: z.ZodType<T>, most: number): T[] => {
    const list: unknown = found[name] ?? [];
    if (!Array.isArray(list)) faults.add(name);
    const taken = (Array.isArray(list) ? list : []).flatMap((one: unknown): T[] => {
      const parsed = schema.safeParse(one);
      if (!parsed.success) faults.add(name);
      return parsed.success ? [parsed.data] : [];
    });
    return taken.slice(-most);
  };
  const member = <T>(name: keyof KeptReleases, schema: z.ZodType<T>): T | null => {
    const parsed = schema.nullable().safeParse(found[name] ?? null);
    if (!parsed.success) faults.add(name);
    return parsed.data ?? null;
  };
  const ascending: KeptReleases["list"][number][] = [];
  for (const one of items("list", release, MAX_RELEASES)) {
    if (one.number > (ascending.at(-1)?.number ?? 0)) ascending.push(one);
    else faults.add("list");
  }
  const kept: KeptReleases = {
    list: ascending,
    // Never a number that a release has.
    nextNumber: Math.max(member("nextNumber", z.int().min(1)) ?? 1, (ascending.at(-1)?.number ?? 0) + 1),
    // Those of the host, and those of the fleet.
    skips: items("skips", skip, 2 * MAX_HASHES),
    overruled: items("overruled", overruled, MAX_HASHES),
    pinned: member("pinned", pinned),
    hold: member("hold", hold),
    bake: member("bake", bake),
    confirmation: member("confirmation", confirmation),
    undone: items("undone", hash, MAX_HASHES),
  };
  return { kept, faults: [...faults] };
}

function bytesOf(kept: KeptReleases): Uint8Array {
  const bounded = { ...kept, list: kept.list.slice(-MAX_RELEASES) };
  return new TextEncoder().encode(`${JSON.stringify({ format: FORMAT, ...bounded })}\n`);
}

async function setFileAside({ fileSystem }: HistoryDirectory, path: string, now: Date): Promise<string> {
  const time = now.toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
  const aside = `${path}.damaged-${time}-${randomBytes(4).toString("hex")}`;
  try {
    await fileSystem.rename(path, aside);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error; // Somebody moved it: this loses nothing.
  }
  return terminalText(aside);
}
