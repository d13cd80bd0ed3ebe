import { assert } from "@std/assert";
import { fuzzTest } from "../../fuzz/fuzz_test_case.ts";
import { checkPlaces } from "./value_places.ts";

const NAME = "the text at the place of a value is that value, in real sources and in many random edits of them";

fuzzTest(NAME, { runsGo: false }, async (seed) => {
  assert(await checkPlaces(seed, 3_000) > 10_000);
});
