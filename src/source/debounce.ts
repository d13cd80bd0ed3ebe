// Turns many hints into few: the trailing edge of a burst fires, so its last hint is never lost, and a longest wait
// fires during a burst that does not end, so that a busy editor cannot starve what waits for it. These are the two
// quiescence timers of consul-template (its `wait { min, max }`).
import { type Clock, systemClock } from "../time/clock.ts";

/** How long to wait, in milliseconds. */
export interface Quiescence {
  /** A burst ends when no hint came for this long; 0 fires on the next tick. */
  readonly quietMilliseconds: number;
  /** Measured from the first hint of a burst; what came until then fires, and what comes after is another burst. */
  readonly longestMilliseconds: number;
}

/** The hints that wait for one firing: when the first and the last of them came. */
export interface Burst {
  /** Milliseconds on the clock. */
  readonly firstAt: number;
  /** Milliseconds on the clock. */
  readonly lastAt: number;
}

/** The burst after one more hint. */
export function withHint(burst: Burst | null, now: number): Burst {
  return { firstAt: burst?.firstAt ?? now, lastAt: now };
}

/** When a burst fires unless another hint comes first. */
export function dueAt(burst: Burst, quiescence: Quiescence): number {
  return Math.min(burst.lastAt + quiescence.quietMilliseconds, burst.firstAt + quiescence.longestMilliseconds);
}

/** What `settle` takes. */
export interface DebounceOptions {
  /** As in `Quiescence`. */
  readonly quietMilliseconds: number;
  /** As in `Quiescence`. Default: four times the quiet time. */
  readonly longestMilliseconds?: number;
  /** Default: the monotonic clock of this process. */
  readonly clock?: Clock;
}

/** A door at which hints are left. Disposing it closes it. */
export interface Debouncer extends Disposable {
  /** Says that there is something to look at. */
  hint(): void;
  /** Fires at once if a hint is waiting. */
  flush(): void;
  /** Drops what waits and takes no more hints. */
  close(): void;
}

/**
 * Calls `onSettled` once for the hints that came close together. A hint given while `onSettled` runs belongs to the
 * next burst. What `onSettled` throws is a bug and is not caught; no hint is lost by it.
 */
export function debounce(options: DebounceOptions, onSettled: () => void): Debouncer {
  const { quietMilliseconds, longestMilliseconds = 4 * quietMilliseconds, clock = systemClock } = options;
  let burst: Burst | null = null;
  let cancelTimer: (() => void) | null = null;
  let closed = false;

  function fire(): void {
    cancelTimer?.();
    cancelTimer = null;
    burst = null;
    onSettled();
  }

  // One timer a burst, not one a hint: where hints moved the moment on, the timer finds that out when it rings.
  function arm(): void {
    if (burst === null) return;
    const wait = dueAt(burst, { quietMilliseconds, longestMilliseconds }) - clock.now();
    cancelTimer = clock.schedule(Math.ceil(wait), ring);
  }

  function ring(): void {
    if (burst === null) return;
    if (dueAt(burst, { quietMilliseconds, longestMilliseconds }) > clock.now()) arm();
    else fire();
  }

  function close(): void {
    closed = true;
    burst = null;
    cancelTimer?.();
    cancelTimer = null;
  }

  return {
    hint() {
      if (closed) return;
      burst = withHint(burst, clock.now());
      if (cancelTimer === null) arm();
    },
    flush() {
      if (burst !== null) fire();
    },
    close,
    [Symbol.dispose]: close,
  };
}
