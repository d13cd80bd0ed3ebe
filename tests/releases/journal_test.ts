// The writing of a journal: appended lines are on the disk in their order, over files, restarts, crashes and a disk
// that is full for a while.
import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { hostDisk } from "../../src/releases/journal_disk.ts";
import { type Journal, type JournalSettings, openJournal } from "../../src/releases/journal.ts";
import type { JournalEntry } from "../../src/releases/journal_line.ts";
import { readJournal } from "../../src/releases/read_journal.ts";
import { verifyJournal } from "../../src/releases/verify_journal.ts";
import { eventually } from "../support/eventually.ts";
import { fakeClock, turn } from "../support/fake_clock.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary.ts";
import { chain, errno, faultyDisk, MOMENT, writeFiles } from "./journal_writing.ts";

function open({ path }: TemporaryDirectory, given: Partial<JournalSettings> = {}): Journal {
  return openJournal({ directory: path, now: () => MOMENT, onTrouble: (line) => assertEquals(line, null), ...given });
}

async function appended(directory: TemporaryDirectory, ...entries: readonly JournalEntry[]): Promise<Journal> {
  await using journal = open(directory);
  for (const entry of entries) journal.append(entry);
  await journal.flushed();
  return journal;
}

const kindsIn = async ({ path }: TemporaryDirectory) => (await readJournal(path)).lines.map(({ kind }) => kind);

async function newestIn({ path }: TemporaryDirectory) {
  const verdict = await verifyJournal(path);
  assert(verdict.ok, JSON.stringify(verdict));
  return verdict.newest;
}

Deno.test("a line has all that was known of its event, in a file that only its user can read", async () => {
  await using directory = await temporaryDirectory();
  const hash = "a".repeat(64);
  await appended(directory, { kind: "activated", release: 7, hash, who: "ann", why: "one\ntwo", outcome: "done" });
  assertEquals(
    await Deno.readTextFile(directory.file("journal.jsonl")),
    `${
      JSON.stringify({
        n: 1,
        at: "2026-03-01T12:00:00.000Z",
        kind: "activated",
        release: 7,
        hash,
        who: "ann",
        why: "one two",
        outcome: "done",
        before: "0".repeat(64),
      })
    }\n`,
  );
  assertEquals((await Deno.stat(directory.file("journal.jsonl"))).mode! & 0o777, 0o600);
});

Deno.test("the chain goes on after a restart, and the newest line is that on the disk", async () => {
  await using directory = await temporaryDirectory();
  await appended(directory, { kind: "started" }, { kind: "activated" });
  const journal = await appended(directory, { kind: "started" });
  assertEquals(await kindsIn(directory), ["started", "activated", "started"]);
  assertEquals(journal.newest(), await newestIn(directory));
  assertEquals(journal.newest()?.n, 3);
});

Deno.test("of a long file only the end is read to go on with its chain", async () => {
  await using directory = await temporaryDirectory();
  await writeFiles(directory, chain(600), 600);
  assert((await Deno.stat(directory.file("journal.jsonl"))).size > 100 * 1024);
  let read = 0;
  const counted = {
    ...hostDisk,
    open: async (path: string) => {
      const file = await hostDisk.open(path);
      return {
        ...file,
        read: async (into: Uint8Array, position: number) => {
          const count = await file.read(into, position);
          read += count;
          return count;
        },
      };
    },
  };
  await using journal = open(directory, { disk: counted });
  journal.append({ kind: "started" });
  await journal.flushed();
  assertEquals((await newestIn(directory))?.n, 601);
  assert(read <= 64 * 1024);
});

Deno.test("for any text of a person, a line is bounded and can be read again", async () => {
  // Also halves of surrogate pairs; the unit "binary" takes 6 s to be made.
  const text = fc.array(fc.nat(0xffff), { maxLength: 400 }).map((units) => String.fromCharCode(...units));
  const worst = ['"', "\\", "\u{fffe}", "\x00", "\u2028", "\u{1f30b}"].map((one) => one.repeat(400));
  await using directory = await temporaryDirectory();
  await using journal = open(directory);
  const texts = [...worst, ...fc.sample(text, 40)];
  for (const text of texts) journal.append({ kind: "held", who: text, why: text, outcome: text });
  await journal.flushed();
  const { lines, unreadable } = await readJournal(directory.path);
  assertEquals([lines.length, unreadable], [texts.length, 0]);
  for (const { who, why } of lines) assert(who!.length <= 200 && why!.length <= 300 && !/\p{Cc}/u.test(why!));
  assertEquals((await newestIn(directory))?.n, texts.length);
});

