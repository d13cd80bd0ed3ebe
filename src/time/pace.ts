// Long work in turns: between two turns the event loop serves other work (the watchdog, Redis, the admin interface). A
// turn is much shorter than 50 ms, from which on clients would notice.
import { type Clock, systemClock } from "./clock.ts";

/** The turns of one piece of work. */
export interface Pace {
  /** Whether the turn has lasted long enough. Costs next to nothing: call it between any two small steps. */
  isSpent(): boolean;
  /** Lets other work run. Rejects with the signal's reason if the work is no longer wanted. */
  rest(): Promise<void>;
}

export interface PaceOptions {
  /** Default 20. */
  readonly turnMilliseconds?: number;
  /** Ends the work at its next rest. */
  readonly signal?: AbortSignal | undefined;
  /** Default: the monotonic clock of this process. */
  readonly clock?: Clock;
}

const TURN_MILLISECONDS = 20;

/**
 * Other work needs a moment in which nothing runs: if the work resumed at the loop's next turn, a request that goes
 * through dozens of turns would take seconds.
 */
const REST_MILLISECONDS = 1;

/**
 * Begins the first turn.
 *
 * @example
 * ```ts
 * const pace = openPace();
 * for (const block of blocks) {
 *   if (pace.isSpent()) await pace.rest();
 *   read(block);
 * }
 * ```
 */
export function openPace(options: PaceOptions = {}): Pace {
  const { turnMilliseconds = TURN_MILLISECONDS, signal, clock = systemClock } = options;
  let endsAt = clock.now() + turnMilliseconds;
  return {
    isSpent: () => clock.now() >= endsAt,
    async rest() {
      await new Promise<void>((resolve) => void clock.schedule(REST_MILLISECONDS, resolve));
      signal?.throwIfAborted();
      endsAt = clock.now() + turnMilliseconds;
    },
  };
}
