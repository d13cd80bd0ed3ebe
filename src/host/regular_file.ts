// Opens files for reading so that no path can block this process: the only way to open paths of others. Anything but a
// regular file is refused before it is opened, because opening a device can have effects. It is refused again on the
// open handle, because the path may lead elsewhere by then.
import { constants, type Stats } from "node:fs";
import * as fs from "node:fs/promises";
import { withinLimit } from "../time/limit.ts";

/** The members of `fstat` that the program uses. */
export type FileStat = Pick<
  Stats,
  | ("dev" | "ino" | "mode" | "nlink" | "uid" | "gid" | "size" | "mtimeMs" | "ctimeMs" | "birthtimeMs")
  | ("isFile" | "isDirectory" | "isFIFO" | "isSocket")
>;

/** A file opened for reading. */
export interface OpenedFile extends AsyncDisposable {
  /** The state of the opened file, even if the path leads to another by now. */
  stat(): Promise<FileStat>;
  /** Reads on into the buffer and resolves with the number of bytes: 0 at the end. */
  read(into: Uint8Array): Promise<number>;
}

/** A regular file opened for reading. */
export interface RegularFile extends OpenedFile {
  /** Its state when it was opened. */
  readonly found: FileStat;
}

/** The error for a path that leads to no regular file. */
export class NotAFileError extends Error {
  override readonly name = "NotAFileError";
  /** In the form of an errno's name. */
  readonly code = "NOT_A_FILE";

  constructor(
    readonly path: string,
    /** The kind of the file: `a named pipe`. */
    readonly kind: "a directory" | "a named pipe" | "a socket" | "a device",
  ) {
    super(`${path} is ${kind}, not a file`);
  }
}

/** For the whole read of a small file. */
const READ_LIMIT_MILLISECONDS = 10_000;

/**
 * Opens a regular file; symbolic links are followed. Rejects with the system's error, or with a `NotAFileError`.
 *
 * @param open the operating system's unless a test injects faults; must not wait for the other end of a named pipe.
 */
export async function openRegularFile(
  path: string,
  open: (path: string) => Promise<OpenedFile> = openWithoutWaiting,
): Promise<RegularFile> {
  refuseOthers(path, await fs.stat(path));
  await fileSystemAnswers(path);
  const file = await open(path);
  try {
    const found = await file.stat();
    refuseOthers(path, found);
    return { ...file, found };
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Resolves when the file system of a path has answered, and never while it hangs. Await it before a path is opened:
 * Deno 2.7.11 opens files on the main thread, so an open that hangs blocks the whole process, while statfs(2), like
 * stat(2), waits in its own thread. The answer of stat(2) may come from the kernel's cache for a minute after a
 * server went away (nfs(5), `acregmax`); statfs(2) asks the server each time.
 */
export async function fileSystemAnswers(path: string): Promise<void> {
  // An error is an answer, too.
  await fs.statfs(path).catch(() => {});
}

/**
 * Reads a small regular file: at most `maxBytes` and one byte more, which shows that it is larger. Rejects as opening
 * does.
 */
export async function readRegularFile(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const reading = async () => {
    await using file = await openRegularFile(path);
    return await readAtMost((into) => file.read(into), maxBytes, file.found.size);
  };
  const read = await withinLimit(reading(), READ_LIMIT_MILLISECONDS);
  if (read.ok) return read.value;
  throw Object.assign(new Error(`${path}: the file system does not answer`), { code: "ETIMEDOUT" });
}

/**
 * Reads to the end, or to one byte more than `maxBytes`, which tells "too large" from "just fits" also if the size was
 * unknown or grows. `read` resolves with 0 or null at the end; `expectedBytes` sizes the first buffer.
 */
export async function readAtMost(
  read: (into: Uint8Array) => Promise<number | null>,
  maxBytes: number,
  expectedBytes: number = 64 * 1024,
): Promise<Uint8Array<ArrayBuffer>> {
  let buffer = new Uint8Array(Math.min(Math.max(expectedBytes, 4096), maxBytes) + 1);
  let length = 0;
  for (;;) {
    if (length === buffer.length) {
      if (length > maxBytes) return buffer;
      const larger = new Uint8Array(Math.min(length * 2, maxBytes + 1));
      larger.set(buffer);
      buffer = larger;
    }
    const count = await read(buffer.subarray(length));
    if (!count) return buffer.subarray(0, length);
    length += count;
  }
}

/**
 * Opens the file at a path. O_NONBLOCK makes open(2) return at once at a named pipe without a writer; it does not
 * change how a regular file is read.
 */
export async function openWithoutWaiting(path: string): Promise<OpenedFile> {
  const handle = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return {
    stat: () => handle.stat(),
    read: async (into) => (await handle.read(into, 0, into.length, null)).bytesRead,
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

function refuseOthers(path: string, stat: FileStat): void {
  if (stat.isFile()) return;
  if (stat.isDirectory()) throw new NotAFileError(path, "a directory");
  if (stat.isFIFO()) throw new NotAFileError(path, "a named pipe");
  throw new NotAFileError(path, stat.isSocket() ? "a socket" : "a device");
}
