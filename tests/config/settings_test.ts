import { assert, assertEquals, assertThrows } from "@std/assert";
import type { JsonObject } from "../../src/config/json.ts";
import { asHonuaConfig, checkBlock } from "../../src/config/schema.ts";
import { load, loadValid, plain, remarks } from "./loading.ts";

Deno.test("a configuration that says nothing has the defaults", () => {
  const { config, portable, counts } = loadValid({});
  const expected = {
    honua: { version: "1.0", environment: "development", logLevel: "information", allowedHosts: [] },
    dataSources: {},
    services: {},
    layers: {},
    caches: {},
    variables: {},
  };
  assertEquals(plain(config), expected);
  assertEquals(plain(portable), expected);
  assertEquals(counts, { dataSources: 0, services: 0, layers: 0, caches: 0, variables: 0 });
});

Deno.test("every block has its defaults, and an absent setting without one stays absent", () => {
  const { config } = loadValid({
    dataSources: { d: { pool: {} } },
    services: { s: {} },
    layers: { l: { geometry: {}, fields: { f: {} } } },
    caches: { c: {} },
    rateLimit: { rules: { r: {} } },
  });
  const pool = { minSize: 1, maxSize: 10, timeout: 30 };
  assertEquals(plain(config.dataSources.d), { id: "d", provider: "", connection: "", pool, readOnly: false });
  assertEquals(plain(config.services.s), { id: "s", type: "s", enabled: true, settings: {} });
  assertEquals(plain(config.layers.l), {
    id: "l",
    title: "",
    dataSource: "",
    table: "",
    geometry: { column: "", type: "", srid: 4326 },
    idField: "",
    introspectFields: true,
    fields: { f: { type: "", nullable: true } },
    services: [],
  });
  assertEquals(plain(config.caches.c), { id: "c", type: "memory", enabled: true, requiredIn: [] });
  assertEquals(plain(config.rateLimit), {
    enabled: true,
    store: "memory",
    rules: { r: { requests: 1000, window: "1m" } },
  });
});

Deno.test("a model outside the schema's types, or without a member, is never taken for a configuration", () => {
  const geometry = { column: "", type: "", srid: 4326 };
  const { config } = loadValid({ layers: { roads: { geometry } } });
  const roads = plain(config.layers.roads) as JsonObject;
  checkBlock("layer", roads);
  for (const wrong of [{ ...geometry, srid: "4326" }, { ...geometry, srid: 2 ** 31 }, { column: "", type: "" }, null]) {
    assertThrows(() => checkBlock("layer", { ...roads, geometry: wrong }), Error, "a block was read that is no layer");
  }
  const model = plain(config) as JsonObject;
  assertEquals(plain(asHonuaConfig(model)), model);
  for (const wrong of [{ ...model, layers: null }, { ...model, caches: [] }, { honua: model.honua! }]) {
    assertThrows(() => asHonuaConfig(wrong), Error, "a block was read that is no configuration");
  }
});

Deno.test("texts that spell a number or a boolean become typed, and in a service's settings they stay texts", () => {
  const { config, portable } = loadValid({
    variables: { size: "7", on: "TRUE" },
    dataSources: { d: { pool: { minSize: "5", maxSize: "${var.size}", timeout: "${env:T}" }, readOnly: "${var.on}" } },
    services: { s: { enabled: "${env:E}", settings: { size: "5", limit: "${env:T}", flag: "true", number: 5 } } },
    layers: { l: { title: 1.5, table: true } },
    honua: { allowedHosts: "a, b,,c ", version: "${env:V}" },
  }, { T: "30", E: "False", V: "1.0" });
  assertEquals(plain(config.dataSources.d!.pool), { minSize: 5, maxSize: 7, timeout: 30 });
  assertEquals(config.dataSources.d!.readOnly, true);
  assertEquals(config.services.s!.enabled, false);
  assertEquals(plain(config.services.s!.settings), { size: "5", limit: "30", flag: "true", number: 5 });
  assertEquals([config.layers.l!.title, config.layers.l!.table], ["1.5", "true"]);
  assertEquals(config.honua.allowedHosts, ["a", "b", "c"]);
  const { dataSources, services, honua } = plain(portable) as typeof config;
  assertEquals(dataSources.d!.pool as unknown, { minSize: 5, maxSize: 7, timeout: '${env("T")}' });
  assertEquals([services.s!.enabled as unknown, services.s!.settings.limit], ['${env("E")}', '${env("T")}']);
  assertEquals(honua.version, '${env("V")}');
});

