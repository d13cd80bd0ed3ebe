import { parse } from "@cdktf/hcl2json";
import { assertEquals } from "@std/assert";
import type { ParseText } from "../../src/document/hcl/hcl.ts";
import { fuzzEquality } from "./equality.ts";
import { fuzzTest } from "./fuzz_test_case.ts";

fuzzTest("block by block or in one piece, hcl2json finds the same in random edits", { runsGo: true }, async (seed) => {
  assertEquals(await fuzzEquality(parse as ParseText, seed, 120), []);
});
