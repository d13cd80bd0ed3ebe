// The store: files that it finds, sets aside and writes, and its reports of failures.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { sealSnapshot } from "./sealed_once.ts";
import type { StoreFailure } from "../../src/snapshot/slot.ts";
import { type OpenedStore, openStore, type StoreOptions } from "../../src/snapshot/store.ts";
import { type Faults, faultyFileSystem } from "./faulty_file_system.ts";
import { namesIn, withDirectory } from "./temporary_directory.ts";

const first = await sealSnapshot({ services: { a: { id: "a", secret: "hunter2" } } }, { services: {} });
const second = await sealSnapshot({ services: {} }, { services: {} });
const text = new TextDecoder().decode(first.bytes);

function withPath(run: (path: string, directory: string) => Promise<void>): Promise<void> {
  return withDirectory((directory) => run(`${directory}/config.snapshot.json`, directory));
}

async function open(path: string, options: Partial<StoreOptions> = {}): Promise<OpenedStore> {
  const opened = await openStore({ path, ...options });
  assert(opened.ok, opened.ok ? "" : opened.message);
  return opened;
}

async function refused(path: string, options: Partial<StoreOptions> = {}): Promise<StoreFailure> {
  const opened = await openStore({ path, ...options });
  assert(!opened.ok);
  return opened;
}

Deno.test("without a snapshot, none is in force until one is written", async () => {
  await withPath(async (path) => {
    const { store, existing, stale } = await open(path);
    assertEquals([existing, stale], [{ state: "none" }, { removed: [], left: [] }]);
    assertEquals(await store.isInForce(), false);
    assertEquals(await store.write(first), { ok: true, replaced: true });
    assertEquals(await store.isInForce(), true);
    assertEquals(await Deno.readFile(path), first.bytes);
    assertEquals((await Deno.stat(path)).mode! & 0o7777, 0o640);
  });
});

Deno.test("a whole snapshot is in force after a restart, with its hashes and its config", async () => {
  await withPath(async (path) => {
    await (await open(path)).store.write(first);
    const { store, existing } = await open(path);
    assert(existing.state === "in-force");
    assertEquals([existing.header.hash, existing.header.contentHash], [first.hash, first.contentHash]);
    assertEquals(existing.config, { services: { a: { id: "a", secret: "hunter2" } } });
    assertEquals(await store.isInForce(), true);
  });
});

Deno.test("a damaged snapshot is set aside whole, and another takes its place", async () => {
  await withPath(async (path, directory) => {
    await Deno.writeTextFile(path, text.slice(0, -10));
    const now = () => new Date("2026-01-02T03:04:05.678Z");
    const { store, existing } = await open(path, { now });
    assert(existing.state === "damaged" && existing.setAsideAs !== null);
    assertEquals(existing.fault, "not-json");
    assertMatch(existing.setAsideAs, /\/config\.snapshot\.json\.damaged-20260102T030405Z-[0-9a-f]{8}$/);
    assertEquals(await Deno.readTextFile(existing.setAsideAs), text.slice(0, -10));
    assertEquals(await store.isInForce(), false);
    assertEquals(await store.write(first), { ok: true, replaced: true });
    assertEquals(namesIn(directory).length, 2);
  });
});

Deno.test("a damaged snapshot that cannot be set aside is not overwritten either, until it can", async () => {
  await withPath(async (path, directory) => {
    await Deno.writeTextFile(path, "damaged");
    const faults: Faults = { rename: "EACCES" };
    const { store, existing } = await open(path, { fileSystem: faultyFileSystem(faults).fileSystem });
    assertEquals(existing, { state: "damaged", fault: "not-json", setAsideAs: null });
    const written = await store.write(first);
    assert(!written.ok);
    assertEquals(written.code, "EACCES");
    assertStringIncludes(written.message, `cannot set the damaged snapshot ${path} aside`);
    assertEquals(await Deno.readTextFile(path), "damaged");
    delete faults.rename;
    assertEquals(await store.write(first), { ok: true, replaced: true });
    const [, aside] = namesIn(directory);
    assertEquals(await Deno.readTextFile(`${directory}/${aside}`), "damaged");
    assertEquals(await store.write(second), { ok: true, replaced: true });
    assertEquals(namesIn(directory).length, 2);
  });
});