Deno.test("a value of another type is an error at its path, and only that", () => {
  const loaded = load({
    dataSources: { d: { provider: ["x"], connection: "x", pool: { minSize: 1.5, maxSize: 3e9, timeout: "soon" } } },
    services: { s: { enabled: "perhaps" } },
    layers: { l: { title: "t", table: "t", dataSource: "d", idField: "i", fields: 5, services: [["s"]] } },
    honua: { cors: true },
  });
  assertEquals(remarks(loaded).sort(), [
    "error wrong-type data_source.d.pool.max_size",
    "error wrong-type data_source.d.pool.min_size",
    "error wrong-type data_source.d.pool.timeout",
    "error wrong-type data_source.d.provider",
    "error wrong-type honua.cors",
    "error wrong-type layer.l.fields",
    "error wrong-type layer.l.services",
    "error wrong-type service.s.enabled",
  ]);
  const summaries = loaded.ok ? [] : loaded.diagnostics.map(({ summary }) => summary);
  for (const summary of ["timeout has to be a whole number", "enabled has to be true or false"]) {
    assertEquals(summaries.filter((one) => one === summary).length, 1, summary);
  }
});

Deno.test("a list of the environment stays one text in the portable form", () => {
  const { config, portable } = loadValid({ honua: { allowedHosts: "${env:H}" } }, { H: "a.b, c" });
  assertEquals(config.honua.allowedHosts, ["a.b", "c"]);
  assertEquals((plain(portable) as { honua: unknown }).honua, {
    version: "1.0",
    environment: "development",
    logLevel: "information",
    allowedHosts: '${env("H")}',
  });
});

Deno.test("true and false are recognised in any case of letters, except in a reference", () => {
  const { config } = loadValid({
    variables: { v: "${TRUE}" },
    services: { s: { enabled: "${False}", settings: { on: "${tRuE}", of: ["${var.v}", "TRUE"] } } },
    layers: { l: { dataSource: "${TRUE}", introspectFields: "${FALSE}" } },
  });
  const { enabled, settings } = config.services.s!;
  assertEquals([enabled, plain(settings)], [false, { on: true, of: [true, "TRUE"] }]);
  assertEquals([config.layers.l!.dataSource, config.layers.l!.introspectFields], ["TRUE", false]);
  for (const word of ["untrue", "trueish", "fals", "falsehood"]) {
    assertEquals(remarks(load({ services: { s: { enabled: `\${${word}}` } } }, {}, false)), [
      "error unsupported-expression service.s.enabled",
    ], word);
  }
});

Deno.test("a reference is its last dotted part", () => {
  const layer = {
    dataSource: "any.thing.db",
    services: ["service.odata", "wfs", "${service.tiles}", "${env:S}", "${a-b}"],
  };
  const { config, portable } = loadValid({ layers: { l: layer } }, { S: "service.x" });
  assertEquals(config.layers.l!.dataSource, "db");
  assertEquals(config.layers.l!.services, ["odata", "wfs", "tiles", "x", "a-b"]);
  const open = ["odata", "wfs", "tiles", '${env("S")}', "a-b"];
  assertEquals((portable as unknown as typeof config).layers.l!.services, open);
});

Deno.test("a bare var.x counts only in the settings in which the server looks for it", () => {
  const text = "a=var.b;c=myvar.b;d=x.var.b;var.;env('');var.on-var.none";
  const { config } = loadValid({
    variables: { b: "B", on: true, none: null },
    dataSources: { d: { connection: text, provider: text, healthCheck: text } },
    services: { s: { settings: { text, deep: [{ text }, text] } } },
    caches: { c: { connection: text, type: text } },
    rateLimit: { store: "var.b${env:E}" },
  }, { E: "var.b" });
  const substituted = "a=B;c=myvar.b;d=x.var.b;var.;env('');True-var.none";
  const { provider, connection, healthCheck } = config.dataSources.d!;
  assertEquals([provider, connection, healthCheck], [text, substituted, substituted]);
  assertEquals(plain(config.services.s!.settings), { text: substituted, deep: [{ text }, text] });
  assertEquals([config.caches.c!.type, config.caches.c!.connection], [text, substituted]);
  assertEquals(config.rateLimit!.store, "Bvar.b");
  const loaded = load({ services: { s: { settings: { a: "var.unknown" } } } });
  assert(remarks(loaded).includes("error undefined-variable service.s.a"));
});

