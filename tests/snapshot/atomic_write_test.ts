// Every fault at every step: the old file stays, nothing is left behind, and the error says what happened.
import { Buffer } from "node:buffer";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  atomicWrite,
  AtomicWriteError,
  removeStaleTemporaries,
  type WriteStep,
} from "../../src/snapshot/atomic_write.ts";
import { eventually } from "../support/eventually.ts";
import { type Faults, faultyFileSystem, type Operation } from "./faulty_file_system.ts";
import { namesIn, withDirectory } from "./temporary_directory.ts";

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

Deno.test("where even the removal fails, the first error is told and the next start finds the file", async () => {
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

Deno.test("a file in pieces is all of them one after the other, whatever their sizes", async () => {
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
