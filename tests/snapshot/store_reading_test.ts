// The store's answer about the file at its path: a known file is compared, an unknown one is verified.
import { assert, assertEquals } from "@std/assert";
import { type FileSystem, hostFileSystem } from "../../src/host/atomic_write.ts";
import type { Snapshot } from "../../src/snapshot/snapshot.ts";
import { sealSnapshot } from "./sealed_once.ts";
import { type OpenedStore, openStore } from "../../src/snapshot/store.ts";
import { withFakeDate } from "../support/fake_clock.ts";
import { withDirectory } from "./temporary_directory.ts";

const first = await sealSnapshot({ services: { a: { id: "a" } } }, { services: {} });
const second = await sealSnapshot({ services: { b: { id: "b" } } }, { services: {} });

async function withStore(run: (path: string, store: OpenedStore["store"]) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const path = `${directory}/snapshot.json`;
    await run(path, await open(path));
  });
}

async function open(path: string): Promise<OpenedStore["store"]> {
  const opened = await openStore({ path });
  assert(opened.ok);
  return opened.store;
}

/** A snapshot only by name: no verification would accept it. */
function unprovable(): Snapshot {
  const bytes = new TextEncoder().encode("no snapshot at all");
  return { hash: first.hash, contentHash: first.contentHash, pieces: [bytes], byteLength: bytes.length, bytes };
}

async function contentHashAt(store: OpenedStore["store"]): Promise<string | null> {
  return (await store.read())?.header.contentHash ?? null;
}

Deno.test("a written snapshot is read back with its header, byte for byte", async () => {
  await withStore(async (_, store) => {
    assertEquals(await store.read(), null);
    for (const snapshot of [first, second]) {
      await store.write(snapshot);
      const { hash, contentHash, bytes } = snapshot;
      assertEquals(await store.read(), { header: { format: 1, hash, contentHash }, bytes });
    }
  });
});

Deno.test("a written snapshot is compared, not proven again; as soon as it is another, it is proven", async () => {
  await withStore(async (path, store) => {
    await store.write(unprovable());
    assertEquals(await contentHashAt(store), first.contentHash);
    await Deno.utime(path, 1, 1);
    assertEquals([await contentHashAt(store), await store.isInForce()], [first.contentHash, true]);
    await Deno.writeTextFile(path, "no snapshot at ALL");
    assertEquals([await contentHashAt(store), await store.isInForce()], [null, false]);
    await Deno.writeFile(path, second.bytes);
    assertEquals([await contentHashAt(store), await store.isInForce()], [second.contentHash, false]);
  });
});

Deno.test("a snapshot that was found at opening is read back, and so is a whole one that others put in its place", async () => {
  await withStore(async (path, store) => {
    await store.write(first);
    const again = await open(path);
    assertEquals(await again.read(), await store.read());
    await Deno.writeFile(path, second.bytes);
    assertEquals(await contentHashAt(again), second.contentHash);
    await Deno.writeFile(path, second.bytes.subarray(1));
    assertEquals(await again.read(), null);
    await Deno.remove(path);
    assertEquals(await again.read(), null);
  });
});

Deno.test("a file that was changed while it was inspected does not count as written, on a fast disk and a slow one", async () => {
  await withDirectory(async (directory) => {
    const changes: ((path: string) => Promise<void>)[] = [
      (temporary) => Deno.writeFile(temporary, second.bytes),
      (temporary) => Deno.writeFile(temporary, first.bytes.subarray(1)),
      (temporary) => Deno.chmod(temporary, 0o600),
      async (temporary) => {
        await Deno.remove(temporary);
        await Deno.writeFile(temporary, second.bytes, { mode: 0o640 });
      },
    ];
    const path = `${directory}/snapshot.json`;
    for (const fileSystem of [hostFileSystem, slowFileSystem]) {
      const opened = await openStore({ path, fileSystem });
      assert(opened.ok);
      const { store } = opened;
      for (const change of changes) {
        const inspect = (temporary: string) => change(temporary).then(() => true);
        assertEquals(await store.write(first, { inspect }), { ok: true, replaced: true });
        assertEquals(await store.isInForce(), false, String(change));
      }
      await store.write(first);
      assertEquals([await store.isInForce(), await Deno.readFile(path)], [true, first.bytes]);
      await Deno.writeFile(path, second.bytes);
      assertEquals(await store.isInForce(), false);
    }
  });
});

