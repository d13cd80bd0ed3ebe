import { assert, assertEquals } from "@std/assert";
import { fuzzLoadPath, MAX_GROWTH_BYTES } from "./load_path.ts";

Deno.test("random sources become snapshots or diagnostics: nothing crashes, hangs, or eats memory", async () => {
  const seed = Number(Deno.env.get("HONUA_FUZZ_SEED") ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`HONUA_FUZZ_SEED=${seed}`);
  const { outcomes, growthBytes, faults } = await fuzzLoadPath(seed, 8_000);
  assertEquals(faults, []);
  assert(growthBytes < MAX_GROWTH_BYTES);
  // Sources that are all refused at the door would prove nothing about the rooms behind it.
  assert(outcomes.valid > 0 && outcomes.invalid > 0 && outcomes.undecodable > 0);
});