Deno.test("a journal that was cut anywhere by a crash is repaired, and all whole lines are kept", async () => {
  const whole = new TextEncoder().encode(chain(3).map((line) => `${line}\n`).join(""));
  const lengths = [0, ...chain(3).map((line) => line.length + 1)];
  const ends = lengths.map((_, index) => lengths.slice(0, index + 1).reduce((sum, one) => sum + one, 0));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: whole.length }), async (cut) => {
      await using directory = await temporaryDirectory();
      await Deno.writeFile(directory.file("journal.jsonl"), whole.subarray(0, cut));
      await appended(directory, { kind: "started" });
      // A line is whole without its newline, too.
      const kept = ends.filter((end) => end > 0 && end <= cut + 1).length;
      const isTorn = !ends.includes(cut) && !ends.includes(cut + 1);
      const expected = [...Array(kept).fill("activated"), ...isTorn ? ["recovered"] : [], "started"];
      assertEquals(await kindsIn(directory), expected);
      assertEquals((await newestIn(directory))?.n, expected.length);
    }),
    { numRuns: 60, examples: ends.flatMap((end) => [[end], [Math.max(0, end - 1)], [Math.max(0, end - 2)]]) },
  );
});

Deno.test("a last line that was altered stays for the verification, and the chain goes on behind it", async () => {
  await using directory = await temporaryDirectory();
  await writeFiles(directory, [...chain(2), '{"n":3}'], 9);
  const journal = await appended(directory, { kind: "started" });
  assertEquals(journal.newest()?.n, 5);
  assertEquals(await verifyJournal(directory.path), {
    ok: false,
    file: "journal.jsonl",
    line: 3,
    reason: "does not belong to a journal",
  });
});

Deno.test("a file that would grow over its bound is rotated, and the chain goes on over files and restarts", async () => {
  await using directory = await temporaryDirectory();
  const lineLength = chain(1)[0]!.length + 1;
  for (let round = 0; round < 3; round++) {
    await using journal = open(directory, { maxBytes: 3 * lineLength + 10, keep: 2 });
    for (let count = 0; count < 4; count++) journal.append({ kind: "activated", release: count, who: "file" });
    await journal.flushed();
    assertEquals(journal.newest()?.n, 4 * (round + 1));
  }
  const names = (await Array.fromAsync(Deno.readDir(directory.path))).map(({ name }) => name).sort();
  assertEquals(names, ["journal.1.jsonl", "journal.2.jsonl", "journal.jsonl"]);
  const verdict = await verifyJournal(directory.path, { keep: 2 });
  assert(verdict.ok);
  assertEquals([verdict.first, verdict.newest?.n], [4, 12]);
});

Deno.test("a rotation that a crash ended halfway loses nothing", async () => {
  await using directory = await temporaryDirectory();
  const lines = chain(6);
  await writeFiles(directory, lines, 2);
  await Deno.rename(directory.file("journal.2.jsonl"), directory.file("journal.3.jsonl"));
  await Deno.rename(directory.file("journal.1.jsonl"), directory.file("journal.2.jsonl"));
  assertEquals((await newestIn(directory))?.n, 6);
  await using journal = open(directory, { maxBytes: 2 * lines[0]!.length + 10 });
  journal.append({ kind: "started" });
  await journal.flushed();
  assertEquals((await newestIn(directory))?.n, 7);
  await Deno.remove(directory.file("journal.jsonl"));
  assertEquals((await newestIn(directory))?.n, 6);
});

Deno.test("a new file takes up the chain of the one that was rotated before a crash", async () => {
  await using directory = await temporaryDirectory();
  await writeFiles(directory, chain(3), 9);
  await Deno.rename(directory.file("journal.jsonl"), directory.file("journal.1.jsonl"));
  await appended(directory, { kind: "started" });
  assertEquals((await newestIn(directory))?.n, 4);
});

