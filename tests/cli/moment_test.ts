import { assertEquals } from "@std/assert";
import { parseMoment } from "../../src/cli/moment.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");

Deno.test("a moment is a time, or a length of time from now, and nothing else", () => {
  const ago = (text: string) => NOW - (parseMoment(text, NOW) ?? NaN);
  assertEquals([ago("90s"), ago("5m"), ago("2h"), ago("7d")], [90_000, 300_000, 7_200_000, 604_800_000]);
  assertEquals(parseMoment("90s", NOW, "after"), NOW + 90_000);
  assertEquals(parseMoment("2026-02-28T12:30:00+01:00", NOW), Date.parse("2026-02-28T11:30:00Z"));
  assertEquals(parseMoment("2026-02-28T11:30Z", NOW), Date.parse("2026-02-28T11:30:00Z"));
  assertEquals(parseMoment("2026-02-28", NOW), new Date(2026, 1, 28).getTime());
  for (const text of ["", "5", "5w", "-5m", "1.5h", "yesterday", "2026-13-01", "2026", "12:00", "1e3s"]) {
    assertEquals(parseMoment(text, NOW), null, text);
  }
});
