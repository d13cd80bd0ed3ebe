// Owns the path of the snapshot: what is in force there, and the only way to replace it. A damaged snapshot is set aside
// before anything takes its place and never deleted; what the operating system refuses is a value, never thrown.
import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import {
  adviceFor,
  atomicWrite,
  AtomicWriteError,
  errorCode,
  type FileSystem,
  hostFileSystem,
} from "./atomic_write.ts";
import { removeStaleTemporaries, resolveTarget } from "./atomic_write.ts";
import type { JsonObject } from "./canonical.ts";
import {
  CLOCK_TICK_MILLISECONDS,
  type Found,
  headerOf,
  identify,
  type Identity,
  isSame,
  openExaminer,
  readSnapshot,
  type Verdict,
  verdictOn,
} from "./examiner.ts";
import type { SnapshotLock } from "./snapshot_lock.ts";
import {
  describeFault,
  MAX_SNAPSHOT_BYTES,
  type Snapshot,
  type SnapshotFault,
  type SnapshotHeader,
} from "./snapshot.ts";

/** Where the snapshot is and who may read it. */
export interface StoreOptions {
  /** The snapshot's path; its directory may come into being later. */
  readonly path: string;
  /** Permission bits; 0640 unless given. */
  readonly mode?: number | undefined;
  /** A group's name or number; null or undefined leaves the daemon's own. */
  readonly group?: string | null | undefined;
  /** The operating system's unless a test injects faults. */
  readonly fileSystem?: FileSystem | undefined;
  /** The text of group(5); `/etc/group` unless given. */
  readonly readGroups?: (() => Promise<string>) | undefined;
  /** Is taken before every write; without one nothing keeps a second writer away. */
  readonly lock?: Pick<SnapshotLock, "take"> | undefined;
  /** The time that names a damaged snapshot; the clock's unless given. */
  readonly now?: (() => Date) | undefined;
}

/** What could not be done, and what to do about it. */
export interface StoreFailure {
  /** Tells it from success. */
  readonly ok: false;
  /** The errno's name (`ENOSPC`), or `UNKNOWN_GROUP`, `NOT_A_FILE`, `TOO_LARGE`. */
  readonly code: string;
  /** One line with the path and an advice, fit for a log. */
  readonly message: string;
}

/** What stood at the path when the store was opened. */
export type Existing =
  | { readonly state: "none" }
  | { readonly state: "in-force"; readonly header: SnapshotHeader; readonly config: JsonObject }
  /** A newer version's, whole as far as can be told: it stays for its readers until the next write replaces it. */
  | { readonly state: "newer-format" }
  /** `setAsideAs` is null where the rename was refused: then nothing is written until it succeeds. */
  | { readonly state: "damaged"; readonly fault: SnapshotFault; readonly setAsideAs: string | null };

/** An open store, with what opening it found. */
export interface OpenedStore {
  /** Tells it from failure. */
  readonly ok: true;
  /** The store itself. */
  readonly store: SnapshotStore;
  /** What stood at the path. */
  readonly existing: Existing;
  /** Temporary files of writers that were killed: those removed, and those that could not be. */
  readonly stale: { readonly removed: readonly string[]; readonly left: readonly string[] };
}

/**
 * The snapshot's path. One loop writes and asks what is in force, one after the other; `read` may be called at any time,
 * also during both. It holds nothing open, so there is nothing to close.
 */
export interface SnapshotStore {
  /**
   * Puts the snapshot in force, atomically. After a failure the old file is as it was, save where only the directory's
   * sync failed: then the new one is there, does not count as in force, and is to be written again. `inspect` is shown
   * the new file before it is in force; where it says false, the old one stays.
   */
  write(
    snapshot: Snapshot,
    inspect?: (temporaryPath: string) => Promise<boolean>,
  ): Promise<{ readonly ok: true; readonly replaced: boolean } | StoreFailure>;
  /**
   * Whether the file at the path is still the one last written or, before any write, found at opening, with its mode
   * and group. Answered from a stat alone while that is unchanged, else by reading and verifying. False where it cannot
   * be read.
   */
  isInForce(): Promise<boolean>;
  /**
   * The snapshot that is at the path at the moment, whoever put it there: during a write the old one or the new. Null
   * where there is none, it is damaged or cannot be read, or its content hash is not the one asked for. What the store
   * itself wrote is compared with that. All else is verified, once for each file: until a stat tells that it is another,
   * one that is damaged or not asked for is not even read.
   */
  read(
    contentHash?: string,
  ): Promise<{ readonly header: SnapshotHeader; readonly bytes: Uint8Array<ArrayBuffer> } | null>;
  /** How many files had to be verified since the opening. */
  readonly verified: number;
}

