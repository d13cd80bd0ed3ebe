// The reserve has both files of one release, or none.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { type FileSystem, hostFileSystem } from "../../src/host/atomic_write.ts";
import { historyDirectory } from "../../src/releases/history_directory.ts";
import { openReserve, type ReserveFiles } from "../../src/releases/reserve.ts";
import { faultyFileSystem } from "../snapshot/faulty_file_system.ts";
import { namesIn, withDirectory } from "../snapshot/temporary_directory.ts";
import { stoppingFileSystem } from "./stopping_file_system.ts";

const MAX_FILE_BYTES = 1_000;
const [A, B] = ["a".repeat(64), "b".repeat(64)] as const;

function files(hash: string, snapshot: string, serverForm: string | null): ReserveFiles {
  const encode = (text: string) => new TextEncoder().encode(text);
  return { hash, contentHash: hash, snapshot: encode(snapshot), serverForm: serverForm && encode(serverForm) || null };
}

function open(directory: string, fileSystem: FileSystem = hostFileSystem) {
  return openReserve(historyDirectory(directory, "", fileSystem), MAX_FILE_BYTES);
}

Deno.test("the files come back for their own hash only, and only their owner can read them", async () => {
  await withDirectory(async (directory) => {
    const reserve = open(directory);
    assertEquals((await reserve.read(A)).ok, false);
    const most = "x".repeat(MAX_FILE_BYTES);
    for (const kept of [files(A, "{}\n", "honua {}\n"), files(B, "{}", null), files(A, most, most)]) {
      assertEquals(await reserve.keep(kept), { ok: true });
      assertEquals(await open(directory).read(kept.hash), { ok: true, files: kept });
      const other = await reserve.read(kept.hash === A ? B : A);
      assert(!other.ok);
      assertEquals(other.reason, "missing");
    }
    assertEquals((Deno.statSync(`${directory}/history/reserve`).mode ?? 0) & 0o777, 0o600);
  });
});

Deno.test("files that were kept last are not written again", async () => {
  await withDirectory(async (directory) => {
    const { fileSystem, calls } = faultyFileSystem({});
    const reserve = open(directory, fileSystem);
    for (let times = 0; times < 2; times++) assertEquals(await reserve.keep(files(A, "a", "b")), { ok: true });
    assertEquals(calls.filter((call) => call === "rename").length, 1);
  });
});

Deno.test("a writer that stops after any number of steps leaves the old files or the new ones", async () => {
  const [old, next] = [files(A, "old", "old form"), files(B, "next", "next form")];
  let isNew = false;
  for (let steps = 0, isDone = false; !isDone; steps++) {
    await withDirectory(async (directory) => {
      await open(directory).keep(old);
      const stopping = stoppingFileSystem(steps);
      const keeping = open(directory, stopping.fileSystem).keep(next);
      isDone = (await Promise.race([keeping, stopping.stopped]))?.ok === true;
      const [first, second] = [await open(directory).read(A), await open(directory).read(B)];
      assertEquals<unknown>(second.ok ? second : first, { ok: true, files: second.ok ? next : old });
      assert(second.ok || !isNew, `step ${steps} went back`);
      isNew = second.ok;
      await stopping.end();
      await keeping;
    });
  }
  assert(isNew);
});

Deno.test("a reserve that was altered or cut is damaged, wherever that was", async () => {
  await withDirectory(async (directory) => {
    const reserve = open(directory);
    await reserve.keep(files(A, '{"layers":{}}', "honua {}"));
    const path = `${directory}/history/reserve`;
    const whole = await Deno.readFile(path);
    const alteration = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }));
    await fc.assert(fc.asyncProperty(alteration, async ([at, bits]) => {
      const damaged = bits === 0 ? whole.slice(0, at) : whole.with(at, whole[at]! ^ bits);
      await Deno.writeFile(path, damaged);
      assertEquals(await reserve.read(A), { ok: false, reason: "damaged", message: `${path} is damaged` });
    }));
  });
});

Deno.test("a full disk is a result, and the files before stay", async () => {
  await withDirectory(async (directory) => {
    await open(directory).keep(files(A, "a", null));
    const reserve = open(directory, faultyFileSystem({ sync: "ENOSPC" }).fileSystem);
    const result = await reserve.keep(files(B, "b", null));
    assert(!result.ok);
    assertStringIncludes(result.message, "the file system is full");
    assertEquals(await reserve.read(A), { ok: true, files: files(A, "a", null) });
    assertEquals(namesIn(`${directory}/history`), ["reserve"]);
  });
});
