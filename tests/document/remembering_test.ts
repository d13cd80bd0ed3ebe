// What two lists or texts have in common, and what is remembered of items from one document to the next.
import { assert, assertEquals } from "@std/assert";
import { commonElements, commonEnds, resultsBetween } from "../../src/document/common_ends.ts";
import { type Item, scanSource } from "../../src/document/dialect.ts";
import { openMovedItems } from "../../src/document/moved_items.ts";
import { goToItem, type ScannedItem, takeItem } from "../../src/document/dialect.ts";
import { openCursor } from "../../src/document/cursor.ts";
import { type KnownItem, openVerdictMemory } from "../../src/document/verdict_memory.ts";
import { openPace } from "../../src/time/pace.ts";

Deno.test("lists have common ends that do not overlap", () => {
  const common = (one: string, other: string) => {
    const { before, behind } = commonElements([...one], [...other]);
    return [before, behind];
  };
  assertEquals([common("", ""), common("", "a"), common("abc", "abc"), common("abc", "abd")], [
    ...[[0, 0], [0, 0], [3, 0], [2, 0]],
  ]);
  assertEquals([common("abc", "xbc"), common("abc", "axc"), common("aa", "aaa"), common("aba", "ab")], [
    ...[[0, 2], [1, 1], [2, 0], [2, 0]],
  ]);
  assertEquals([common("abab", "ab"), common("ab", "xab"), common("abcd", "ad")], [[2, 0], [0, 2], [1, 1]]);
});

Deno.test("results of common ends are those of before, and the others are asked for once each", () => {
  const [a, b, c, d] = [{}, {}, {}, {}];
  const asked: object[] = [];
  const results = (now: object[], before: object[]) => {
    asked.length = 0;
    return resultsBetween(now, { elements: before, results: before.map((_, at) => `old${at}`) }, (one) => {
      asked.push(one);
      return `new${asked.length}`;
    });
  };
  assertEquals([results([a, b], [a, b]), asked.length], [["old0", "old1"], 0]);
  assertEquals([results([a, c, b], [a, b]), asked], [["old0", "new1", "old1"], [c]]);
  assertEquals([results([a, d], [a, b, c, d]), asked.length], [["old0", "old3"], 0]);
  assertEquals([results([c, d], [a, b]), asked], [["new1", "new2"], [c, d]]);
  assertEquals([results([c, a, b], [a, b]), asked], [["new1", "old0", "old1"], [c]]);
  assertEquals([results([a, b, c], [a, b]), results([], [a]), results([a], [])], [
    ...[["old0", "old1", "new1"], [], ["new1"]],
  ]);
});

Deno.test("common ends of texts are found to the unit, wherever in the strides the difference is", () => {
  const length = 10_000;
  const text = "a".repeat(length);
  for (const at of [0, 1, 1_022, 1_023, 1_024, 1_025, 3_071, 3_072, 3_073, 7_167, 7_168, 9_998, 9_999]) {
    const other = `${text.slice(0, at)}b${text.slice(at + 1)}`;
    assertEquals(commonEnds(text, other), { before: at, behind: length - at - 1 }, `${at}`);
  }
  assertEquals(commonEnds("\u{1F600}\u{1F600}", "\u{1F600}"), { before: 2, behind: 2 });
  assertEquals(commonEnds("a\r\n\r\nb", "a\r\nb"), { before: 3, behind: 3 });
  assertEquals(commonEnds("ab\n", "abX\n"), { before: 2, behind: 1 });
  assertEquals(commonEnds("a\rb", "a\rX"), { before: 2, behind: 0 });
  assertEquals(commonEnds("a\ude00", "aX"), { before: 1, behind: 0 });
  assertEquals(commonEnds("\ud83da", "\ud83dX"), { before: 1, behind: 0 });
  assertEquals(commonEnds("a", "aa"), { before: 1, behind: 1 });
  assertEquals(commonEnds("\r\n", "\n"), { before: 0, behind: 0 });
  assertEquals(commonEnds("\n", "\r\n"), { before: 0, behind: 0 });
  assertEquals(commonEnds("x\r", "x\r\n"), { before: 1, behind: 0 });
});

function itemsOf(text: string): readonly Item[] {
  return scanSource(text).items;
}

/** The verdict on an item of a text and, maybe, of a shape. */
function knownItem(text: string, shape: string | null = null): KnownItem {
  return {
    text,
    verdict: { value: text },
    shape: shape === null ? null : { text: shape, filling: null, uses: 0 },
    uses: 0,
  };
}

