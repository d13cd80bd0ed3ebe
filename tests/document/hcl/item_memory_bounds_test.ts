// The length that may be scanned a second time is bounded by the whole text: scans with a memory at that bound.
import { assertEquals } from "@std/assert";
import { MAX_VALUES, rescanBudgetOf } from "../../../src/document/hcl/cursor.ts";
import { openItemMemory } from "../../../src/document/hcl/item_memory.ts";
import { openPace } from "../../../src/time/pace.ts";
import { asText } from "../../support/rereading.ts";
import { scanSource } from "../../support/whole_scan.ts";

/** An attribute whose brackets never fit: it is scanned again from each of this many. */
function misfit(depth: number, items: number): string {
  return `x = ${"[".repeat(depth)}${"1,".repeat(items)}${"] + 1".repeat(depth)}\n`;
}

function openScans() {
  const memory = openItemMemory();
  /** How many items were scanned, and whether the result is that of a fresh scan. */
  return async (text: string) => {
    const [again, afresh] = [asText(await memory.scan(text, openPace())), asText(scanSource(text))];
    return [memory.scanned, again === afresh];
  };
}

Deno.test("so much as four times the text may be scanned a second time", () => {
  assertEquals([rescanBudgetOf(""), rescanBudgetOf("x".repeat(100))], [0, 400]);
});

Deno.test("a text of which nothing was left to scan again is not remembered: with more behind it, it means more", async () => {
  const scan = openScans();
  const spent = misfit(150, 200) + "y = { a = 1 b = 2 }\n";
  assertEquals(scanSource(spent).items[1]!.edits, []);
  assertEquals(await scan(spent), [2, true]);
  assertEquals(await scan(spent), [2, true]);
  const longer = `${spent}# ${"-".repeat(100_000)}\n`;
  assertEquals(scanSource(longer).items[1]!.edits.length, 1);
  assertEquals(await scan(longer), [2, true]);
  assertEquals(await scan(longer), [0, true]);
});

Deno.test("text that is scanned again is counted for the current items, not for those that are gone", async () => {
  const scan = openScans();
  const others = Array.from({ length: 50 }, (_, at) => `a${at} = "${"v".repeat(40)}"\n`).join("");
  const heavy = (items: number) => misfit(20, items) + others;
  // It takes more than half of the length that may be scanned again: two of them are too much.
  assertEquals((await scan(heavy(150)))[1], true);
  for (let edit = 1; edit <= 4; edit++) assertEquals(await scan(heavy(150 + edit)), [1, true]);
});

Deno.test("an item that moved takes its part of the rescan budget along", async () => {
  const scan = openScans();
  const [light, heavy] = [`b = "${"-".repeat(2_000)}"\n`, misfit(20, 150)];
  assertEquals((await scan(heavy + light + "c = 1\n"))[1], true);
  assertEquals(await scan(light + heavy + "c = 1\n"), [0, true]);
  // Without the text beside it nothing is left for the next item.
  assertEquals((await scan(`c = 1\n${heavy}y = { a = 1 b = 2 }\n`))[1], true);
});

Deno.test("an item that exceeds a bound does so again, after an edit at any place", async () => {
  for (const excess of ["x = 1e10000\n", `x = ${"[".repeat(201)}\n`]) {
    const scan = openScans();
    for (
      const text of [
        excess,
        `${excess}z = 1\n`,
        `y = 1\n${excess}z = 1\n`,
        `y = 2\n${excess}z = 1\n`,
        `${excess}z = 1\n`,
      ]
    ) {
      assertEquals((await scan(text))[1], true, text.slice(0, 20));
    }
  }
});

Deno.test("values are counted for the items that there are, not for those that are gone", async () => {
  const memory = openItemMemory();
  const scanned = async (text: string) => {
    const { tooManyAt } = await memory.scan(text, openPace());
    return [memory.scanned, tooManyAt];
  };
  // More than half of a text's bound: two of them are too many.
  const heavy = (value: string) => `x = [${value},${"1,".repeat(MAX_VALUES / 2)}]\n`;
  const others = `a = "${"v".repeat(40)}"\n`.repeat(20);
  assertEquals(await scanned(heavy("2") + others), [21, null]);
  assertEquals(await scanned(heavy("3") + others), [1, null]);
});

Deno.test("text that is scanned a second time is counted from its beginning", () => {
  const text = `# ${"-".repeat(10_000)}\n${"x = [1] + [2]\n".repeat(100)}y = { a = 1 b = 2 }\n`;
  assertEquals(scanSource(text).items.at(-1)!.edits.length, 1);
});