Deno.test("a bare env('X') or env(\"X\") counts in the same settings as a bare var.x, once, and is of the environment", () => {
  const text = `a=env('E');b=env("E")x;c=getenv("E");d=env("E", "x");e=env(E);env("var.b").env('E')`;
  const environment = { E: "var.b-env('E')", "var.b": "V" };
  const request = {
    variables: { b: "env('E')" },
    dataSources: { d: { provider: text, connection: text, healthCheck: "env('E')" } },
    services: { s: { settings: { text: "var.b" } } },
  };
  const { config, portable } = loadValid(request, environment);
  const { E: value } = environment;
  const { provider, connection, healthCheck } = config.dataSources.d!;
  assertEquals([provider, healthCheck], [text, value]);
  assertEquals(connection, `a=${value};b=${value}x;c=getenv("E");d=env("E", "x");e=env(E);V.${value}`);
  assertEquals(config.services.s!.settings, Object.assign(Object.create(null), { text: "env('E')" }));
  const open = plain(portable) as typeof request;
  assertEquals(open.dataSources.d.healthCheck, '${env("E")}');
  const loaded = load({ ...request, services: { s: { settings: { text: "x env('NONE')" } } } }, environment);
  assertEquals(remarks(loaded).filter((one) => one.startsWith("error")), [
    "error missing-environment-variable service.s.text",
  ]);
});

Deno.test("a variable may be a list or a map, and replaces any whole value", () => {
  const { config } = loadValid({
    variables: { hosts: ["a", "${env:H}"], pool: { max_size: 4 } },
    honua: { allowedHosts: "${var.hosts}" },
    dataSources: { d: { pool: "${var.pool}" } },
  }, { H: "b" });
  assertEquals(config.honua.allowedHosts, ["a", "b"]);
  assertEquals(config.dataSources.d!.pool!.maxSize, 4);
  const fields = loadValid({
    variables: { whole: { type: "int", nullable: false }, type: "long" },
    layers: { l: { fields: { a: "${var.whole}", b: "${var.type}", c: "${null}", d: "${true}" } } },
  }).config.layers.l!.fields;
  assertEquals(plain(fields), {
    a: { type: "int", nullable: false },
    b: { type: "long", nullable: true },
    c: { type: "", nullable: true },
    d: { type: "true", nullable: true },
  });
  const inside = load({ variables: { hosts: ["a"] }, honua: { environment: "x${var.hosts}" } });
  assert(remarks(inside).includes("error list-in-expression honua.environment"));
});

Deno.test("unknown settings are kept as written, with one warning each", () => {
  const loaded = loadValid({
    honua: { Plugins: { paths: ["x"], deep: { NULL: null } }, log_levle: "debug" },
    rateLimit: { rules: { r: { burst: 5 } } },
    Logging: { level: "debug" },
    trace: true,
  });
  assertEquals(remarks(loaded), [
    "warning server/not-supported honua.Plugins",
    "warning server/not-supported honua.log_levle",
    "warning server/not-supported rate_limit.rules.r.burst",
    "warning server/not-supported Logging",
    "warning server/not-supported trace",
  ]);
  assertEquals(loaded.warnings[1]!.suggestion, "Did you mean logLevel?");
  const { honua, rateLimit, Logging, trace } = plain(loaded.config) as Record<string, Record<string, unknown>>;
  assertEquals((honua!.Plugins as { paths: unknown }).paths, ["x"]);
  assertEquals(rateLimit!.rules, { r: { requests: 1000, window: "1m", burst: 5 } });
  assertEquals([Logging, trace], [{ level: "debug" }, true]);
});

Deno.test("hostile names are names like any other", () => {
  const text = `{
    "dataSources": { "__proto__": { "provider": "sqlite", "connection": "x", "constructor": 1 } },
    "services": { "constructor": { "settings": { "__proto__": { "a": 1 }, "toString": 2 } } },
    "layers": { "l": { "title": "t", "dataSource": "__proto__", "table": "t", "idField": "i",
                       "services": ["constructor"], "fields": { "__proto__": "int" } } }
  }`;
  const loaded = load(text);
  assert(loaded.ok);
  assertEquals(Object.keys(loaded.config.dataSources), ["__proto__"]);
  assertEquals(Object.keys(Object.values(loaded.config.services)[0]!.settings), ["__proto__", "toString"]);
  assertEquals(Object.keys(loaded.config.layers.l!.fields!), ["__proto__"]);
  const unknown = load(text.replace('"dataSource": "__proto__"', '"dataSource": "toString"'));
  assert(remarks(unknown).includes("error unknown-reference layer.l.data_source"));
});

Deno.test("half a character is refused, wherever it comes from", () => {
  const loaded = load({ honua: { environment: "${env:E}", version: '${"\\ud800"}' } }, { E: "\ud800" }, false);
  assertEquals(remarks(loaded), ["error not-unicode honua.environment", "error not-unicode honua.version"]);
});

Deno.test("a missing variable of the environment is an error only at its name", () => {
  const loaded = load({
    variables: { secret: "${env:MISSING}" },
    dataSources: { d: { provider: "sqlite", connection: "${var.secret}" } },
    caches: { c: { type: "redis", connection: "${env:OTHER}" } },
  });
  const errors = remarks(loaded).filter((one) => one.startsWith("error"));
  assertEquals(errors, [
    "error missing-environment-variable variable.secret",
    "error missing-environment-variable cache.c.connection",
  ]);
});

