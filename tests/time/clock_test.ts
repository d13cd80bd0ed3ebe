import { assertEquals } from "@std/assert";
import { systemClock } from "../../src/time/clock.ts";

Deno.test("what is scheduled is called once, later, and not at all where it was cancelled", async () => {
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
  assertEquals(called, ["after 0", "after 1"]);
});
