// Where time comes from: the system's by default, a test's own otherwise. Nothing in this room reads another clock.

/** A clock and its timers. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls back once, later; returns what cancels it. */
  schedule(milliseconds: number, callback: () => void): () => void;
}

/** The system's clock. */
export const realClock: Clock = {
  now: () => performance.now(),
  schedule(milliseconds, callback) {
    // What is longer would fire at once (HTML standard, timers; a 32-bit integer): 24 days are long enough.
    const timer = setTimeout(callback, Math.min(milliseconds, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};
