// Clocks that a test turns: what waits by them can be tried at its bound and one before it, without waiting.
import { setImmediate } from "node:timers";
import * as FakeTimers from "@sinonjs/fake-timers";
import type { Clock } from "../../src/time/clock.ts";

/** A clock at 0, and the hand that turns it. */
export interface FakeClock {
  /** For what takes a clock. */
  readonly clock: Clock;
  /** Turns it: `tick`, `countTimers`, `now`. */
  readonly timers: ReturnType<typeof FakeTimers.createClock>;
}

/** Makes one. */
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
 * Turns the process's own `setTimeout` while the body runs, for waits that take no clock. Nothing that waits for real may
 * run meanwhile; `turn` lets other work go on.
 */
export async function withFakeTimeouts(body: (timers: FakeTimers.Clock) => Promise<void>): Promise<void> {
  const timers = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    await body(timers);
  } finally {
    timers.uninstall();
  }
}

/** Resolves when what was ready to go on has gone on. */
export async function turn(): Promise<void> {
  for (let times = 0; times < 5; times++) await new Promise((resolve) => setImmediate(resolve));
}

/** Sets what `Date` says while the body runs, in milliseconds since 1970. It does not move until it is set again. */
export async function withFakeDate(body: (set: (milliseconds: number) => void) => Promise<void>): Promise<void> {
  const timers = FakeTimers.install({ toFake: ["Date"] });
  try {
    await body((milliseconds) => timers.setSystemTime(milliseconds));
  } finally {
    timers.uninstall();
  }
}
