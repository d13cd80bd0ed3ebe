// The types of a resolved Honua Configuration V2, as a server loads it and the rules check it, with the names of the
// snapshot. The compiler checks each member of the schema (`schema.ts`) against them.
import type { Json } from "./json.ts";

/**
 * A configuration in which all references to the environment are resolved. The members of its maps of blocks are named
 * by id. It may have unknown members too.
 */
export interface HonuaConfig {
  readonly honua: Honua;
  readonly dataSources: Readonly<Record<string, DataSource>>;
  readonly services: Readonly<Record<string, Service>>;
  readonly layers: Readonly<Record<string, Layer>>;
  readonly caches: Readonly<Record<string, Cache>>;
  /** Undefined if requests are not limited. */
  readonly rateLimit?: RateLimit | undefined;
  /** Values by name; null for a variable without a default. */
  readonly variables: Readonly<Record<string, Json>>;
}

/** The settings of the server itself. */
export interface Honua {
  /** The version of the configuration format. Default `1.0`. */
  readonly version: string;
  /** Default `development`; additional rules apply to `production`, in any letter case. */
  readonly environment: string;
  /** Default `information`. */
  readonly logLevel: string;
  /** Default none. */
  readonly allowedHosts: readonly string[];
  /** Undefined: the server uses its own defaults. */
  readonly cors?: Cors | undefined;
}

/** The other origins from which a browser may call the server. */
export interface Cors {
  /** Default false; must not be true together with `allowCredentials`. */
  readonly allowAnyOrigin: boolean;
  /** Default none. */
  readonly allowedOrigins: readonly string[];
  /** Default false. */
  readonly allowCredentials: boolean;
}

/** A database. */
export interface DataSource {
  /** The label of its block. */
  readonly id: string;
  /** The type of database: `postgresql`. Empty if missing. */
  readonly provider: string;
  /** The connection string, often with a secret. Empty if missing. */
  readonly connection: string;
  /** A query that succeeds if the database works. */
  readonly healthCheck?: string | undefined;
  /** Undefined: the server uses its own defaults. */
  readonly pool?: Pool | undefined;
  /** Default false. */
  readonly readOnly: boolean;
  /** In the server's unit; no rule checks its value. */
  readonly maxReplicationLag?: number | undefined;
}

/** The pool of connections to a database. */
export interface Pool {
  /** In connections. Default 1. */
  readonly minSize: number;
  /** In connections. Default 10. */
  readonly maxSize: number;
  /** In seconds. Default 30. */
  readonly timeout: number;
}

/** A protocol that the server offers. */
export interface Service {
  /** The label of its block. */
  readonly id: string;
  /** The protocol: `odata`. Default: the id. */
  readonly type: string;
  /** Default true. */
  readonly enabled: boolean;
  /** All other attributes of the block, named as written; a text that spells a number remains a text. */
  readonly settings: Readonly<Record<string, Json>>;
}

/** A table that the server publishes. */
export interface Layer {
  /** The label of its block. */
  readonly id: string;
  /** For people. Empty if missing. */
  readonly title: string;
  /** The id of a data source. Empty if missing. */
  readonly dataSource: string;
  /** The table's name in the database. Empty if missing. */
  readonly table: string;
  /** For people. */
  readonly description?: string | undefined;
  /** Undefined if the layer has none. */
  readonly geometry?: Geometry | undefined;
  /** The field that identifies a row. Empty if missing. */
  readonly idField: string;
  /** The field that names a row to people. */
  readonly displayField?: string | undefined;
  /** Whether the server asks the database for the fields. Default true; if false, `fields` must list them. */
  readonly introspectFields: boolean;
  readonly fields?: Readonly<Record<string, Field>> | undefined;
  /** The ids of the services that publish it. Default none. */
  readonly services: readonly string[];
}

/** The geometry column of a layer. */
export interface Geometry {
  /** Empty if missing. */
  readonly column: string;
  /** `Point`, `MultiPolygon`. Empty if missing. */
  readonly type: string;
  /** The id of the spatial reference system. Default 4326 (WGS 84). */
  readonly srid: number;
}

/** A column of a layer. */
export interface Field {
  /** `string`, `datetime`. Empty if missing. */
  readonly type: string;
  /** Default true. */
  readonly nullable: boolean;
}

/** A cache of the server. */
export interface Cache {
  /** The label of its block. */
  readonly id: string;
  /** `redis` or `memory`. Default `memory`, even if there is a connection. */
  readonly type: string;
  /** Default true. */
  readonly enabled: boolean;
  /** The connection string, often with a secret; `redis` needs one. */
  readonly connection?: string | undefined;
  /** The environments in which the cache must be enabled. Default none. */
  readonly requiredIn: readonly string[];
}

/** The limits on the number of requests. */
export interface RateLimit {
  /** Default true. */
  readonly enabled: boolean;
  /** The place of the counts: `memory` or `redis`. Default `memory`. */
  readonly store: string;
  /** Default none. */
  readonly rules: Readonly<Record<string, RateLimitRule>>;
}

/** A limit on the number of requests in a window of time. */
export interface RateLimitRule {
  /** Per window. Default 1000. */
  readonly requests: number;
  /** A number and one of s, m, h, d. Default `1m`. */
  readonly window: string;
}