Deno.test("a text and a shape are known as long as one of the last two documents has them", () => {
  const memory = openVerdictMemory();
  const [a, b, c] = ["a", "b", "c"].map((text) => knownItem(text, `shape of ${text}`));
  const keep = (...known: KnownItem[]) => memory.keep(itemsOf("x = 1\n".repeat(known.length)), known);
  const isKnown = () => ["a", "b", "c"].filter((text) => memory.ofText(text) !== undefined).join("");
  const shapes = () => ["a", "b", "c"].filter((text) => memory.shape(`shape of ${text}`) !== undefined).join("");
  keep(a!, b!);
  assertEquals([isKnown(), shapes()], ["ab", "ab"]);
  keep(c!);
  assertEquals([isKnown(), shapes()], ["abc", "abc"]);
  // The same document again ages nothing.
  keep(c!);
  assertEquals([isKnown(), shapes()], ["abc", "abc"]);
  keep(b!, c!);
  assertEquals([isKnown(), shapes()], ["bc", "bc"]);
  keep();
  assertEquals([isKnown(), shapes()], ["bc", "bc"]);
  keep();
  assertEquals([isKnown(), shapes()], ["bc", "bc"]);
  keep(a!);
  assertEquals([isKnown(), shapes()], ["a", "a"]);
});

Deno.test("what stands several times in a document is known until the last of it is gone, and one shape of many items too", () => {
  const memory = openVerdictMemory();
  const shape = { text: "shape", filling: null, uses: 0 };
  const [a, b]: KnownItem[] = ["a", "b"].map((text) => ({ ...knownItem(text), shape }));
  const keep = (...known: KnownItem[]) => memory.keep(itemsOf("x = 1\n".repeat(known.length)), known);
  keep(a!, a!, b!);
  keep(a!);
  keep(b!);
  assertEquals([memory.ofText("a") === a, memory.ofText("b") === b, memory.shape("shape") === shape], [
    true,
    true,
    true,
  ]);
  keep(b!, b!);
  assertEquals([memory.ofText("a"), memory.ofText("b") === b, memory.shape("shape") === shape], [
    undefined,
    true,
    true,
  ]);
  keep(knownItem("c"));
  keep(knownItem("d"));
  assertEquals([memory.ofText("b"), memory.shape("shape")], [undefined, undefined]);
});

Deno.test("very items are known by themselves, also in the middle of others", () => {
  const memory = openVerdictMemory();
  const items = itemsOf("a = 1\nb = 1\nc = 1\n");
  const known = ["a", "b", "c"].map((text) => knownItem(text));
  for (const [at, item] of items.entries()) memory.learn(item, known[at]!);
  memory.keep(items, known);
  const others = itemsOf("d = 1\n");
  assertEquals(memory.ofItems([...others, items[1]!, items[2]!]), [undefined, known[1], known[2]]);
  assertEquals(memory.ofItems([items[2]!, ...others, items[0]!]), [known[2], undefined, known[0]]);
});

/** The items of a text with what scanning them took. */
function scanned(text: string): { text: string; items: ScannedItem[]; starts: number[] } {
  const cursor = openCursor(text);
  const [items, starts]: [ScannedItem[], number[]] = [[], []];
  for (;;) {
    const isFresh = goToItem(cursor, items.length === 0);
    if (isFresh === null) return { text, items, starts };
    starts.push(cursor.at);
    items.push(takeItem(cursor, isFresh));
  }
}

Deno.test("an item is found again where all that it looked at stands, once, and among those that are looked for only", async () => {
  const of = scanned("a = 1\nb = 2\na = 1\nc = [\n1]\n");
  const find = async (next: string, first = 0, end = of.items.length) => {
    const moved = await openMovedItems(of, first, end, next, openPace());
    return (at: number, isFresh = true) => {
      const item = moved.take(at, isFresh);
      return item === null ? null : of.items.indexOf(item);
    };
  };
  const next = "b = 2\na = 1\na = 1\na = 1\nc = [\n1]\nc = [\n2]\n";
  const take = await find(next);
  assertEquals([take(0), take(6), take(12), take(18), take(24), take(33)], [1, 2, 0, null, 3, null]);
  assertEquals((await find(next))(0, false), null);
  const some = await find(next, 1, 2);
  assertEquals([some(6), some(0)], [null, 1]);
  assertEquals((await find(next, 2, 2))(6), null);
  // What follows it on its line belongs to what it looked at.
  assertEquals((await find("b = 2 + 1\n"))(0), null);
  assertEquals((await find("b = 2"))(0), null);
});

Deno.test("of items with one first line four are compared for one place", async () => {
  const bodies = Array.from({ length: 6 }, (_, at) => `a {\n b = ${at}\n}\n`);
  const of = scanned(bodies.join(""));
  const found = async (which: number) => {
    const moved = await openMovedItems(of, 0, 6, `# x\n${bodies[which]}`, openPace());
    const item = moved.take(4, true);
    return item && of.items.indexOf(item);
  };
  // The first is tried as the one that is expected, and then again as the first of its line.
  assertEquals([await found(0), await found(1), await found(3), await found(4), await found(5)], [0, 1, 3, null, null]);
  assert(of.items.every(({ isFresh }) => isFresh));
});
