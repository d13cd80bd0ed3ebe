// One path and the memory of its slot: at the bounds of sizes and of the clock, and with quicker writers.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { stat } from "node:fs/promises";
import { type FileSystem, hostFileSystem } from "../../src/host/atomic_write.ts";
import type { Sha256Hex } from "../../src/snapshot/canonical.ts";
import type { Proof, SealedFile, SealedHeader } from "../../src/snapshot/sealed_file.ts";
import { openSlot, type Slot, type SlotOptions } from "../../src/snapshot/slot.ts";
import { MAX_SNAPSHOT_BYTES } from "../../src/snapshot/snapshot.ts";
import { withFakeDate } from "../support/fake_clock.ts";
import { type Faults, faultyFileSystem } from "./faulty_file_system.ts";
import { namesIn, withDirectory } from "./temporary_directory.ts";

/** The first byte of a file is its hash here; one that begins with `!` is damaged. */
function headerOf(text: string): SealedHeader {
  return { hash: text[0] as Sha256Hex, contentHash: text[0] as Sha256Hex };
}

function fileOf(text: string): SealedFile<SealedHeader> {
  const bytes = new TextEncoder().encode(text);
  return { header: headerOf(text), pieces: [bytes], byteLength: bytes.length };
}

interface Opened {
  readonly slot: Slot<SealedHeader>;
  readonly setAsideAs: string | null;
}

async function open(path: string, options: Partial<SlotOptions<Proof>> = {}): Promise<Opened> {
  const opened = await openSlot<Proof>({
    path,
    name: "snapshot",
    verify(bytes) {
      const text = String.fromCharCode(bytes[0] ?? 0);
      return Promise.resolve(
        text === "!" ? { ok: false, reason: "not-json" } : { ok: true, header: headerOf(text) },
      );
    },
    mode: 0o640,
    gid: undefined,
    fileSystem: hostFileSystem,
    now: () => new Date(0),
    ...options,
  });
  assert(opened.ok, opened.ok ? "" : opened.message);
  const { slot, existing } = opened;
  return { slot, setAsideAs: existing.state === "damaged" ? existing.setAsideAs : null };
}

function withPath(run: (path: string, directory: string) => Promise<void>): Promise<void> {
  return withDirectory((directory) => run(`${directory}/snapshot.json`, directory));
}

const REPLACED = { ok: true, replaced: true } as const;
const accept = () => Promise.resolve(true);

Deno.test("a file of as many bytes as are read back is written, and none of one more", async () => {
  await withPath(async (path, directory) => {
    // A write begins with opening the directory: no such file need be made.
    const { slot } = await open(path, { fileSystem: faultyFileSystem({ openDirectory: "EIO" }).fileSystem });
    const codeOf = async (byteLength: number) => {
      const written = await slot.write({ ...fileOf("a"), byteLength }, accept);
      return written.ok ? null : written.code;
    };
    assertEquals(await codeOf(MAX_SNAPSHOT_BYTES), "EIO");
    assertEquals(await codeOf(MAX_SNAPSHOT_BYTES + 1), "TOO_LARGE");
    assertEquals(namesIn(directory), []);
  });
});

Deno.test("a damaged file that somebody takes away first is out of the way as well", async () => {
  await withPath(async (path) => {
    const faults: Faults = { rename: "ENOENT" };
    await Deno.writeTextFile(path, "!damaged");
    const { slot, setAsideAs } = await open(path, { fileSystem: faultyFileSystem(faults).fileSystem });
    assert(setAsideAs !== null);
    delete faults.rename;
    assertEquals(await slot.write(fileOf("a"), accept), REPLACED);
  });
});

Deno.test("a damaged file that cannot be set aside at first is set aside once, before the next write", async () => {
  await withPath(async (path, directory) => {
    const faults: Faults = { rename: "EACCES" };
    await Deno.writeTextFile(path, "!damaged");
    const { slot } = await open(path, { fileSystem: faultyFileSystem(faults).fileSystem });
    for (const code of ["EACCES", "EBUSY"]) {
      faults.rename = code;
      const written = await slot.write(fileOf("a"), accept);
      assert(!written.ok);
      assertEquals(written.code, code);
      assertStringIncludes(written.message, `cannot set the damaged snapshot ${path} aside: ${code}: `);
    }
    delete faults.rename;
    assertEquals(await slot.write(fileOf("a"), accept), REPLACED);
    assertEquals(await slot.write(fileOf("b"), accept), REPLACED);
    assertEquals(namesIn(directory).filter((name) => name.includes(".damaged-")).length, 1);
  });
});

/** Lets a file be written at a whole second, as far as its own times tell. */
function writingAt(seconds: number): FileSystem {
  return {
    ...hostFileSystem,
    async create(path, mode) {
      const file = await hostFileSystem.create(path, mode);
      const sync = () => Deno.utime(path, seconds, seconds).then(() => file.sync());
      return { write: (bytes) => file.write(bytes), sync, close: () => file.close() };
    },
  };
}