/** The disk takes so long that the times of files tell one change from another. */
const slowFileSystem: FileSystem = {
  ...hostFileSystem,
  async create(path, mode) {
    const file = await hostFileSystem.create(path, mode);
    const sync = () => new Promise<void>((resolve) => setTimeout(resolve, 50)).then(() => file.sync());
    return { write: (bytes) => file.write(bytes), sync, close: () => file.close() };
  },
};

Deno.test("a snapshot that is refused at its inspection does not change the memory of the one in force", async () => {
  await withStore(async (_, store) => {
    await store.write(first);
    assertEquals(await store.write(second, { inspect: () => Promise.resolve(false) }), { ok: true, replaced: false });
    assertEquals([await store.isInForce(), await contentHashAt(store)], [true, first.contentHash]);
  });
});

Deno.test("a read during a write answers the old snapshot until the new one has its name, and proves neither", async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/snapshot.json`;
    const seen: (string | null)[] = [];
    let store: OpenedStore["store"] | null = null;
    const look = async () => void seen.push(store === null ? null : await contentHashAt(store));
    const fileSystem: FileSystem = {
      ...hostFileSystem,
      async rename(from, to) {
        await hostFileSystem.rename(from, to);
        await look();
      },
    };
    const opened = await openStore({ path, fileSystem });
    assert(opened.ok);
    store = opened.store;
    await store.write(first);
    assertEquals(seen, [first.contentHash]);
    await store.write(second, { inspect: () => look().then(() => true) });
    assertEquals(seen.slice(1), [first.contentHash, second.contentHash]);
    assertEquals([await contentHashAt(store), store.verified], [second.contentHash, 0]);
  });
});

Deno.test("a read that a write overtakes proves nothing, and a question meanwhile is answered for its own file", async () => {
  await withStore(async (_, store) => {
    await store.write(first);
    for (const snapshot of [second, first, second, first]) {
      const answers = [contentHashAt(store), store.isInForce(), store.write(snapshot), contentHashAt(store)] as const;
      const [before, , written, after] = await Promise.all(answers);
      assertEquals(written, { ok: true, replaced: true });
      for (const hash of [before, after]) assert(hash === first.contentHash || hash === second.contentHash);
      assertEquals([await contentHashAt(store), await store.isInForce()], [snapshot.contentHash, true]);
    }
    assertEquals(store.verified, 0);
  });
});

/** With a store that looks at its file an hour after the last change, so that it remembers the result. */
function withStoreAtRest(run: (path: string, store: OpenedStore["store"]) => Promise<void>): Promise<void> {
  const later = Date.now() + 3_600_000;
  return withFakeDate((set) => {
    set(later);
    return withStore(run);
  });
}

Deno.test("a file that others put at the path is verified once, whole or not, until it is another", async () => {
  await withStoreAtRest(async (path, store) => {
    await store.write(first);
    const whole = second.bytes;
    for (const bytes of [whole, whole.subarray(1), new TextEncoder().encode("no snapshot")]) {
      const before = store.verified;
      await Deno.writeFile(path, bytes);
      await store.read();
      const { verified } = store;
      assert(verified > before);
      assertEquals((await store.read())?.bytes, bytes === whole ? whole : undefined);
      assertEquals([await store.isInForce(), store.verified], [false, verified]);
    }
    await Deno.writeFile(path, first.bytes);
    const { verified } = store;
    assertEquals([await contentHashAt(store), store.verified], [first.contentHash, verified]);
  });
});

Deno.test("a snapshot that is not the one asked for is none", async () => {
  await withStoreAtRest(async (path, store) => {
    await store.write(first);
    assertEquals(await store.read(second.contentHash), null);
    assertEquals((await store.read(first.contentHash))?.bytes, first.bytes);
    await Deno.writeFile(path, second.bytes);
    await store.read(first.contentHash);
    assertEquals(await store.read(first.contentHash), null);
    assertEquals((await store.read(second.contentHash))?.bytes, second.bytes);
  });
});

Deno.test("a snapshot that was verified at opening is not verified again, and a touched one is", async () => {
  await withStoreAtRest(async (path, store) => {
    await store.write(first);
    const again = await open(path);
    assertEquals([await contentHashAt(again), await again.isInForce(), again.verified], [first.contentHash, true, 0]);
    await Deno.utime(path, 1, 1);
    assertEquals([await contentHashAt(again), again.verified], [first.contentHash, 1]);
  });
});
