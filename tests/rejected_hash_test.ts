// The hash of a rejected source: the one that other hosts have if they can take the same source, and otherwise none,
// since a configuration without its faulty parts could be another one that is valid.
import { assert, assertEquals } from "@std/assert";
import { compileSource } from "../src/compile.ts";
import { sourceText } from "../src/diagnostic/range.ts";
import { type BlockParser, openBlockParser } from "../src/document/hcl/block_parser.ts";

const HEAD = 'honua { version = "1.0" }\nservice "odata" {}\ndata_source "main" {\n  provider = "sqlite"\n';
const SOURCE = (connection: string) => `${HEAD}  connection = ${connection}\n}\n`;
const VALID = SOURCE('"Data Source=a"');

function layerWith(setting: string): string {
  return `${VALID}layer "l" {\n  title = "L"\n  data_source = data_source.main\n  table = "t"\n  id_field = "id"\n` +
    `  services = [service.odata]\n  ${setting}\n}\n`;
}

type HashOf = (
  text: string,
  environment?: Record<string, string>,
  format?: "hcl" | "json",
) => Promise<{ readonly ok: boolean; readonly hash: string | null }>;

async function withParser(test: (hashOf: HashOf) => Promise<void>): Promise<void> {
  await using parser = openBlockParser();
  await test((text, environment = {}, format = "hcl") => compiledHash(parser, text, environment, format));
}

async function compiledHash(
  parser: BlockParser,
  text: string,
  environment: Record<string, string>,
  format: "hcl" | "json",
): ReturnType<HashOf> {
  const source = sourceText(`a.${format}`, text);
  const compiled = await compileSource({
    source,
    format,
    environment: (name) => environment[name],
    validate: true,
    parser,
  });
  return { ok: compiled.ok, hash: compiled.ok ? compiled.snapshot.hash : compiled.hash };
}

const FAULTY: readonly [string, string][] = [
  ["a setting with a default", `${VALID}rate_limit {\n  rule "a" {\n    requests = oops\n  }\n}\n`],
  ["a setting of the wrong type with a default", layerWith('introspect_fields = "perhaps"')],
  ["a setting of the wrong type without one", layerWith("description = [1]")],
  ["a variable that nobody defined", layerWith("description = var.nothing")],
  ["a setting that is given twice", layerWith('description = "a"\n  description = "b"')],
  ["a block that is given twice", `${VALID}service "odata" {}\n`],
  ["a block with a wrong label", `${VALID}rate_limit "x" {}\n`],
  ["a list with an item of the wrong type", `${VALID}cache "c" {\n  required_in = ["a", ["b"]]\n}\n`],
  ["a block in which a text is", layerWith('geometry = "point"')],
  ["a circle of variables", `${VALID}variable "a" { default = var.a }\n`],
  ["an unknown setting whose value has no meaning", layerWith("unknown_thing = var.nothing")],
];

const BY_HOST: readonly [string, string, Record<string, string>][] = [
  ["lacks a variable", SOURCE('env("DATABASE")'), { DATABASE: "Data Source=a" }],
  [
    "has a text for a number",
    layerWith('geometry {\n    column = "g"\n    type = "Point"\n    srid = env("SRID")\n  }'),
    { SRID: "4326" },
  ],
  ["lacks an item of a list", `${VALID}cache "c" {\n  required_in = ["production", env("STAGE")]\n}\n`, {
    STAGE: "test",
  }],
];

Deno.test("a source with a part that no host can read is rejected without a hash", async () => {
  await withParser(async (hashOf) => {
    for (const [fault, text] of FAULTY) assertEquals(await hashOf(text), { ok: false, hash: null }, fault);
    const json = JSON.stringify({ honua: { version: "1.0", cors: { allowCredentials: "perhaps" } } });
    assertEquals(await hashOf(json, {}, "json"), { ok: false, hash: null });
  });
});

Deno.test("a source that only this host cannot take is rejected under the hash that it has on others", async () => {
  await withParser(async (hashOf) => {
    for (const [lack, text, environment] of BY_HOST) {
      const taken = await hashOf(text, environment);
      assert(taken.ok, text);
      const wrong = Object.fromEntries(Object.keys(environment).map((name) => [name, "far"]));
      const refused = await hashOf(text, lack.startsWith("lacks") ? {} : wrong);
      assertEquals(refused, { ok: false, hash: taken.hash }, lack);
    }
  });
});

Deno.test("a source that breaks a rule is rejected under its own hash", async () => {
  await withParser(async (hashOf) => {
    const { ok, hash } = await hashOf(layerWith("").replace("data_source.main", "data_source.other"));
    assert(!ok && hash !== null && hash !== (await hashOf(layerWith(""))).hash);
  });
});
