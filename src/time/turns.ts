// Work that is written as a generator, which yields wherever it may rest: done at once, or in turns. Both do the same steps.
import type { Pace } from "./pace.ts";

/** Does all of the work and returns what came of it. */
export function atOnce<T>(steps: Generator<void, T>): T {
  for (let step = steps.next();; step = steps.next()) if (step.done) return step.value;
}

/** Does the work in turns. Rejects with what the work throws, or with the pace's reason. */
export async function inTurns<T>(steps: Generator<void, T>, pace: Pace): Promise<T> {
  for (let step = steps.next();; step = steps.next()) {
    if (step.done) return step.value;
    if (pace.isSpent()) await pace.rest();
  }
}
