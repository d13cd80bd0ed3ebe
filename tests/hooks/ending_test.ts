// The end of a hook's time, and its reason.
import { assertEquals } from "@std/assert";
import { failed, openLimit } from "../../src/hooks/ending.ts";
import { withFakeTimeouts } from "../support/fake_clock.ts";

Deno.test("a limit is over at its time and not before, and its timer ends with it", async () => {
  await withFakeTimeouts(async (timers) => {
    const stopping = new AbortController();
    const limit = openLimit(1_500, stopping.signal);
    await timers.tickAsync(1_499);
    assertEquals([limit.signal.aborted, limit.stopping.aborted], [false, false]);
    await timers.tickAsync(1);
    assertEquals([limit.signal.aborted, limit.stopping.aborted], [true, false]);
    assertEquals(limit.reason(), "took longer than 1.5 s and was ended");
    {
      using _limit = openLimit(1_000, stopping.signal);
    }
    assertEquals(timers.countTimers(), 0);
  });
});

Deno.test("the daemon's stop is the reason only if the time was not over before", async () => {
  await withFakeTimeouts(async (timers) => {
    const stopping = new AbortController();
    using overdue = openLimit(1, stopping.signal, "said otherwise");
    using limit = openLimit(1_000, stopping.signal);
    await timers.tickAsync(1);
    stopping.abort();
    assertEquals([overdue.signal.aborted, limit.signal.aborted, limit.stopping.aborted], [true, true, true]);
    assertEquals([overdue.reason(), limit.reason()], ["said otherwise", "was ended because the daemon stops"]);
  });
});

Deno.test("a failure without output has an empty one", () => {
  assertEquals(failed("x"), { ok: false, reason: "x", output: "" });
});
