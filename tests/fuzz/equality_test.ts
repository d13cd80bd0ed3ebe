import { parse } from "@cdktf/hcl2json";
import { assertEquals } from "@std/assert";
import type { ParseText } from "../../src/document/hcl/hcl.ts";
import { fuzzEquality } from "./equality.ts";

Deno.test({
  name: "block by block or in one piece, hcl2json finds the same in random edits",
  // The Go runtime inside hcl2json sets timers of its own and leaves one behind now and then. It runs in this process
  // here alone.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: equalEitherWay,
});

async function equalEitherWay(): Promise<void> {
  const seed = Number(Deno.env.get("HONUA_FUZZ_SEED") ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`HONUA_FUZZ_SEED=${seed}`);
  assertEquals(await fuzzEquality(parse as ParseText, seed, 3_000), []);
}
