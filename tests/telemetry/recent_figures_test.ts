import { assertEquals } from "@std/assert";
import { openFigureMemory } from "../../src/telemetry/recent_figures.ts";

const HOUR = 3_600_000;

function reload(at: number) {
  return { at, outcome: "activated", durationMilliseconds: 5 } as const;
}

Deno.test("figures of the last hour are given, the earliest first, and neither older nor later ones", () => {
  const memory = openFigureMemory();
  for (const at of [0, 1, HOUR, HOUR + 1]) {
    memory.reloaded(reload(at));
    memory.agreed({ at, seconds: at === 1 ? -2 : 0.5 });
  }
  const { from, to, reloads, latencies } = memory.recent(HOUR);
  assertEquals([from, to], [0, HOUR]);
  assertEquals(reloads, { entries: [reload(1), reload(HOUR)], hasMore: false });
  assertEquals(latencies, { entries: [{ at: 1, seconds: 0 }, { at: HOUR, seconds: 0.5 }], hasMore: false });
  assertEquals(memory.recent(3 * HOUR).reloads, { entries: [], hasMore: false });
});

Deno.test("of more than fits the newest remain, and the answer says that there were more until that was an hour ago", () => {
  const memory = openFigureMemory();
  for (let at = 1; at <= 720; at++) memory.reloaded(reload(at));
  assertEquals(memory.recent(1_000).reloads.hasMore, false);
  memory.reloaded(reload(900));
  const { entries, hasMore } = memory.recent(1_000).reloads;
  assertEquals([entries.length, entries[0]?.at, entries.at(-1)?.at, hasMore], [720, 2, 900, true]);
  assertEquals(memory.recent(HOUR + 1).reloads.hasMore, false);
  assertEquals(memory.recent(1_000).latencies, { entries: [], hasMore: false });
});
