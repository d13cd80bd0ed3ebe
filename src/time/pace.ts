// Long work in turns: between two of them the event loop serves whoever else waits (the watchdog, Redis, the admin
// interface). A turn lasts well under the 50 ms after which such a one would notice.
import { type Clock, systemClock } from "./clock.ts";

/** The turns of one piece of work. */
export interface Pace {
  /** Whether the turn has lasted long enough. Costs next to nothing: ask between any two small steps. */
  isSpent(): boolean;
  /** Lets the others have their turn. Rejects with the signal's reason where the work is not wanted any more. */
  rest(): Promise<void>;
}

/** How a pace is kept. */
export interface PaceOptions {
  /** How long a turn lasts, in milliseconds; default 20. */
  readonly turnMilliseconds?: number;
  /** Ends the work at its next rest. */
  readonly signal?: AbortSignal | undefined;
  /** Default: the monotonic clock of this process. */
  readonly clock?: Clock;
}

const TURN_MILLISECONDS = 20;

/**
 * The others need a moment in which nothing runs: where the loop's next turn begins the work again, a request that goes
 * through dozens of turns takes seconds.
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
