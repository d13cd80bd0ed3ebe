// Every fault at every step: the old file stays, nothing is left behind, and the error says what happened.
import { Buffer } from "node:buffer";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  adviceFor,
  atomicWrite,
  AtomicWriteError,
  errorCode,
  type FileSystem,
  hostFileSystem,
  removeStaleTemporaries,
  resolveTarget,
  type WriteStep,
} from "../../src/host/atomic_write.ts";
import { eventually } from "../support/eventually.ts";
import { type Faults, faultyFileSystem, type Operation } from "../snapshot/faulty_file_system.ts";
import { namesIn, withDirectory } from "../snapshot/temporary_directory.ts";

const oldBytes = new TextEncoder().encode("old\n");
const newBytes = new Uint8Array(5000).fill(0x61);

const steps: readonly (readonly [Operation, WriteStep])[] = [
  ["realPath", "resolve"],
  ["lstat", "resolve"],
  ["openDirectory", "open directory"],
  ["create", "create"],
  ["write", "write"],
  ["chown", "set group"],
  ["chmod", "set mode"],
  ["sync", "sync"],
  ["close", "close"],
  ["rename", "rename"],
];
const codes = ["ENOSPC", "EROFS", "EACCES", "EBUSY", "EXDEV", "EDQUOT", "EIO", "EPERM", "ESTALE", "constructor"];

Deno.test("a fault at any step leaves the old file as it was and no other file, and names step and errno", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/snapshot.json`;
    await Deno.writeFile(path, oldBytes, { mode: 0o604 });
    const before = await Deno.stat(path);
    for (const [operation, step] of steps) {
      for (const code of codes) {
        const { fileSystem } = faultyFileSystem({ [operation]: code });
        const options = { mode: 0o640, gid: before.gid!, fileSystem };
        const error = await assertRejects(() => atomicWrite(path, newBytes, options), AtomicWriteError);
        assertEquals([error.step, error.code, error.replaced, error.path], [step, code, false, path]);
        assertStringIncludes(error.message, `cannot write ${path}: ${step} failed with ${code}: `);
        assert(error.cause instanceof Error);
        assertEquals(await Deno.readFile(path), oldBytes);
        const after = await Deno.stat(path);
        assertEquals([after.ino, after.mode], [before.ino, before.mode]);
        assertEquals(namesIn(directory), ["snapshot.json"]);
      }
    }
  });
});

Deno.test("a fault at any step of the first write leaves no file at all", async () => {
  await withDirectory(async (directory) => {
    for (const [operation] of steps) {
      const { fileSystem } = faultyFileSystem({ [operation]: "EIO" });
      await assertRejects(() => atomicWrite(`${directory}/a`, newBytes, { mode: 0o640, gid: Deno.gid()!, fileSystem }));
      assertEquals(namesIn(directory), []);
    }
  });
});

Deno.test("a directory that cannot be synced is an error that says the new file is there already", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/a`;
    await Deno.writeFile(path, oldBytes);
    const { fileSystem } = faultyFileSystem({ syncDirectory: "EIO" });
    const error = await assertRejects(() => atomicWrite(path, newBytes, { mode: 0o640, fileSystem }), AtomicWriteError);
    assertEquals([error.step, error.replaced], ["sync directory", true]);
    assertEquals(await Deno.readFile(path), newBytes);
    assertEquals(namesIn(directory), ["a"]);
  });
});

Deno.test("a file system that knows no directory sync is no error", async () => {
  await withDirectory(async (directory) => {
    for (const code of ["EINVAL", "EBADF"]) {
      const { fileSystem } = faultyFileSystem({ syncDirectory: code });
      await atomicWrite(`${directory}/a`, newBytes, { mode: 0o640, fileSystem });
    }
    assertEquals(await Deno.readFile(`${directory}/a`), newBytes);
  });
});

