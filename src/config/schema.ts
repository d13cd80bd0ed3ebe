// The schema of Honua's Configuration V2: the only place for the type and default of every setting. Reading uses it,
// and a check afterwards compares the result with it. The names in HCL (`log_level`) are derived from those in the
// snapshot.
import * as z from "zod";
import type {
  Cache,
  Cors,
  DataSource,
  Field,
  Geometry,
  Honua,
  HonuaConfig,
  Layer,
  Pool,
  RateLimit,
  RateLimitRule,
  Service,
} from "./honua_config.ts";
import type { Json, JsonObject } from "./json.ts";

/** A schema for every member of a type and for no other, so that types and schemas cannot differ. */
type SchemasOf<T> = { readonly [Key in keyof T]-?: z.ZodType<T[Key]> };

/** A text in which a bare `var.x`, `env("X")` or `env('X')` is replaced by its value. */
const interpolated = z.string();
/** The id of another block: the last part of a dotted name. */
const reference = z.string();
/** A required text: its default is empty, for which a rule reports that it is missing. */
const requiredText = z.string().default("");
const wholeNumber = z.int32();
const texts = z.array(z.string()).default([]);
const json = z.custom<Json>();

const cors = z.object<SchemasOf<Cors>>({
  allowAnyOrigin: z.boolean().default(false),
  allowedOrigins: texts,
  allowCredentials: z.boolean().default(false),
});

const honua = z.object<SchemasOf<Honua>>({
  version: z.string().default("1.0"),
  environment: z.string().default("development"),
  logLevel: z.string().default("information"),
  allowedHosts: texts,
  cors: cors.optional(),
});

const pool = z.object<SchemasOf<Pool>>({
  minSize: wholeNumber.default(1),
  maxSize: wholeNumber.default(10),
  timeout: wholeNumber.default(30),
});

const dataSource = z.object<SchemasOf<DataSource>>({
  id: z.string(),
  provider: requiredText,
  connection: interpolated.default(""),
  healthCheck: interpolated.optional(),
  pool: pool.optional(),
  readOnly: z.boolean().default(false),
  maxReplicationLag: wholeNumber.optional(),
});

const service = z.object<SchemasOf<Service>>({
  id: z.string(),
  type: z.string(),
  enabled: z.boolean().default(true),
  settings: z.record(z.string(), json),
});

const geometry = z.object<SchemasOf<Geometry>>({
  column: requiredText,
  type: requiredText,
  srid: wholeNumber.default(4326),
});

const field = z.object<SchemasOf<Field>>({
  type: requiredText,
  nullable: z.boolean().default(true),
});

const fields = z.record(z.string(), field);

const layer = z.object<SchemasOf<Layer>>({
  id: z.string(),
  title: requiredText,
  dataSource: reference.default(""),
  table: requiredText,
  description: z.string().optional(),
  geometry: geometry.optional(),
  idField: requiredText,
  displayField: z.string().optional(),
  introspectFields: z.boolean().default(true),
  fields: fields.optional(),
  services: z.array(reference).default([]),
});

const cache = z.object<SchemasOf<Cache>>({
  id: z.string(),
  type: z.string().default("memory"),
  enabled: z.boolean().default(true),
  connection: interpolated.optional(),
  requiredIn: texts,
});

const rateLimitRule = z.object<SchemasOf<RateLimitRule>>({
  requests: wholeNumber.default(1000),
  window: z.string().default("1m"),
});

const rateLimit = z.object<SchemasOf<RateLimit>>({
  enabled: z.boolean().default(true),
  store: interpolated.default("memory"),
  rules: z.record(z.string(), rateLimitRule).default({}),
});

/** The top level of the model, which may have unknown members too. */
const frame: z.ZodType<HonuaConfig> = z.looseObject<SchemasOf<HonuaConfig>>({
  honua: z.custom<Honua>(isObject),
  dataSources: z.custom<HonuaConfig["dataSources"]>(isObject),
  services: z.custom<HonuaConfig["services"]>(isObject),
  layers: z.custom<HonuaConfig["layers"]>(isObject),
  caches: z.custom<HonuaConfig["caches"]>(isObject),
  rateLimit: z.custom<RateLimit>(isObject).optional(),
  variables: z.custom<HonuaConfig["variables"]>(isObject),
});

