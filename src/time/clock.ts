// The source of time: the system's by default, a test's own otherwise, so that a test of a wait need not wait.
import { clearImmediate, setImmediate } from "node:timers";

/** A clock and its timers. */
export interface Clock {
  /** Monotonic milliseconds: they never go back. */
  now(): number;
  /**
   * Calls back once, later (0: at the event loop's next turn). Returns a function that cancels, which may be called
   * late or twice.
   */
  schedule(milliseconds: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(milliseconds, callback) {
    if (milliseconds <= 0) {
      // A timer of 0 ms fires after 2.
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    }
    // A longer timer would fire at once (HTML standard, timers; a 32-bit integer): 24 days are long enough.
    const timer = setTimeout(callback, Math.min(milliseconds, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};