Deno.test("if even the removal fails, the first error is reported and the next start finds the file", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/a`;
    const faults: Faults = { write: "ENOSPC", remove: "EIO" };
    const error = await assertRejects(
      () => atomicWrite(path, newBytes, { mode: 0o640, fileSystem: faultyFileSystem(faults).fileSystem }),
      AtomicWriteError,
    );
    assertEquals([error.step, error.code], ["write", "ENOSPC"]);
    const [stale] = namesIn(directory);
    assert(stale !== undefined && /^\.a\.\d+\.[0-9a-f]{16}\.tmp$/.test(stale));
    const found = await removeStaleTemporaries(path, faultyFileSystem({ remove: "EROFS" }).fileSystem);
    assertEquals(found, { removed: [], left: [`${directory}/${stale}`] });
    assertEquals(await removeStaleTemporaries(path), { removed: [`${directory}/${stale}`], left: [] });
    assertEquals(namesIn(directory), []);
  });
});

Deno.test("a file system that takes no bytes and names no error ends the write", async () => {
  await withDirectory(async (directory) => {
    const { fileSystem } = faultyFileSystem({});
    const stuck = {
      ...fileSystem,
      create: async (path: string, mode: number) => ({
        ...await fileSystem.create(path, mode),
        write: () => Promise.resolve(0),
      }),
    };
    const error = await assertRejects(
      () => atomicWrite(`${directory}/a`, newBytes, { mode: 0o640, fileSystem: stuck }),
      AtomicWriteError,
    );
    assertEquals([error.step, error.code], ["write", "EIO"]);
    assertEquals(namesIn(directory), []);
  });
});

Deno.test("the steps come in the order that durability needs, and partial writes are continued", async () => {
  await withDirectory(async (directory) => {
    const { fileSystem, calls } = faultyFileSystem({});
    await atomicWrite(`${directory}/a`, newBytes, { mode: 0o640, gid: Deno.gid()!, fileSystem });
    const order = ["openDirectory", "create", ...Array<Operation>(4).fill("write"), "chown", "chmod", "sync", "close"];
    assertEquals<string[]>(calls, ["realPath", "lstat", ...order, "rename", "syncDirectory"]);
    assertEquals(await Deno.readFile(`${directory}/a`), newBytes);
  });
});

Deno.test("an empty file can be written", async () => {
  await withDirectory(async (directory) => {
    await atomicWrite(`${directory}/a`, new Uint8Array(), { mode: 0o640 });
    assertEquals((await Deno.stat(`${directory}/a`)).size, 0);
  });
});

Deno.test("the temporary file of a writer that still runs stays, as do files of other names", async () => {
  await withDirectory(async (directory) => {
    const random = "0123456789abcdef";
    const writer = new Deno.Command(Deno.execPath(), {
      args: ["eval", "console.log('up'); await new Promise((done) => setTimeout(done, 600_000))"],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const others = [
      `.a.${writer.pid}.${random}.tmp`,
      `.a.0.${random}.tmp`,
      `.a.1.${random}`,
      `.a.1.${random}.tmp2`,
      `.a.1.xyz.tmp`,
      `.a.12345678901.${random}.tmp`,
      `.ab.1.${random}.tmp`,
      `a.1.${random}.tmp`,
    ];
    for (const name of [...others, `.a.${Deno.pid}.${random}.tmp`, `.a.4194304.${random}.tmp`]) {
      await Deno.writeTextFile(`${directory}/${name}`, "");
    }
    await Deno.mkdir(`${directory}/.a.1.${random}.tmp`);
    const output = writer.stdout.getReader();
    assert((await output.read()).value !== undefined, "the writer did not start");
    const { removed } = await removeStaleTemporaries(`${directory}/a`);
    assertEquals(
      [...removed].sort(),
      [`${directory}/.a.4194304.${random}.tmp`, `${directory}/.a.${Deno.pid}.${random}.tmp`].sort(),
    );
    assertEquals(namesIn(directory), [...others, `.a.1.${random}.tmp`].sort());
    writer.kill("SIGKILL");
    await output.cancel();
    await writer.status;
    const gone = await eventually(
      "the writer is gone",
      async () => (await removeStaleTemporaries(`${directory}/a`)).removed[0],
    );
    assertEquals(gone, `${directory}/${others[0]}`);
  });
});

Deno.test("a file in pieces is all of them one after the other, in any sizes", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/a`;
    const MEGABYTE = 1024 * 1024;
    for (
      const sizes of [[], [0], [1], [0, 3, 0], [MEGABYTE], [MEGABYTE, 1], [1, MEGABYTE, 2], [5, 3 * MEGABYTE + 1, 7]]
    ) {
      const pieces = sizes.map((size, index) => new Uint8Array(size).fill(index + 1));
      await atomicWrite(path, pieces, { mode: 0o640 });
      const expected = new Uint8Array(await new Blob(pieces).arrayBuffer());
      assert(Buffer.compare(await Deno.readFile(path), expected) === 0, String(sizes));
    }
  });
});

