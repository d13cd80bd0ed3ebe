import { assert, assertEquals, assertRejects } from "@std/assert";
import type { HonuaConfig, Layer } from "../../src/config/honua_config.ts";
import { openServerFormWriter } from "../../src/snapshot/server_form_writer.ts";
import { load, loadValid } from "../config/loading.ts";
import { readServerFile } from "../support/server_reader.ts";
import { joined, serverText } from "./server_model.ts";

const EMPTY: HonuaConfig = {
  honua: { version: "1.0", environment: "development", logLevel: "information", allowedHosts: [] },
  dataSources: {},
  services: {},
  layers: {},
  caches: {},
  variables: {},
};

const WRITTEN = `
honua {
  version = "1.0"
  environment = "development"
  log_level = "information"
  allowed_hosts = ["a", "b"]
  cors = {
    allow_any_origin = true
    allowed_origins = []
    allow_credentials = false
  }
}

variable "list" = ["a"]

variable "n" = -1

variable "text" = "b"

variable "yes" = true

data_source "main" {
  provider = "postgresql"
  connection = "Host=db"
  health_check = "SELECT 1"
  pool = {
    min_size = 1
    max_size = 10
    timeout = 30
  }
}

service "odata" {
  type = "odata"
  enabled = true
  csv_enabled = true
  empty = []
  kinds = ["x"]
  max_page_size = 100
}

layer "roads" {
  title = "Roads"
  data_source = "main"
  table = "roads"
  description = "all"
  geometry = {
    column = "geom"
    type = "Point"
    srid = 4326
  }
  id_field = "id"
  display_field = "n"
  introspect_fields = true
  fields = {
    id = { type = "int" nullable = true }
    n = { type = "string" nullable = true }
  }
  services = ["odata"]
}

cache "c" {
  type = "memory"
  enabled = true
  required_in = []
}

rate_limit {
  enabled = true
  store = "memory"
  rules = {
    default = { requests = 1000 window = "1m" }
  }
}
`;

Deno.test("one setting is a line, and no default of the server's counts", async () => {
  const { config } = loadValid({
    honua: { cors: { allowAnyOrigin: true }, allowedHosts: ["a", "b"] },
    dataSources: { main: { provider: "postgresql", connection: "Host=db", healthCheck: "SELECT 1", pool: {} } },
    services: { odata: { settings: { max_page_size: 100, csv_enabled: true, kinds: ["x"], empty: [] } } },
    layers: {
      "roads": {
        ...{ title: "Roads", dataSource: "main", table: "roads", idField: "id", displayField: "n", description: "all" },
        ...{
          services: ["odata"],
          geometry: { column: "geom", type: "Point" },
          fields: { id: { type: "int" }, n: "string" },
        },
      },
    },
    caches: { c: {} },
    rateLimit: { rules: { default: {} } },
    variables: { n: -1, yes: true, list: ["a"], text: "b" },
  });
  assertEquals(
    await serverText(config),
    WRITTEN,
  );
});

Deno.test("a text that the server would expand again travels as a variable, and any other unchanged", async () => {
  const environment = {
    HOST: "Host=pgvar.internal",
    NOPE: "$${env:NOPE}",
    CALL: `env("A")`,
    PLAIN: `\${ENV:x} env(A) var,x %`,
  };
  const { config } = loadValid({
    dataSources: { "a-b": { provider: "p", connection: "${env:HOST}", healthCheck: "${env:NOPE}" } },
    services: { s: { settings: { call: "${env:CALL}", plain: "${env:PLAIN}", list: ["${env:HOST}"] } } },
    layers: { l: { title: "${env:HOST}", description: "${env:NOPE}" } },
  }, environment);
  const text = await serverText(config);
  assertEquals(text.split("\n").filter((line) => line.startsWith("variable")), [
    'variable "honua_configd__data_source__a_002db__connection" = "Host=pgvar.internal"',
    'variable "honua_configd__data_source__a_002db__health_005fcheck" = "$${env:NOPE}"',
    'variable "honua_configd__service__s__call" = "env(\\"A\\")"',
  ]);
  const { dataSources, services, layers } = readServerFile(text);
  assertEquals([dataSources["a-b"]!.connection, dataSources["a-b"]!.healthCheck], [environment.HOST, environment.NOPE]);
  assertEquals({ ...services.s!.settings as object }, {
    call: environment.CALL,
    list: [environment.HOST],
    plain: environment.PLAIN,
  });
  assertEquals([layers.l!.title, layers.l!.description], [environment.HOST, environment.NOPE]);
});

