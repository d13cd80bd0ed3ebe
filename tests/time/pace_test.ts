import { assertEquals, assertRejects } from "@std/assert";
import { openPace } from "../../src/time/pace.ts";

Deno.test("a turn is spent when its time is over, and after a rest another one begins", async () => {
  let now = 0;
  const schedule = (_milliseconds: number, callback: () => void) => {
    queueMicrotask(callback);
    return () => {};
  };
  const pace = openPace({ turnMilliseconds: 20, clock: { now: () => now, schedule } });
  assertEquals(pace.isSpent(), false);
  now = 20;
  assertEquals(pace.isSpent(), true);
  await pace.rest();
  assertEquals(pace.isSpent(), false);
});

Deno.test("others are served during a rest", async () => {
  const pace = openPace();
  let served = false;
  setTimeout(() => served = true, 0);
  await pace.rest();
  assertEquals(served, true);
});

Deno.test("work that is not wanted any more ends at its next rest, with the reason", async () => {
  const controller = new AbortController();
  const pace = openPace({ signal: controller.signal });
  controller.abort(new Error("stopped"));
  await assertRejects(() => pace.rest(), Error, "stopped");
});
