// The snapshot and its server form as a pair: both are replaced or the old ones count, and damage of either is seen and
// repaired.
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { type FileSystem, hostFileSystem } from "../../src/host/atomic_write.ts";
import { verifyServerForm } from "../../src/snapshot/server_form.ts";
import type { StoreFailure } from "../../src/snapshot/slot.ts";
import { type OpenedStore, openStore, type StoreOptions } from "../../src/snapshot/store.ts";
import { verifyInTurns } from "../../src/snapshot/snapshot.ts";
import { type Faults, faultyFileSystem, type Operation } from "./faulty_file_system.ts";
import { sealSnapshot } from "./sealed_once.ts";
import { bytesOf, serverFormOf } from "./server_form_once.ts";
import { namesIn, withDirectory } from "./temporary_directory.ts";

const filler = "x".repeat(3_000);
const versions = await Promise.all(["a", "b"].map(async (id) => {
  const snapshot = await sealSnapshot({ services: { [id]: { id, filler } } }, { services: {}, id });
  return { snapshot, serverForm: await serverFormOf(snapshot, `# ${id}\n${filler}\n`) };
}));
const [first, second] = [versions[0]!, versions[1]!];
const REPLACED = { ok: true, replaced: true } as const;
const NAMES = ["config.snapshot.honua", "config.snapshot.json"];

interface Place {
  readonly directory: string;
  readonly path: string;
  readonly serverPath: string;
  open(options?: Partial<StoreOptions>): Promise<OpenedStore>;
  /** Which versions are there; each must be whole. */
  there(): Promise<string>;
}

function withPlace(run: (place: Place) => Promise<void>): Promise<void> {
  return withDirectory((directory) => {
    const path = `${directory}/config.snapshot.json`;
    const serverPath = `${directory}/config.snapshot.honua`;
    const nameOf = (contentHash: string | undefined) =>
      contentHash === undefined ? "none" : contentHash === first.snapshot.contentHash ? "first" : "second";
    return run({
      directory,
      path,
      serverPath,
      async open(options = {}) {
        const opened = await openStore({ path, serverPath, ...options });
        assert(opened.ok, opened.ok ? "" : opened.message);
        return opened;
      },
      async there() {
        const [json, server] = await Promise.all([path, serverPath].map((one) => Deno.readFile(one).catch(() => null)));
        const snapshot = json && await verifyInTurns(json);
        const form = server && await verifyServerForm(server);
        assert(snapshot?.ok !== false && form?.ok !== false);
        return `${nameOf(snapshot?.header.contentHash)} ${nameOf(form?.header.contentHash)}`;
      },
    });
  });
}

function write(store: OpenedStore["store"], version: typeof first) {
  return store.write(version.snapshot, { serverForm: version.serverForm });
}

async function failing(store: OpenedStore["store"], version: typeof first): Promise<StoreFailure> {
  const written = await write(store, version);
  assert(!written.ok);
  return written;
}

Deno.test("both files are written, with one mode, and are in force after a restart", async () => {
  await withPlace(async ({ open, path, serverPath, directory, there }) => {
    const { store, existing, existingServerForm } = await open();
    assertEquals([existing, existingServerForm], [{ state: "none" }, { state: "none" }]);
    assertEquals(await store.isInForce(), false);
    assertEquals(await write(store, first), REPLACED);
    assertEquals(await there(), "first first");
    assertEquals(await Deno.readFile(serverPath), bytesOf(first.serverForm));
    for (const one of [path, serverPath]) assertEquals((await Deno.stat(one)).mode! & 0o7777, 0o640);
    assertEquals([await store.isInForce(), namesIn(directory)], [true, NAMES]);
    const again = await open();
    assertEquals(again.existingServerForm, { state: "in-force", header: first.serverForm.header });
    assertEquals([await again.store.isInForce(), await again.store.stored()], [
      true,
      { snapshot: true, serverForm: true },
    ]);
  });
});

Deno.test("without a path for it there is no server form, and one that lies there is kept", async () => {
  await withPlace(async ({ open, serverPath, directory }) => {
    await Deno.writeTextFile(serverPath, "not ours");
    const { store, existingServerForm } = await open({ serverPath: null });
    assertEquals(existingServerForm, null);
    assertEquals(await store.write(first.snapshot), REPLACED);
    assertEquals(await store.stored(), { snapshot: true, serverForm: null });
    assertEquals([await store.isInForce(), namesIn(directory)], [true, NAMES]);
    assertEquals(await Deno.readTextFile(serverPath), "not ours");
  });
});

