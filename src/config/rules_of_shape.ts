// The rules of the first phase, for each block by itself. They run even if settings could not be read, and skip those
// settings. Their findings depend only on the block and on the secrets.
import { hasFailed, isWritten } from "./facts.ts";
import { type Finding, finding } from "./findings.ts";
import type { Cache, DataSource, Honua, Layer, RateLimit, Service } from "./honua_config.ts";
import {
  errorAt,
  hasName,
  isBlank,
  quotableValue,
  type RuleContext,
  sameName,
  shown,
  suggestNames,
  warningAt,
} from "./rules.ts";

/** The rules of each type of block. */
export interface ShapeRules {
  honua(context: RuleContext, honua: Honua): Iterable<Finding>;
  data_source(context: RuleContext, dataSource: DataSource): Iterable<Finding>;
  service(context: RuleContext, service: Service): Iterable<Finding>;
  layer(context: RuleContext, layer: Layer): Iterable<Finding>;
  cache(context: RuleContext, cache: Cache): Iterable<Finding>;
  rate_limit(context: RuleContext, rateLimit: RateLimit): Iterable<Finding>;
}

export const shapeRules: ShapeRules = {
  honua: honuaRules,
  data_source: dataSourceRules,
  service: serviceRules,
  layer: layerRules,
  cache: cacheRules,
  rate_limit: rateLimitRules,
};

/** Warns about each type of block of which there is none. */
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
/** The settings of services that are counts, by the service's type. */
const COUNTED_SETTINGS: ReadonlyMap<string, readonly string[]> = new Map([
  ["odata", ["max_page_size", "default_page_size"]],
  ["ogc_api", ["item_limit"]],
]);

function* honuaRules(context: RuleContext, { version, environment, logLevel, cors }: Honua): Generator<Finding> {
  if (isBlank(version)) yield* missing(context, "honua.version", 'Write version = "1.0"');
  else if (!version.startsWith("1.")) {
    const summary = `Version ${shown(context, "honua.version", version)} is not known`;
    yield* warningAt(context, "honua.version", "config/unknown-version", summary, {
      why: "Servers know the versions 1.x",
      suggestion: 'Write version = "1.0"',
    });
  }
  if (isBlank(environment)) {
    yield* missing(context, "honua.environment", 'Write environment = "production" or the like');
  }
  if (!isBlank(logLevel) && !hasName(LOG_LEVELS, logLevel)) {
    const summary = `Log level ${shown(context, "honua.log_level", logLevel)} is not known`;
    yield* errorAt(context, "honua.log_level", "config/unknown-value", summary, {
      suggestion: suggestNames("log levels", quotableValue(context, "honua.log_level", logLevel), LOG_LEVELS),
    });
  }
  if (cors === undefined) return;
  if (cors.allowAnyOrigin && cors.allowCredentials) {
    yield* errorAt(
      context,
      "honua.cors",
      "config/cors-credentials",
      "Any origin is allowed together with credentials",
      {
        why: "Every site could act in the name of a user who is signed in; browsers refuse it",
        suggestion: "Write allow_any_origin = false and name the allowed_origins",
      },
    );
  }
  if (
    !cors.allowAnyOrigin && cors.allowedOrigins.length === 0 && wereRead(context, "honua.cors", ["allow_any_origin"])
  ) {
    yield* warningAt(context, "honua.cors.allowed_origins", "config/cors-no-origins", "No origin is allowed", {
      why: "A cors block that allows no origin has the same effect as no cors block",
      suggestion: 'Name some: allowed_origins = ["https://app.example.com"]',
    });
  }
}

/** Whether the settings could be read; else their values are defaults that the author did not choose. */
function wereRead({ facts }: RuleContext, path: string, names: readonly string[]): boolean {
  return !names.some((name) => hasFailed(facts, `${path}.${name}`));
}

function* dataSourceRules(context: RuleContext, { id, provider, connection, pool }: DataSource): Generator<Finding> {
  const path = `data_source.${id}`;
  if (isBlank(provider)) yield* missing(context, `${path}.provider`, `Write provider = "postgresql" or the like`);
  else if (!hasName(PROVIDERS, provider)) {
    const summary = `Provider ${shown(context, `${path}.provider`, provider)} is not known`;
    yield* warningAt(context, `${path}.provider`, "config/unknown-value", summary, {
      why: "It has to come from a plugin",
      suggestion: suggestNames("providers", quotableValue(context, `${path}.provider`, provider), PROVIDERS),
    });
  }
  if (isBlank(connection)) yield* missing(context, `${path}.connection`, 'Write connection = env("NAME")');
  if (pool === undefined) return;
  yield* atLeast(context, `${path}.pool.min_size`, pool.minSize, 0);
  yield* atLeast(context, `${path}.pool.max_size`, pool.maxSize, 1);
  yield* atLeast(context, `${path}.pool.timeout`, pool.timeout, 0);
  if (pool.minSize > pool.maxSize && wereRead(context, `${path}.pool`, ["min_size", "max_size"])) {
    yield* errorAt(context, `${path}.pool`, "config/pool-bounds", "The pool's min_size is above its max_size", {
      why: "A pool cannot keep more connections than it may have",
      suggestion: "Raise max_size or lower min_size",
    });
  }
}

function* serviceRules(context: RuleContext, { id, type, settings }: Service): Generator<Finding> {
  const path = `service.${id}`;
  if (isBlank(type)) yield* missing(context, `${path}.type`, "Leave type out, and it is the service's name");
  for (const name of COUNTED_SETTINGS.get(type.toLowerCase()) ?? []) {
    const value = settings[name];
    const count = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof count === "number") yield* atLeast(context, `${path}.${name}`, count, 1);
  }
}

