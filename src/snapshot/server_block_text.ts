// Writes the blocks of a configuration in the grammar that a server reads, one setting a line. It writes all members,
// so that no default of the server counts, and leaves out a setting that the grammar cannot express.
import type { Cache, DataSource, Honua, Layer, RateLimit, Service } from "../config/honua_config.ts";
import type { Json } from "../config/json.ts";
import { isExpandedAgain, isName, quoted, serverValueOf, written } from "../server/grammar.ts";
import { serverReadingOf } from "../server/service_settings.ts";

/** Takes texts that the server would expand again. */
export interface TextVariables {
  /** Stores the text of a setting, and returns the name of the variable that has it. */
  variableFor(setting: string, text: string): string;
}

/** Writes the block `honua`. */
export function honuaText({ version, environment, logLevel, allowedHosts, cors }: Honua): string {
  return block("honua", [
    ["version", quoted(version)],
    ["environment", quoted(environment)],
    ["log_level", quoted(logLevel)],
    ["allowed_hosts", written(allowedHosts)],
    cors === undefined ? null : [
      "cors",
      object(1, [
        ["allow_any_origin", written(cors.allowAnyOrigin)],
        ["allowed_origins", written(cors.allowedOrigins)],
        ["allow_credentials", written(cors.allowCredentials)],
      ]),
    ],
  ]);
}

/** Writes a variable; empty if the grammar cannot express its value. */
export function variableText(name: string, value: Json): string {
  const plain = serverValueOf(value);
  return plain === null ? "" : `variable ${quoted(name)} = ${written(plain)}\n`;
}

/** Writes a block `data_source`. */
export function dataSourceText(id: string, dataSource: DataSource, variables: TextVariables): string {
  const { provider, connection, healthCheck, pool } = dataSource;
  return block(`data_source ${quoted(id)}`, [
    ["provider", quoted(provider)],
    ["connection", expanded(variables, "connection", connection)],
    healthCheck === undefined ? null : ["health_check", expanded(variables, "health_check", healthCheck)],
    pool === undefined ? null : [
      "pool",
      object(1, [
        ["min_size", written(pool.minSize)],
        ["max_size", written(pool.maxSize)],
        ["timeout", written(pool.timeout)],
      ]),
    ],
  ]);
}

/** Writes a block `service`. */
export function serviceText(id: string, { type, enabled, settings }: Service, variables: TextVariables): string {
  const lines: Line[] = [["type", quoted(type)], ["enabled", written(enabled)]];
  for (const name of Object.keys(settings).sort()) {
    const reading = serverReadingOf(name, settings[name]!);
    if (reading.kind !== "written" && reading.kind !== "ignored") continue;
    const { value } = reading;
    lines.push([name, typeof value === "string" ? expanded(variables, name, value) : written(value)]);
  }
  return block(`service ${quoted(id)}`, lines);
}

/** Writes a block `layer`. The server takes references in quotes; bare ones allow fewer characters. */
export function layerText(id: string, layer: Layer): string {
  const { title, dataSource, table, description, geometry, idField, displayField, fields } = layer;
  return block(`layer ${quoted(id)}`, [
    ["title", quoted(title)],
    ["data_source", quoted(dataSource)],
    ["table", quoted(table)],
    description === undefined ? null : ["description", quoted(description)],
    geometry === undefined ? null : [
      "geometry",
      object(1, [
        ["column", quoted(geometry.column)],
        ["type", quoted(geometry.type)],
        ["srid", written(geometry.srid)],
      ]),
    ],
    ["id_field", quoted(idField)],
    displayField === undefined ? null : ["display_field", quoted(displayField)],
    ["introspect_fields", written(layer.introspectFields)],
    fields === undefined ? null : [
      "fields",
      object(
        1,
        namesOf(fields).map((name): Line => {
          const { type, nullable } = fields[name]!;
          return [name, `{ type = ${quoted(type)} nullable = ${written(nullable)} }`];
        }),
      ),
    ],
    ["services", written(layer.services)],
  ]);
}

/** Writes a block `cache`. */
export function cacheText(
  id: string,
  { type, enabled, connection, requiredIn }: Cache,
  variables: TextVariables,
): string {
  return block(`cache ${quoted(id)}`, [
    ["type", quoted(type)],
    ["enabled", written(enabled)],
    connection === undefined ? null : ["connection", expanded(variables, "connection", connection)],
    ["required_in", written(requiredIn)],
  ]);
}

/** Writes the block `rate_limit`. */
export function rateLimitText({ enabled, store, rules }: RateLimit, variables: TextVariables): string {
  return block("rate_limit", [
    ["enabled", written(enabled)],
    ["store", expanded(variables, "store", store)],
    [
      "rules",
      object(
        1,
        namesOf(rules).map((name): Line => {
          const { requests, window } = rules[name]!;
          return [name, `{ requests = ${written(requests)} window = ${quoted(window)} }`];
        }),
      ),
    ],
  ]);
}

/** Writes a text as the value of a setting that the server expands again. */
function expanded(variables: TextVariables, setting: string, text: string): string {
  return quoted(isExpandedAgain(text) ? `var.${variables.variableFor(setting, text)}` : text);
}

/** The names that the grammar can express, sorted: the order of the source is not the same on every host. */
function namesOf(map: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(map).filter(isName).sort();
}

/** A setting and its value in the grammar. */
type Line = readonly [name: string, value: string];

function block(head: string, lines: readonly (Line | null)[]): string {
  return `${head} ${object(0, lines)}\n`;
}

function object(depth: number, lines: readonly (Line | null)[]): string {
  const present = lines.filter((line) => line !== null);
  if (present.length === 0) return "{}";
  const indent = "  ".repeat(depth);
  return `{\n${present.map(([name, value]) => `${indent}  ${name} = ${value}\n`).join("")}${indent}}`;
}