Deno.test("no diagnostic has a value that came from the environment", () => {
  const secret = "hunter2-of-the-environment";
  const dependent = "${env:S}";
  const loaded = load({
    honua: { version: dependent, logLevel: dependent, environment: dependent, cors: { allowAnyOrigin: dependent } },
    variables: { v: dependent },
    dataSources: { d: { provider: "${var.v}", connection: dependent, pool: { minSize: dependent } } },
    layers: {
      l: { title: "t", table: "t", idField: "i", dataSource: dependent, services: [dependent, "x${var.v}"] },
      m: { geometry: { type: dependent }, fields: { f: { type: dependent } } },
    },
    caches: { c: { type: dependent, enabled: dependent } },
    rateLimit: { store: '${cache.c.enabled ? "a" : "b"}', rules: { r: { window: dependent } } },
  }, { S: secret });
  assert(!loaded.ok && loaded.diagnostics.length > 8);
  assertEquals(JSON.stringify(loaded.diagnostics).includes(secret), false);
  assertEquals(loaded.secrets, [secret]);
});

Deno.test("of very many diagnostics the first thousand are kept, errors before warnings, and a last says so", () => {
  const unknown = Object.fromEntries(Array.from({ length: 3_000 }, (_, at) => [`unknown${at}`, at]));
  const loaded = load({ ...unknown, layers: { l: {} } });
  assert(!loaded.ok);
  assertEquals(loaded.diagnostics.length, 1_001);
  assertEquals(loaded.diagnostics.filter((one) => one.severity === "error").length, 4);
  assertEquals(loaded.diagnostics.at(-1)!.code, "config/too-many-diagnostics");
});

Deno.test("without validation the rules are not asked, the schema is", () => {
  assertEquals(load({ layers: { l: { dataSource: "none" } } }, {}, false).ok, true);
  assertEquals(load({ layers: { l: { introspectFields: "perhaps" } } }, {}, false).ok, false);
});

Deno.test("in JSON a name in HCL's spelling is unknown, and so is a member beside a service's settings", () => {
  const loaded = loadValid({
    honua: { log_level: "debug" },
    services: { odata: { enabeld: false, settings: { enabled: "x", type: "y" } } },
    cache: { redis: {} },
    rate_limit: { store: "redis" },
  });
  assertEquals(remarks(loaded), [
    "warning server/not-supported honua.log_level",
    "warning server/not-supported service.odata.enabeld",
    "warning server/not-supported cache",
    "warning server/not-supported rate_limit",
  ]);
  assertEquals(loaded.warnings.map((one) => one.suggestion).slice(0, 2), [
    "Did you mean logLevel?",
    "Did you mean enabled?",
  ]);
  assertEquals(loaded.config.honua.logLevel, "information");
  assertEquals(plain(loaded.config.services.odata), {
    id: "odata",
    type: "odata",
    enabled: true,
    enabeld: false,
    settings: { enabled: "x", type: "y" },
  });
  assertEquals([loaded.config.rateLimit, Object.keys(loaded.config.caches)], [undefined, []]);
});

Deno.test("only white space is nothing, as it is to the server", () => {
  const loaded = load({
    honua: { version: " ", environment: "${env:E}", logLevel: "\t " },
    dataSources: { d: { provider: "\t", connection: "  " } },
    caches: { c: { type: "redis", connection: " " } },
    services: { " ": {} },
  }, { E: "  " });
  assertEquals(remarks(loaded).filter((one) => one.startsWith("error")), [
    "error missing-setting honua.version",
    "error missing-setting honua.environment",
    "error missing-setting data_source.d.provider",
    "error missing-setting data_source.d.connection",
    "error missing-setting cache.c.connection",
    "error wrong-labels service",
  ]);
});

Deno.test("no summary quotes a text that is or looks like a secret", () => {
  const loaded = load({
    variables: { api_key: "hunter2222" },
    honua: { logLevel: "${var.api_key}" },
    dataSources: { d: { provider: "postgres://u:hunter2222@h/db", connection: "x" } },
    layers: { l: { title: "t", dataSource: "Host=h;Password=hunter2222", table: "t", idField: "i" } },
    caches: { c: { connection: "${hunter2222}", type: "${hunter2222(1)}" } },
  });
  assert(!loaded.ok);
  for (const { summary, why, suggestion } of loaded.diagnostics) {
    assertEquals(`${summary} ${why} ${suggestion}`.includes("hunter2222"), false, summary);
  }
});