function* layerRules(context: RuleContext, layer: Layer): Generator<Finding> {
  const path = `layer.${layer.id}`;
  const required = [["title", layer.title], ["data_source", layer.dataSource], ["table", layer.table], [
    "id_field",
    layer.idField,
  ]] as const;
  for (const [name, value] of required) {
    if (isBlank(value)) yield* missing(context, `${path}.${name}`, `Write ${name} = …`);
  }
  yield* geometryRules(context, layer);
  const fields = Object.entries(layer.fields ?? {});
  if (!layer.introspectFields && fields.length === 0) {
    yield* errorAt(context, `${path}.fields`, "config/missing-setting", "The layer's fields are missing", {
      why: "They are not introspected, so they have to be written",
      suggestion: "Write the fields, or introspect_fields = true",
    });
  }
  for (const [name, { type }] of fields) {
    const field = `${path}.fields.${name}.type`;
    if (isBlank(type)) yield* missing(context, field, 'Write type = "string" or the like');
    else if (!hasName(FIELD_TYPES, type)) {
      yield* warningAt(
        context,
        field,
        "config/unknown-value",
        `Field type ${shown(context, field, type)} is not known`,
        {
          suggestion: suggestNames("field types", quotableValue(context, field, type), FIELD_TYPES),
        },
      );
    }
  }
  if (layer.services.length === 0) {
    yield* warningAt(context, `${path}.services`, "config/layer-without-services", "The layer lists no services", {
      why: "Nobody can reach a layer that no service offers",
      suggestion: "Write services = [service.NAME]",
    });
  }
}

function* geometryRules(context: RuleContext, { id, geometry }: Layer): Generator<Finding> {
  if (geometry === undefined) return;
  const path = `layer.${id}.geometry`;
  const { column, type, srid } = geometry;
  if (isBlank(column)) yield* missing(context, `${path}.column`, 'Write column = "geom" or the like');
  if (isBlank(type)) yield* missing(context, `${path}.type`, 'Write type = "Point" or the like');
  else if (!GEOMETRY_TYPES.includes(type)) {
    const summary = `Geometry type ${shown(context, `${path}.type`, type)} is not known`;
    yield* errorAt(context, `${path}.type`, "config/unknown-value", summary, {
      why: "Upper and lower case count here",
      suggestion: suggestNames("geometry types", quotableValue(context, `${path}.type`, type), GEOMETRY_TYPES),
    });
  }
  yield* atLeast(context, `${path}.srid`, srid, 0);
  if (srid === 0) {
    yield* warningAt(context, `${path}.srid`, "config/undefined-srid", "SRID 0 names no reference system", {
      why: "Coordinates without one cannot be transformed",
      suggestion: "Write srid = 4326 for longitude and latitude",
    });
  }
}

function* cacheRules(context: RuleContext, { id, type, connection }: Cache): Generator<Finding> {
  const path = `cache.${id}`;
  if (isBlank(type)) yield* missing(context, `${path}.type`, 'Write type = "redis" or type = "memory"');
  else if (!hasName(CACHE_TYPES, type)) {
    const summary = `Cache type ${shown(context, `${path}.type`, type)} is not known`;
    yield* warningAt(context, `${path}.type`, "config/unknown-value", summary, {
      suggestion: suggestNames("cache types", quotableValue(context, `${path}.type`, type), CACHE_TYPES),
    });
  }
  const connects = connection !== undefined && !isBlank(connection);
  if (sameName(type, "redis") && !connects) {
    yield* missing(context, `${path}.connection`, 'Write connection = env("REDIS_CONNECTION")');
  }
  if (connects && !isWritten(context.facts, `${path}.type`)) {
    yield* warningAt(context, `${path}.type`, "config/cache-without-type", "A cache with a connection has no type", {
      why: "To the server it is a memory cache, and the connection is not used",
      suggestion: 'Write type = "redis" if it is a Redis cache',
      at: `${path}.connection`,
    });
  }
}

function* rateLimitRules(context: RuleContext, { store, rules }: RateLimit): Generator<Finding> {
  if (isBlank(store)) yield* missing(context, "rate_limit.store", 'Write store = "memory" or store = "redis"');
  const entries = Object.entries(rules);
  if (entries.length === 0) {
    yield* warningAt(context, "rate_limit.rules", "config/no-rate-limit-rules", "Rate limiting has no rules", {
      why: "Nothing is limited without one",
      suggestion: 'Write rules { default = { requests = 1000, window = "1m" } }',
    });
  }
  for (const [name, { requests, window }] of entries) {
    const path = `rate_limit.rules.${name}`;
    yield* atLeast(context, `${path}.requests`, requests, 1);
    if (isBlank(window)) yield* missing(context, `${path}.window`, 'Write window = "1m"');
    else if (!/^[0-9]+(\.[0-9]+)?[smhd]$/.test(window) || Number.parseFloat(window) <= 0) {
      const summary = `Window ${shown(context, `${path}.window`, window)} is not a stretch of time`;
      yield* warningAt(context, `${path}.window`, "config/unknown-value", summary, {
        suggestion: "Write a positive number and one of s, m, h, d",
      });
    }
  }
}

function* missing(context: RuleContext, path: string, suggestion: string): Generator<Finding> {
  const name = path.slice(path.lastIndexOf(".") + 1);
  const summary = isWritten(context.facts, path) ? `${name} is empty` : `${name} is missing`;
  yield* errorAt(context, path, "config/missing-setting", summary, { suggestion });
}

function* atLeast(context: RuleContext, path: string, value: number, least: number): Generator<Finding> {
  if (value >= least || Number.isNaN(value)) return;
  const name = path.slice(path.lastIndexOf(".") + 1);
  yield* errorAt(context, path, "config/out-of-range", `${name} has to be at least ${least}`);
}