Deno.test("no variable of the user's has the name of one by which a text travels", async () => {
  const taken = "honua_configd__data_source__d__connection";
  const source = (variables: object) => ({
    dataSources: { d: { provider: "p", connection: "${env:E}" } },
    variables,
  });
  const writer = openServerFormWriter();
  const nameIn = async (variables: object) => {
    const { config } = loadValid(source(variables), { E: "var.x" });
    const text = new TextDecoder().decode(joined(await writer.write(config)));
    assertEquals(readServerFile(text).dataSources.d!.connection, "var.x");
    return /connection = "var\.(.*)"/.exec(text)![1];
  };
  assertEquals(await nameIn({}), taken);
  assertEquals(
    await nameIn({ [taken]: "mine", honua_configd2__x: 1 }),
    taken.replace("honua_configd", "honua_configd3"),
  );
  assertEquals(await nameIn({ honua_configd: 1 }), taken);
  // Names that were chosen to be in the way cost one look at each.
  const many = Array.from({ length: 20_000 }, (_, at) => [`honua_configd${at === 0 ? "" : at + 1}__`, 1]);
  assertEquals(await nameIn(Object.fromEntries(many)), taken.replace("honua_configd", "honua_configd20001"));
});

Deno.test("ids that differ in any character have their own variables", async () => {
  const ids = ["a", "A", "a_", "_a", "a__", "a b", "a-b", "a_002db", "é", "e\u0301", "😀", "", "_", "a__connection"];
  const connection = "var.x";
  const sources = Object.fromEntries(ids.map((id) => [id, `${connection}${id}`]));
  const dataSources = Object.fromEntries(
    ids.map((id) => [id, { id, provider: "p", connection: sources[id]!, healthCheck: `var.${id}`, readOnly: false }]),
  );
  const read = readServerFile(await serverText({ ...EMPTY, dataSources }));
  assertEquals(Object.fromEntries(ids.map((id) => [id, read.dataSources[id]!.connection])), sources);
  assertEquals(ids.map((id) => read.dataSources[id]!.healthCheck), ids.map((id) => `var.${id}`));
});

Deno.test("a long id is not written again for each text that travels, and long ids keep their own variables", async () => {
  const [one, other] = ["a", "b"].map((end) => "-".repeat(50_000) + end) as [string, string];
  const settings = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`s${at}`, "pgvar.x"]));
  const { config } = loadValid({
    services: { [one]: { settings }, [other]: { settings: { ...settings, s0: "pgvar.y" } } },
    dataSources: { [`${one}c`]: { provider: "p", connection: "pgvar.z" } },
  });
  const text = await serverText(config);
  assert(text.length < 300_000, `${text.length} characters`);
  const read = readServerFile(text);
  assertEquals([one, other].map((id) => ({ ...read.services[id]!.settings as object })), [settings, {
    ...settings,
    s0: "pgvar.y",
  }]);
  assertEquals(read.dataSources[`${one}c`]!.connection, "pgvar.z");
});

Deno.test("a text that spells a reference of the server is written as that text", async () => {
  const spelled = { max_page_size: "${env:N}", csv_enabled: "${env:T}", default_crs: "${env:N}", other: "${env:N}" };
  const loaded = load({ services: { s: { settings: spelled } } }, { N: " 100 ", T: "True" });
  const { services } = loadValid({ services: { s: { settings: spelled } } }, { N: " 100 ", T: "True" }).config;
  const read = readServerFile(await serverText({ ...EMPTY, services }));
  assertEquals({ ...read.services.s!.settings as object }, {
    max_page_size: 100,
    csv_enabled: true,
    default_crs: " 100 ",
    other: " 100 ",
  });
  const reported = loaded.ok ? loaded.warnings : loaded.diagnostics;
  assertEquals(reported.filter(({ code }) => ["server/not-supported", "server/wrong-type"].includes(code)), []);
});

