// One writer for each snapshot, server form and state directory on a host: the writer holds a lock on a file beside it,
// by flock(2), which the kernel releases at any end of the process. The file is never removed: the next holder would
// lock another file.
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileSystemAnswers } from "../host/regular_file.ts";
import { adviceFor, errorCode, resolveTarget } from "../host/atomic_write.ts";

/** The result of {@linkcode SnapshotLock.take}. */
export type LockTaken =
  | {
    readonly ok: true;
    /** One line with the reason why the file system cannot lock, so that a second writer is possible. Null: it can. */
    readonly lockWarning: string | null;
  }
  | {
    readonly ok: false;
    /** `LOCKED`: another process has the lock; else the errno's name. */
    readonly code: string;
    /** One line with the path and advice. */
    readonly message: string;
  };

/** The right to write a snapshot. Disposing releases it. */
export interface SnapshotLock extends Disposable {
  /**
   * Takes the lock without waiting. A lock that is already held is kept, unless the snapshot's path now leads elsewhere
   * or the lock's file was removed: then the current lock is taken.
   */
  take(): Promise<LockTaken>;
}

/** The options of a lock. */
export interface SnapshotLockOptions {
  /** The file's name in messages; default "snapshot". */
  readonly name?: string;
  /** For a user whose process finds another holder; default: "end it, or name another path". */
  readonly advice?: string;
  /** False if another process has the lock; default: flock(2) with LOCK_NB. */
  readonly tryLock?: (file: Deno.FsFile) => Promise<boolean>;
}

interface Held {
  readonly path: string;
  readonly file: Deno.FsFile;
  readonly lockWarning: string | null;
}

/** Returns the path of a snapshot's lock; `target` has no symbolic link at its end. */
export function lockPathOf(target: string): string {
  return join(dirname(target), `.${basename(target)}.lock`);
}

const ADVICE = "end it, or name another path";

/** Attempts after which a file that is replaced again and again is a failure. */
const MAX_ATTEMPTS = 5;

/** Makes the lock of the snapshot at a path without taking it. */
export function snapshotLock(path: string, options: SnapshotLockOptions = {}): SnapshotLock {
  const { name = "snapshot", advice = ADVICE } = options;
  const { tryLock = (file) => file.tryLock(true) } = options;
  let held: Held | null = null;
  const lock = async (lockPath: string): Promise<LockTaken> => {
    for (let attempt = 1;; attempt++) {
      const file = await openLockFile(lockPath);
      let isKept = false;
      try {
        let lockWarning: string | null = null;
        const isLocked = await tryLock(file).catch((error) => {
          const what = `The file system of ${path} cannot lock (${errorCode(error)})`;
          lockWarning = `${what}: see that no second process writes this ${name}`;
          return true;
        });
        if (!isLocked) return lockedBy(await readHolder(file), `writes the ${name} ${path}: ${advice}`);
        if (!await isAt(lockPath, file)) {
          if (attempt < MAX_ATTEMPTS) continue;
          throw Object.assign(new Error(`${lockPath} is replaced again and again`), { code: "EBUSY" });
        }
        isKept = true;
        held?.file.close();
        held = { path: lockPath, file, lockWarning };
        await writeHolder(file);
        return { ok: true, lockWarning };
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
          return { ok: true, lockWarning: held.lockWarning };
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

/** The process that has the lock of the snapshot at a path, in one line; null: none, or that cannot be known. */
export async function lockTrouble(path: string, name: string): Promise<string | null> {
  try {
    const lockPath = lockPathOf(await resolveTarget(path));
    await fileSystemAnswers(dirname(lockPath));
    if (!(await Deno.lstat(lockPath)).isFile) return null;
    using file = await Deno.open(lockPath);
    // A shared lock, until the file is closed: a writer that starts at that moment waits for longer.
    const isFree = await file.tryLock(false);
    return isFree ? null : lockedBy(await readHolder(file), `writes the ${name} ${path}: ${ADVICE}`).message;
  } catch {
    return null;
  }
}

/** Makes one lock of several. It takes them in order, up to the first that it cannot take. */
export function lockOf(locks: readonly SnapshotLock[]): SnapshotLock {
  return {
    async take() {
      let lockWarning: string | null = null;
      for (const lock of locks) {
        const taken = await lock.take();
        if (!taken.ok) return taken;
        lockWarning ??= taken.lockWarning;
      }
      return { ok: true, lockWarning };
    },
    [Symbol.dispose]() {
      for (const lock of locks) lock[Symbol.dispose]();
    },
  };
}

/** Never waits, since it opens only a regular file, no FIFO. The caller compares the handle with the path. */
async function openLockFile(path: string): Promise<Deno.FsFile> {
  await fileSystemAnswers(dirname(path));
  // If lstat fails for another reason, making the file fails too, with that reason.
  const found = await Deno.lstat(path).catch(() => null);
  if (found === null) await makeLockFile(path);
  else if (!found.isFile) throw Object.assign(new Error(`${path} is no regular file`), { code: "NOT_A_FILE" });
  return Deno.open(path, { read: true, write: true });
}

/**
 * The users that may write the directory may write the file: a single load by root must not shut out the daemon. Owner
 * and mode are changed by the handle, so that root never gives away another file.
 */
async function makeLockFile(path: string): Promise<void> {
  let file: fs.FileHandle;
  try {
    file = await fs.open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return; // Another process made it first.
    throw error;
  }
  try {
    const [own, directory] = [await file.stat(), await fs.stat(dirname(path))];
    if (own.uid !== directory.uid || own.gid !== directory.gid) {
      // Only root may change the owner; a user may set only its own groups.
      const toGroup = () => file.chown(own.uid, directory.gid);
      await file.chown(directory.uid, directory.gid).catch(toGroup).catch(() => {});
    }
    const { gid } = await file.stat();
    await file.chmod(lockMode(directory.mode, gid === directory.gid));
  } finally {
    await file.close();
  }
}

/** Returns the mode of a lock's file. In a directory with a sticky bit no user can replace another user's file. */
export function lockMode(directoryMode: number, isOfItsGroup: boolean): number {
  const isSticky = (directoryMode & 0o1000) !== 0;
  const writers = isSticky ? 0 : directoryMode & (isOfItsGroup ? 0o022 : 0o002);
  return 0o600 | writers | writers << 1;
}

async function isAt(path: string, file: Deno.FsFile): Promise<boolean> {
  const [there, own] = [await Deno.lstat(path).catch(() => null), await file.stat()];
  return there?.dev === own.dev && there.ino === own.ino;
}

/** The number is only for people: the lock holds even if the disk has no room for the number. */
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

/** Returns the process that a lock's file names; null if it names none. */
export function holderIn(text: string): number | null {
  return /^[1-9]\d{0,9}\n$/.test(text) ? Number(text) : null;
}

function lockedBy(holder: number | null, deed: string): Extract<LockTaken, { ok: false }> {
  const who = holder === null ? "Another process" : `Another process (pid ${holder})`;
  return { ok: false, code: "LOCKED", message: `${who} ${deed}` };
}