Deno.test("a newer version's snapshot stays for its readers and is not in force here", async () => {
  await withPath(async (path) => {
    await Deno.writeTextFile(path, text.replace('"format": 1', '"format": 7'));
    const { store, existing } = await open(path);
    assertEquals(existing, { state: "newer-format" });
    assertEquals(await store.isInForce(), false);
    assertEquals(await Deno.readTextFile(path), text.replace('"format": 1', '"format": 7'));
  });
});

Deno.test("a snapshot that was replaced, changed, removed or given another mode is not in force", async () => {
  await withPath(async (path) => {
    const changes: (() => Promise<void>)[] = [
      () => Deno.writeFile(path, second.bytes),
      () => Deno.writeTextFile(path, text.slice(1)),
      () => Deno.remove(path),
      () => Deno.chmod(path, 0o600),
    ];
    for (const change of changes) {
      const { store } = await open(path);
      assertEquals(await store.write(first), { ok: true, replaced: true });
      assertEquals([await store.isInForce(), await store.isInForce()], [true, true]);
      await change();
      assertEquals(await store.isInForce(), false, String(change));
      assertEquals(await store.write(first), { ok: true, replaced: true });
      assertEquals(await store.isInForce(), true);
    }
  });
});

Deno.test("a snapshot that was touched or replaced by its equal is still in force", async () => {
  await withPath(async (path) => {
    const { store } = await open(path);
    await store.write(first);
    assertEquals(await store.isInForce(), true);
    await Deno.utime(path, 1, 1);
    assertEquals(await store.isInForce(), true);
    await Deno.writeFile(`${path}.copy`, first.bytes);
    await Deno.chmod(`${path}.copy`, 0o640);
    await Deno.rename(`${path}.copy`, path);
    assertEquals(await store.isInForce(), true);
  });
});

Deno.test("a snapshot found with another mode or group than asked for is to be written again", async () => {
  await withPath(async (path) => {
    await (await open(path)).store.write(first);
    const { store, existing } = await open(path, { mode: 0o600 });
    assertEquals([existing.state, await store.isInForce()], ["in-force", false]);
    await store.write(first);
    assertEquals([(await Deno.stat(path)).mode! & 0o7777, await store.isInForce()], [0o600, true]);
    const other = await open(path, { mode: 0o600, group: String(Deno.gid()! + 1) });
    assertEquals(await other.store.isInForce(), false);
  });
});

Deno.test("a write that fails says why, and the old snapshot stays in force", async () => {
  await withPath(async (path) => {
    const faults: Faults = {};
    const { store } = await open(path, { fileSystem: faultyFileSystem(faults).fileSystem });
    await store.write(first);
    faults.write = "ENOSPC";
    const written = await store.write(await sealSnapshot({ filler: "x".repeat(5000) }, {}));
    assert(!written.ok);
    assertEquals(written.code, "ENOSPC");
    assertStringIncludes(written.message, "the file system is full");
    assertEquals(await store.isInForce(), true);
    delete faults.write;
    assertEquals(await store.write(second), { ok: true, replaced: true });
  });
});

Deno.test("a snapshot whose directory could not be synced does not count as in force", async () => {
  await withPath(async (path) => {
    const faults: Faults = { syncDirectory: "EIO" };
    const { store } = await open(path, { fileSystem: faultyFileSystem(faults).fileSystem });
    assertEquals((await store.write(first)).ok, false);
    assertEquals(await store.isInForce(), false);
    delete faults.syncDirectory;
    assertEquals([await store.write(first), await store.isInForce()], [{ ok: true, replaced: true }, true]);
  });
});

