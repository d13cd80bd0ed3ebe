import { assertEquals } from "@std/assert";
import { systemClock } from "../../src/time/clock.ts";
import { turn, withFakeTimeouts } from "../support/fake_clock.ts";

Deno.test("a scheduled callback is called once, later, and not at all if it was cancelled", async () => {
  const called: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const milliseconds of [0, 1]) {
    systemClock.schedule(milliseconds, () => called.push(`after ${milliseconds}`));
    const cancel = systemClock.schedule(milliseconds, () => called.push("cancelled"));
    cancel();
    cancel();
  }
  systemClock.schedule(20, resolve);
  assertEquals(called, []);
  await promise;
  // On a busy machine both are due at the same turn.
  assertEquals(called.toSorted(), ["after 0", "after 1"]);
});

Deno.test("a callback that is scheduled for a past time is called at the next turn, and can be cancelled", async () => {
  const called: string[] = [];
  systemClock.schedule(-1, () => called.push("past"));
  systemClock.schedule(-1, () => called.push("cancelled"))();
  assertEquals(called, []);
  await turn();
  assertEquals(called, ["past"]);
});

Deno.test("a callback that is scheduled beyond the longest timer is called at its longest, and not at once", async () => {
  const longest = 2 ** 31 - 1;
  await withFakeTimeouts((timers) => {
    for (const milliseconds of [longest, longest + 1, Number.MAX_SAFE_INTEGER, Infinity]) {
      let calls = 0;
      systemClock.schedule(milliseconds, () => calls++);
      timers.tick(longest - 1);
      assertEquals(calls, 0, String(milliseconds));
      timers.tick(1);
      assertEquals([calls, timers.countTimers()], [1, 0], String(milliseconds));
    }
    return Promise.resolve();
  });
});

Deno.test("the clock counts milliseconds and never goes back", async () => {
  const begun = systemClock.now();
  const { promise, resolve } = Promise.withResolvers<void>();
  systemClock.schedule(5, resolve);
  await promise;
  const passed = systemClock.now() - begun;
  assertEquals(passed >= 4 && passed < 60_000, true);
});
