import { assertEquals, assertThrows } from "@std/assert";
import { equivalentsIn, readEquivalents } from "./equivalents.ts";
import { mutantsOf } from "./mutants.ts";

const FILE = "src/room/file.ts";
const TEXT = "export function f(a: number): void {\n  g(a < 1,\n    a > 2);\n  h(a < 1);\n}\n";

/** The mutants that entries match, as their new lines. */
function matched(text: string, ...entries: { old: string; new: string }[]): string[] {
  const equivalents = equivalentsIn(
    entries.map((entry) => ({ file: FILE, reason: "none", ...entry })),
    new Map([[FILE, text]]),
  );
  return mutantsOf(FILE, text).filter(equivalents.has).map((mutant) => mutant.new);
}

Deno.test("an entry matches the mutants that make the same of the file, wherever and however it is laid out", () => {
  assertEquals(matched(TEXT, { old: "a < 1,", new: "a <= 1," }), ["g(a <= 1,"]);
  assertEquals(matched(`\n\n${TEXT}`, { old: "g(a < 1, a > 2);", new: "g(a <= 1, a > 2);" }), ["g(a <= 1,"]);
  assertEquals(matched(TEXT, { old: "a < 1", new: "a <= 1" }), ["g(a <= 1,", "h(a <= 1);"]);
  assertEquals(matched(TEXT, { old: "a < 1,", new: "a == 1," }), []);
  assertEquals(matched(TEXT), []);
});

Deno.test("the output of a run about a survivor is an entry that matches it", () => {
  for (const mutant of mutantsOf(FILE, TEXT)) {
    const found = matched(TEXT, { old: mutant.old, new: mutant.new });
    assertEquals(found.includes(mutant.new), true, mutant.new);
  }
});

Deno.test("an entry of which the text or the file is gone is stale", () => {
  const entry = (file: string, old: string) => ({ file, old, new: "x", reason: "none" });
  const entries = [entry(FILE, "a  <  1"), entry(FILE, "a < 3"), entry("src/room/gone.ts", "a < 1")];
  assertEquals(equivalentsIn(entries, new Map([[FILE, TEXT]])).stale, entries.slice(1));
});

Deno.test("an entry needs a reason, and has no member that means nothing", () => {
  const entry = { file: FILE, old: "a", new: "b", reason: "none" };
  assertEquals(readEquivalents(JSON.stringify([entry])), [entry]);
  assertThrows(() => readEquivalents(JSON.stringify([{ ...entry, reason: " " }])));
  assertThrows(() => readEquivalents(JSON.stringify([{ ...entry, old: "" }])));
  assertThrows(() => readEquivalents(JSON.stringify([{ ...entry, line: 3 }])));
});

Deno.test("the project's own entries can be read", async () => {
  readEquivalents(await Deno.readTextFile(new URL("equivalents.json", import.meta.url)));
});
