// The pure core by replayed hints, the shell with a clock that a test turns.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Burst, debounce, dueAt, withHint } from "../../src/source/debounce.ts";
import { fakeClock } from "../support/fake_clock.ts";

const quiescence = { quietMilliseconds: 500, longestMilliseconds: 2000 };

/** When a burst fires, for hints at these times (sorted): the shell's work, without a timer. */
function replay(hints: readonly number[]): number[] {
  const firings: number[] = [];
  let burst: Burst | null = null;
  for (const at of hints) {
    if (burst !== null && dueAt(burst, quiescence) <= at) {
      firings.push(dueAt(burst, quiescence));
      burst = null;
    }
    burst = withHint(burst, at);
  }
  if (burst !== null) firings.push(dueAt(burst, quiescence));
  return firings;
}

const burstHints = fc.array(fc.integer({ min: 0, max: 499 }), { minLength: 1, maxLength: 300 }).map(timesOf);
// Gaps of up to 1500 ms next to never make a burst that is longer than the longest wait.
const anyHints = fc.oneof(fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 300 }).map(timesOf), burstHints);

function timesOf(gaps: number[]): number[] {
  let at = 0;
  return gaps.map((gap) => at += gap);
}

Deno.test("every hint is followed by a firing within the longest wait", () => {
  fc.assert(fc.property(anyHints, (hints) => {
    const firings = replay(hints);
    for (const at of hints) {
      assert(firings.some((firing) => firing >= at && firing - at <= quiescence.longestMilliseconds));
    }
  }));
});

Deno.test("no firing comes without a hint since the one before", () => {
  fc.assert(fc.property(anyHints, (hints) => {
    let before = -1;
    for (const firing of replay(hints)) {
      assert(hints.some((at) => at >= before && at <= firing));
      assert(firing > before);
      before = firing;
    }
  }));
});

Deno.test("a burst without a pause fires at most two times more than its duration divided by the longest wait", () => {
  fc.assert(fc.property(burstHints, (hints) => {
    const duration = hints[hints.length - 1]! - hints[0]!;
    assert(replay(hints).length <= 2 + duration / quiescence.longestMilliseconds);
  }));
});

Deno.test("the timer shell fires exactly when the pure core says", () => {
  fc.assert(fc.property(anyHints, (hints) => {
    const { clock, timers } = fakeClock();
    const firings: number[] = [];
    using debouncer = debounce(
      { quietMilliseconds: quiescence.quietMilliseconds, clock },
      () => firings.push(timers.now),
    );
    for (const at of hints) {
      timers.tick(at - timers.now);
      debouncer.hint();
    }
    timers.tick(quiescence.longestMilliseconds);
    assertEquals(firings, replay(hints));
  }));
});

Deno.test("the longest wait is four times the quiet time", () => {
  const { clock, timers } = fakeClock();
  let count = 0;
  using debouncer = debounce({ quietMilliseconds: 100, clock }, () => count++);
  for (let at = 0; at < 400; at += 50) {
    debouncer.hint();
    assertEquals(count, 0);
    timers.tick(50);
  }
  assertEquals(count, 1);
});

Deno.test("a quiet time of 0 fires on the next tick, once for the hints of this one", () => {
  const { clock, timers } = fakeClock();
  let count = 0;
  using debouncer = debounce({ quietMilliseconds: 0, clock }, () => count++);
  debouncer.hint();
  debouncer.hint();
  assertEquals(count, 0);
  timers.tick(0);
  assertEquals(count, 1);
});

Deno.test("a hint given while the callback runs counts for the next firing", () => {
  const { clock, timers } = fakeClock();
  let count = 0;
  using debouncer = debounce({ quietMilliseconds: 100, clock }, () => {
    if (++count === 1) debouncer.hint();
  });
  debouncer.hint();
  timers.tick(100);
  assertEquals(count, 1);
  timers.tick(100);
  assertEquals(count, 2);
  timers.tick(1000);
  assertEquals(count, 2);
});

Deno.test("the hints of a burst share one timer", () => {
  const { clock, timers } = fakeClock();
  let count = 0;
  using debouncer = debounce({ quietMilliseconds: 100, clock }, () => count++);
  for (let at = 0; at < 250; at += 50) {
    debouncer.hint();
    assertEquals(timers.countTimers(), 1);
    timers.tick(50);
  }
  timers.tick(50);
  assertEquals([count, timers.countTimers()], [1, 0]);
  debouncer.hint();
  timers.tick(99);
  assertEquals(count, 1);
  timers.tick(1);
  assertEquals([count, timers.countTimers()], [2, 0]);
});

Deno.test("a closed debouncer drops a waiting hint, takes no more, and leaves no timer", () => {
  const { clock, timers } = fakeClock();
  let count = 0;
  const debouncer = debounce({ quietMilliseconds: 100, clock }, () => count++);
  debouncer.hint();
  debouncer.close();
  assertEquals(timers.countTimers(), 0);
  debouncer.hint();
  timers.tick(1000);
  assertEquals(count, 0);
});

Deno.test("a callback that throws loses no later hint", () => {
  const { clock, timers } = fakeClock();
  let count = 0;
  using debouncer = debounce({ quietMilliseconds: 100, clock }, () => {
    if (++count === 1) throw new Error("a bug");
  });
  debouncer.hint();
  assertThrows(() => timers.tick(100), Error, "a bug");
  debouncer.hint();
  timers.tick(100);
  assertEquals(count, 2);
});

Deno.test("the system's clock fires once for two hints, and leaves no timer behind", async () => {
  let count = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  using debouncer = debounce({ quietMilliseconds: 1 }, () => {
    count++;
    resolve();
  });
  debouncer.hint();
  debouncer.hint();
  assertEquals(count, 0);
  await promise;
  assertEquals(count, 1);
});