Deno.test("pieces survive a file system that takes fewer bytes than it is given, and one that is full", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/a`;
    const pieces = Array.from({ length: 50 }, (_, index) => new Uint8Array(97).fill(index));
    await atomicWrite(path, pieces, { mode: 0o640, fileSystem: faultyFileSystem({}).fileSystem });
    const written = await Deno.readFile(path);
    assertEquals(written, new Uint8Array(await new Blob(pieces).arrayBuffer()));
    const { fileSystem } = faultyFileSystem({ write: "ENOSPC" });
    await assertRejects(() => atomicWrite(path, [newBytes], { mode: 0o640, fileSystem }), AtomicWriteError);
    assertEquals(await Deno.readFile(path), written);
  });
});

Deno.test("small pieces are written together, as many as fit in a megabyte", async () => {
  await withDirectory(async (directory) => {
    const [HALF, WHOLE] = [512 * 1024, 1024 * 1024];
    const cases: readonly (readonly [pieces: number[], writes: number[]])[] = [
      [[HALF, HALF], [WHOLE]],
      [[HALF, HALF, 1], [WHOLE, 1]],
      [[HALF, HALF + 1], [HALF, HALF + 1]],
      [[1, WHOLE], [1, WHOLE]],
      [[1, WHOLE + 1, 1], [1, WHOLE + 1, 1]],
      [[WHOLE, 1], [WHOLE, 1]],
      [[3, 4], [7]],
    ];
    for (const [pieces, expected] of cases) {
      const writes: number[] = [];
      const fileSystem: FileSystem = {
        ...hostFileSystem,
        async create(path, mode) {
          const file = await hostFileSystem.create(path, mode);
          const write = (bytes: Uint8Array) => file.write(bytes).finally(() => writes.push(bytes.length));
          return { write, sync: () => file.sync(), close: () => file.close() };
        },
      };
      await atomicWrite(`${directory}/a`, pieces.map((size) => new Uint8Array(size)), { mode: 0o640, fileSystem });
      assertEquals(writes, expected);
    }
  });
});

Deno.test("as many symlinks are followed as the system follows, and no more", async () => {
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/0`, "");
    for (let count = 1; count <= 41; count++) await Deno.symlink(`${count - 1}`, `${directory}/${count}`);
    const target = await Deno.realPath(`${directory}/0`);
    assertEquals([await resolveTarget(`${directory}/40`), await Deno.readTextFile(`${directory}/40`)], [target, ""]);
    const error = await assertRejects(() => resolveTarget(`${directory}/41`), Error, "more than 40 symlinks");
    assertEquals(errorCode(error), "ELOOP");
    await assertRejects(() => Deno.readTextFile(`${directory}/41`), Error, "Too many levels of symbolic links");
  });
});

