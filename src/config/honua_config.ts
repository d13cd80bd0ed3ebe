// What Honua's Configuration V2 says once it is read: the shape that a server loads and every rule looks at, with the
// names of the snapshot. Types alone; the compiler holds the schema (`schema.ts`) to them, member by member.
import type { Json } from "./json.ts";

/** A configuration that holds nothing of the environment open; unknown members are carried beside those named here. */
export interface HonuaConfig {
  /** What holds for the whole server. */
  readonly honua: Honua;
  /** By id. */
  readonly dataSources: Readonly<Record<string, DataSource>>;
  /** By id. */
  readonly services: Readonly<Record<string, Service>>;
  /** By id. */
  readonly layers: Readonly<Record<string, Layer>>;
  /** By id. */
  readonly caches: Readonly<Record<string, Cache>>;
  /** Left out: requests are not limited. */
  readonly rateLimit?: RateLimit | undefined;
  /** Values by name; null for a variable without a default. */
  readonly variables: Readonly<Record<string, Json>>;
}

/** The settings of the server itself. */
export interface Honua {
  /** Of the configuration's format. Default `1.0`. */
  readonly version: string;
  /** Default `development`; `production`, in any case, brings rules of its own. */
  readonly environment: string;
  /** Default `information`. */
  readonly logLevel: string;
  /** Default none. */
  readonly allowedHosts: readonly string[];
  /** Left out: the server's own defaults. */
  readonly cors?: Cors | undefined;
}

/** Which other origins a browser may call from. */
export interface Cors {
  /** Default false; must not be true together with `allowCredentials`. */
  readonly allowAnyOrigin: boolean;
  /** Default none. */
  readonly allowedOrigins: readonly string[];
  /** Default false. */
  readonly allowCredentials: boolean;
}

/** One database. */
export interface DataSource {
  /** Its name in the source. */
  readonly id: string;
  /** The kind of database: `postgresql`. Empty where it is missing. */
  readonly provider: string;
  /** The connection string, often with a secret. Empty where it is missing. */
  readonly connection: string;
  /** The query that tells whether it is well. */
  readonly healthCheck?: string | undefined;
  /** Left out: the server's own defaults. */
  readonly pool?: Pool | undefined;
  /** Default false. */
  readonly readOnly: boolean;
  /** In the server's unit; no rule looks at it. */
  readonly maxReplicationLag?: number | undefined;
}

/** The connections that are kept to a database. */
export interface Pool {
  /** Connections. Default 1. */
  readonly minSize: number;
  /** Connections. Default 10. */
  readonly maxSize: number;
  /** Seconds. Default 30. */
  readonly timeout: number;
}

/** One protocol that is served. */
export interface Service {
  /** Its name in the source. */
  readonly id: string;
  /** The protocol: `odata`. Default its id. */
  readonly type: string;
  /** Default true. */
  readonly enabled: boolean;
  /** Every other attribute of the block, named as written; a text that spells a number stays a text. */
  readonly settings: Readonly<Record<string, Json>>;
}

/** One table that is published. */
export interface Layer {
  /** Its name in the source. */
  readonly id: string;
  /** As people see it. Empty where it is missing. */
  readonly title: string;
  /** The id of a data source. Empty where it is missing. */
  readonly dataSource: string;
  /** The table's name in the database. Empty where it is missing. */
  readonly table: string;
  /** As people see it. */
  readonly description?: string | undefined;
  /** Left out: the layer has none. */
  readonly geometry?: Geometry | undefined;
  /** The field that identifies a row. Empty where it is missing. */
  readonly idField: string;
  /** The field that names a row to people. */
  readonly displayField?: string | undefined;
  /** Whether the server asks the database for the fields. Default true; where false, `fields` has to name them. */
  readonly introspectFields: boolean;
  /** By name. */
  readonly fields?: Readonly<Record<string, Field>> | undefined;
  /** The ids of the services that publish it. Default none. */
  readonly services: readonly string[];
}

/** Where a layer's shapes are. */
export interface Geometry {
  /** Empty where it is missing. */
  readonly column: string;
  /** `Point`, `MultiPolygon`. Empty where it is missing. */
  readonly type: string;
  /** The id of the spatial reference system. Default 4326 (WGS 84). */
  readonly srid: number;
}

/** One column of a layer. */
export interface Field {
  /** `string`, `datetime`. Empty where it is missing. */
  readonly type: string;
  /** Default true. */
  readonly nullable: boolean;
}

/** One cache. */
export interface Cache {
  /** Its name in the source. */
  readonly id: string;
  /** `redis` or `memory`. Default `memory`, also where there is a connection. */
  readonly type: string;
  /** Default true. */
  readonly enabled: boolean;
  /** The connection string, often with a secret; `redis` needs one. */
  readonly connection?: string | undefined;
  /** The environments that cannot do without it. Default none. */
  readonly requiredIn: readonly string[];
}

/** How many requests are let through. */
export interface RateLimit {
  /** Default true. */
  readonly enabled: boolean;
  /** Where the counts are kept: `memory` or `redis`. Default `memory`. */
  readonly store: string;
  /** By name. Default none. */
  readonly rules: Readonly<Record<string, RateLimitRule>>;
}

/** One limit. */
export interface RateLimitRule {
  /** How many in one window. Default 1000. */
  readonly requests: number;
  /** A number and one of s, m, h, d. Default `1m`. */
  readonly window: string;
}
