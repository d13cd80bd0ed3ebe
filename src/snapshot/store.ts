// Owns the files in force, the snapshot and the server form; only the store replaces them. It writes both whole before
// it renames either, the server form first: a reader of the new snapshot finds its server form.
import { type FileSystem, hostFileSystem } from "../host/atomic_write.ts";
import {
  type ServerForm,
  type ServerFormHeader,
  type ServerFormVerification,
  verifyServerForm,
} from "./server_form.ts";
import { type ExistingFile, failure, openSlot, type Slot } from "./slot.ts";
import type { StaleFiles, StoreFailure, Written } from "./slot.ts";
import type { SnapshotLock } from "./snapshot_lock.ts";
import { type Snapshot, snapshotFile, type SnapshotHeader, type Verification, verifyInTurns } from "./snapshot.ts";

/** The paths and permissions of the files. */
export interface StoreOptions {
  /** The snapshot's path; its directory need not exist yet. */
  readonly path: string;
  /** The server form's path, which must be another one; null or undefined: no server form is written. */
  readonly serverPath?: string | null | undefined;
  /** Permission bits of both files; default 0640. */
  readonly mode?: number | undefined;
  /** A group's name or number; null or undefined: the daemon's own group. */
  readonly group?: string | null | undefined;
  /** The operating system's, unless a test injects faults. */
  readonly fileSystem?: FileSystem | undefined;
  /** Returns a text in the format of group(5); default: that of `/etc/group`. */
  readonly readGroups?: (() => Promise<string>) | undefined;
  /** Taken before every write; without a lock a second writer is possible. */
  readonly lock?: Pick<SnapshotLock, "take"> | undefined;
  /** The time for the name of a damaged file; default: the clock's. */
  readonly now?: (() => Date) | undefined;
}

/** A proven snapshot. */
export type SnapshotProof = Extract<Verification, { ok: true }>;
/** A proven server form. */
export type ServerFormProof = Extract<ServerFormVerification, { ok: true }>;

/** The file at the snapshot's path at the opening of the store. */
export type Existing = ExistingFile<SnapshotProof>;

/** The file at the server form's path; `in-force`: it is whole, but may be that of another snapshot. */
export type ExistingServerForm = ExistingFile<ServerFormProof>;

/** An open store, with the files found at its opening. */
export interface OpenedStore {
  readonly ok: true;
  readonly store: SnapshotStore;
  readonly existing: Existing;
  /** Null: no server form is written. */
  readonly existingServerForm: ExistingServerForm | null;
  /** Temporary files of killed writers. */
  readonly stale: StaleFiles;
}

/** The options of a write. */
export interface WriteDetails {
  /** Required if the store has a path for server forms. */
  readonly serverForm?: ServerForm;
  /**
   * Called with the paths of the new files before either is in force; the second is null if there is no server form. If
   * it returns false, the old files remain.
   */
  inspect?(temporaryPath: string, serverTemporaryPath: string | null): Promise<boolean>;
}

/** Whether the files at the paths are those in force. */
export interface Stored {
  readonly snapshot: boolean;
  /** Whether it is also that of the snapshot; null: no server form is written. */
  readonly serverForm: boolean | null;
}

/**
 * The store. One loop calls `write`, `isInForce` and `stored`, one after the other; `read` may be called at any time,
 * also during these. It holds nothing open, so there is nothing to close.
 */
export interface SnapshotStore {
  /**
   * Puts the snapshot and its server form in force, each atomically. After a failure the old snapshot is unchanged,
   * unless only its directory's sync failed: then the new snapshot is at the path but not in force, and must be written
   * again. The old server form is unchanged too, unless a step after its rename failed: then the new one is at the
   * path, and nothing is in force until both are written.
   */
  write(snapshot: Snapshot, details?: WriteDetails): Promise<Written>;
  /**
   * Whether the files at both paths are still those last written or, before any write, found at opening, belong to one
   * snapshot, and have their mode and group. An unchanged stat of each is enough; otherwise it reads and verifies the
   * file. False if a file cannot be read.
   */
  isInForce(): Promise<boolean>;
  /** Returns the same for each file. */
  stored(): Promise<Stored>;
  /**
   * Returns the current snapshot at the path, from any writer: during a write the old one or the new one. Null if there
   * is none, if it is damaged or cannot be read, or if it has another content hash. The store compares the file with
   * the snapshot that it wrote, and verifies any other file, once. It does not read a file that is damaged or has
   * another content hash again until the stat changes.
   */
  read(
    contentHash?: string,
  ): Promise<{ readonly header: SnapshotHeader; readonly bytes: Uint8Array<ArrayBuffer> } | null>;
  /**
   * Returns both files of one content hash. Null if one of them is not there, is damaged, or has another content hash.
   */
  readBoth(contentHash: string): Promise<StoredFiles | null>;
  /** The number of files that were verified since the opening. */
  readonly verified: number;
}

/** The bytes of both files; `serverForm` is null if none is written. */
export interface StoredFiles {
  readonly snapshot: Uint8Array<ArrayBuffer>;
  readonly serverForm: Uint8Array<ArrayBuffer> | null;
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
  const snapshot = await openSlot<SnapshotProof>({ ...common, path, name: "snapshot", verify: verifyInTurns });
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
      // The inspection is the last step before the snapshot's rename, so both files are whole before either is renamed.
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
    async readBoth(contentHash) {
      const [snapshot, server] = await Promise.all([
        snapshotSlot.read(contentHash),
        serverSlot?.read(contentHash) ?? null,
      ]);
      if (snapshot === null || (serverSlot !== null && server === null)) return null;
      return { snapshot: snapshot.bytes, serverForm: server?.bytes ?? null };
    },
    get verified() {
      return snapshotSlot.verified + (serverSlot?.verified ?? 0);
    },
  };
}

/** The result of both writes; `server` is null if the snapshot's write ended before the server form's. */
function outcomeOf(snapshot: Written, server: Written | null): Written {
  if (server?.ok === false) return server;
  if (snapshot.ok || server?.replaced !== true) return snapshot;
  return failure(snapshot.code, `${snapshot.message}; the server form beside it is the new one already`);
}

function isPair(snapshot: SnapshotHeader | null, serverForm: ServerFormHeader | null): boolean {
  return snapshot?.hash === serverForm?.hash && snapshot?.contentHash === serverForm?.contentHash;
}

/** Finds a group as chown(1) does: by its name, else by its number. */
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
