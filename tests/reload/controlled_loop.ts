// A loop under a test's control: the test moves the clock, and ends the looks and writes.
import type { Ledger } from "../../src/agreement/agreement.ts";
import type { ActivationResult, LookOutcome } from "../../src/reload/events.ts";
import type { Clock } from "../../src/time/clock.ts";
import { type Loop, type LoopOptions, runLoop } from "../../src/reload/loop.ts";
import type { Report } from "../../src/reload/report.ts";
import type { SnapshotId } from "../../src/reload/state.ts";

/** A clock at 0 whose timers fire within `advance`, in the order they are due. */
export interface ManualClock extends Clock {
  advance(milliseconds: number): void;
  /** How many timers run. */
  running(): number;
}

/** The ledger of an instance that agreed on the hash `1` at generation 1. */
export const AGREED: Ledger = {
  seen: 1,
  agreed: { generation: 1, hash: "1" },
  diverged: null,
  concluded: "1",
  unanswered: [],
  owed: null,
};

/** Work that the loop began: its input, and how to end it. */
export interface Begun<Input, Output> {
  readonly input: Input;
  readonly signal: AbortSignal;
  readonly end: (output: Output) => void;
  readonly fail: (error: unknown) => void;
}

/** A loop with all that it began and reported so far, the latest last. */
export interface ControlledLoop {
  readonly loop: Loop<string>;
  readonly clock: ManualClock;
  readonly looks: Begun<null, LookOutcome<string>>[];
  readonly writes: Begun<string, ActivationResult>[];
  readonly reports: Report<string>[];
}

/** A loop that is idle; jitter takes nothing away, so the first retry is after 1,000 ms. */
export function controlledLoop(active: SnapshotId | null, options: Partial<LoopOptions<string>> = {}): ControlledLoop {
  const clock = manualClock();
  const looks: ControlledLoop["looks"] = [];
  const writes: ControlledLoop["writes"] = [];
  const reports: Report<string>[] = [];
  const loop = runLoop<string>({
    active,
    look: (signal) => begin(looks, null, signal),
    activate: (candidate, signal) => begin(writes, candidate, signal),
    report: (report) => reports.push(report),
    clock,
    random: () => 1,
    ...options,
  });
  return { loop, clock, looks, writes, reports };
}

/** Runs every promise that is due. */
export async function turn(): Promise<void> {
  for (let tick = 0; tick < 20; tick++) await null;
}

function begin<Input, Output>(all: Begun<Input, Output>[], input: Input, signal: AbortSignal): Promise<Output> {
  const { promise, resolve, reject } = Promise.withResolvers<Output>();
  all.push({ input, signal, end: resolve, fail: reject });
  return promise;
}

/** A clock at 0. */
export function manualClock(): ManualClock {
  let now = 0;
  const timers = new Map<symbol, { due: number; callback: () => void }>();
  return {
    now: () => now,
    schedule(milliseconds, callback) {
      const key = Symbol();
      timers.set(key, { due: now + milliseconds, callback });
      return () => timers.delete(key);
    },
    advance(milliseconds) {
      const until = now + milliseconds;
      for (;;) {
        const [next] = [...timers].filter(([, { due }]) => due <= until).sort(([, a], [, b]) => a.due - b.due);
        if (next === undefined) break;
        now = next[1].due;
        timers.delete(next[0]);
        next[1].callback();
      }
      now = until;
    },
    running: () => timers.size,
  };
}
