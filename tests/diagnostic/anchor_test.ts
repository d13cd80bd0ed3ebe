import { assertEquals } from "@std/assert";
import { type Anchor, anchoredRange } from "../../src/diagnostic/anchor.ts";
import { placeOf } from "../../src/diagnostic/diagnostic.ts";
import { sourceText } from "../../src/diagnostic/range.ts";

Deno.test("a range moves with its anchor, and a place that was given out before does not", () => {
  const anchor: Anchor = { at: 4 };
  const range = anchoredRange(anchor, 6, 9);
  assertEquals([range.start, range.end], [6, 9]);
  const reported = placeOf(sourceText("a.hcl", "one two three"), range);
  anchor.at = 10;
  assertEquals([range.start, range.end], [12, 15]);
  assertEquals(reported.range, { start: 6, end: 9 });
});

Deno.test("ranges that say the same of equal anchors are equal", () => {
  assertEquals(anchoredRange({ at: 3 }, 5, 8), anchoredRange({ at: 3 }, 5, 8));
});
