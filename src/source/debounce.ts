// Turns many hints into few calls. The trailing edge of a burst fires, so its last hint is never lost. A longest wait
// fires during a burst that does not end, so a busy editor cannot block the look. These are the two quiescence timers
// of consul-template (its `wait { min, max }`).
import { type Clock, systemClock } from "../time/clock.ts";

export interface Quiescence {
  /** A burst ends when no hint came for this long; 0 fires on the next tick. */
  readonly quietMilliseconds: number;
  /** Measured from the first hint of a burst; later hints begin another burst. */
  readonly longestMilliseconds: number;
}

/** The hints that wait for one call, by the times of the first and the last, in milliseconds on the clock. */
export interface Burst {
  readonly firstAt: number;
  readonly lastAt: number;
}

export function withHint(burst: Burst | null, now: number): Burst {
  return { firstAt: burst?.firstAt ?? now, lastAt: now };
}

/** The time at which a burst fires unless another hint comes first. */
export function dueAt(burst: Burst, quiescence: Quiescence): number {
  return Math.min(burst.lastAt + quiescence.quietMilliseconds, burst.firstAt + quiescence.longestMilliseconds);
}

export interface DebounceOptions {
  /** The longest wait is four times as long. */
  readonly quietMilliseconds: number;
  /** Default: the monotonic clock of this process. */
  readonly clock?: Clock;
}

/** Takes hints. Disposing it closes it. */
export interface Debouncer extends Disposable {
  /** Adds a hint to the burst, or begins one. */
  hint(): void;
  /** Drops the hints that wait; further ones do nothing. */
  close(): void;
}

/**
 * Calls `onSettled` once for the hints of a burst. A hint that comes while `onSettled` runs belongs to the next burst.
 * An exception of `onSettled` is a bug and is not caught; it loses no hint.
 */
export function debounce(options: DebounceOptions, onSettled: () => void): Debouncer {
  const { quietMilliseconds, clock = systemClock } = options;
  const quiescence: Quiescence = { quietMilliseconds, longestMilliseconds: 4 * quietMilliseconds };
  let burst: Burst | null = null;
  let cancelTimer: (() => void) | null = null;
  let closed = false;

  function fire(): void {
    cancelTimer?.();
    cancelTimer = null;
    burst = null;
    onSettled();
  }

  // One timer for a burst, not one for each hint: if hints moved the due time, the timer is set again when it rings.
  function arm(): void {
    if (burst === null) return;
    const wait = dueAt(burst, quiescence) - clock.now();
    cancelTimer = clock.schedule(Math.ceil(wait), ring);
  }

  function ring(): void {
    if (burst === null) return;
    if (dueAt(burst, quiescence) > clock.now()) arm();
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
    close,
    [Symbol.dispose]: close,
  };
}
