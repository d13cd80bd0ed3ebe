import { assert, assertEquals } from "@std/assert";
import { fuzzTest } from "./fuzz_test_case.ts";
import { fuzzLoadPath, MAX_GROWTH_BYTES } from "./load_path.ts";

const NAME = "random sources become snapshots or diagnostics: nothing crashes, hangs, or eats memory";

fuzzTest(NAME, { runsGo: false }, async (seed) => {
  const { outcomes, growthBytes, faults } = await fuzzLoadPath(seed, 400);
  assertEquals(faults, []);
  assert(growthBytes < MAX_GROWTH_BYTES);
  // Sources that are all refused at the door would prove nothing about the rooms behind it.
  assert(outcomes.valid > 0 && outcomes.invalid > 0 && outcomes.undecodable > 0);
});