Deno.test("a full disk is reported once, blocks nothing, and nothing is lost or doubled when there is room again", async () => {
  await using directory = await temporaryDirectory();
  const { clock, timers } = fakeClock();
  const troubles: (string | null)[] = [];
  let room = 250;
  const disk = {
    ...hostDisk,
    open: async (path: string) => {
      const file = await hostDisk.open(path);
      return {
        ...file,
        write(bytes: Uint8Array) {
          if (room === 0) throw errno("ENOSPC");
          const part = bytes.subarray(0, room);
          room -= part.length;
          return file.write(part);
        },
      };
    },
  };
  const onTrouble = (line: string | null) => void troubles.push(line);
  await using journal = open(directory, { disk, clock, random: () => 1, onTrouble });
  for (let count = 0; count < 5; count++) journal.append({ kind: "activated", release: count });
  for (const wait of [1_000, 2_000, 4_000]) {
    await eventually("a wait begins", () => timers.countTimers() > 0);
    assertEquals(troubles.length, 1);
    timers.tick(wait - 1);
    assertEquals(timers.countTimers(), 1);
    if (wait === 4_000) room = Infinity;
    timers.tick(1);
    await turn();
  }
  await journal.flushed();
  journal.append({ kind: "activated", release: 5 });
  await journal.flushed();
  assertMatch(troubles[0]!, /^The journal .*journal\.jsonl cannot be written, .*ENOSPC: the file system is full/);
  assertEquals(troubles.slice(1), [null]);
  assertEquals((await readJournal(directory.path)).lines.map(({ release }) => release), [0, 1, 2, 3, 4, 5]);
  assertEquals((await newestIn(directory))?.n, 6);
});

Deno.test("a sync that fails is no line on the disk: the line is written again", async () => {
  await using directory = await temporaryDirectory();
  const { clock, timers } = fakeClock();
  let fails = true;
  const disk = {
    ...hostDisk,
    open: async (path: string) => {
      const file = await hostDisk.open(path);
      return { ...file, sync: () => fails ? Promise.reject(errno("EIO")) : file.sync() };
    },
  };
  await using journal = open(directory, { disk, clock, onTrouble: () => {} });
  journal.append({ kind: "started" });
  await eventually("a wait begins", () => timers.countTimers() > 0);
  assertEquals(journal.newest(), null);
  fails = false;
  timers.tick(1_000);
  await journal.flushed();
  assertEquals(await kindsIn(directory), ["started"]);
  assertEquals(journal.newest(), await newestIn(directory));
});

Deno.test("a line beyond the queue is counted, and the count is a line in its place", async () => {
  await using directory = await temporaryDirectory();
  const { clock, timers } = fakeClock();
  let fails = true;
  const disk = { ...hostDisk, open: (path: string) => fails ? Promise.reject(errno("EROFS")) : hostDisk.open(path) };
  await using journal = open(directory, { disk, clock, maxQueued: 4, onTrouble: () => {} });
  for (let count = 0; count < 9; count++) journal.append({ kind: "activated", release: count });
  await eventually("a wait begins", () => timers.countTimers() > 0);
  fails = false;
  timers.tick(1_000);
  await journal.flushed();
  journal.append({ kind: "healthy" });
  await journal.flushed();
  const { lines } = await readJournal(directory.path);
  assertEquals(
    lines.map(({ kind, release, why }) => [kind, release, why]),
    [...[0, 1, 2, 3].map((release) => ["activated", release, null]), [
      "lost",
      null,
      "5 events could not be written",
    ], ["healthy", null, null]],
  );
});

Deno.test("a tail that is cut off while the daemon runs stays missing: the numbers go on", async () => {
  await using directory = await temporaryDirectory();
  await using journal = open(directory);
  for (let count = 0; count < 3; count++) {
    journal.append({ kind: "activated" });
    await journal.flushed();
  }
  const [first] = (await Deno.readTextFile(directory.file("journal.jsonl"))).split("\n");
  await directory.write("journal.jsonl", `${first}\n`);
  journal.append({ kind: "activated" });
  await journal.flushed();
  assertEquals(journal.newest()?.n, 5);
  const verdict = await verifyJournal(directory.path);
  assertEquals(verdict.ok === false && [verdict.line, verdict.reason.slice(0, 25)], [2, "has the number 4 after 1:"]);
});

Deno.test("a disk that hangs holds neither a flush nor the end for long", async () => {
  await using directory = await temporaryDirectory();
  const hung = Promise.withResolvers<void>();
  const journal = open(directory, { disk: faultyDisk({ sync: () => hung.promise }) });
  journal.append({ kind: "started" });
  await journal[Symbol.asyncDispose]();
  assertEquals(journal.newest(), null);
  hung.resolve();
  await journal.flushed();
});