/** What is at the path as far as the store knows. */
interface InForce {
  readonly header: SnapshotHeader;
  /** Null where the next look must read the file. */
  identity: Identity | null;
  /** What was written; null: the file was found at opening. */
  readonly snapshot: Snapshot | null;
}

/**
 * Opens the store: removes stale temporary files, verifies the snapshot that is there, and sets a damaged one aside as
 * `{path}.damaged-{UTC time}-{random}`. A missing directory or file is no failure; one that may not be read is.
 */
export async function openStore(options: StoreOptions): Promise<OpenedStore | StoreFailure> {
  const { path, mode = 0o640, fileSystem = hostFileSystem } = options;
  const group = await resolveGroup(options);
  if (!group.ok) return group;
  let stale: OpenedStore["stale"] = { removed: [], left: [] };
  let found: Found;
  try {
    const target = await resolveTarget(path, fileSystem);
    stale = await removeStaleTemporaries(target, fileSystem);
    found = await readSnapshot(target);
  } catch (error) {
    const code = errorCode(error);
    if (code !== "ENOENT") return failure(code, `cannot read the snapshot ${path}: ${code}: ${adviceFor(code)}`);
    found = { state: "none" };
  }
  const setAside = () => setDamagedAside(path, fileSystem, options.now ?? (() => new Date()));
  const [existing, inForce] = await judge(found, { mode, gid: group.gid }, setAside);
  const damaged = existing.state === "damaged" && existing.setAsideAs === null ? setAside : null;
  const { lock } = options;
  const store = storeAt({ path, mode, gid: group.gid, fileSystem, lock }, inForce, damaged, verdictOn(found));
  return { ok: true, store, existing, stale };
}

/** What is reported of the file that was found, and what of it counts as in force. */
async function judge(
  found: Found,
  wanted: { mode: number; gid: number | undefined },
  setAside: () => Promise<string>,
): Promise<[Existing, InForce | null]> {
  if (found.state === "none") return [found, null];
  const { verification, identity } = found;
  if (verification.ok) {
    const { header, config } = verification;
    // With the mode and group that it should have: where it has others, it is not in force and gets written anew.
    const wantedIdentity = { ...identity, mode: wanted.mode, gid: wanted.gid ?? identity.gid };
    return [{ state: "in-force", header, config }, { header, identity: wantedIdentity, snapshot: null }];
  }
  if (verification.reason === "newer-format") return [{ state: "newer-format" }, null];
  const setAsideAs = await setAside().catch(() => null);
  return [{ state: "damaged", fault: verification.reason, setAsideAs }, null];
}

