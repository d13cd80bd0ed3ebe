// The files that are in force, the snapshot and beside it the server form, and the only way to replace them. Both are
// written whole before either gets its name, the server form first: whoever sees the new snapshot finds its server form.
import { type FileSystem, hostFileSystem } from "../host/atomic_write.ts";
import type { ServerForm, ServerFormHeader, ServerFormVerification } from "./server_form.ts";
import { verifyServerForm } from "./server_form.ts";
import { type Existing as ExistingFile, failure, openSlot, type Slot, type StaleFiles } from "./slot.ts";
import type { StoreFailure, Written } from "./slot.ts";
import type { SnapshotLock } from "./snapshot_lock.ts";
import { type Snapshot, snapshotFile, type SnapshotHeader, type Verification, verifyInTurns } from "./snapshot.ts";

export type { StoreFailure };

/** Where the files are and who may read them. */
export interface StoreOptions {
  /** The snapshot's path; its directory may come into being later. */
  readonly path: string;
  /** The server form's path, another one; null or undefined: there is none. */
  readonly serverPath?: string | null | undefined;
  /** Permission bits of both; 0640 unless given. */
  readonly mode?: number | undefined;
  /** A group's name or number; null or undefined leaves the daemon's own. */
  readonly group?: string | null | undefined;
  /** The operating system's unless a test injects faults. */
  readonly fileSystem?: FileSystem | undefined;
  /** The text of group(5); `/etc/group` unless given. */
  readonly readGroups?: (() => Promise<string>) | undefined;
  /** Is taken before every write; without one nothing keeps a second writer away. */
  readonly lock?: Pick<SnapshotLock, "take"> | undefined;
  /** The time that names a damaged file; the clock's unless given. */
  readonly now?: (() => Date) | undefined;
}

/** A snapshot that was proven. */
export type SnapshotProof = Extract<Verification, { ok: true }>;
/** A server form that was proven. */
export type ServerFormProof = Extract<ServerFormVerification, { ok: true }>;

/** What stood at the snapshot's path when the store was opened. */
export type Existing = ExistingFile<SnapshotProof>;

/** What stood at the server form's path; in force: whole, perhaps of another snapshot. */
export type ExistingServerForm = ExistingFile<ServerFormProof>;

/** An open store, with what opening it found. */
export interface OpenedStore {
  /** Tells it from failure. */
  readonly ok: true;
  /** The store itself. */
  readonly store: SnapshotStore;
  /** What stood at the snapshot's path. */
  readonly existing: Existing;
  /** What stood at the server form's; null: there is to be none. */
  readonly existingServerForm: ExistingServerForm | null;
  /** What killed writers left. */
  readonly stale: StaleFiles;
}

/** The settings of a write beside the snapshot. */
export interface WriteDetails {
  /** The server form of the snapshot, which a store with a path for one needs. */
  readonly serverForm?: ServerForm;
  /**
   * Is shown the new files before either is in force, the server form's path only where there is one; where it says false,
   * the old ones stay.
   */
  inspect?(temporaryPath: string, serverTemporaryPath: string | null): Promise<boolean>;
}

/** Which files are those in force. */
export interface Stored {
  /** The snapshot. */
  readonly snapshot: boolean;
  /** The server form, and of that snapshot; null: there is to be none. */
  readonly serverForm: boolean | null;
}

/**
 * The paths. One loop writes and asks what is in force, one after the other; `read` may be called at any time, also during
 * both. It holds nothing open, so there is nothing to close.
 */
