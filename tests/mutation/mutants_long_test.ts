import { assert } from "@std/assert";
import { readTree } from "../../scripts/tidy/tree.ts";
import { mutated } from "./mutant.ts";
import { mutantsOf, parses } from "./mutants.ts";
import { sampleOf } from "./sample.ts";

Deno.test("every mutant of the program parses", async () => {
  const seed = Number(Deno.env.get("HONUA_FUZZ_SEED") ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`HONUA_FUZZ_SEED=${seed}`);
  const { code } = await readTree(new URL("../../", import.meta.url).pathname.replace(/\/$/, ""));
  const files = sampleOf(code.filter(({ path }) => path.startsWith("src/")), 6, seed);
  for (const { path, text } of files) {
    for (const mutant of sampleOf(mutantsOf(path, text), 8, seed)) {
      assert(parses(path, mutated(text, mutant)), `${path}:${mutant.line} ${mutant.old} => ${mutant.new}`);
      assert(mutated(text, mutant) !== text, `${path}:${mutant.line} ${mutant.old}`);
    }
  }
});
