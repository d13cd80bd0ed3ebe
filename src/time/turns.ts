// Work in the form of a generator, which yields at each point where it may rest: run at once, or in turns. Both run the
// same steps.
import type { Pace } from "./pace.ts";

/** Runs all of the work and returns its result. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (let step = steps.next();; step = steps.next()) if (step.done) return step.value;
}

/** Runs the work in turns. Rejects with the work's error, or with the pace's reason. */
export async function inTurns<T>(steps: Generator<void, T>, pace: Pace): Promise<T> {
  for (let step = steps.next();; step = steps.next()) {
    if (step.done) return step.value;
    if (pace.isSpent()) await pace.rest();
  }
}
