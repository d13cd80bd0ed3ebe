// Clocks that a test moves, so that it can try a wait at its bound and 1 ms before, without waiting.
import { setImmediate } from "node:timers";
import * as FakeTimers from "@sinonjs/fake-timers";
import type { Clock } from "../../src/time/clock.ts";

/** A clock, and the controls of it. */
export interface FakeClock {
  readonly clock: Clock;
  /** Moves the clock: `tick`, `countTimers`, `now`. */
  readonly timers: ReturnType<typeof FakeTimers.createClock>;
}

/** Makes a clock at 0. */
export function fakeClock(): FakeClock {
  const timers = FakeTimers.createClock();
  const clock: Clock = {
    now: () => timers.now,
    schedule(milliseconds, callback) {
      const timer = timers.setTimeout(callback, milliseconds);
      return () => timers.clearTimeout(timer);
    },
  };
  return { clock, timers };
}

/**
 * Replaces the process's own `setTimeout` while the body runs, for code that takes no clock. No other code may wait by
 * `setTimeout` meanwhile; `turn` lets other work run.
 */
export async function withFakeTimeouts(body: (timers: FakeTimers.Clock) => Promise<void>): Promise<void> {
  const timers = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    await body(timers);
  } finally {
    timers.uninstall();
  }
}

/** Lets all work run that is ready. */
export async function turn(): Promise<void> {
  for (let times = 0; times < 5; times++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets the body set `Date`, in milliseconds since 1970. It does not move until it is set again. */
export async function withFakeDate(body: (set: (milliseconds: number) => void) => Promise<void>): Promise<void> {
  const timers = FakeTimers.install({ toFake: ["Date"] });
  try {
    await body((milliseconds) => timers.setSystemTime(milliseconds));
  } finally {
    timers.uninstall();
  }
}
