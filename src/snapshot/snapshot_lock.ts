// One writer for each snapshot and each server form on a host: the writer holds a lock on a file beside it, by flock(2),
// which the kernel gives back however the process ends. The file is never removed: its next holder would lock another one.
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileSystemAnswers } from "../host/regular_file.ts";
import { adviceFor, errorCode, resolveTarget } from "../host/atomic_write.ts";

/** What {@linkcode SnapshotLock.take} came to. */
export type LockTaken =
  | {
    readonly ok: true;
    /** Why the file system cannot lock, in one line: then nothing keeps a second writer away. Null: it can. */
    readonly unlockable: string | null;
  }
  | {
    readonly ok: false;
    /** `LOCKED`: another process has it; else the errno's name. */
    readonly code: string;
    /** One line with the path and an advice. */
    readonly message: string;
  };

/** The right to write a snapshot. Disposing of it gives the right back. */
export interface SnapshotLock extends Disposable {
  /**
   * Takes it without waiting. Held already it stays so, unless the snapshot's path leads elsewhere by now or the lock's
   * file was removed: then the lock of today is taken.
   */
  take(): Promise<LockTaken>;
}

/** The lock's file, and parts that a test replaces. */
export interface SnapshotLockOptions {
  /** The name of the file at the path, in messages; default "snapshot". */
  readonly name?: string;
  /** False where another process has it; default: flock(2) with LOCK_NB. */
  readonly tryLock?: (file: Deno.FsFile) => Promise<boolean>;
}

interface Held {
  readonly path: string;
  readonly file: Deno.FsFile;
  readonly unlockable: string | null;
}

/** Where the lock of a snapshot is; `target` has no symbolic link at its end. */
export function lockPathOf(target: string): string {
  return join(dirname(target), `.${basename(target)}.lock`);
}

/** How often the file may be another one than was opened. */
const MAX_ATTEMPTS = 5;

/** Makes the lock of the snapshot at a path; it is not held yet. */
export function snapshotLock(path: string, options: SnapshotLockOptions = {}): SnapshotLock {
  const { name = "snapshot", tryLock = (file) => file.tryLock(true) } = options;
  let held: Held | null = null;
  const lock = async (lockPath: string): Promise<LockTaken> => {
    for (let attempt = 1;; attempt++) {
      const file = await openLockFile(lockPath);
      let isKept = false;
      try {
        let unlockable: string | null = null;
        const isLocked = await tryLock(file).catch((error) => {
          const what = `The file system of ${path} cannot lock (${errorCode(error)})`;
          unlockable = `${what}: see that no second process writes this ${name}`;
          return true;
        });
        if (!isLocked) return lockedBy(await readHolder(file), name, path);
        if (!await isAt(lockPath, file)) {
          if (attempt < MAX_ATTEMPTS) continue;
          throw Object.assign(new Error(`${lockPath} is replaced again and again`), { code: "EBUSY" });
        }
        isKept = true;
        held?.file.close();
        held = { path: lockPath, file, unlockable };
        await writeHolder(file);
        return { ok: true, unlockable };
      } finally {
        if (!isKept) file.close();
      }
    }
  };
  return {
    async take() {
      try {
        const lockPath = lockPathOf(await resolveTarget(path));
        if (held?.path === lockPath && await isAt(lockPath, held.file)) {
          return { ok: true, unlockable: held.unlockable };
        }
        return await lock(lockPath);
      } catch (error) {
        const code = errorCode(error);
        return { ok: false, code, message: `cannot write ${path}: lock failed with ${code}: ${adviceFor(code)}` };
      }
    },
    [Symbol.dispose]() {
      held?.file.close();
      held = null;
    },
  };
}

/** Makes one lock of several, which are taken one after the other until one cannot be. */
export function lockOf(locks: readonly SnapshotLock[]): SnapshotLock {
  return {
    async take() {
      let unlockable: string | null = null;
      for (const lock of locks) {
        const taken = await lock.take();
        if (!taken.ok) return taken;
        unlockable ??= taken.unlockable;
      }
      return { ok: true, unlockable };
    },
    [Symbol.dispose]() {
      for (const lock of locks) lock[Symbol.dispose]();
    },
  };
}

/** Never waits: only a regular file is opened, and no FIFO. The caller compares the handle with the path. */
async function openLockFile(path: string): Promise<Deno.FsFile> {
  await fileSystemAnswers(dirname(path));
  // A path that cannot be looked at cannot be made either, and the making says why.
  const found = await Deno.lstat(path).catch(() => null);
  if (found === null) await makeLockFile(path);
  else if (!found.isFile) throw Object.assign(new Error(`${path} is no regular file`), { code: "NOT_A_FILE" });
  return Deno.open(path, { read: true, write: true });
}

/**
 * The users that may write the directory may write the file: a single load by root must not shut out the daemon. By its
 * handle, so that root gives nobody another file.
 */
async function makeLockFile(path: string): Promise<void> {
  let file: fs.FileHandle;
  try {
    file = await fs.open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return; // Another was quicker.
    throw error;
  }
  try {
    const [own, directory] = [await file.stat(), await fs.stat(dirname(path))];
    if (own.uid !== directory.uid || own.gid !== directory.gid) {
      // Only root may give a file away, and a user only to groups of its own.
      const toGroup = () => file.chown(own.uid, directory.gid);
      await file.chown(directory.uid, directory.gid).catch(toGroup).catch(() => {});
    }
    const { gid } = await file.stat();
    await file.chmod(lockMode(directory.mode, gid === directory.gid));
  } finally {
    await file.close();
  }
}

/** The mode of a lock's file. In a directory with a sticky bit nobody can replace a file of another. */
export function lockMode(directoryMode: number, isOfItsGroup: boolean): number {
  const isSticky = (directoryMode & 0o1000) !== 0;
  const writers = isSticky ? 0 : directoryMode & (isOfItsGroup ? 0o022 : 0o002);
  return 0o600 | writers | writers << 1;
}

async function isAt(path: string, file: Deno.FsFile): Promise<boolean> {
  const [there, own] = [await Deno.lstat(path).catch(() => null), await file.stat()];
  return there?.dev === own.dev && there.ino === own.ino;
}

/** For people only: the lock itself holds also where there is no room for the number. */
async function writeHolder(file: Deno.FsFile): Promise<void> {
  try {
    await file.truncate();
    await file.write(new TextEncoder().encode(`${Deno.pid}\n`));
  } catch {
    // The disk is full.
  }
}

async function readHolder(file: Deno.FsFile): Promise<number | null> {
  const bytes = new Uint8Array(16);
  const count = await file.read(bytes).catch(() => null) ?? 0;
  return holderIn(new TextDecoder().decode(bytes.subarray(0, count)));
}

/** The process that a lock's file names; null where it names none. */
export function holderIn(text: string): number | null {
  return /^[1-9]\d{0,9}\n$/.test(text) ? Number(text) : null;
}

function lockedBy(holder: number | null, name: string, path: string): LockTaken {
  const who = holder === null ? "Another process" : `Another process (pid ${holder})`;
  return { ok: false, code: "LOCKED", message: `${who} writes the ${name} ${path}: end it, or name another path` };
}