Deno.test("a new file is known by its stat if it was written more than a clock's tick before, and else by its bytes", async () => {
  const seconds = 1_800_000_000;
  for (const [later, isKnown] of [[0, false], [10, false], [11, true]] as const) {
    await withPath(async (path) => {
      const { slot } = await open(path, { fileSystem: writingAt(seconds) });
      await withFakeDate(async (set) => {
        set(seconds * 1_000 + later);
        // A change that no stat tells of: only bytes do.
        const inspect = async (temporary: string) => {
          await Deno.writeTextFile(temporary, "b");
          await Deno.utime(temporary, seconds, seconds);
          return true;
        };
        assertEquals(await slot.write(fileOf("a"), inspect), REPLACED);
        assertEquals(await slot.isInForce(), isKnown, `${later} ms later`);
      });
    });
  }
});

Deno.test("a file system that keeps neither modes nor groups has no file in force that should have others", async () => {
  const seconds = 1_800_000_000;
  const own = Deno.gid()!;
  const keepsNone = { chmod: () => Promise.resolve(), chown: () => Promise.resolve() };
  const cases = [[0o600, undefined, true], [0o600, own, true], [0o640, undefined, false], [
    0o600,
    own + 1,
    false,
  ]] as const;
  for (const [mode, gid, isInForce] of cases) {
    await withPath(async (path) => {
      const fileSystem = { ...writingAt(seconds), ...keepsNone };
      const { slot } = await open(path, { fileSystem, mode, gid });
      await withFakeDate(async (set) => {
        set(seconds * 1_000 + 11);
        assertEquals(await slot.write(fileOf("a"), accept), REPLACED);
        assertEquals(await slot.isInForce(), isInForce, `${mode.toString(8)} ${gid}`);
      });
    });
  }
});

Deno.test("a slot reports the header that it wrote, and no file is in force that was refused or could not be written", async () => {
  await withPath(async (path) => {
    const faults: Faults = {};
    const { slot } = await open(path, { fileSystem: faultyFileSystem(faults).fileSystem });
    assertEquals([slot.header, await slot.read(), await slot.isInForce()], [null, null, false]);
    assertEquals(await slot.write(fileOf("a"), () => Promise.resolve(false)), { ok: true, replaced: false });
    assertEquals([slot.header, await slot.read()], [null, null]);
    await Deno.mkdir(`${path}.d`);
    const other = await open(`${path}.d/file`);
    await Deno.mkdir(`${path}.d/file`);
    assertEquals([await other.slot.read(), await other.slot.isInForce()], [null, false], "a directory");
    assertEquals(await slot.write(fileOf("a"), accept), REPLACED);
    faults.rename = "EIO";
    assertEquals((await slot.write(fileOf("b"), accept)).ok, false);
    assertEquals(slot.header, headerOf("a"));
    assertEquals([(await slot.read())?.header, await slot.read("b"), await slot.isInForce()], [
      headerOf("a"),
      null,
      true,
    ]);
    // A file that was not written needs proof.
    await Deno.writeTextFile(path, "b");
    assertEquals([(await slot.read())?.header, slot.verified], [headerOf("b"), 1]);
  });
});

Deno.test("a file that was just changed is verified each time it is asked for, until a stat would tell of a change", async () => {
  await withPath(async (path) => {
    await Deno.writeTextFile(path, "a", { mode: 0o640 });
    await withFakeDate(async (set) => {
      const changedAt = Math.floor((await stat(path)).ctimeMs);
      set(changedAt);
      const { slot } = await open(path);
      const verified: number[] = [];
      for (const later of [0, 1_010, 1_011, 1_011]) {
        set(changedAt + later);
        assertEquals(await slot.isInForce(), true);
        verified.push(slot.verified);
      }
      assertEquals(verified, [1, 2, 3, 3]);
    });
  });
});

/** How many bytes this process has read from files and all else. */
async function bytesRead(): Promise<number> {
  return Number(/^rchar: (\d+)$/m.exec(await Deno.readTextFile("/proc/self/io"))?.[1]);
}

Deno.test("a file that was found in force again after it was touched is not read once more", async () => {
  await withPath(async (path) => {
    const size = 4 * 1024 * 1024;
    const { slot } = await open(path);
    assertEquals(await slot.write(fileOf("a".repeat(size)), accept), REPLACED);
    await Deno.utime(path, 1, 1);
    const later = Date.now() + 2_000;
    await withFakeDate(async (set) => {
      set(later);
      const reads: boolean[] = [];
      for (let time = 0; time < 3; time++) {
        const before = await bytesRead();
        assertEquals(await slot.isInForce(), true);
        reads.push(await bytesRead() - before >= size);
      }
      assertEquals(reads, [true, false, false]);
      const { slot: again } = await open(path);
      const before = await bytesRead();
      assertEquals(await again.isInForce(), true);
      assert(await bytesRead() - before < size, "a file that was verified at opening is not read once more");
    });
  });
});

Deno.test("a file is in force only with all of its permission bits, also those that change the user of a run", async () => {
  await withPath(async (path) => {
    const { slot } = await open(path);
    assertEquals(await slot.write(fileOf("a"), accept), REPLACED);
    for (const [mode, isInForce] of [[0o4640, false], [0o640, true], [0o1640, false], [0o641, false]] as const) {
      await Deno.chmod(path, mode);
      assertEquals(await slot.isInForce(), isInForce, mode.toString(8));
    }
  });
});
