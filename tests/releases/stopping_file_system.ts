// A file system that stops permanently after some operations, as a hung mount does, or a process that is killed there.
import { type FileSystem, hostFileSystem } from "../../src/host/atomic_write.ts";

export interface StoppingFileSystem {
  readonly fileSystem: FileSystem;
  /** Resolves at the first operation that does not end. */
  readonly stopped: Promise<void>;
  /** From now on all operations fail, also those that did not end. Closes open files. */
  end(): Promise<void>;
}

/** Makes a file system whose first `operations` operations succeed. */
export function stoppingFileSystem(operations: number): StoppingFileSystem {
  const stopped = Promise.withResolvers<void>();
  const opened = new Set<{ close(): void | Promise<void> }>();
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => {});
  let left = operations;
  const step = async <T>(action: () => Promise<T>): Promise<T> => {
    if (left-- <= 0) {
      stopped.resolve();
      await ended.promise;
    }
    return await action();
  };
  const owned = <T extends { close(): void | Promise<void> }>(resource: T) => {
    opened.add(resource);
    const close = () => {
      opened.delete(resource);
      return resource.close();
    };
    return { resource, close };
  };
  const fileSystem: FileSystem = {
    lstat: (path) => step(() => hostFileSystem.lstat(path)),
    readLink: hostFileSystem.readLink,
    realPath: (path) => step(() => hostFileSystem.realPath(path)),
    openDirectory: (path) =>
      step(async () => {
        const { resource, close } = owned(await hostFileSystem.openDirectory(path));
        return { sync: () => step(() => resource.sync()), close };
      }),
    create: (path, mode) =>
      step(async () => {
        const { resource, close } = owned(await hostFileSystem.create(path, mode));
        const write = (bytes: Uint8Array) => step(() => resource.write(bytes.subarray(0, 100)));
        return { write, sync: () => step(() => resource.sync()), close };
      }),
    chown: (path, uid, gid) => step(() => hostFileSystem.chown(path, uid, gid)),
    chmod: (path, mode) => step(() => hostFileSystem.chmod(path, mode)),
    rename: (from, to) => step(() => hostFileSystem.rename(from, to)),
    remove: (path) => step(() => hostFileSystem.remove(path)),
  };
  return {
    fileSystem,
    stopped: stopped.promise,
    async end() {
      ended.reject(new Error("the file system has stopped"));
      for (const resource of opened) await resource.close();
    },
  };
}
