// Replaces a file whole or not at all: at every instant a reader of the path sees the old content or the new, through
// kill -9, a full disk and power loss. Nothing is written in place, and a failure leaves no temporary file.
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileSystemAnswers } from "./regular_file.ts";

export interface WritableFile {
  /** Writes some of the bytes, perhaps not all, and resolves with their number. */
  write(bytes: Uint8Array): Promise<number>;
  /** Resolves when content and metadata are on the disk. */
  sync(): Promise<void>;
  /** An error means that a write was lost. */
  close(): void;
}

/** An open directory. */
export interface OpenDirectory {
  /** Resolves when the renames within it are on the disk. */
  sync(): Promise<void>;
  close(): void | Promise<void>;
}

/** The kind of file at a path, symlinks not followed. */
export interface FileKind {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
}

/** The operating system's calls for replacing a file. Errors carry the errno's name as `code`. */
export interface FileSystem {
  /** Does not follow symlinks. */
  lstat(path: string): Promise<FileKind>;
  /** The target of a symlink, as it is written. */
  readLink(path: string): Promise<string>;
  /** The absolute path without symlinks of an existing file. */
  realPath(path: string): Promise<string>;
  /** Opens a directory to sync it. */
  openDirectory(path: string): Promise<OpenDirectory>;
  /** Fails if the file exists. */
  create(path: string, mode: number): Promise<WritableFile>;
  /** Null: unchanged. */
  chown(path: string, uid: number | null, gid: number | null): Promise<void>;
  /** Sets the permission bits, also against the umask. */
  chmod(path: string, mode: number): Promise<void>;
  /** Replaces a file that has the new name. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
}

/** The operating system's files. */
export const hostFileSystem: FileSystem = {
  lstat: (path) => Deno.lstat(path),
  readLink: (path) => Deno.readLink(path),
  realPath: (path) => Deno.realPath(path),
  async openDirectory(path) {
    await fileSystemAnswers(path);
    // O_DIRECTORY: anything else that is at the path by now is neither opened nor waited for.
    return fs.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  },
  async create(path, mode) {
    await fileSystemAnswers(dirname(path));
    return await Deno.open(path, { write: true, createNew: true, mode });
  },
  chown: (path, uid, gid) => Deno.chown(path, uid, gid),
  chmod: (path, mode) => Deno.chmod(path, mode),
  rename: (from, to) => Deno.rename(from, to),
  remove: (path) => Deno.remove(path),
};

/** In their order. `set group` sets the owner, too. */
export type WriteStep =
  | "resolve"
  | "open directory"
  | "create"
  | "write"
  | "set group"
  | "set mode"
  | "sync"
  | "close"
  | "inspect"
  | "rename"
  | "sync directory";

export interface AtomicWriteOptions {
  /** Permission bits, set explicitly: the umask does not matter. */
  readonly mode: number;
  /** Undefined: the writer. Only root can name another user. */
  readonly uid?: number | undefined;
  /** Undefined: the writer's own group. */
  readonly gid?: number | undefined;
  /** The operating system's unless a test injects faults. */
  readonly fileSystem?: FileSystem | undefined;
  /**
   * Called with the temporary path of the new file, whole and on the disk, before the rename; false keeps the old file,
   * and the new one is removed.
   */
  readonly inspect?: ((temporaryPath: string) => Promise<boolean>) | undefined;
}

/** A write that failed, with the step, the errno and an advice. */
export class AtomicWriteError extends Error {
  override readonly name = "AtomicWriteError";

