// The first phase: every block looked at by itself. These rules run also where something could not be read, and pass
// over what it is. What one says hangs on nothing but its block, and on what must not be quoted.
import { hasFailed, isWritten } from "./facts.ts";
import { type Finding, finding } from "./findings.ts";
import type { Cache, DataSource, Honua, Layer, RateLimit, Service } from "./honua_config.ts";
import { errorAt, hasName, isBlank, known, type Matter, sameName, shown, suggestNames, warningAt } from "./rules.ts";

/** The rules of each kind of block. */
export interface ShapeRules {
  /** What holds for the whole server. */
  honua(matter: Matter, honua: Honua): Iterable<Finding>;
  /** One database. */
  data_source(matter: Matter, dataSource: DataSource): Iterable<Finding>;
  /** One service. */
  service(matter: Matter, service: Service): Iterable<Finding>;
  /** One layer. */
  layer(matter: Matter, layer: Layer): Iterable<Finding>;
  /** One cache. */
  cache(matter: Matter, cache: Cache): Iterable<Finding>;
  /** How many requests are let through. */
  rate_limit(matter: Matter, rateLimit: RateLimit): Iterable<Finding>;
}

/** Checks a block by itself. */
export const shapeRules: ShapeRules = {
  honua: honuaRules,
  data_source: dataSourceRules,
  service: serviceRules,
  layer: layerRules,
  cache: cacheRules,
  rate_limit: rateLimitRules,
};

/** Warns where there is nothing of a kind, given how many there are of each. */
export function* emptinessRules(
  counts: { readonly dataSources: number; readonly services: number; readonly layers: number },
): Generator<Finding> {
  const { dataSources, services, layers } = counts;
  for (const [what, count] of [["data source", dataSources], ["service", services], ["layer", layers]] as const) {
    if (count > 0) continue;
    yield finding("warning", "config/nothing-defined", `No ${what} is defined`, null, null, {
      why: "A server with this configuration has nothing to serve",
    });
  }
}

const LOG_LEVELS = ["trace", "debug", "information", "warning", "error", "critical"];
const PROVIDERS = ["sqlite", "postgresql", "sqlserver", "mysql", "oracle"];
const CACHE_TYPES = ["redis", "memory"];
const GEOMETRY_TYPES = [
  "Point",
  "LineString",
  "Polygon",
  "MultiPoint",
  "MultiLineString",
  "MultiPolygon",
  "Geometry",
  "GeometryCollection",
];
const FIELD_TYPES = [
  "int",
  "long",
  "string",
  "double",
  "float",
  "datetime",
  "date",
  "time",
  "bool",
  "boolean",
  "geometry",
  "binary",
];
/** Settings of services that count something, by the service's type. */
const COUNTED_SETTINGS: ReadonlyMap<string, readonly string[]> = new Map([
  ["odata", ["max_page_size", "default_page_size"]],
  ["ogc_api", ["item_limit"]],
]);

function* honuaRules(matter: Matter, { version, environment, logLevel, cors }: Honua): Generator<Finding> {
  if (isBlank(version)) yield* missing(matter, "honua.version", 'Write version = "1.0"');
  else if (!version.startsWith("1.")) {
    const summary = `Version ${shown(matter, "honua.version", version)} is not known`;
    yield* warningAt(matter, "honua.version", "config/unknown-version", summary, {
      why: "Servers know the versions 1.x",
      suggestion: 'Write version = "1.0"',
    });
  }
  if (isBlank(environment)) yield* missing(matter, "honua.environment", 'Write environment = "production" or the like');
  if (!isBlank(logLevel) && !hasName(LOG_LEVELS, logLevel)) {
    const summary = `Log level ${shown(matter, "honua.log_level", logLevel)} is not known`;
    yield* errorAt(matter, "honua.log_level", "config/unknown-value", summary, {
      suggestion: suggestNames("log levels", known(matter, "honua.log_level", logLevel), LOG_LEVELS),
    });
  }
  if (cors === undefined) return;
  if (cors.allowAnyOrigin && cors.allowCredentials) {
    yield* errorAt(matter, "honua.cors", "config/cors-credentials", "Any origin is allowed together with credentials", {
      why: "Every site could act in the name of whoever is signed in; browsers refuse it",
      suggestion: "Write allow_any_origin = false and name the allowed_origins",
    });
  }
  if (!cors.allowAnyOrigin && cors.allowedOrigins.length === 0 && settled(matter, "honua.cors", ["allow_any_origin"])) {
    yield* warningAt(matter, "honua.cors.allowed_origins", "config/cors-no-origins", "No origin is allowed", {
      why: "A cors block that allows no origin does what no cors block would do",
      suggestion: 'Name some: allowed_origins = ["https://app.example.com"]',
    });
  }
}

