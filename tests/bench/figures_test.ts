// The bench's statistics: a figure follows from its samples, and has their spread.
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { figureOf, isKept, median, percentile, ratioOf, showSpread, spreadOf } from "../../bench/figures.ts";

const samples = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 200 });

Deno.test("a percentile is a sample, and at least that share of all samples is not larger", () => {
  fc.assert(fc.property(samples, fc.integer({ min: 0, max: 100 }), (all, percent) => {
    const found = percentile(all, percent / 100);
    assertEquals(all.includes(found), true);
    const notLarger = all.filter((one) => one <= found).length;
    const smaller = all.filter((one) => one < found).length;
    assertEquals(notLarger * 100 >= percent * all.length - 1e-6, true);
    assertEquals(smaller === 0 || smaller * 100 < percent * all.length + 1e-6, true);
  }));
});

Deno.test("half of the samples lie on each side of the median, in any order", () => {
  assertEquals(median([3, 1, 2]), 2);
  assertEquals(median([4, 1, 3, 2]), 2.5);
  assertEquals(median([7]), 7);
  fc.assert(fc.property(samples, (all) => {
    const middle = median(all);
    assertEquals(all.filter((one) => one < middle).length <= all.length / 2, true);
    assertEquals(all.filter((one) => one > middle).length <= all.length / 2, true);
  }));
});

Deno.test("without a sample there is no figure", () => {
  assertThrows(() => median([]), RangeError);
  assertThrows(() => percentile([], 0.5), RangeError);
});

Deno.test("the figure of several processes is the median of their medians, spread over the processes", () => {
  const processes = [[1, 2, 9], [4, 5, 6], [7, 8, 30]];
  const figure = figureOf({ scenario: "s", what: "w", processes });
  assertEquals(figure.p50, { middle: 5, least: 2, most: 8 });
  assertEquals(figure.p99, { middle: 9, least: 6, most: 30 });
  assertEquals([figure.processes, figure.samples], [3, 9]);
});

Deno.test("the figure of a lone process is spread over its samples", () => {
  const figure = figureOf({ scenario: "s", what: "w", processes: [[3, 1, 2]] });
  assertEquals(figure.p50, { middle: 2, least: 1, most: 3 });
});

Deno.test("a limit is held against the percentile that it is for", () => {
  const processes = [[1, 1, 1, 1, 50]];
  const limited = (of: "p50" | "p99", most: number) =>
    isKept(figureOf({ scenario: "s", what: "w", processes, limit: { of, most } }));
  assertEquals([limited("p50", 10), limited("p99", 10), limited("p99", 50)], [true, false, true]);
  assertEquals(isKept(figureOf({ scenario: "s", what: "w", processes })), null);
});

Deno.test("the spread of a ratio holds every ratio of two samples", () => {
  const [one, other] = [[10, 20, 40], [2, 4, 5]];
  const ratio = ratioOf(spreadOf(one), spreadOf(other));
  assertEquals(ratio, { middle: 5, least: 2, most: 20 });
  for (const a of one) for (const b of other) assertEquals(a / b >= ratio.least && a / b <= ratio.most, true);
  assertEquals(showSpread(ratio), "5.0 (2.0 to 20.0)");
});
