import { parse } from "@cdktf/hcl2json";
import { assertEquals } from "@std/assert";
import type { ParseText } from "../../src/document/hcl/hcl.ts";
import { type Compared, fuzzRereading } from "./rereading.ts";

const STEPS = { read: 4_000, compile: 3_000 };

for (const compared of ["read", "compile"] as const) {
  Deno.test({
    name: `${compared === "read" ? "reading" : "compiling"} again after random edits gives the result of a fresh start`,
    // The Go runtime inside hcl2json sets timers of its own and leaves one behind now and then. It runs in this process
    // here alone.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () => equalAgain(compared),
  });
}

async function equalAgain(compared: Compared): Promise<void> {
  const seed = Number(Deno.env.get("HONUA_FUZZ_SEED") ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`HONUA_FUZZ_SEED=${seed}`);
  assertEquals(await fuzzRereading(compared, parse as ParseText, seed, STEPS[compared]), []);
}