  /** `options.cause` is the step's own error. */
  constructor(
    /** The path as the caller gave it. */
    readonly path: string,
    /** The errno's name (`ENOSPC`), or the class of an error without one. */
    readonly code: string,
    readonly step: WriteStep,
    /**
     * False: the old file is untouched. True only if the last step failed: the new file is in its place, whole, but a
     * power loss might bring the old one back.
     */
    readonly replaced: boolean,
    options: { cause: unknown },
  ) {
    super(`cannot write ${path}: ${step} failed with ${code}: ${adviceFor(code)}`, options);
  }
}

/** The bytes of a file, whole or in consecutive pieces. */
export type FileContent = Uint8Array | readonly Uint8Array[];

/**
 * Replaces the file at `path` with the content, or creates it. A symlink stays: the file that it leads to is replaced,
 * in that file's directory. The new file gets its owner, group and mode before its name. Resolves with whether it was
 * replaced; only `inspect` can prevent that.
 *
 * @throws {AtomicWriteError} for every failure.
 */
export async function atomicWrite(path: string, content: FileContent, options: AtomicWriteOptions): Promise<boolean> {
  const fileSystem = options.fileSystem ?? hostFileSystem;
  let step: WriteStep = "resolve";
  let replaced = false;
  let file: WritableFile | undefined;
  let directory: OpenDirectory | undefined;
  let temporary: string | undefined;
  try {
    const target = await resolveTarget(path, fileSystem);
    step = "open directory"; // First, so that a directory that cannot be synced fails while nothing has changed.
    directory = await fileSystem.openDirectory(dirname(target));
    step = "create";
    const candidate = temporaryPathFor(target);
    file = await fileSystem.create(candidate, 0o600);
    temporary = candidate;
    step = "write";
    for (const bytes of batchesOf(content)) await writeAll(file, bytes);
    const { uid = null, gid = null } = options;
    if (uid !== null || gid !== null) {
      step = "set group"; // Before the mode: the writer's own group must not read it in between.
      await fileSystem.chown(temporary, uid, gid);
    }
    step = "set mode";
    await fileSystem.chmod(temporary, options.mode);
    step = "sync";
    await file.sync();
    step = "close";
    const written = file;
    file = undefined;
    written.close();
    step = "inspect";
    if (await options.inspect?.(temporary) === false) return false;
    step = "rename";
    await fileSystem.rename(temporary, target);
    temporary = undefined;
    replaced = true;
    step = "sync directory";
    await syncDirectory(directory);
    return true;
  } catch (cause) {
    throw new AtomicWriteError(path, errorCode(cause), step, replaced, { cause });
  } finally {
    await closeQuietly(file);
    await closeQuietly(directory);
    // The next start finds a file that cannot be removed; the first error is the one worth reporting.
    if (temporary !== undefined) await fileSystem.remove(temporary).catch(() => {});
  }
}

/**
 * The path that a write to `path` replaces: symlinks followed, also one that leads nowhere yet.
 *
 * @throws an error with a `code`: `EISDIR`, `NOT_A_FILE` (a device, pipe or socket), `ELOOP`, or the file system's.
 */
export async function resolveTarget(path: string, fileSystem: FileSystem = hostFileSystem): Promise<string> {
  let target = path;
  for (let followed = 0; followed <= MAX_SYMLINKS; followed++) {
    target = join(await fileSystem.realPath(dirname(target)), basename(target));
    let info;
    try {
      info = await fileSystem.lstat(target);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return target;
      throw error;
    }
    if (info.isDirectory) throw codedError("EISDIR", `${target} is a directory`);
    if (!info.isSymlink) {
      if (info.isFile) return target;
      throw codedError("NOT_A_FILE", `${target} is neither a file nor a symlink`);
    }
    target = resolve(dirname(target), await fileSystem.readLink(target));
  }
  throw codedError("ELOOP", `${path} leads through more than ${MAX_SYMLINKS} symlinks`);
}

/** As many as Linux follows: path_resolution(7). */
const MAX_SYMLINKS = 40;

/**
 * Removes the temporary files that killed writers of `target` left. The file of a running writer stays. Looks at 10,000
 * directory entries at most; the rest waits for the next start.
 *
 * @returns the removed paths, and those that could not be removed.
 */
export async function removeStaleTemporaries(
  target: string,
  fileSystem: FileSystem = hostFileSystem,
): Promise<{ readonly removed: readonly string[]; readonly left: readonly string[] }> {
  const removed: string[] = [];
  const left: string[] = [];
  let looked = 0;
  for await (const entry of Deno.readDir(dirname(target))) {
    if (++looked > MAX_ENTRIES) break;
    const writer = temporaryWriter(target, entry.name);
    if (writer === null || !entry.isFile || await isLiveWriter(writer)) continue;
    const path = join(dirname(target), entry.name);
    const gone = await fileSystem.remove(path).then(() => true, (error) => errorCode(error) === "ENOENT");
    (gone ? removed : left).push(path);
  }
  return { removed, left };
}

const MAX_ENTRIES = 10_000;

/**
 * Whether the process runs this very program. Its own id does not count: at a container's start a crashed daemon had
 * the same. If it is unknown (another user's process) the answer is no, which costs a live writer only a rename that
 * fails and is retried.
 */
async function isLiveWriter(pid: number): Promise<boolean> {
  if (pid === Deno.pid) return false;
  try {
    return await Deno.readLink(`/proc/${pid}/exe`) === await Deno.readLink("/proc/self/exe");
  } catch {
    return false;
  }
}

/** A new name for a temporary file, in the target's directory: `.{base}.{pid}.{random}.tmp`. */
function temporaryPathFor(target: string): string {
  const random = randomBytes(8).toString("hex");
  return join(dirname(target), `.${basename(target)}.${Deno.pid}.${random}.tmp`);
}

/** The process that made a temporary file for `target`; null: `name` is no such file's name. */
function temporaryWriter(target: string, name: string): number | null {
  const prefix = `.${basename(target)}.`;
  if (!name.startsWith(prefix)) return null;
  const match = /^([1-9][0-9]{0,9})\.[0-9a-f]{16}\.tmp$/.exec(name.slice(prefix.length));
  return match === null ? null : Number(match[1]);
}

/** The errno's name (`ENOSPC`) of a file operation's error; its class's name if it has none. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return "UNKNOWN";
  const code: unknown = Reflect.get(error, "code");
  return typeof code === "string" && code !== "" ? code : error.name;
}

/** The remedy for an errno, as the end of a sentence that names path and step. */
export function adviceFor(code: string): string {
  return ADVICE.get(code) ?? "see the cause, and the system's log";
}

const ADVICE: ReadonlyMap<string, string> = new Map([
  ["EACCES", "the user that runs this needs write, search and read permission on the directory"],
  ["EBUSY", "the file is itself a mount point and cannot be replaced; mount its directory instead"],
  ["EDQUOT", "the disk quota is used up; free space or raise the quota"],
  ["EIO", "the device reports an error; check the disk and the kernel's log"],
  ["EISDIR", "a directory is at the file's path; name a file, or move the directory away"],
  ["ELOOP", "the path is a circle of symlinks; correct them"],
  ["EMFILE", "this process has too many open files; raise its limit (LimitNOFILE)"],
  ["ENAMETOOLONG", "the name leaves no room for the temporary file's; choose a shorter one"],
  ["ENFILE", "the system has too many open files"],
  ["ENOENT", "the directory does not exist; create it"],
  ["ENOSPC", "the file system is full; free space or inodes"],
  ["ENOTDIR", "a part of the path is not a directory; correct the path"],
  ["EPERM", "the user that runs this must own the file's directory, and be a member of the group that is set"],
  ["EROFS", "the file system is read-only; remount it, or list the directory under ReadWritePaths"],
  ["EXDEV", "the directory and the file are on different file systems; mount the directory, not the file"],
  ["NOT_A_FILE", "a device, pipe or socket is at the path; name a regular file"],
  ["NotCapable", "the program may not write there, and never under /dev, /proc or /sys; name another directory"],
]);

/** Each write is a trip through a thread, so small pieces are joined; at most this much is held twice. */
const BATCH_BYTES = 1024 * 1024;

function* batchesOf(content: FileContent): Generator<Uint8Array> {
  if (content instanceof Uint8Array) return yield content;
  const batch = new Uint8Array(Math.min(BATCH_BYTES, content.reduce((sum, piece) => sum + piece.length, 0)));
  let length = 0;
  for (const piece of content) {
    if (length + piece.length > batch.length) {
      yield batch.subarray(0, length);
      length = 0;
    }
    if (piece.length > batch.length) yield piece;
    else {
      batch.set(piece, length);
      length += piece.length;
    }
  }
  yield batch.subarray(0, length);
}

async function writeAll(file: WritableFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const count = await file.write(bytes.subarray(written));
    if (count <= 0) throw codedError("EIO", "the file system took none of the bytes and named no error");
    written += count;
  }
}

/** Some file systems cannot sync a directory and answer EINVAL or EBADF; there it is not needed or not possible. */
async function syncDirectory(directory: OpenDirectory): Promise<void> {
  try {
    await directory.sync();
  } catch (error) {
    if (!["EINVAL", "EBADF"].includes(errorCode(error))) throw error;
  }
}

async function closeQuietly(resource: { close(): void | Promise<void> } | undefined): Promise<void> {
  try {
    await resource?.close();
  } catch {
    // Reached only after another error, or after a sync that succeeded.
  }
}

function codedError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