function storeAt(
  options: { path: string; mode: number; gid: number | undefined; fileSystem: FileSystem; lock: StoreOptions["lock"] },
  found: InForce | null,
  damaged: (() => Promise<string>) | null,
  verdict: Verdict | null,
): SnapshotStore {
  const { path, mode, gid, fileSystem, lock } = options;
  let inForce = found;
  let incoming: Snapshot | null = null;
  let setAsideFirst = damaged;
  const written = () => [inForce?.snapshot ?? null, incoming].filter((snapshot) => snapshot !== null);
  const examiner = openExaminer(path, written, verdict);
  return {
    async write(snapshot, inspect) {
      if (snapshot.byteLength > MAX_SNAPSHOT_BYTES) {
        return failure("TOO_LARGE", `cannot write ${path}: the snapshot ${describeFault("too-large")}`);
      }
      const taken = await lock?.take();
      if (taken?.ok === false) return taken;
      let written: Identity | null = null;
      const inspected = async (temporaryPath: string) => {
        written = await settledIdentityOf(temporaryPath);
        return await inspect?.(temporaryPath) ?? true;
      };
      incoming = snapshot;
      try {
        await setAsideFirst?.();
        setAsideFirst = null;
        const replaced = await atomicWrite(path, snapshot.pieces, { mode, gid, fileSystem, inspect: inspected });
        if (!replaced) return { ok: true, replaced };
        const identity = identityInPlace(written, await identityOf(path), { mode, gid });
        inForce = { header: headerOf(snapshot), identity, snapshot };
        return { ok: true, replaced };
      } catch (error) {
        if (error instanceof AtomicWriteError) return failure(error.code, error.message);
        const code = errorCode(error);
        return failure(code, `cannot set the damaged snapshot ${path} aside: ${code}: ${adviceFor(code)}`);
      } finally {
        incoming = null;
      }
    },
    async isInForce() {
      const known = inForce;
      if (known === null) return false;
      try {
        const { identity, header } = known;
        if (identity !== null && isSame(identity, identify(await stat(path)))) return true;
        const now = await examiner.examine();
        if (now === null || !isSame(header, now.header)) return false;
        const wanted = identity ?? { mode, gid: gid ?? now.identity.gid };
        if (wanted.mode !== now.identity.mode || wanted.gid !== now.identity.gid) return false;
        known.identity = now.identity;
        return true;
      } catch {
        return false;
      }
    },
    async read(contentHash) {
      const now = await examiner.examine(contentHash).catch(() => null);
      return now && { header: now.header, bytes: now.bytes };
    },
    get verified() {
      return examiner.verified;
    },
  };
}

async function identityOf(path: string): Promise<Identity | null> {
  return await stat(path).then(identify, () => null);
}

/** Null too where the file is so new that it could be changed once more at the same time as far as a stat tells. */
async function settledIdentityOf(path: string): Promise<Identity | null> {
  const identity = await identityOf(path);
  return identity !== null && Date.now() - identity.mtime > CLOCK_TICK_MILLISECONDS ? identity : null;
}

/**
 * What the file at the path is, where it surely is the one that was written: with its name alone the time of its last
 * change of status is another, with its content that of its last modification.
 */
function identityInPlace(
  written: Identity | null,
  now: Identity | null,
  wanted: { mode: number; gid: number | undefined },
): Identity | null {
  if (written === null || now === null || !isSame({ ...written, ctime: now.ctime }, now)) return null;
  return now.mode === wanted.mode && now.gid === (wanted.gid ?? now.gid) ? now : null;
}

async function setDamagedAside(path: string, fileSystem: FileSystem, now: () => Date): Promise<string> {
  const target = await resolveTarget(path, fileSystem);
  const time = now().toISOString().replace(/\.\d+/, "").replaceAll(/[-:]/g, "");
  const aside = `${target}.damaged-${time}-${randomBytes(4).toString("hex")}`;
  try {
    await fileSystem.rename(target, aside);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error; // Whoever took it away saw to it that nothing is lost here.
  }
  return aside;
}

/** A group as chown(1) takes it: a name first, else a number. */
async function resolveGroup(options: StoreOptions): Promise<{ ok: true; gid: number | undefined } | StoreFailure> {
  const { group, readGroups = () => Deno.readTextFile("/etc/group") } = options;
  if (group === null || group === undefined) return { ok: true, gid: undefined };
  const groups = await readGroups().catch(() => "");
  for (const line of groups.split("\n")) {
    const [name, , gid] = line.split(":");
    if (name === group && gid !== undefined && /^\d{1,10}$/.test(gid)) return { ok: true, gid: Number(gid) };
  }
  // The highest number means "unchanged" to chown(2).
  if (/^\d{1,10}$/.test(group) && Number(group) < 0xffff_ffff) return { ok: true, gid: Number(group) };
  return failure("UNKNOWN_GROUP", `/etc/group has no group ${JSON.stringify(group)}; create it, or give its number`);
}

function failure(code: string, message: string): StoreFailure {
  return { ok: false, code, message };
}
