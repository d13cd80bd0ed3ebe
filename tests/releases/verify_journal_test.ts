// The verification of a journal: it accepts the written lines, and names the line that was altered.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { compareTail } from "../../src/releases/compare_tail.ts";
import { digestOf } from "../../src/releases/journal_line.ts";
import { verifyJournal } from "../../src/releases/verify_journal.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { chain, chainOf, writeFiles } from "./journal_writing.ts";

const sha = (line: string) => digestOf(new TextEncoder().encode(line));

/** The verdict on lines in files of three lines each. */
async function verdictOn(lines: readonly string[], keep?: number) {
  await using directory = await temporaryDirectory();
  await writeFiles(directory, lines, 3);
  return await verifyJournal(directory.path, keep === undefined ? {} : { keep });
}

async function faultIn(lines: readonly string[]) {
  const verdict = await verdictOn(lines);
  return verdict.ok ? null : `${verdict.file}:${verdict.line} ${verdict.reason}`;
}

Deno.test("a journal is sound over its files, and its newest line is reported", async () => {
  const lines = chain(8);
  const newest = { n: 8, digest: sha(lines[7]!) };
  assertEquals(await verdictOn(lines), { ok: true, lines: 8, first: 1, newest, digests: new Map() });
  await using directory = await temporaryDirectory();
  const none = await verifyJournal(directory.file("none"));
  assertEquals(none, { ok: true, lines: 0, first: null, newest: null, digests: new Map() });
});

Deno.test("lines may only be missing at the start if as many files as are kept are there", async () => {
  assertEquals((await verdictOn(chain(9).slice(3), 1)).ok, true);
  assertEquals(
    await faultIn(chain(9).slice(3)),
    "journal.1.jsonl:1 has the number 4: the lines before it are missing, and were not rotated away",
  );
});

Deno.test("each kind of damage is named with its first line", async () => {
  const lines = chain(8);
  const altered = [...lines];
  altered[3] = altered[3]!.replace('"file"', '"anna"');
  assertEquals(
    await faultIn(altered),
    "journal.1.jsonl:1 was altered: it is not the line that the next one was written after",
  );
  assertEquals(
    await faultIn([...lines.slice(0, 4), ...lines.slice(5)]),
    "journal.1.jsonl:2 has the number 6 after 4: lines were removed, added or moved",
  );
  assertEquals(
    await faultIn([lines[0]!, lines[2]!, lines[1]!]),
    "journal.jsonl:2 has the number 3 after 1: lines were removed, added or moved",
  );
  assertEquals(
    await faultIn([...lines.slice(0, 4), "{}", ...lines.slice(4)]),
    "journal.1.jsonl:2 does not belong to a journal",
  );
  assertEquals(await faultIn(["x".repeat(100_000)]), "journal.jsonl:1 has more than 4096 bytes");
  assertEquals(
    await faultIn([lines[0]!.replace(/"0{64}"/, `"${"1".repeat(64)}"`)]),
    "journal.jsonl:1 has the number 1, and another line was before it",
  );
});

Deno.test("a file that is missing between others, or cannot be read, is named", async () => {
  await using directory = await temporaryDirectory();
  await writeFiles(directory, chain(8), 3);
  await Deno.remove(directory.file("journal.1.jsonl"));
  const verdict = await verifyJournal(directory.path);
  assertEquals(verdict.ok || [verdict.file, verdict.line], ["journal.jsonl", 1]);
  await Deno.mkdir(directory.file("journal.1.jsonl"));
  assertEquals(await verifyJournal(directory.path), {
    ok: false,
    file: "journal.1.jsonl",
    line: null,
    reason: "cannot be read: NOT_A_FILE",
  });
});

const WHOLE = new TextEncoder().encode(chain(4).map((line) => `${line}\n`).join(""));
const LAST_LINE = WHOLE.lastIndexOf(0x0a, WHOLE.length - 2) + 1;

Deno.test("wherever the file is cut, the rest is sound or the torn line is named", async () => {
  await using directory = await temporaryDirectory();
  await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: WHOLE.length }), async (cut) => {
    const kept = WHOLE.subarray(0, cut);
    await Deno.writeFile(directory.file("journal.jsonl"), kept);
    const verdict = await verifyJournal(directory.path);
    const whole = kept.filter((byte) => byte === 0x0a).length;
    if (cut === 0 || kept.at(-1) === 0x0a) assertEquals(verdict.ok && verdict.lines, whole);
    else assertEquals(verdict.ok === false && verdict.line, whole + 1);
  }));
});

Deno.test("any changed byte is found, in the last line by the note of another instance", async () => {
  await using directory = await temporaryDirectory();
  const note = { by: "edge-2", n: 4, digest: sha(chain(4)[3]!) };
  const place = fc.integer({ min: 0, max: WHOLE.length - 1 });
  await fc.assert(fc.asyncProperty(place, fc.integer({ min: 1, max: 255 }), async (at, mask) => {
    const changed = WHOLE.slice();
    changed[at]! ^= mask;
    await Deno.writeFile(directory.file("journal.jsonl"), changed);
    const verdict = await verifyJournal(directory.path, { wanted: new Set([4]) });
    if (!verdict.ok) return;
    assert(at >= LAST_LINE, `byte ${at}`);
    const { contradictions } = compareTail((n) => verdict.digests.get(n) ?? null, verdict.first!, [note]);
    assertEquals(contradictions.map(({ kind }) => kind), ["altered"]);
  }));
});

Deno.test("a tail that was cut off and written again is found by a note, and one that was rotated away is not judged", () => {
  const kept = chain(2);
  const anew = chainOf(Array.from({ length: 6 }, (_, index) => ({
    kind: "activated",
    release: index + 1,
    who: index < 2 ? "file" : "anna",
  })));
  assertEquals(anew.slice(0, 2), kept);
  const notes = [
    { by: "a", n: 2, digest: sha(kept[1]!) },
    { by: "b", n: 5, digest: sha(chain(5)[4]!) },
    { by: "c", n: 9, digest: "0".repeat(64) },
    { by: "d", n: 1, digest: "0".repeat(64) },
  ];
  const digest = (n: number) => n <= 6 && n >= 2 ? sha(anew[n - 1]!) : null;
  const { contradictions, confirmed } = compareTail(digest, 2, notes);
  assertEquals(contradictions.map(({ by, kind }) => [by, kind]), [["b", "altered"], ["c", "missing"]]);
  assertEquals(confirmed, 1);
});
