import { parse } from "@cdktf/hcl2json";
import { assertEquals } from "@std/assert";
import type { ParseText } from "../../src/document/hcl.ts";
import { fuzzRereading } from "./rereading.ts";

Deno.test({
  name: "read again after random edits, a source gives what it gives afresh, places and diagnostics included",
  // The Go runtime inside hcl2json sets timers of its own and leaves one behind now and then. It runs in this process
  // here alone.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: equalAgain,
});

async function equalAgain(): Promise<void> {
  const seed = Number(Deno.env.get("HONUA_FUZZ_SEED") ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`HONUA_FUZZ_SEED=${seed}`);
  assertEquals(await fuzzRereading(parse as ParseText, seed, 4_000), []);
}
