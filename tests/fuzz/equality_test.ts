import { parse } from "@cdktf/hcl2json";
import { assertEquals } from "@std/assert";
import type { ParseText } from "../../src/document/hcl.ts";
import { fuzzEquality } from "./equality.ts";

Deno.test("block by block or in one piece, hcl2json finds the same in random edits", async () => {
  const seed = Number(Deno.env.get("HONUA_FUZZ_SEED") ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`HONUA_FUZZ_SEED=${seed}`);
  assertEquals(await fuzzEquality(parse as ParseText, seed, 3_000), []);
});
