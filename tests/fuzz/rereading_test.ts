import { parse } from "@cdktf/hcl2json";
import { assertEquals } from "@std/assert";
import type { ParseText } from "../../src/document/hcl/hcl.ts";
import { fuzzTest } from "./fuzz_test_case.ts";
import { fuzzRereading } from "./rereading.ts";

fuzzTest("a source read again after random edits equals a fresh reading", { runsGo: true }, async (seed) => {
  assertEquals(await fuzzRereading("read", parse as ParseText, seed, 200), []);
});

fuzzTest("a source compiled again after random edits equals a fresh compilation", { runsGo: true }, async (seed) => {
  assertEquals(await fuzzRereading("compile", parse as ParseText, seed, 150), []);
});
