// The table of ratios: of all figures those that compare, and nothing if nothing was compared.
import { assertEquals } from "@std/assert";
import { figureOf } from "../../bench/figures.ts";
import { RATIO_UNIT, ratioTable } from "../../bench/ratios.ts";

Deno.test("the table has each ratio with its spread, and no other figure", () => {
  const ours = figureOf({ scenario: "rivals", what: "ours", processes: [[10, 11, 12]] });
  const ratio = figureOf({
    scenario: "rivals",
    what: "theirs, times ours",
    unit: RATIO_UNIT,
    processes: [[2, 3], [5]],
  });
  assertEquals(ratioTable([ours, ratio]), [
    "| compared           | p50              | p99              |",
    "| ------------------ | ---------------- | ---------------- |",
    "| theirs, times ours | 3.8 (2.5 to 5.0) | 4.0 (3.0 to 5.0) |",
  ]);
});

Deno.test("without a ratio there is no table", () => {
  assertEquals(ratioTable([figureOf({ scenario: "s", what: "w", processes: [[1]] })]), []);
});
