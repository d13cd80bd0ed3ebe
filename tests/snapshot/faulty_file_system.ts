// A file system that is the real one up to one operation, which fails as an operating system would.
import { type FileSystem, hostFileSystem, type OpenDirectory, type WritableFile } from "../../src/host/atomic_write.ts";

/** The operations that can be made to fail. */
export type Operation =
  | "realPath"
  | "lstat"
  | "openDirectory"
  | "create"
  | "write"
  | "chown"
  | "chmod"
  | "sync"
  | "close"
  | "rename"
  | "syncDirectory"
  | "remove";

/** Which operations fail with which errno. */
export type Faults = Partial<Record<Operation, string>>;

/** The host's file system with faults, and the names of the operations that were asked of it in their order. */
export function faultyFileSystem(faults: Faults): { fileSystem: FileSystem; calls: Operation[] } {
  const calls: Operation[] = [];
  const perform = <T>(operation: Operation, action: () => T): T => {
    calls.push(operation);
    const code = faults[operation];
    if (code !== undefined) throw Object.assign(new Error(`injected ${code}`), { code });
    return action();
  };
  const fileSystem: FileSystem = {
    lstat: async (path) => await perform("lstat", () => hostFileSystem.lstat(path)),
    readLink: hostFileSystem.readLink,
    realPath: async (path) => await perform("realPath", () => hostFileSystem.realPath(path)),
    openDirectory: async (path) =>
      faultyDirectory(await perform("openDirectory", () => hostFileSystem.openDirectory(path))),
    create: async (path, mode) => faultyFile(await perform("create", () => hostFileSystem.create(path, mode))),
    chown: async (path, uid, gid) => await perform("chown", () => hostFileSystem.chown(path, uid, gid)),
    chmod: async (path, mode) => await perform("chmod", () => hostFileSystem.chmod(path, mode)),
    rename: async (from, to) => await perform("rename", () => hostFileSystem.rename(from, to)),
    remove: async (path) => await perform("remove", () => hostFileSystem.remove(path)),
  };

  /** Writes 1,000 bytes at most before it fails, so that a failing write leaves a part behind. */
  function faultyFile(file: WritableFile): WritableFile {
    let written = 0;
    return {
      write: async (bytes) => {
        const count = await file.write(bytes.subarray(0, 1000));
        if (written > 0) perform("write", () => {});
        written += count;
        return count;
      },
      sync: async () => await perform("sync", () => file.sync()),
      close: () => {
        file.close();
        perform("close", () => {});
      },
    };
  }

  function faultyDirectory(directory: OpenDirectory): OpenDirectory {
    return { sync: async () => await perform("syncDirectory", () => directory.sync()), close: () => directory.close() };
  }

  return { fileSystem, calls };
}