Deno.test("a directory that comes into being later is found by the next write", async () => {
  await withPath(async (path, directory) => {
    const later = `${directory}/later/snapshot.json`;
    const { store, existing } = await open(later);
    assertEquals(existing, { state: "none" });
    const written = await store.write(first);
    assert(!written.ok);
    assertEquals(written.code, "ENOENT");
    await Deno.mkdir(`${directory}/later`);
    assertEquals(await store.write(first), { ok: true, replaced: true });
    await Deno.remove(`${directory}/later`, { recursive: true });
    assertEquals([await store.isInForce(), (await store.write(first)).ok], [false, false]);
    assert(!namesIn(directory).includes(path));
  });
});

Deno.test("temporary files of a killed writer are removed at opening, beside a symlink's target", async () => {
  await withPath(async (path, directory) => {
    await Deno.mkdir(`${directory}/real`);
    await Deno.symlink("real/target.json", path);
    await Deno.writeTextFile(`${directory}/real/.target.json.4194304.0123456789abcdef.tmp`, "half");
    const { store, stale } = await open(path);
    assertEquals(stale.removed.length, 1);
    await store.write(first);
    assertEquals(namesIn(`${directory}/real`), ["target.json"]);
    assertEquals(await store.isInForce(), true);
  });
});

Deno.test("anything at the path that may not be read as a file is a failure with its code", async () => {
  await withPath(async (path, directory) => {
    await Deno.mkdir(path);
    const failure = await refused(path);
    assertEquals(failure.code, "EISDIR");
    assertStringIncludes(failure.message, path);
    assertEquals((await refused("/dev/null")).code, "NOT_A_FILE");
    const { fileSystem } = faultyFileSystem({ lstat: "EACCES" });
    assertEquals((await refused(`${directory}/x`, { fileSystem })).code, "EACCES");
  });
});

Deno.test("a group is a name of group(5) or a number, and an unknown one is a failure", async () => {
  await withPath(async (path) => {
    const gid = Deno.gid()!;
    const readGroups = () =>
      Promise.resolve(`root:x:0:\nbroken\nlong:x:12345678901:\nword:x:7b:\nhonua:x:${gid}:a,b\n7:x:${gid}:\n`);
    for (const group of ["honua", "7", String(gid), null]) {
      const { store } = await open(path, { group, readGroups });
      assertEquals(await store.write(first), { ok: true, replaced: true });
      assertEquals((await Deno.stat(path)).gid, gid);
    }
    for (const group of ["4294967294", "0000000001"]) await open(path, { group, readGroups });
    for (
      const group of [
        "nobody-knows",
        "",
        "constructor",
        "broken",
        "long",
        "word",
        "-1",
        "4294967295",
        "1e3",
        "00000000001",
        "1 ",
      ]
    ) {
      const failure = await refused(path, { group, readGroups });
      assertEquals(failure.code, "UNKNOWN_GROUP", group);
    }
    const readNone = () => Promise.reject(new Error("no such file"));
    assertEquals((await refused(path, { group: "honua", readGroups: readNone })).code, "UNKNOWN_GROUP");
  });
});

Deno.test("no message quotes the content", async () => {
  await withPath(async (path) => {
    const { store } = await open(path, { fileSystem: faultyFileSystem({ rename: "EIO" }).fileSystem });
    assertEquals(JSON.stringify(await store.write(first)).includes("hunter2"), false);
  });
});

Deno.test("a snapshot larger than its reading bound is not written", async () => {
  await withPath(async (path, directory) => {
    const { store } = await open(path);
    const written = await store.write(await sealSnapshot({ filler: "x".repeat(64 * 1024 * 1024) }, {}));
    assert(!written.ok);
    assertEquals(written.code, "TOO_LARGE");
    assertEquals(namesIn(directory), []);
  });
});