Deno.test("the server form has its name before the snapshot has, and both are whole before either", async () => {
  await withPlace(async ({ open, path, serverPath, directory, there }) => {
    const seen: string[] = [];
    const fileSystem: FileSystem = {
      ...hostFileSystem,
      async rename(from, to) {
        if (seen.length === 0) {
          const temporaries = namesIn(directory).filter((name) => name.endsWith(".tmp"));
          const lengths = await Promise.all(temporaries.map((name) => Deno.stat(`${directory}/${name}`)));
          seen.push(lengths.map(({ size }) => size).toSorted((a, b) => a - b).join());
        }
        await hostFileSystem.rename(from, to);
        seen.push(to === serverPath ? "server form" : to === path ? "snapshot" : to, await there());
      },
    };
    await write((await open()).store, first);
    await write((await open({ fileSystem })).store, second);
    const sizes = [second.serverForm.byteLength, second.snapshot.byteLength].toSorted((a, b) => a - b).join();
    assertEquals(seen, [sizes, "server form", "first second", "snapshot", "second second"]);
  });
});

Deno.test("an inspection sees both files whole, with their mode; refused, neither is replaced", async () => {
  await withPlace(async ({ open, directory, there }) => {
    const { store } = await open();
    await write(store, first);
    let seen: unknown[] = [];
    const inspect = async (candidate: string, serverCandidate: string | null) => {
      seen = [await Deno.readFile(candidate), await Deno.readFile(serverCandidate!)];
      assertEquals((await Deno.stat(serverCandidate!)).mode! & 0o7777, 0o640);
      return false;
    };
    const { snapshot, serverForm } = second;
    assertEquals(await store.write(snapshot, { serverForm, inspect }), { ok: true, replaced: false });
    assertEquals(seen, [snapshot.bytes, bytesOf(serverForm)]);
    assertEquals([await there(), await store.isInForce(), namesIn(directory)], ["first first", true, NAMES]);
  });
});

Deno.test("any change of either file is seen, and the next write makes both right", async () => {
  await withPlace(async ({ open, path, serverPath, directory, there }) => {
    const harms: ((path: string) => Promise<void>)[] = [
      (path) => Deno.remove(path),
      (path) => Deno.truncate(path, 100),
      (path) => Deno.chmod(path, 0o600),
      (path) => Deno.writeTextFile(path, "x", { append: true }),
      (path) => Deno.writeFile(path, path === serverPath ? bytesOf(second.serverForm) : second.snapshot.bytes),
      (path) => Deno.rename(path, `${path}.away`),
      async (path) => {
        await Deno.remove(path);
        await Deno.symlink(path === serverPath ? `${directory}/config.snapshot.json` : serverPath, path);
      },
    ];
    for (const harmed of [path, serverPath]) {
      for (const harm of harms) {
        const { store } = await open();
        await write(store, first);
        assertEquals([await store.isInForce(), await store.isInForce()], [true, true]);
        await harm(harmed);
        const stored = { snapshot: harmed !== path, serverForm: harmed !== serverPath };
        const isLink = (await Deno.lstat(harmed).catch(() => null))?.isSymlink === true;
        assertEquals([await store.isInForce(), await store.stored()], [false, stored], String(harm));
        if (isLink) await Deno.remove(harmed);
        assertEquals(await write(store, first), REPLACED);
        assertEquals([await store.isInForce(), await there()], [true, "first first"]);
        await Deno.remove(`${harmed}.away`).catch(() => {});
      }
    }
  });
});

Deno.test("a server form that was touched or replaced by its equal is still in force", async () => {
  await withPlace(async ({ open, serverPath }) => {
    const { store } = await open();
    await write(store, first);
    await Deno.utime(serverPath, 1, 1);
    assertEquals(await store.isInForce(), true);
    await Deno.writeFile(`${serverPath}.copy`, bytesOf(first.serverForm));
    await Deno.chmod(`${serverPath}.copy`, 0o640);
    await Deno.rename(`${serverPath}.copy`, serverPath);
    assertEquals(await store.isInForce(), true);
    assertEquals(store.verified, 0);
  });
});

