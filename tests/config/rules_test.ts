// Each rule by a configuration that fires it and by one as near as can be that does not. Only the remark in question is
// looked for: other remarks on a configuration have their own rows.
import { assertEquals } from "@std/assert";
import { NO_FACTS } from "../../src/config/facts.ts";
import type { Layer } from "../../src/config/honua_config.ts";
import { layerReferences } from "../../src/config/rules_of_reference.ts";
import { load, remarks } from "./loading.ts";

type Tree = { readonly [name: string]: unknown };

/** A configuration of which no rule has anything to say. */
const TIDY: Tree = {
  honua: { version: "1.0", environment: "staging", logLevel: "debug", cors: { allowedOrigins: ["https://a"] } },
  dataSources: { db: { provider: "sqlite", connection: "x", pool: { minSize: 1, maxSize: 2, timeout: 1 } } },
  services: {
    odata: { settings: { max_page_size: 1, default_page_size: 1 } },
    tiles: { type: "ogc_api", settings: { item_limit: 1 } },
  },
  layers: {
    roads: {
      title: "Roads",
      dataSource: "db",
      table: "roads",
      idField: "id",
      displayField: "name",
      geometry: { column: "geom", type: "Point", srid: 1 },
      fields: { id: "int", name: "string", geom: "geometry" },
      services: ["odata", "tiles"],
    },
  },
  caches: { redis: { type: "redis", connection: "r", requiredIn: ["production"] }, local: { type: "memory" } },
  rateLimit: { store: "redis", rules: { all: { requests: 1, window: "1s" } } },
};

