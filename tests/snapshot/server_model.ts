// The model that a server has to have of a configuration: all of it but the settings that were warned about, and the
// settings that it looks at in the type that it looks for. And the model that it reads from a file, without the variables
// by which texts travel.
import type { HonuaConfig } from "../../src/config/honua_config.ts";
import type { Diagnostic } from "../../src/diagnostic/diagnostic.ts";
import type { ServerFormBody } from "../../src/snapshot/server_form.ts";
import { openServerFormWriter } from "../../src/snapshot/server_form_writer.ts";
import { readServerFile } from "../support/server_reader.ts";

/** The text of a configuration in the grammar of a server. */
export async function serverText(config: HonuaConfig): Promise<string> {
  const bytes = joined(await openServerFormWriter().write(config));
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** All pieces in one. */
export function joined({ pieces, byteLength }: ServerFormBody): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  if (at !== byteLength) throw new Error(`${at} bytes are written and ${byteLength} are announced`);
  return bytes;
}

/** The model that a server reads from a text; no variable of the environment exists, so that nothing is expanded again. */
export function modelRead(text: string, config: HonuaConfig): unknown {
  const { variables, ...model } = readServerFile(text);
  const isOurs = ([name]: readonly [string, unknown]) => Object.hasOwn(config.variables, name);
  const carried = Object.keys(variables).filter((name) => !isOurs([name, null]));
  if (carried.some((name) => !/^honua_configd[0-9]*__\w+$/.test(name))) throw new Error(`foreign ${carried}`);
  return comparable({ ...model, variables: Object.fromEntries(Object.entries(variables).filter(isOurs)) });
}

/** The model that a server has to have of a configuration, given all that was said of it when it was loaded. */
export function modelExpected(config: HonuaConfig, warnings: readonly Diagnostic[]): unknown {
  const isLeftOut = ({ code }: Diagnostic) => ["server/not-supported", "config/variable-without-value"].includes(code);
  const leftOut = new Set(warnings.filter(isLeftOut).map(({ path }) => path));
  const without = (entries: Readonly<Record<string, unknown>>, path: string) =>
    filtered(entries, (name) => !leftOut.has(`${path}.${name}`));
  const each = <T>(blocks: Readonly<Record<string, T>>, of: (block: T, id: string) => unknown) =>
    table(Object.entries(blocks).map(([id, block]) => [id, of(block, id)]));
  const { honua, dataSources, services, layers, caches, rateLimit, variables } = config;
  return comparable({
    honua: {
      ...pick(honua, ["version", "environment", "logLevel", "allowedHosts"]),
      cors: honua.cors && pick(honua.cors, ["allowAnyOrigin", "allowedOrigins", "allowCredentials"]),
    },
    dataSources: each(dataSources, (source, id) => ({
      ...pick(source, ["id", "provider", "connection", "healthCheck"]),
      pool: source.pool && pick(source.pool, ["minSize", "maxSize", "timeout"]),
      readOnly: leftOut.has(`data_source.${id}.read_only`) ? false : source.readOnly,
      maxReplicationLag: leftOut.has(`data_source.${id}.max_replication_lag`) ? undefined : source.maxReplicationLag,
    })),
    services: each(services, (service, id) => ({
      ...pick(service, ["id", "type", "enabled"]),
      settings: each(without(service.settings, `service.${id}`), asLookedFor),
    })),
    layers: each(layers, (layer, id) => ({
      ...pick(layer, ["id", "title", "dataSource", "table", "description", "idField", "displayField"]),
      ...pick(layer, ["introspectFields", "services"]),
      geometry: layer.geometry && pick(layer.geometry, ["column", "type", "srid"]),
      fields: leftOut.has(`layer.${id}.fields`) ? {} : layer.fields && each(
        without(layer.fields, `layer.${id}.fields`) as typeof layer.fields,
        (field) => pick(field, ["type", "nullable"]),
      ),
    })),
    caches: each(caches, (cache) => pick(cache, ["id", "type", "enabled", "connection", "requiredIn"])),
    rateLimit: rateLimit && {
      ...pick(rateLimit, ["enabled", "store"]),
      rules: each(
        without(rateLimit.rules, "rate_limit.rules") as typeof rateLimit.rules,
        (rule) => pick(rule, ["requests", "window"]),
      ),
    },
    variables: without(variables, "variable"),
  });
}

/** A text that spells the word that a server looks for counts as that word. */
function asLookedFor(value: unknown, name: string): unknown {
  if (typeof value !== "string") return value;
  const spelled = value.trim();
  if (name === "max_page_size" && /^[+-]?\d{1,20}$/.test(spelled) && Math.abs(Number(spelled) + 0.5) <= 2 ** 31) {
    return Number(spelled);
  }
  const isSwitch =
    /^(collections|wfs|wms|wmts|csw|wcs|csv|kml|kmz|shapefile|geopackage|flatgeobuf|geoarrow|geoparquet|pmtiles|topojson)_enabled$/;
  if (isSwitch.test(name) && /^(true|false)$/i.test(spelled)) return spelled.toLowerCase() === "true";
  return value;
}

function pick<T extends object>(from: T, names: readonly (keyof T)[]): Partial<T> {
  return Object.fromEntries(
    names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]),
  ) as Partial<T>;
}

function filtered(from: Readonly<Record<string, unknown>>, keeps: (name: string) => boolean): Record<string, unknown> {
  return table(Object.entries(from).filter(([name]) => keeps(name)));
}

function table(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const result = Object.setPrototypeOf({}, null) as Record<string, unknown>;
  for (const [name, value] of entries) result[name] = value;
  return result;
}

/** Objects as lists of their members in order: so are prototypes, absence and negative zero nothing to compare. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value === "number") return value + 0;
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).filter(([, member]) => member !== undefined)
    .sort(([one], [other]) => one < other ? -1 : 1).map(([name, member]) => [name, comparable(member)]);
}