Deno.test("a snapshot without a server form, as an earlier version left it, is not in force until both are there", async () => {
  await withPlace(async ({ open, path, there }) => {
    await Deno.writeFile(path, first.snapshot.bytes, { mode: 0o640 });
    const { store, existing, existingServerForm } = await open();
    assertEquals([existing.state, existingServerForm?.state], ["in-force", "none"]);
    assertEquals([await store.isInForce(), await store.stored()], [false, { snapshot: true, serverForm: false }]);
    assertEquals(await write(store, first), REPLACED);
    assertEquals([await there(), await store.isInForce()], ["first first", true]);
  });
});

Deno.test("files of two snapshots, as a kill between the renames leaves them, are not in force", async () => {
  await withPlace(async ({ open, path, there }) => {
    await write((await open()).store, second);
    await Deno.writeFile(path, first.snapshot.bytes);
    const { store, existing, existingServerForm } = await open();
    assertEquals([existing.state, existingServerForm?.state, await there()], ["in-force", "in-force", "first second"]);
    assertEquals([await store.isInForce(), await store.stored()], [false, { snapshot: true, serverForm: false }]);
    assertEquals(await write(store, first), REPLACED);
    assertEquals([await store.isInForce(), await there()], [true, "first first"]);
  });
});

Deno.test("a damaged server form is set aside whole, a newer one stays until the next write", async () => {
  await withPlace(async ({ open, serverPath, directory, there }) => {
    await write((await open()).store, first);
    await Deno.truncate(serverPath, first.serverForm.byteLength - 1);
    const now = () => new Date("2026-01-02T03:04:05.678Z");
    const { store, existingServerForm } = await open({ now });
    assert(existingServerForm?.state === "damaged" && existingServerForm.setAsideAs !== null);
    assertEquals(existingServerForm.fault, "content-differs");
    assertMatch(existingServerForm.setAsideAs, /\/config\.snapshot\.honua\.damaged-20260102T030405Z-[0-9a-f]{8}$/);
    assertEquals((await Deno.stat(existingServerForm.setAsideAs)).size, first.serverForm.byteLength - 1);
    assertEquals(await store.isInForce(), false);
    assertEquals(await write(store, first), REPLACED);
    await Deno.remove(existingServerForm.setAsideAs);
    const newer = "# honua-configd server form 2 of tomorrow\n";
    await Deno.writeTextFile(serverPath, newer);
    const again = await open();
    assertEquals([again.existingServerForm, await again.store.isInForce()], [{ state: "newer-format" }, false]);
    assertEquals(await Deno.readTextFile(serverPath), newer);
    assertEquals(await write(again.store, second), REPLACED);
    assertEquals([await there(), namesIn(directory)], ["second second", NAMES]);
  });
});

Deno.test("temporary files of a killed writer are removed beside both files", async () => {
  await withPlace(async ({ open, directory }) => {
    await Deno.mkdir(`${directory}/other`);
    const left = [`${directory}/.config.snapshot.json`, `${directory}/other/.server.honua`]
      .map((path) => `${path}.4194304.0123456789abcdef.tmp`);
    for (const path of left) await Deno.writeTextFile(path, "half");
    const { stale } = await open({ serverPath: `${directory}/other/server.honua` });
    assertEquals(stale, { removed: left, left: [] });
  });
});

const STEPS: Operation[] = ["openDirectory", "create", "write", "chmod", "sync", "close", "rename", "syncDirectory"];

/** The host's file system that fails at one operation on one of the two files. */
function failingFor(name: string, faults: Faults): FileSystem {
  const { fileSystem: faulty } = faultyFileSystem(faults);
  const of = (path: string) => path.includes(name) ? faulty : hostFileSystem;
  // A directory is opened for the file that is resolved before it.
  let resolved = "";
  return {
    ...hostFileSystem,
    lstat(path) {
      resolved = path;
      return of(path).lstat(path);
    },
    openDirectory: (path) => of(resolved).openDirectory(path),
    create: (path, mode) => of(path).create(path, mode),
    chmod: (path, mode) => of(path).chmod(path, mode),
    rename: (from, to) => of(to).rename(from, to),
  };
}