/** A tree in which another is laid over the first; undefined takes a member away. */
function laid(under: unknown, over: unknown): unknown {
  if (!isTree(under) || !isTree(over)) return over;
  const names = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries([...names].map((name) => [
    name,
    Object.hasOwn(over, name) ? laid(under[name], over[name]) : under[name],
  ]));
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The fields of the tidy layer taken away one by one, which leaves a map without any. */
const NONE: Tree = { id: undefined, name: undefined, geom: undefined };

/** A setting of the tidy configuration at a path of names, with another value. */
function at(path: string, value: unknown): Tree {
  return path.split(".").reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as Tree;
}

function messages(...over: readonly Tree[]): string[] {
  return remarks(load(over.reduce<unknown>(laid, TIDY)));
}

/** A remark, a source that causes it, and one that does not. */
type Rule = readonly [remark: string, fires: readonly Tree[], silent: readonly Tree[]];

/** A rule on one setting: the values that fire it and those that do not. */
function on(path: string, remark: string, fires: readonly unknown[], silent: readonly unknown[]): Rule {
  return [remark, fires.map((value) => at(path, value)), silent.map((value) => at(path, value))];
}

function check(rules: readonly Rule[]): void {
  for (const [remark, fires, silent] of rules) {
    for (const over of fires) assertEquals(messages(over).includes(remark), true, `${remark}: ${JSON.stringify(over)}`);
    for (const over of silent) {
      assertEquals(messages(over).includes(remark), false, `${remark}: ${JSON.stringify(over)}`);
    }
  }
}

Deno.test("a tidy configuration has no finding", () => assertEquals(load(TIDY).ok && messages(), []));

Deno.test("rules of the server's own settings fire at their bounds and not before", () => {
  const levels = ["Trace", "debug", "INFORMATION", "warning", "error", "critical"];
  const cors = (value: Tree): Tree => at("honua.cors", { allowedOrigins: [], ...value });
  const both = { allowAnyOrigin: true, allowCredentials: true };
  check([
    on("honua.version", "error missing-setting honua.version", ["", " "], ["2", "1.0", undefined]),
    on("honua.version", "warning unknown-version honua.version", ["2.0", "2.1.0", "1", "11.0", " 1.0"], [
      "1.",
      "1.9",
      " ",
    ]),
    on("honua.environment", "error missing-setting honua.environment", ["", "\t"], ["x", undefined]),
    on("honua.logLevel", "error unknown-value honua.log_level", ["verbose", " debug"], [...levels, "", " "]),
    ["error cors-credentials honua.cors", [
      cors(both),
      // One mistake does not hide another.
      cors({ ...both, allowedOrigins: 5 }),
    ], [
      cors({ allowAnyOrigin: true }),
      cors({ allowCredentials: true }),
      cors({ ...both, allowAnyOrigin: "perhaps" }),
      cors({ ...both, allowCredentials: "perhaps" }),
    ]],
    ["warning cors-no-origins honua.cors.allowed_origins", [
      cors({}),
      cors({ allowedOrigins: "" }),
      cors({ allowCredentials: "perhaps" }),
    ], [
      cors({ allowAnyOrigin: true }),
      cors({ allowedOrigins: ["a"] }),
      cors({ allowedOrigins: 5 }),
      cors({ allowAnyOrigin: "perhaps" }),
      at("honua.cors", undefined),
    ]],
  ]);
});

Deno.test("rules of a data source fire at their bounds and not before", () => {
  const providers = ["sqlite", "PostgreSQL", "sqlserver", "mysql", "oracle"];
  const pool = (minSize: unknown, maxSize: unknown): Tree => at("dataSources.db.pool", { minSize, maxSize });
  check([
    on("dataSources.db.provider", "error missing-setting data_source.db.provider", ["", " ", undefined], ["x"]),
    on("dataSources.db.provider", "warning unknown-value data_source.db.provider", ["db2", "sqlit"], [
      ...providers,
      " ",
    ]),
    on("dataSources.db.connection", "error missing-setting data_source.db.connection", ["", undefined], ["x", ["x"]]),
    on("dataSources.db.pool.minSize", "error out-of-range data_source.db.pool.min_size", [-1], [0, undefined, "x"]),
    on("dataSources.db.pool.maxSize", "error out-of-range data_source.db.pool.max_size", [0, -1], [1]),
    on("dataSources.db.pool.timeout", "error out-of-range data_source.db.pool.timeout", [-1], [0]),
    [
      "error pool-bounds data_source.db.pool",
      [pool(3, 2), pool(11, undefined), pool(undefined, 0)],
      // The default of a value that could not be read is nobody's choice.
      [pool(2, 2), pool(10, undefined), pool("x", 0), pool(11, "x"), at("dataSources.db.pool", undefined)],
    ],
  ]);
});

Deno.test("rules of a service fire at their bounds and not before", () => {
  const counted = (id: string, name: string): Rule =>
    on(`services.${id}.settings.${name}`, `error out-of-range service.${id}.${name}`, [0, -1, 0.5, "0", " 0 "], [
      ...[1, 1.5, "1", "", " ", "x", true, null, undefined, [0]],
    ]);
  check([
    on("services.odata.type", "error missing-setting service.odata.type", ["", " "], [undefined, "x"]),
    counted("odata", "max_page_size"),
    counted("odata", "default_page_size"),
    counted("tiles", "item_limit"),
    ["error out-of-range service.odata.max_page_size", [
      at("services.odata", { type: "OData", settings: { max_page_size: 0 } }),
    ], [
      at("services.odata", { type: "wfs", settings: { max_page_size: 0 } }),
      at("services.odata", { type: "ogc_api", settings: { max_page_size: 0 } }),
    ]],
    ["error out-of-range service.odata.item_limit", [], [at("services.odata.settings.item_limit", 0)]],
  ]);
});

Deno.test("rules of a layer fire at their bounds and not before", () => {
  const fieldTypes = ["int", "LONG", "string", "double", "float", "datetime", "date", "time", "bool", "boolean"];
  const geometryTypes = ["Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "Geometry"];
  const fields = (fields: unknown, introspectFields: unknown): Tree => at("layers.roads", { fields, introspectFields });
  check([
    on("layers.roads.title", "error missing-setting layer.roads.title", ["", " ", undefined], ["x"]),
    on("layers.roads.dataSource", "error missing-setting layer.roads.data_source", ["", "x. ", undefined], ["x"]),
    on("layers.roads.table", "error missing-setting layer.roads.table", ["", " ", undefined], ["x"]),
    on("layers.roads.idField", "error missing-setting layer.roads.id_field", ["", " ", undefined], ["x"]),
    ["error missing-setting layer.roads.fields", [fields(undefined, false), fields(NONE, false)], [
      fields({ id: "int" }, false),
      fields(NONE, true),
      fields(undefined, undefined),
      fields(NONE, "perhaps"),
      fields(5, false),
    ]],
    on("layers.roads.fields.id", "error missing-setting layer.roads.fields.id.type", ["", {}, { type: " " }], ["x"]),
    on("layers.roads.fields.id", "warning unknown-value layer.roads.fields.id.type", ["uuid", { type: "in" }], [
      ...[...fieldTypes, "geometry", "Binary", "", " "],
    ]),
    on("layers.roads.services", "warning layer-without-services layer.roads.services", [[], "", undefined], [
      "odata",
      5,
    ]),
    on("layers.roads.geometry.column", "error missing-setting layer.roads.geometry.column", ["", undefined], ["x"]),
    on("layers.roads.geometry.type", "error missing-setting layer.roads.geometry.type", [" ", undefined], ["x"]),
    on("layers.roads.geometry.type", "error unknown-value layer.roads.geometry.type", ["point", "Points"], [
      ...[...geometryTypes, "GeometryCollection", ""],
    ]),
    on("layers.roads.geometry.srid", "error out-of-range layer.roads.geometry.srid", [-1], [0, 1, undefined]),
    on("layers.roads.geometry.srid", "warning undefined-srid layer.roads.geometry.srid", [0], [-1, 1, undefined, "x"]),
    ["error missing-setting layer.roads.geometry.type", [at("layers.roads.geometry", { type: undefined })], [
      at("layers.roads.geometry", undefined),
      at("layers.roads.geometry", 5),
    ]],
  ]);
});

Deno.test("rules of a cache fire at their bounds and not before", () => {
  const cache = (type: unknown, connection: unknown): Tree => at("caches.local", { type, connection });
  check([
    on("caches.local.type", "error missing-setting cache.local.type", ["", " "], [undefined, "x", 5]),
    on("caches.local.type", "warning unknown-value cache.local.type", ["mem", "redis "], ["MEMORY", "Redis", "", [
      "x",
    ]]),
    ["error missing-setting cache.local.connection", [
      cache("redis", undefined),
      cache("REDIS", " "),
      cache("redis", null),
    ], [cache("redis", "r"), cache("memory", undefined), cache(["redis"], undefined), cache("redis", ["r"])]],
    ["warning cache-without-type cache.local.type", [cache(undefined, "r")], [
      cache("memory", "r"),
      cache(["redis"], "r"),
      cache(undefined, undefined),
      cache(undefined, " "),
    ]],
  ]);
});

Deno.test("rules of a rate limit fire at their bounds and not before", () => {
  const windows = ["1x", "0s", "0.0m", "s", "m1", "-1s", "1 m", "x1s", "1sx", "1.s", ".5s", "1S", "1s\n", "1ms"];
  check([
    on("rateLimit.store", "error missing-setting rate_limit.store", ["", " "], [undefined, "x"]),
    on("rateLimit.rules", "warning no-rate-limit-rules rate_limit.rules", [undefined], [5]),
    ["warning no-rate-limit-rules rate_limit.rules", [at("rateLimit.rules.all", undefined)], [
      at("rateLimit.rules.all", {}),
      at("rateLimit", undefined),
    ]],
    on("rateLimit.rules.all.requests", "error out-of-range rate_limit.rules.all.requests", [0], [1, undefined]),
    on("rateLimit.rules.all.window", "error missing-setting rate_limit.rules.all.window", ["", " "], [undefined, "x"]),
    on("rateLimit.rules.all.window", "warning unknown-value rate_limit.rules.all.window", windows, [
      ...["1s", "2m", "3h", "40d", "0.5h", "1.25d", "", undefined],
    ]),
  ]);
});

Deno.test("rules of a layer's references fire if nothing answers, and not before", () => {
  const services = (...names: string[]): Tree => at("layers.roads.services", names);
  const odataOff = at("services.odata.enabled", false);
  check([
    on("layers.roads.dataSource", "error unknown-reference layer.roads.data_source", ["x", "DB", "toString"], ["a.db"]),
    ["error unknown-reference layer.roads.services", [services("odata", "x"), services("constructor")], [
      services("odata", "tiles"),
      services(),
      odataOff,
    ]],
    ["warning unknown-field layer.roads.fields", [
      at("layers.roads.idField", "x"),
      at("layers.roads.displayField", "x"),
      at("layers.roads.geometry.column", "x"),
      at("layers.roads.idField", "ID"),
    ], [
      at("layers.roads.displayField", undefined),
      at("layers.roads.displayField", ""),
      at("layers.roads", { idField: "x", fields: undefined }),
      at("layers.roads", { idField: "x", fields: NONE }),
      at("layers.roads", { idField: "x", geometry: undefined }),
    ]],
  ]);
});

Deno.test("a field that every object has of its prototype is not among the fields", () => {
  const layer = { id: "l", fields: { id: {} }, geometry: { column: "id" }, idField: "toString", services: [] };
  const index = { dataSources: [], services: [], hasDataSource: () => true, isEnabled: () => true };
  const matter = { facts: NO_FACTS, secrets: { areIn: () => false } };
  const found = [...layerReferences(matter, layer as unknown as Layer, index)];
  assertEquals(found.map(({ summary }) => summary), ["The id_field toString is not among the fields"]);
});

Deno.test("a layer none of whose services is enabled cannot be reached, and one of them is enough", () => {
  const matter = { facts: NO_FACTS, secrets: { areIn: () => false } };
  const found = (...services: string[]) => {
    const layer = { id: "l", services } as unknown as Layer;
    const isEnabled = (id: string) => id === "on";
    const index = { dataSources: [], services: [], hasDataSource: () => true, isEnabled };
    return [...layerReferences(matter, layer, index)].map(({ code, path }) => `${code} ${path}`);
  };
  const reported = ["config/unreachable-layer layer.l.services"];
  assertEquals([found("off"), found("off", "away"), found("off", "on"), found("on"), found()], [
    reported,
    reported,
    [],
    [],
    [],
  ]);
});

Deno.test("rules of unused blocks fire for the unused only", () => {
  const spare = (id: string): Tree => at(`dataSources.${id}`, { provider: "sqlite", connection: "x" });
  const roads = (TIDY.layers as Record<string, Tree>).roads!;
  const second = at("layers.rails", { ...roads, title: "Rails" });
  const wfs = (enabled: boolean): Tree => at("services.wfs", { enabled });
  check([
    // Also behind a layer that has used all services, or all data sources, there are.
    ["warning unused data_source.spare", [spare("spare"), laid(spare("spare"), second) as Tree], [
      laid(spare("spare"), at("layers.roads.dataSource", "spare")) as Tree,
      laid(spare("spare"), laid(second, at("layers.rails.dataSource", "spare"))) as Tree,
    ]],
    ["warning unused service.wfs", [wfs(true), laid(wfs(true), second) as Tree], [
      wfs(false),
      laid(wfs(true), at("layers.roads.services", ["odata", "tiles", "wfs"])) as Tree,
      laid(wfs(true), laid(second, at("layers.rails.services", ["wfs"]))) as Tree,
    ]],
    // The only one is no choice.
    ["warning unused data_source.db", [
      laid(spare("spare"), at("layers.roads", undefined)) as Tree,
    ], [at("layers.roads", undefined)]],
  ]);
});

Deno.test("rules of caches fire if the limits are to be shared or a cache is required, and not before", () => {
  const cache = (over: Tree): Tree => at("caches.redis", over);
  check([
    ["warning rate-limit-without-redis rate_limit.store", [
      cache({ type: "memory" }),
      cache({ enabled: false }),
      laid(cache({ enabled: false }), at("rateLimit.store", "Redis")) as Tree,
    ], [
      cache({}),
      cache({ type: "REDIS" }),
      laid(cache({ enabled: false }), at("rateLimit.store", "memory")) as Tree,
      laid(cache({ enabled: false }), at("rateLimit", undefined)) as Tree,
    ]],
    ["error required-cache-disabled cache.redis.enabled", [
      cache({ enabled: false, requiredIn: ["x", "STAGING"] }),
    ], [
      cache({ enabled: true, requiredIn: ["staging"] }),
      cache({ enabled: false, requiredIn: ["production"] }),
      cache({ enabled: false, requiredIn: [] }),
    ]],
  ]);
});

Deno.test("an id that two kinds of blocks have is reported at the later, with the place of the first", () => {
  const layer = (TIDY.layers as Record<string, Tree>).roads;
  const blocks: readonly [type: string, key: string, block: unknown][] = [
    ["data_source", "dataSources", { provider: "sqlite", connection: "x" }],
    ["service", "services", {}],
    ["layer", "layers", layer],
    ["cache", "caches", {}],
  ];
  for (const [first, [type, key, block]] of blocks.entries()) {
    for (const [otherType, otherKey, other] of blocks.slice(first + 1)) {
      const loaded = load(laid(laid(TIDY, at(`${key}.same`, block)), at(`${otherKey}.same`, other)));
      const found = loaded.ok ? [] : loaded.diagnostics.filter(({ code }) => code === "config/duplicate-id");
      const reported = found.map(({ path, summary, other }) => [path, summary, other?.label]);
      const summary = `same is the name of a ${otherType} and a ${type}`;
      assertEquals(reported, [[`${otherType}.same`, summary, "already used here"]]);
      assertEquals(found[0]!.other!.place.line < found[0]!.place!.line, true);
    }
  }
  assertEquals(messages(at("caches.ROADS", {})).filter((one) => one.includes("duplicate-id")), []);
});

Deno.test("rules of production fire in production only", () => {
  const production = (over: Tree): Tree => laid(at("honua.environment", "Production"), over) as Tree;
  const anyOrigin = at("honua.cors.allowAnyOrigin", true);
  const onlyMemory = at("caches.redis.type", "Memory");
  const unlimited = at("rateLimit", undefined);
  const disabled = at("rateLimit.enabled", false);
  check([
    ["warning production-any-origin honua.cors.allow_any_origin", [production(anyOrigin)], [
      anyOrigin,
      production({}),
      production(at("honua.cors", undefined)),
    ]],
    ["warning production-memory-cache cache", [production(onlyMemory), production(at("caches.redis", undefined))], [
      onlyMemory,
      production({}),
      production(at("caches.local", undefined)),
      production(at("caches", { redis: undefined, local: undefined })),
    ]],
    ["warning production-no-rate-limit rate_limit", [production(unlimited), production(disabled)], [
      unlimited,
      disabled,
      production({}),
    ]],
  ]);
});

Deno.test("a warning that there is nothing of a kind is reported for that kind only", () => {
  for (const [key, what] of [["dataSources", "data source"], ["services", "service"], ["layers", "layer"]]) {
    const loaded = load(laid(TIDY, { [key!]: undefined }), {}, true);
    const all = loaded.ok ? loaded.warnings : loaded.diagnostics;
    const reported = all.filter(({ code }) => code === "config/nothing-defined").map(({ summary }) => summary);
    assertEquals(reported, [`No ${what} is defined`]);
  }
});