export interface SnapshotStore {
  /**
   * Puts the snapshot and its server form in force, each atomically. After a failure the old snapshot is as it was, save
   * where only its directory's sync failed: then the new one is there, does not count as in force, and is to be written
   * again. The server form is as it was too, unless what failed came after its rename: then it is the new one, and nothing
   * is in force until both are written.
   */
  write(snapshot: Snapshot, details?: WriteDetails): Promise<Written>;
  /**
   * Whether the files at both paths are still those last written or, before any write, found at opening, of one snapshot
   * and with their mode and group. Answered from a stat of each while that is unchanged, else by reading and
   * verifying. False where one cannot be read.
   */
  isInForce(): Promise<boolean>;
  /** The same of each file. */
  stored(): Promise<Stored>;
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

/**
 * Opens the store: removes stale temporary files, verifies the files that are there, and sets a damaged one aside. A
 * missing directory or file is no failure; one that may not be read is.
 */
export async function openStore(options: StoreOptions): Promise<OpenedStore | StoreFailure> {
  const { path, serverPath = null, mode = 0o640, fileSystem = hostFileSystem, now = () => new Date() } = options;
  const group = await resolveGroup(options);
  if (!group.ok) return group;
  const common = { mode, gid: group.gid, fileSystem, now };
  const snapshot = await openSlot<SnapshotProof>({ ...common, path, name: "snapshot", verify: verifySnapshot });
  if (!snapshot.ok) return snapshot;
  const serverForm = serverPath === null
    ? null
    : await openSlot<ServerFormProof>({ ...common, path: serverPath, name: "server form", verify: verifyServerFile });
  if (serverForm?.ok === false) return serverForm;
  const { removed = [], left = [] } = serverForm?.stale ?? {};
  return {
    ok: true,
    store: storeOf(snapshot.slot, serverForm?.slot ?? null, options.lock),
    existing: snapshot.existing,
    existingServerForm: serverForm?.existing ?? null,
    stale: { removed: [...snapshot.stale.removed, ...removed], left: [...snapshot.stale.left, ...left] },
  };
}

const verifySnapshot = (bytes: Uint8Array) => verifyInTurns(bytes);
const verifyServerFile = (bytes: Uint8Array) => verifyServerForm(bytes);

function storeOf(
  snapshotSlot: Slot<SnapshotHeader>,
  serverSlot: Slot<ServerFormHeader> | null,
  lock: StoreOptions["lock"],
): SnapshotStore {
  const stored = async (): Promise<Stored> => {
    const [snapshot, serverForm] = await Promise.all([snapshotSlot.isInForce(), serverSlot?.isInForce() ?? null]);
    return { snapshot, serverForm: serverForm && isPair(snapshotSlot.header, serverSlot!.header) };
  };
  return {
    async write(snapshot, { serverForm, inspect } = {}) {
      if (serverSlot !== null && serverForm === undefined) throw new Error("a snapshot came without its server form");
      const taken = await lock?.take();
      if (taken?.ok === false) return taken;
      let server: Written | null = null;
      // Begun within the snapshot's write, behind its last step but the rename: so both are whole before either is renamed.
      const written = await snapshotSlot.write(snapshotFile(snapshot), async (temporaryPath) => {
        if (serverSlot === null) return await inspect?.(temporaryPath, null) ?? true;
        const inspectBoth = async (serverPath: string) => await inspect?.(temporaryPath, serverPath) ?? true;
        server = await serverSlot.write(serverForm!, inspectBoth);
        return server.ok && server.replaced;
      });
      return outcomeOf(written, server);
    },
    async isInForce() {
      const { snapshot, serverForm } = await stored();
      return snapshot && serverForm !== false;
    },
    stored,
    read: (contentHash) => snapshotSlot.read(contentHash),
    get verified() {
      return snapshotSlot.verified + (serverSlot?.verified ?? 0);
    },
  };
}

/** What both writes came to; `server` is null where the snapshot's did not come as far. */
function outcomeOf(snapshot: Written, server: Written | null): Written {
  if (server?.ok === false) return server;
  if (snapshot.ok || server?.replaced !== true) return snapshot;
  return failure(snapshot.code, `${snapshot.message}; the server form beside it is the new one already`);
}

function isPair(snapshot: SnapshotHeader | null, serverForm: ServerFormHeader | null): boolean {
  return snapshot?.hash === serverForm?.hash && snapshot?.contentHash === serverForm?.contentHash;
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
