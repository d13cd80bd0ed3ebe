import { assert, assertEquals } from "@std/assert";
import { openBlockParser } from "../../src/document/hcl/block_parser.ts";
import { loadConfig, type Loaded } from "../../src/config/load.ts";
import { documentOf } from "../support/hcl.ts";
import { plain, remarks } from "./loading.ts";

async function loadHcl(lines: readonly string[], environment: Record<string, string> = {}): Promise<Loaded> {
  await using parser = openBlockParser();
  const document = await documentOf(lines.join("\n"), parser);
  return loadConfig({ document, environment: (name) => environment[name], validate: false });
}

Deno.test("a repeated name is an error that names both places", async () => {
  const lines = [
    'service "a" {}',
    'service "a" {}',
    "honua {}",
    "honua {}",
    'data_source "d" {',
    "  pool { min_size = 1 }",
    "  pool { min_size = 2 }",
    "}",
  ];
  const loaded = await loadHcl(lines);
  assert(!loaded.ok);
  const found = loaded.diagnostics.map(({ code, path, place, other }) => [code, path, place?.line, other?.place.line]);
  assertEquals(found, [
    ["config/duplicate", "service.a", 2, 1],
    ["config/duplicate", "honua", 4, 3],
    ["config/duplicate", "data_source.d.pool", 7, 6],
  ]);
  assertEquals(loaded.diagnostics.slice(0, 2).map(({ summary, suggestion }) => `${summary}: ${suggestion}`), [
    "service a is defined twice: Rename or remove one of them",
    "honua is defined twice: Make one block of the two",
  ]);
  const underlined = loaded.diagnostics.map(({ place }) =>
    lines.join("\n").slice(place!.range.start, place!.range.end)
  );
  assertEquals(underlined.slice(0, 2), ['service "a"', "honua"]);
});

Deno.test("a block with too few or too many names is an error", async () => {
  const loaded = await loadHcl(["cache {}", 'rate_limit "x" {}', 'layer "a" "b" {}', 'service "" {}']);
  assertEquals(remarks(loaded), [
    "error wrong-labels cache",
    "error wrong-labels rate_limit",
    "error wrong-labels layer.a",
    "error wrong-labels service",
  ]);
  assert(!loaded.ok);
  assertEquals(loaded.diagnostics.slice(0, 2).map(({ summary, suggestion }) => `${summary}: ${suggestion}`), [
    'cache needs exactly one name: Write cache "name" { … }',
    "rate_limit takes no name: Write rate_limit { … }",
  ]);
});

Deno.test("unknown blocks are carried with their labels as keys, and as a list if they repeat", async () => {
  const loaded = await loadHcl([
    'storage "azure" { bucket = "a" }',
    'storage "aws" "eu" { bucket = "b" }',
    "logging { level = 1 }",
    "logging { level = 2 }",
    "honua {",
    '  plugin "x" { path = "p" }',
    '  plugin "y" { path = env("P") }',
    "}",
  ], { P: "q" });
  assert(loaded.ok);
  const { storage, logging, honua } = plain(loaded.config) as Record<string, Record<string, unknown>>;
  assertEquals(storage, { azure: { bucket: "a" }, aws: { eu: { bucket: "b" } } });
  assertEquals(logging as unknown, [{ level: 1 }, { level: 2 }]);
  assertEquals(honua!.plugin, { x: { path: "p" }, y: { path: "q" } });
  assertEquals(remarks(loaded), [
    "warning server/not-supported storage",
    "warning server/not-supported logging",
    "warning server/not-supported honua.plugin",
  ]);
});

Deno.test("an unknown name that a reader of the snapshot would mistake for another is not carried", async () => {
  const loaded = await loadHcl(['layer "l" { idField = "x" }', "layers = 5", 'cache "c" { id = "d" }']);
  assert(loaded.ok);
  const { layers, caches } = plain(loaded.config) as Record<string, Record<string, Record<string, unknown>>>;
  assertEquals(layers!.l!.idField, "");
  assertEquals(caches!.c!.id, "c");
  assertEquals(loaded.warnings.map((one) => one.summary.includes("left out")), [true, true, true]);
});

