// The operating system's calls for the journal: files that are appended to and read by place, and their renames.
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "../host/atomic_write.ts";
import { fileSystemAnswers } from "../host/regular_file.ts";

/** A file that is open for appending. */
export interface JournalFile {
  /** In bytes. */
  size(): Promise<number>;
  /** Reads some bytes from a place on and resolves with their number; 0: the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Appends some of the bytes and resolves with their number. */
  write(bytes: Uint8Array): Promise<number>;
  /** Cuts the file to this many bytes. */
  truncate(bytes: number): Promise<void>;
  /** Resolves when the content is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The calls. Errors carry the errno's name as `code`. */
export interface JournalDisk {
  /** Opens a file, or creates it with mode 0600. */
  open(path: string): Promise<JournalFile>;
  /** Replaces a file that has the new name. */
  rename(from: string, to: string): Promise<void>;
  /** Resolves when the names in a directory are on the disk. */
  syncDirectory(path: string): Promise<void>;
}

/** O_NONBLOCK: a named pipe in the file's place must not hold the process. */
const APPENDING = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/** The operating system's files. */
export const hostDisk: JournalDisk = {
  async open(path) {
    await fileSystemAnswers(dirname(path));
    const handle = await fs.open(path, APPENDING, 0o600);
    if (!(await handle.stat()).isFile()) {
      await handle.close();
      throw Object.assign(new Error(`${path} is not a regular file`), { code: "NOT_A_FILE" });
    }
    return {
      size: async () => (await handle.stat()).size,
      // Not `read`: with a position it runs on the main thread (Deno 2.7.11), which a file system that hangs would
      // block.
      read: async (into, position) => (await handle.readv([into], position)).bytesRead,
      write: async (bytes) => (await handle.write(bytes, 0, bytes.length)).bytesWritten,
      truncate: (bytes) => handle.truncate(bytes),
      sync: () => handle.sync(),
      close: () => handle.close(),
    };
  },
  rename: (from, to) => fs.rename(from, to),
  async syncDirectory(path) {
    await fileSystemAnswers(path);
    const directory = await fs.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await directory.sync();
    } catch (error) {
      // Some file systems cannot sync a directory; there it is not needed or not possible.
      if (!["EINVAL", "EBADF"].includes(errorCode(error))) throw error;
    } finally {
      await directory.close();
    }
  },
};
