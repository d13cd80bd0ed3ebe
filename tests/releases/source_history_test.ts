// The texts are whole or absent through any fault, and a needed text is never evicted.
import { createHash } from "node:crypto";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { type FileSystem, hostFileSystem } from "../../src/host/atomic_write.ts";
import { historyDirectory, removeStaleHistoryFiles } from "../../src/releases/history_directory.ts";
import {
  keptHashes,
  listHistory,
  openSourceHistory,
  type ReleaseText,
  type SourceHistoryOptions,
} from "../../src/releases/source_history.ts";
import { type Faults, faultyFileSystem } from "../snapshot/faulty_file_system.ts";
import { namesIn, withDirectory } from "../snapshot/temporary_directory.ts";
import { fakeClock, turn } from "../support/fake_clock.ts";
import { stoppingFileSystem } from "./stopping_file_system.ts";

const MAX_TEXT_BYTES = 10_000;
const [A, B, C] = ["a", "b", "c"].map((digit) => digit.repeat(64)) as [string, string, string];

function source(hash: string, text: string, format: ReleaseText["format"] = "hcl"): ReleaseText {
  const bytes = new TextEncoder().encode(text);
  return { hash, format, bytes, digest: createHash("sha256").update(bytes).digest("hex") };
}

function open(directory: string, fileSystem?: FileSystem, options: Partial<SourceHistoryOptions> = {}) {
  return openSourceHistory({
    directory: historyDirectory(directory, "", fileSystem),
    keep: 20,
    maxBytes: 1_000_000,
    maxTextBytes: MAX_TEXT_BYTES,
    keyRing: null,
    onTrouble: () => {},
    ...options,
  });
}

async function textOf(directory: string, hash: string): Promise<string> {
  const read = await open(directory).text(hash);
  return read.ok ? new TextDecoder().decode(read.bytes) : read.reason;
}

Deno.test("a text comes back as it was written, and only its owner can read it", async () => {
  await withDirectory(async (directory) => {
    await using history = open(directory);
    assertEquals(await history.put(source(A, "honua {}")), { ok: true });
    assertEquals(await history.put(source(B, "{}", "json")), { ok: true });
    const [first, second] = [await history.text(A), await history.text(B)];
    assert(first.ok && second.ok);
    assertEquals([first.format, second.format], ["hcl", "json"]);
    assertEquals([await textOf(directory, A), await textOf(directory, B)], ["honua {}", "{}"]);
    assertEquals(await textOf(directory, C), "missing");
    const mode = (name: string) => (Deno.statSync(`${directory}/history${name}`).mode ?? 0) & 0o777;
    assertEquals([mode(""), mode(`/${A}.hcl.zst`), mode(`/${B}.json.zst`)], [0o700, 0o600, 0o600]);
    assertEquals((await listHistory(historyDirectory(directory, "")))?.map(({ hash }) => hash).sort(), [A, B]);
  });
});

Deno.test("the same text is written once, again if it is gone, and again if only its spelling or format changed", async () => {
  await withDirectory(async (directory) => {
    const { fileSystem, calls } = faultyFileSystem({});
    await using history = open(directory, fileSystem);
    const renames = () => calls.filter((call) => call === "rename").length;
    for (
      const [text, format, expected] of [["x", "hcl", 1], ["x", "hcl", 1], ["x ", "hcl", 2], ["x ", "json", 3]] as const
    ) {
      assertEquals(await history.put(source(A, text, format)), { ok: true });
      assertEquals([renames(), await textOf(directory, A)], [expected, text]);
    }
    assertEquals(namesIn(`${directory}/history`), [`${A}.json.zst`]);
    await Deno.remove(`${directory}/history`, { recursive: true });
    assertEquals([await history.put(source(A, "x ", "json")), await textOf(directory, A)], [{ ok: true }, "x "]);
  });
});

