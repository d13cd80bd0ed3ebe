// After any edit a load with memory gives the result of a fresh one, and asks the environment for the same.
import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { loadConfig, type Loaded, openLoader } from "../../src/config/load.ts";
import { openBlockParser } from "../../src/document/hcl/block_parser.ts";
import { randomFrom } from "../support/random.ts";
import { openBlockDocuments } from "./block_document.ts";
import { editBlocks, ENVIRONMENT_NAMES, randomBlocks, randomValue } from "./random_blocks.ts";

/** Edits blocks at random, in `runs` sequences, and holds each load with memory against a fresh one. */
export async function checkLoads(runs: number): Promise<void> {
  await using parser = openBlockParser();
  const documents = openBlockDocuments(parser);
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = { ...randomFrom(seed), isTidy: seed % 4 !== 0 };
      const loader = openLoader();
      const environment = new Map(ENVIRONMENT_NAMES.map((name) => [name, randomValue(random)]));
      const texts = randomBlocks(random);
      const earlier: { readonly loaded: Loaded; readonly said: string }[] = [];
      let before = [...texts];
      for (let step = 0; step < 16; step++) {
        const document = await documents.of(texts, "x".repeat(random.below(9)));
        const asked: [string[], string[]] = [[], []];
        const request = (to: string[]) => ({
          document,
          environment: (name: string) => (to.push(name), environment.get(name)),
          validate: random.below(9) > 0,
        });
        const remembering = request(asked[0]);
        const loaded = await loader.load(remembering);
        const said = JSON.stringify(loaded);
        const fresh = loadConfig({ ...request(asked[1]), validate: remembering.validate });
        assertStrictEquals(said, JSON.stringify(fresh), `step ${step}`);
        assertEquals(asked[0], asked[1], `step ${step}`);
        earlier.push({ loaded, said });

        const now = [...texts];
        editBlocks(random, texts, before);
        before = now;
        if (random.below(4) === 0) environment.set(random.pick(ENVIRONMENT_NAMES), randomValue(random));
      }
      for (const { loaded, said } of earlier) assertStrictEquals(JSON.stringify(loaded), said);
    }),
    { numRuns: runs },
  );
}