/** Whether the settings could be read: their defaults are nobody's choice. */
function settled({ facts }: Matter, path: string, names: readonly string[]): boolean {
  return !names.some((name) => hasFailed(facts, `${path}.${name}`));
}

function* dataSourceRules(matter: Matter, { id, provider, connection, pool }: DataSource): Generator<Finding> {
  const path = `data_source.${id}`;
  if (isBlank(provider)) yield* missing(matter, `${path}.provider`, `Write provider = "postgresql" or the like`);
  else if (!hasName(PROVIDERS, provider)) {
    const summary = `Provider ${shown(matter, `${path}.provider`, provider)} is not known`;
    yield* warningAt(matter, `${path}.provider`, "config/unknown-value", summary, {
      why: "It has to come from a plugin",
      suggestion: suggestNames("providers", known(matter, `${path}.provider`, provider), PROVIDERS),
    });
  }
  if (isBlank(connection)) yield* missing(matter, `${path}.connection`, 'Write connection = env("NAME")');
  if (pool === undefined) return;
  yield* atLeast(matter, `${path}.pool.min_size`, pool.minSize, 0);
  yield* atLeast(matter, `${path}.pool.max_size`, pool.maxSize, 1);
  yield* atLeast(matter, `${path}.pool.timeout`, pool.timeout, 0);
  if (pool.minSize > pool.maxSize && settled(matter, `${path}.pool`, ["min_size", "max_size"])) {
    yield* errorAt(matter, `${path}.pool`, "config/pool-bounds", "The pool's min_size is above its max_size", {
      why: "A pool cannot keep more connections than it may have",
      suggestion: "Raise max_size or lower min_size",
    });
  }
}

function* serviceRules(matter: Matter, { id, type, settings }: Service): Generator<Finding> {
  const path = `service.${id}`;
  if (isBlank(type)) yield* missing(matter, `${path}.type`, "Leave type out, and it is the service's name");
  for (const name of COUNTED_SETTINGS.get(type.toLowerCase()) ?? []) {
    const value = settings[name];
    const count = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof count === "number") yield* atLeast(matter, `${path}.${name}`, count, 1);
  }
}

function* layerRules(matter: Matter, layer: Layer): Generator<Finding> {
  const path = `layer.${layer.id}`;
  const required = [["title", layer.title], ["data_source", layer.dataSource], ["table", layer.table], [
    "id_field",
    layer.idField,
  ]] as const;
  for (const [name, value] of required) {
    if (isBlank(value)) yield* missing(matter, `${path}.${name}`, `Write ${name} = …`);
  }
  yield* geometryRules(matter, layer);
  const fields = Object.entries(layer.fields ?? {});
  if (!layer.introspectFields && fields.length === 0) {
    yield* errorAt(matter, `${path}.fields`, "config/missing-setting", "The layer's fields are missing", {
      why: "They are not introspected, so they have to be written",
      suggestion: "Write the fields, or introspect_fields = true",
    });
  }
  for (const [name, { type }] of fields) {
    const field = `${path}.fields.${name}.type`;
    if (isBlank(type)) yield* missing(matter, field, 'Write type = "string" or the like');
    else if (!hasName(FIELD_TYPES, type)) {
      yield* warningAt(matter, field, "config/unknown-value", `Field type ${shown(matter, field, type)} is not known`, {
        suggestion: suggestNames("field types", known(matter, field, type), FIELD_TYPES),
      });
    }
  }
  if (layer.services.length === 0) {
    yield* warningAt(matter, `${path}.services`, "config/layer-without-services", "The layer lists no services", {
      why: "Nobody can reach a layer that no service offers",
      suggestion: "Write services = [service.NAME]",
    });
  }
}