for (const [name, label] of [[".honua", "server form"], [".json", "snapshot"]] as const) {
  for (const step of STEPS) {
    Deno.test(`a write whose ${step} fails for the ${label} is a failure with its path, and the next one heals`, async () => {
      await withPlace(async ({ open, path, serverPath, directory, there }) => {
        const faults: Faults = {};
        const { store } = await open({ fileSystem: failingFor(name, faults) });
        assertEquals(await write(store, first), REPLACED);
        faults[step] = "EIO";
        const failure = await failing(store, second);
        assertEquals(failure.code, "EIO");
        assertStringIncludes(failure.message, name === ".honua" ? serverPath : path);
        const isLate = step === "rename" || step === "syncDirectory";
        const replaced = name === ".json" && isLate;
        assertEquals(failure.message.endsWith("; the server form beside it is the new one already"), replaced);
        const expected = step === "syncDirectory"
          ? name === ".json" ? "second second" : "first second"
          : replaced
          ? "first second"
          : "first first";
        assertEquals([await there(), namesIn(directory)], [expected, NAMES]);
        assertEquals(await store.isInForce(), expected === "first first");
        delete faults[step];
        assertEquals(await write(store, second), REPLACED);
        assertEquals([await there(), await store.isInForce()], ["second second", true]);
        // Another process finds the same, and so does one that goes back to the earlier files.
        const again = await open();
        assertEquals(await again.store.isInForce(), true);
        assertEquals(await write(again.store, first), REPLACED);
        assertEquals(await there(), "first first");
      });
    });
  }
}

Deno.test("a server form whose directory is missing is a failed write with the reason, and the snapshot stays", async () => {
  await withPlace(async ({ open, directory, path }) => {
    const serverPath = `${directory}/later/server.honua`;
    const { store } = await open({ serverPath });
    const failure = await failing(store, first);
    assertEquals(failure.code, "ENOENT");
    assertStringIncludes(failure.message, serverPath);
    assertEquals(await Deno.stat(path).catch(() => null), null);
    await Deno.mkdir(`${directory}/later`);
    assertEquals(await write(store, first), REPLACED);
    assertEquals(await store.isInForce(), true);
    await Deno.remove(`${directory}/later`, { recursive: true });
    assertEquals([await store.isInForce(), (await failing(store, second)).code], [false, "ENOENT"]);
    assertEquals(await Deno.readFile(path), first.snapshot.bytes);
  });
});

Deno.test("a snapshot without its server form is a bug of the caller, and nothing is written", async () => {
  await withPlace(async ({ open, directory }) => {
    const { store } = await open();
    await assertRejects(() => store.write(first.snapshot), Error, "a snapshot came without its server form");
    assertEquals(namesIn(directory), []);
  });
});

Deno.test("verified bytes of either file are counted, and so are files that killed writers left of either", async () => {
  await withPlace(async ({ open, path, serverPath, directory }) => {
    await write((await open()).store, first);
    const { store } = await open();
    const verified = async (touched: string) => {
      const before = store.verified;
      await Deno.utime(touched, before + 1, before + 1);
      assertEquals(await store.isInForce(), true);
      return store.verified > before;
    };
    assertEquals([await verified(path), await verified(serverPath)], [true, true]);
    const left = [path, serverPath].map((one) => one.replace(/([^/]+)$/, ".$1.4194304.0123456789abcdef.tmp"));
    for (const one of left) await Deno.writeTextFile(one, "half");
    const { fileSystem } = faultyFileSystem({ remove: "EIO" });
    assertEquals((await open({ fileSystem })).stale, { removed: [], left });
    assertEquals((await open()).stale, { removed: left, left: [] });
    assertEquals(namesIn(directory), NAMES);
  });
});

Deno.test("a server form that is a directory keeps the store from opening, with its path", async () => {
  await withPlace(async ({ path, serverPath }) => {
    await Deno.mkdir(serverPath);
    const refused = await openStore({ path, serverPath });
    assert(!refused.ok);
    assertEquals(refused.code, "EISDIR");
    assertStringIncludes(refused.message, `cannot read the server form ${serverPath}`);
  });
});

Deno.test("a server form larger than its reading bound is not written, and neither is its snapshot", async () => {
  await withPlace(async ({ open, directory }) => {
    const { store } = await open();
    const large = await serverFormOf(first.snapshot, "x".repeat(64 * 1024 * 1024));
    const written = await store.write(first.snapshot, { serverForm: large });
    assert(!written.ok);
    assertEquals([written.code, namesIn(directory)], ["TOO_LARGE", []]);
  });
});

Deno.test("no message quotes the content", async () => {
  await withPlace(async ({ open }) => {
    const { store } = await open({ fileSystem: failingFor(".json", { rename: "EIO" }) });
    assertEquals(JSON.stringify(await failing(store, first)).includes("xxx"), false);
  });
});
