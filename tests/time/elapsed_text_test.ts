import { assertEquals } from "@std/assert";
import { agoText, durationText, forText } from "../../src/time/elapsed_text.ts";

Deno.test("a length of time is one number and one unit, and clocks that differ are reported", () => {
  const lengths = [-5, 999, 59_999, 60_000, 3_599_999, 3_600_000, 172_799_999, 172_800_000];
  assertEquals(lengths.map(durationText), ["0 s", "0 s", "59 s", "1 min", "59 min", "1 h", "47 h", "2 d"]);
  const now = Date.parse("2026-01-31T12:00:00Z");
  assertEquals(agoText("2026-01-31T12:00:30Z", now), "0 s ago");
  assertEquals(agoText("2026-01-31T13:00:00Z", now), "1 h ahead of this clock");
  assertEquals([agoText("soon", now), forText("soon", now)], ["at an unknown time", "for an unknown time"]);
});