Deno.test("only its writer can read a file until it has its group, and its mode comes before its name", async () => {
  await withDirectory(async (directory) => {
    const seen: [string, string][] = [];
    const note = async (step: string, path: string) => {
      seen.push([step, ((await Deno.stat(path)).mode! & 0o7777).toString(8)]);
    };
    const fileSystem: FileSystem = {
      ...hostFileSystem,
      chown: (path, uid, gid) => note("chown", path).then(() => hostFileSystem.chown(path, uid, gid)),
      rename: (from, to) => note("rename", from).then(() => hostFileSystem.rename(from, to)),
    };
    await atomicWrite(`${directory}/a`, newBytes, { mode: 0o664, gid: Deno.gid()!, fileSystem });
    assertEquals(seen, [["chown", "600"], ["rename", "664"]]);
  });
});

Deno.test("file and directory are closed once each, and the write does not end before, nor before its file is removed", async () => {
  await withDirectory(async (directory) => {
    for (const fault of [null, "EIO"]) {
      const ended: string[] = [];
      const later = async (what: string, act: () => unknown) => {
        await new Promise((resolve) => setTimeout(resolve));
        await act();
        ended.push(what);
      };
      const fileSystem: FileSystem = {
        ...hostFileSystem,
        async openDirectory(path) {
          const opened = await hostFileSystem.openDirectory(path);
          return { sync: () => opened.sync(), close: () => later("directory", () => opened.close()) };
        },
        async create(path, mode) {
          const file = await hostFileSystem.create(path, mode);
          const close = () => {
            ended.push("file");
            file.close();
          };
          const sync = () => fault === null ? file.sync() : Promise.reject(new Error(fault));
          return { write: (bytes) => file.write(bytes), sync, close };
        },
        remove: (path) => later("removed", () => hostFileSystem.remove(path)),
      };
      await atomicWrite(`${directory}/a`, newBytes, { mode: 0o640, fileSystem }).catch(() => {});
      assertEquals(ended, fault === null ? ["file", "directory"] : ["file", "directory", "removed"]);
    }
  });
});

Deno.test("of stale temporary files ten thousand are looked at, and the rest at the next start", async () => {
  // In memory if that can be had: a disk takes seconds to make so many.
  const memory = await Deno.stat("/dev/shm").then(({ isDirectory }) => isDirectory, () => false);
  await withDirectory(async (directory) => {
    const made = await new Deno.Command("sh", {
      args: ["-c", `seq -f '.a.${Deno.pid}.%016.0f.tmp' 1 10001 | xargs touch`],
      cwd: directory,
    }).output();
    assert(made.success);
    const removed: string[] = [];
    const remove = (path: string) => Promise.resolve(void removed.push(path));
    const stale = await removeStaleTemporaries(`${directory}/a`, { ...hostFileSystem, remove });
    assertEquals([stale.removed.length, removed.length, stale.left], [10_000, 10_000, []]);
  }, memory ? "/dev/shm" : undefined);
});

Deno.test("every errno that has an advice of its own gives it, and any other error gets the general one", () => {
  const general = adviceFor("no such code");
  assertEquals(general, "see the cause, and the system's log");
  const codes = ["EACCES", "EBUSY", "EDQUOT", "EIO", "EISDIR", "ELOOP", "EMFILE", "ENAMETOOLONG", "ENFILE", "ENOENT"];
  const more = ["ENOSPC", "ENOTDIR", "EPERM", "EROFS", "EXDEV", "NOT_A_FILE", "NotCapable"];
  const advices = [...codes, ...more].map(adviceFor);
  assertEquals([advices.includes(general), new Set(advices).size], [false, advices.length]);
});

Deno.test("an error's code is its errno's name, or else its own name", () => {
  const coded = (code: unknown) => Object.assign(new TypeError("x"), { code });
  const codes = [coded("EIO"), coded(""), coded(5), new TypeError("x"), "EIO", { code: "EIO" }, null].map(errorCode);
  assertEquals(codes, ["EIO", "TypeError", "TypeError", "TypeError", "UNKNOWN", "UNKNOWN", "UNKNOWN"]);
});