Deno.test("the portable form is the same on hosts with other environments, and the resolved one is not", async () => {
  const text = [
    'variable "host" { default = env("HOST", "localhost") }',
    'data_source "d" { connection = "Host=${var.host};Password=${env:SECRET};Literal=$${x}" }',
    'cache "c" { enabled = env("CACHE", "true") }',
    'rate_limit { store = cache.c.enabled ? "redis" : "memory" }',
  ];
  const one = await loadHcl(text, { SECRET: "first" });
  const other = await loadHcl(text, { SECRET: "second", HOST: "db", CACHE: "false" });
  assert(one.ok && other.ok);
  assertEquals(plain(one.portable), plain(other.portable));
  assertEquals([one.config.rateLimit!.store, other.config.rateLimit!.store], ["redis", "memory"]);
  assertEquals(other.config.dataSources.d!.connection, "Host=db;Password=second;Literal=${x}");
  const { dataSources, rateLimit } = one.portable as unknown as typeof one.config;
  const connection = 'Host=${env("HOST", "localhost")};Password=${env("SECRET")};Literal=$${x}';
  assertEquals(dataSources.d!.connection, connection);
  assertEquals(rateLimit!.store, '${env("CACHE", "true") ? "redis" : "memory"}');
});

Deno.test("a mistake in an expression is placed inside it", async () => {
  const loaded = await loadHcl([
    'data_source "d" {',
    '  connection = "Host=${env("HOST")};Port=${var.prot}"',
    '  provider   = upper("x")',
    "}",
    'variable "port" { default = 5432 }',
  ], { HOST: "h" });
  assert(!loaded.ok);
  const found = loaded.diagnostics.map(({ summary, place, suggestion }) =>
    `${place?.line}:${place?.column} ${summary}; ${suggestion}`
  );
  assertEquals(found, [
    "2:44 Variable prot is not defined; Did you mean var.port?",
    "3:16 This function is not supported; null",
  ]);
});

Deno.test("a variable without a value is null, and its other settings are left out with a warning", async () => {
  const loaded = await loadHcl(['variable "a" { defualt = 1 }', 'variable "b" { default = 1, description = "x" }']);
  assert(loaded.ok);
  assertEquals(plain(loaded.config.variables), { a: null, b: 1 });
  assertEquals(remarks(loaded), [
    "warning variable-without-value variable.a",
    "warning server/not-supported variable.b.description",
  ]);
  assertEquals(
    loaded.warnings.find((one) => one.path === "variable.a")!.suggestion,
    "Did you mean default in place of defualt?",
  );
  const suggestions = loaded.warnings.filter(({ path }) => path !== "variable.a").map(({ suggestion }) => suggestion);
  assertEquals(suggestions, [null]);
});

Deno.test("a null that is written out is as good as nothing written", async () => {
  await using parser = openBlockParser();
  const document = await documentOf('cache "c" { type = null, connection = "x" }\n', parser);
  const loaded = loadConfig({ document, environment: () => undefined, validate: true });
  assertEquals(remarks(loaded), ["warning cache-without-type cache.c.type"]);
});

Deno.test("fields in a list may be named by a variable, and not by the environment", async () => {
  const named = (name: string) => [
    'variable "key" { default = "id" }',
    'layer "l" {',
    `  fields = [{ name = ${name}, type = "int" }]`,
    "}",
  ];
  const loaded = await loadHcl(named("var.key"));
  assert(loaded.ok);
  assertEquals(Object.keys(loaded.config.layers.l!.fields!), ["id"]);
  const open = await loadHcl(named('env("N")'), { N: "id" });
  assert(!open.ok);
  assertEquals(open.diagnostics.map(({ code, path, place }) => [code, path, place?.column]), [
    ["config/wrong-type", "layer.l.fields", 22],
  ]);
});

Deno.test("blocks and maps may be mixed in any order, as in rules and a rule", async () => {
  const forms = [
    'rules { a { window = "1h" } }',
    'rules = { a = { window = "1h" } }',
    'rules = { a { window = "1h" } }',
  ];
  for (const form of [...forms, 'rules { a = { window = "1h" } }', 'rules { "a" { window = "1h" } }']) {
    const loaded = await loadHcl([`rate_limit { ${form} }`]);
    assert(loaded.ok, form);
    assertEquals(plain(loaded.config.rateLimit!.rules), { a: { requests: 1000, window: "1h" } });
  }
});
