import { assert, assertEquals } from "@std/assert";
import type { HonuaConfig } from "../../src/config/honua_config.ts";
import type { Loaded } from "../../src/config/load.ts";
import type { Diagnostic } from "../../src/diagnostic/diagnostic.ts";
import { openBlockParser } from "../../src/document/hcl/block_parser.ts";
import { openServerFormWriter } from "../../src/snapshot/server_form_writer.ts";
import { load } from "../config/loading.ts";
import { outcomeOf } from "../conformance/expectation.ts";
import { type Random, randomFrom } from "../support/random.ts";
import { randomConfig } from "./random_config.ts";
import { joined, modelExpected, modelRead, serverText } from "./server_model.ts";

const SEED = Number(Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = 250;

/** All that is reported, even if it is refused: a configuration that skips the rules is written anyway. */
function diagnosticsOf(loaded: Loaded): readonly Diagnostic[] {
  return loaded.ok ? loaded.warnings : loaded.diagnostics;
}

/** Compares as text first: of thousands of configurations none is to be compared deeply unless it differs. */
async function compare(config: HonuaConfig, warnings: readonly Diagnostic[], where: () => string): Promise<void> {
  const text = await serverText(config);
  try {
    const [read, expected] = [modelRead(text, config), modelExpected(config, warnings)];
    if (JSON.stringify(read) !== JSON.stringify(expected)) assertEquals(read, expected);
  } catch (error) {
    throw new Error(`${where()}\n${text}`, { cause: error });
  }
}

Deno.test("a server reads any configuration unchanged, less the settings that were warned about", async () => {
  let compared = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { source, environment } = randomConfig(randomFrom(SEED + round));
    const loaded = load(source, environment, false);
    if (!loaded.ok) continue;
    compared++;
    const where = () => `SEED=${SEED + round}\n${JSON.stringify({ source, environment }, null, 1)}`;
    await compare(loaded.config, diagnosticsOf(load(source, environment)), where);
  }
  assert(compared > ROUNDS * 0.9, `only ${compared} of ${ROUNDS} were valid; SEED=${SEED}`);
});

Deno.test("a configuration leads to the same bytes after any earlier writes", async () => {
  const random = randomFrom(SEED);
  const some = Array.from({ length: 12 }, (_, at) => randomConfig(randomFrom(SEED + at)))
    .map(({ source, environment }) => load(source, environment, false))
    .filter((loaded) => loaded.ok).map(({ config }) => config);
  const writer = openServerFormWriter();
  for (let round = 0; round < 200; round++) {
    const config = mixed(random, some);
    const again = joined(await writer.write(config));
    assertEquals(again, joined(await openServerFormWriter().write(config)), `SEED=${SEED}, round ${round}`);
  }
});

/** A configuration whose parts, and the blocks of whose parts, are those of others. */
function mixed(random: Random, configs: readonly HonuaConfig[]): HonuaConfig {
  const blocks = <T>(of: (config: HonuaConfig) => Readonly<Record<string, T>>) => {
    const one = of(random.pick(configs));
    if (random.below(2) === 0) return one;
    const few = Object.entries(of(random.pick(configs))).filter(() => random.below(2) === 0);
    return Object.fromEntries([...Object.entries(one), ...few]);
  };
  return {
    honua: random.pick(configs).honua,
    dataSources: blocks((config) => config.dataSources),
    services: blocks((config) => config.services),
    layers: blocks((config) => config.layers),
    caches: blocks((config) => config.caches),
    rateLimit: random.pick(configs).rateLimit,
    variables: blocks((config) => config.variables),
  };
}

const corpus = Deno.env.get("HONUA_CORPUS");

Deno.test({
  name: "a server reads every valid text of the corpus unchanged, less the settings that were warned about",
  ignore: corpus === undefined,
  async fn() {
    await using parser = openBlockParser();
    let compared = 0;
    for (const path of textsIn(corpus!)) {
      const text = await Deno.readTextFile(path);
      const environment = (name: string) => `v_${name}`;
      const read = await outcomeOf(path, text, parser, { environment, validate: false });
      if (!read.parsed || !read.loaded.ok) continue;
      const judged = await outcomeOf(path, text, parser, { environment, validate: true });
      compared++;
      await compare(read.loaded.config, judged.diagnostics, () => path);
    }
    console.log(`${compared} valid texts of the corpus are compared`);
    assert(compared > 0);
  },
});

function* textsIn(directory: string): Generator<string> {
  for (const { name, isDirectory } of [...Deno.readDirSync(directory)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = `${directory}/${name}`;
    if (isDirectory) yield* textsIn(path);
    else if (/\.(hcl|honua|json)$/.test(name) && name !== "cases.json") yield path;
  }
}