const blocks = { honua, data_source: dataSource, service, layer, cache, rate_limit: rateLimit } as const;

/**
 * Checks a block that was read against the schema. Throws if it does not match, which is a bug: reading uses the shapes
 * of the same schema. The check encodes, since encoding takes the output type and adds no default for a missing member.
 */
export function checkBlock(type: keyof typeof blockMembers, block: JsonObject): void {
  const { error } = z.safeEncode<z.ZodType>(blocks[type], block);
  if (error !== undefined) throw new Error(`a block was read that is no ${type}`, { cause: error });
}

/**
 * Checks the top level of a model, whose blocks {@linkcode checkBlock} checked one by one. Returns the model itself:
 * the schema's copy would lose an entry named `__proto__`.
 */
export function asHonuaConfig(model: JsonObject): HonuaConfig {
  const config = model as unknown as HonuaConfig;
  const { error } = frame.safeEncode(config);
  if (error !== undefined) throw new Error("a block was read that is no configuration", { cause: error });
  return config;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The type of a setting, as far as reading needs it. */
export type SettingShape =
  | { readonly kind: "text"; readonly interpolates: boolean; readonly refers: boolean }
  | { readonly kind: "boolean" }
  | { readonly kind: "whole-number"; readonly accepts: (value: number) => boolean }
  | { readonly kind: "list"; readonly item: SettingShape }
  | { readonly kind: "object"; readonly members: Members }
  | {
    readonly kind: "map";
    readonly entry: SettingShape;
    /** The member that names each object if a list of objects may replace the map; else null. */
    readonly listedBy: string | null;
    /** The member that a text sets if it may replace an entry's object; else null. */
    readonly shorthand: string | null;
  };

/** A member of an object. */
export interface Member {
  /** In HCL: `log_level`. */
  readonly name: string;
  /** In the snapshot: `logLevel`. */
  readonly key: string;
  readonly shape: SettingShape;
  /** The default; undefined if the member remains absent. */
  readonly fallback: Json | undefined;
}

/** The members of an object by their names in HCL. */
export type Members = ReadonlyMap<string, Member>;

/** The members of each type of block, without `id` and a service's `settings`, which have no name in HCL. */
export const blockMembers = {
  honua: membersOf(honua),
  data_source: membersOf(dataSource.omit({ id: true })),
  service: membersOf(service.omit({ id: true, settings: true })),
  layer: membersOf(layer.omit({ id: true })),
  cache: membersOf(cache.omit({ id: true })),
  rate_limit: membersOf(rateLimit),
} as const satisfies Record<string, Members>;

/** The types of labelled blocks and their keys in the snapshot, in the order in which the server checks them. */
export const labelledBlocks = {
  data_source: "dataSources",
  service: "services",
  layer: "layers",
  cache: "caches",
} as const;

/** The types of blocks that occur at most once and without a label, and their keys in the snapshot. */
export const singleBlocks = { honua: "honua", rate_limit: "rateLimit" } as const;

function membersOf(schema: z.ZodObject): Members {
  const members = new Map<string, Member>();
  for (const [key, member] of Object.entries(schema.shape)) {
    const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const absent = member.safeParse(undefined);
    members.set(name, {
      name,
      key,
      shape: shapeOf(member),
      fallback: absent.success ? absent.data as Json : undefined,
    });
  }
  return members;
}

function shapeOf(schema: z.core.$ZodType): SettingShape {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return shapeOf(schema.unwrap());
  if (schema instanceof z.ZodString) {
    return { kind: "text", interpolates: schema === interpolated, refers: schema === reference };
  }
  if (schema instanceof z.ZodBoolean) return { kind: "boolean" };
  if (schema instanceof z.ZodNumber) {
    return { kind: "whole-number", accepts: (value) => schema.safeParse(value).success };
  }
  if (schema instanceof z.ZodArray) return { kind: "list", item: shapeOf(schema.element) };
  if (schema instanceof z.ZodObject) return { kind: "object", members: membersOf(schema) };
  if (schema instanceof z.ZodRecord) {
    const listed = schema === fields;
    return {
      kind: "map",
      entry: shapeOf(schema.valueType),
      listedBy: listed ? "name" : null,
      shorthand: listed ? "type" : null,
    };
  }
  throw new Error("the model has a schema of a kind that no setting can be read as");
}