Deno.test("a writer that stops after any number of steps leaves the old text or the new one, or none if there was none", async () => {
  const outcomes: string[] = [];
  for (let steps = 0, isDone = false; !isDone; steps++) {
    await withDirectory(async (directory) => {
      await using first = open(directory);
      await first.put(source(B, "old"));
      const stopping = stoppingFileSystem(steps);
      await using writer = open(directory, stopping.fileSystem);
      const puts = [source(B, "new"), source(A, "first")].map((text) => () => writer.put(text));
      isDone = true;
      for (const put of puts) isDone &&= (await Promise.race([put(), stopping.stopped]))?.ok === true;
      outcomes.push(`${await textOf(directory, B)} ${await textOf(directory, A)}`);
      await stopping.end();
      await removeStaleHistoryFiles(historyDirectory(directory, ""));
      assert(namesIn(`${directory}/history`).every((name) => /^[ab]{64}\.hcl\.zst$/.test(name)));
    });
  }
  assertEquals([...new Set(outcomes)], ["old missing", "new missing", "new first"]);
});

Deno.test("a text that cannot be written is read from memory, and written when the disk has room", async () => {
  await withDirectory(async (directory) => {
    const { clock, timers } = fakeClock();
    const faults: Faults = { write: "ENOSPC" };
    const troubles: (string | null)[] = [];
    const { fileSystem } = faultyFileSystem(faults);
    await using history = open(directory, fileSystem, {
      clock,
      random: () => 0,
      onTrouble: (line) => troubles.push(line),
    });
    // Of 100 hashes: it does not fit into the first bytes that the file system takes.
    const text = Array.from({ length: 100 }, (_, index) => source(A, String(index)).digest).join("");
    const result = await history.put(source(A, text));
    assert(!result.ok);
    assertStringIncludes(result.message, "the file system is full");
    const read = await history.text(A);
    assert(read.ok);
    assertEquals([new TextDecoder().decode(read.bytes), await textOf(directory, A)], [text, "missing"]);
    delete faults.write;
    timers.tick(500);
    while (troubles.length < 2) await turn();
    assertEquals([await textOf(directory, A), troubles], [text, [`${result.message}; it is tried again`, null]]);
  });
});

Deno.test("a directory that cannot be made, and one that is a file, are results", async () => {
  await withDirectory(async (directory) => {
    await using nowhere = open(`${directory}/none`);
    const missing = await nowhere.put(source(A, "x"));
    assert(!missing.ok);
    assertStringIncludes(missing.message, "ENOENT: the directory does not exist");
    await Deno.writeTextFile(`${directory}/history`, "");
    await using history = open(directory);
    const result = await history.put(source(A, "x"));
    assert(!result.ok);
    assertStringIncludes(result.message, "ENOTDIR");
    assertEquals(await listHistory(historyDirectory(directory, "")), null);
    const message = await history.evict({ pinned: new Set(), ordered: [] });
    assertStringIncludes(message ?? "", "no old source is evicted: ENOTDIR");
  });
});

Deno.test("a damaged text, a pipe in its place and one that is too large are no text, and the message names the file", async () => {
  await withDirectory(async (directory) => {
    await using history = open(directory);
    const path = `${directory}/history/${A}.hcl.zst`;
    const expect = async (reason: string, message: string) => {
      const read = await history.text(A);
      assert(!read.ok);
      assertEquals([read.reason, read.message], [reason, message]);
    };
    await history.put(source(B, "y".repeat(MAX_TEXT_BYTES + 1)));
    await Deno.rename(`${directory}/history/${B}.hcl.zst`, path);
    await expect("damaged", `${path} is damaged`);
    await history.put(source(A, "x"));
    await Deno.writeFile(path, (await Deno.readFile(path)).subarray(1));
    await expect("damaged", `${path} is damaged`);
    await Deno.remove(path);
    assert((await new Deno.Command("mkfifo", { args: [path] }).output()).success);
    await expect("unreadable", `${path} cannot be read: NOT_A_FILE`);
  });
});

