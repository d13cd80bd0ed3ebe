import { assertEquals } from "@std/assert";
import { openBlockParser } from "../../../src/document/hcl/block_parser.ts";
import { complaintsOf } from "../../support/hcl.ts";

for (
  const [what, text, place] of [
    ["lines", "a\n".repeat(1_000_001), "1000001:1"],
    ["values", "x = [" + "1,".repeat(1_000_000) + "]", "1:2000002"],
  ] as const
) {
  Deno.test(`says the place of a source with more ${what} than any configuration`, async () => {
    await using parser = openBlockParser();
    assertEquals(await complaintsOf(text, parser), [`document/too-many-values ${place}`]);
  });
}
