// Where time comes from: the system's by default, a test's own otherwise. Whatever waits by it can be tried without
// waiting.

/** A clock and its timers. */
export interface Clock {
  /** Monotonic milliseconds: they never go back. */
  now(): number;
  /** Calls back once, later; what it returns cancels, and may be called late or twice. */
  schedule(milliseconds: number, callback: () => void): () => void;
}

/** The system's clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(milliseconds, callback) {
    // What is longer would fire at once (HTML standard, timers; a 32-bit integer): 24 days are long enough.
    const timer = setTimeout(callback, Math.min(milliseconds, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};
