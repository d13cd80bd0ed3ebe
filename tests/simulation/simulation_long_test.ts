// Many more clusters than the short test has, from seeds that it does not have.
import { assert } from "@std/assert";
import { simulate } from "./simulation.ts";

const FIRST_SEED = 1_000;
const SEEDS = 600;

Deno.test(`${SEEDS} more clusters agree, with any events in their rollouts, and no step breaks an invariant`, () => {
  let activations = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) activations += simulate(seed).announcements;
  assert(activations > SEEDS);
});