Deno.test("all pinned texts stay and, within both bounds, the newest of the others", () => {
  const hashes = [..."abcdefghij"];
  fc.assert(fc.property(
    fc.array(fc.record({ hash: fc.constantFrom(...hashes), sizeBytes: fc.nat(100), writtenAt: fc.nat(9) })),
    fc.subarray(hashes),
    fc.shuffledSubarray(hashes),
    fc.nat(6),
    fc.nat(300),
    (found, pinnedHashes, ordered, keep, maxBytes) => {
      const texts = [...new Map(found.map((one) => [one.hash, { ...one, format: "hcl" as const }])).values()];
      const pinned = new Set(pinnedHashes);
      const kept = keptHashes(texts, { keep, maxBytes }, { pinned, ordered });
      const of = (isOne: (hash: string) => boolean) => texts.filter(({ hash }) => isOne(hash));
      const bytesOf = (list: typeof texts) => list.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      const needed = of((hash) => pinned.has(hash));
      const others = of((hash) => kept.has(hash) && !pinned.has(hash));
      assert(needed.every(({ hash }) => kept.has(hash)));
      assertEquals(kept.size, needed.length + others.length);
      assert(others.length === 0 || kept.size <= keep);
      assert(others.length === 0 || bytesOf(needed) + bytesOf(others) <= maxBytes);
      // Nothing that was evicted comes before something that stays, and the first that was evicted had no place.
      const rank = ({ hash, writtenAt }: typeof texts[number]) => {
        return ordered.includes(hash) ? ordered.indexOf(hash) : 100 - writtenAt;
      };
      const evicted = of((hash) => !kept.has(hash)).toSorted((a, b) => rank(a) - rank(b));
      const [first] = evicted;
      if (first === undefined) return;
      assert(others.every((one) => rank(one) <= rank(first)));
      const isSole = evicted.every((one) => one === first || rank(one) !== rank(first));
      assert(!isSole || kept.size >= keep || bytesOf(needed) + bytesOf(others) + first.sizeBytes > maxBytes);
    },
  ));
});

Deno.test("eviction removes old texts, leaves foreign files, and never the text that was put last", async () => {
  await withDirectory(async (directory) => {
    await using history = open(directory, undefined, { keep: 0 });
    for (const hash of [A, B, C]) await history.put(source(hash, hash));
    const foreign = ["notes.txt", `${A}.hcl`, `${A.toUpperCase()}.hcl.zst`, "releases.json"];
    for (const name of foreign) await Deno.writeTextFile(`${directory}/history/${name}`, "");
    // Left by a crash while the format of a source changed.
    await Deno.copyFile(`${directory}/history/${A}.hcl.zst`, `${directory}/history/${A}.json.zst`);
    await Deno.utime(`${directory}/history/${A}.hcl.zst`, 1, 1);
    assertEquals(await history.evict({ pinned: new Set([A]), ordered: [C, B, A] }), null);
    assertEquals(namesIn(`${directory}/history`), [...foreign, `${A}.json.zst`, `${C}.hcl.zst`].sort());
  });
});

Deno.test("a text that cannot be removed is reported, and the others go", async () => {
  await withDirectory(async (directory) => {
    const stuck = `${directory}/history/${A}.hcl.zst`;
    const remove = (path: string) =>
      path === stuck ? Promise.reject(Object.assign(new Error(), { code: "EPERM" })) : hostFileSystem.remove(path);
    await using history = open(directory, { ...hostFileSystem, remove }, { keep: 0 });
    for (const hash of [A, B, C]) await history.put(source(hash, hash));
    const message = await history.evict({ pinned: new Set(), ordered: [C, B, A] });
    assertEquals(message, `${stuck} cannot be removed: EPERM`);
    assertEquals(namesIn(`${directory}/history`), [`${A}.hcl.zst`, `${C}.hcl.zst`]);
  });
});