Deno.test("every switch that the server looks at is written as true or false", async () => {
  const formats = "csv kml kmz shapefile geopackage flatgeobuf geoarrow geoparquet pmtiles topojson".split(" ");
  const names = ["collections", "wfs", "wms", "wmts", "csw", "wcs", ...formats].map((name) => `${name}_enabled`);
  const settings = Object.fromEntries(names.map((name) => [name, "true"]));
  const read = readServerFile(
    await serverText({ ...EMPTY, services: { s: { id: "s", type: "ogc_api", enabled: true, settings } } }),
  );
  assertEquals({ ...read.services.s!.settings as object }, Object.fromEntries(names.map((name) => [name, true])));
});

const MANY = 10_000;

function manyLayers(): Record<string, Layer> {
  const layers: Record<string, Layer> = {};
  for (let at = 0; at < MANY; at++) layers[`layer_${(at * 7919) % MANY}`] = layerNamed(`layer_${(at * 7919) % MANY}`);
  return layers;
}

function layerNamed(id: string, title = "Layer"): Layer {
  return { id, title, dataSource: "d", table: "t", idField: "id", introspectFields: true, services: ["s"] };
}

Deno.test("of ten thousand layers only the one that was edited is written out again", async () => {
  const writer = openServerFormWriter();
  let looked = 0;
  const watched = (layer: Layer): Layer => new Proxy(layer, { get: (of, name) => (looked++, Reflect.get(of, name)) });
  const layers = Object.fromEntries(Object.entries(manyLayers()).map(([id, layer]) => [id, watched(layer)]));
  const costOf = async (changed: Record<string, Layer>) => {
    looked = 0;
    const written = joined(await writer.write({ ...EMPTY, layers: changed }));
    const cost = looked;
    assertEquals(written, joined(await openServerFormWriter().write({ ...EMPTY, layers: changed })));
    return cost;
  };
  const one = await costOf(layers) / MANY;
  assertEquals(await costOf(layers), 0);
  assertEquals(await costOf({ ...layers, layer_5000: watched(layerNamed("layer_5000", "New")) }), one);
  const { layer_77: _, ...fewer } = layers;
  assertEquals(await costOf(fewer), 0);
  assertEquals(await costOf(Object.fromEntries(Object.entries(layers).reverse())), 0);
  // The same object under another id is another block.
  assertEquals(await costOf({ ...layers, other: layers.layer_77! }), one);
});

Deno.test("the order in which a source has its blocks and settings makes no difference", async () => {
  const [one, other] = [{ a: 1, b: ["x"] }, { b: ["x"], a: 1 }].map((settings) => {
    const services = { s: { settings }, r: { settings } };
    const blocks = Object.entries(services);
    return loadValid({ services: Object.fromEntries(Object.keys(settings)[0] === "a" ? blocks : blocks.reverse()) });
  });
  assertEquals(await serverText(one!.config), await serverText(other!.config));
});

Deno.test("writing lets the others have their turns, and a write that is given up leaves the next one right", async () => {
  const layers = manyLayers();
  const config = { ...EMPTY, layers };
  const expected = joined(await openServerFormWriter().write(config));
  const writer = openServerFormWriter();
  let rests = 0;
  const spent = { isSpent: () => true, rest: () => (rests++, Promise.resolve()) };
  await writer.write({ ...EMPTY, layers: { a: layerNamed("a") } }, spent);
  const reason = new Error("not wanted any more");
  const givingUp = { isSpent: () => true, rest: () => ++rests > 200 ? Promise.reject(reason) : Promise.resolve() };
  assertEquals(await assertRejects(() => writer.write(config, givingUp)), reason);
  rests = 0;
  assertEquals(joined(await writer.write(config, spent)), expected);
  assertEquals(rests >= MANY - 200, true); // The pieces of a write that was given up are known.
});