function* geometryRules(matter: Matter, { id, geometry }: Layer): Generator<Finding> {
  if (geometry === undefined) return;
  const path = `layer.${id}.geometry`;
  const { column, type, srid } = geometry;
  if (isBlank(column)) yield* missing(matter, `${path}.column`, 'Write column = "geom" or the like');
  if (isBlank(type)) yield* missing(matter, `${path}.type`, 'Write type = "Point" or the like');
  else if (!GEOMETRY_TYPES.includes(type)) {
    const summary = `Geometry type ${shown(matter, `${path}.type`, type)} is not known`;
    yield* errorAt(matter, `${path}.type`, "config/unknown-value", summary, {
      why: "Upper and lower case count here",
      suggestion: suggestNames("geometry types", known(matter, `${path}.type`, type), GEOMETRY_TYPES),
    });
  }
  yield* atLeast(matter, `${path}.srid`, srid, 0);
  if (srid === 0) {
    yield* warningAt(matter, `${path}.srid`, "config/undefined-srid", "SRID 0 names no reference system", {
      why: "Coordinates without one cannot be transformed",
      suggestion: "Write srid = 4326 for longitude and latitude",
    });
  }
}

function* cacheRules(matter: Matter, { id, type, connection }: Cache): Generator<Finding> {
  const path = `cache.${id}`;
  if (isBlank(type)) yield* missing(matter, `${path}.type`, 'Write type = "redis" or type = "memory"');
  else if (!hasName(CACHE_TYPES, type)) {
    const summary = `Cache type ${shown(matter, `${path}.type`, type)} is not known`;
    yield* warningAt(matter, `${path}.type`, "config/unknown-value", summary, {
      suggestion: suggestNames("cache types", known(matter, `${path}.type`, type), CACHE_TYPES),
    });
  }
  const connects = connection !== undefined && !isBlank(connection);
  if (sameName(type, "redis") && !connects) {
    yield* missing(matter, `${path}.connection`, 'Write connection = env("REDIS_CONNECTION")');
  }
  if (connects && !isWritten(matter.facts, `${path}.type`)) {
    yield* warningAt(matter, `${path}.type`, "config/cache-without-type", "A cache with a connection has no type", {
      why: "To the server it is a memory cache, and the connection is not used",
      suggestion: 'Write type = "redis" if that is what it is',
      at: `${path}.connection`,
    });
  }
}

function* rateLimitRules(matter: Matter, { store, rules }: RateLimit): Generator<Finding> {
  if (isBlank(store)) yield* missing(matter, "rate_limit.store", 'Write store = "memory" or store = "redis"');
  const entries = Object.entries(rules);
  if (entries.length === 0) {
    yield* warningAt(matter, "rate_limit.rules", "config/no-rate-limit-rules", "Rate limiting has no rules", {
      why: "Nothing is limited without one",
      suggestion: 'Write rules { default = { requests = 1000, window = "1m" } }',
    });
  }
  for (const [name, { requests, window }] of entries) {
    const path = `rate_limit.rules.${name}`;
    yield* atLeast(matter, `${path}.requests`, requests, 1);
    if (isBlank(window)) yield* missing(matter, `${path}.window`, 'Write window = "1m"');
    else if (!/^[0-9]+(\.[0-9]+)?[smhd]$/.test(window) || Number.parseFloat(window) <= 0) {
      const summary = `Window ${shown(matter, `${path}.window`, window)} is not a stretch of time`;
      yield* warningAt(matter, `${path}.window`, "config/unknown-value", summary, {
        suggestion: "Write a positive number and one of s, m, h, d",
      });
    }
  }
}

function* missing(matter: Matter, path: string, suggestion: string): Generator<Finding> {
  const name = path.slice(path.lastIndexOf(".") + 1);
  const summary = isWritten(matter.facts, path) ? `${name} is empty` : `${name} is missing`;
  yield* errorAt(matter, path, "config/missing-setting", summary, { suggestion });
}

function* atLeast(matter: Matter, path: string, value: number, least: number): Generator<Finding> {
  if (value >= least || Number.isNaN(value)) return;
  const name = path.slice(path.lastIndexOf(".") + 1);
  yield* errorAt(matter, path, "config/out-of-range", `${name} has to be at least ${least}`);
}
