import { assertEquals } from "@std/assert";
import { openBlockParser } from "../../src/document/hcl/block_parser.ts";
import {
  type Case,
  caseDifferences,
  compareRemarks,
  differences,
  outcomeOf,
  readIndex,
  remarksOf,
} from "./expectation.ts";

const corpus = Deno.env.get("HONUA_CORPUS");
if (corpus === undefined) {
  console.log("HONUA_CORPUS names no directory: the published files are not compared, our own fixtures are");
}

const fixtures = new URL("../fixtures/config", import.meta.url).pathname;

/** Every variable that a text can name has a value of this form. */
const environment = (name: string) => `v_${name}`;

/** The differences of texts from the `index.tsv` beside them. */
async function compareTexts(directory: string): Promise<{ count: number; found: string[] }> {
  await using parser = openBlockParser();
  const found: string[] = [];
  const expectations = readIndex(await Deno.readTextFile(`${directory}/index.tsv`));
  for (const expectation of expectations) {
    const text = await Deno.readTextFile(`${directory}/${expectation.file}`);
    const outcome = await outcomeOf(expectation.file, text, parser, { environment, validate: true });
    found.push(...differences(expectation, outcome).map((one) => `${expectation.file}: ${one}`));
  }
  return { count: expectations.length, found };
}

Deno.test("every one of our own fixtures has the outcome, the severities and the paths that are expected of it", async () => {
  assertEquals(await compareTexts(fixtures), { count: 9, found: [] });
});

Deno.test({
  name: "every text of the corpus has the outcome, the severities and the paths that are expected of it",
  ignore: corpus === undefined,
  async fn() {
    const { count, found } = await compareTexts(corpus!);
    assertEquals(found, []);
    assertEquals(count > 0, true);
  },
});

/** It writes an attribute twice, which is an error here. */
const excepted = "ConfigurationProcessor.ServiceSettings_InterpolatesStringValues";

/** Cases with more diagnostics than the server's validators give, by those diagnostics. */
const REFUSED_BY_SERVER: Readonly<Record<string, readonly string[]>> = {
  // Its validators only warn of a layer without an enabled service; its catalog refuses the disabled one that it names.
  "SemanticValidator.LayerWithNoEnabledServices_ReturnsWarning": ["error layer.test-layer.services"],
};

Deno.test({
  name: "every case of the server's own tests has the asserted result",
  ignore: corpus === undefined,
  async fn() {
    await using parser = openBlockParser();
    const found: string[] = [];
    const cases = JSON.parse(await Deno.readTextFile(`${corpus}/cases.json`)) as Case[];
    for (const one of cases.filter(({ id }) => id !== excepted)) {
      const text = await Deno.readTextFile(`${corpus}/${one.file}`);
      const env = one.env ?? {};
      const outcome = await outcomeOf(one.file, text, parser, {
        environment: (name) => Object.hasOwn(env, name) ? env[name] : undefined,
        validate: one.kind === "validator",
      });
      const refused = REFUSED_BY_SERVER[one.id];
      const differences = refused === undefined
        ? caseDifferences(one, outcome)
        : compareRemarks(refused, remarksOf(outcome.diagnostics, refused));
      found.push(...differences.map((difference) => `${one.id}: ${difference}`));
    }
    assertEquals(found, []);
    assertEquals(cases.length > 0, true);
  },
});
