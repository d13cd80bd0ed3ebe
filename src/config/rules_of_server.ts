// The third phase: finds the settings that a server refuses when it builds its catalog from an otherwise valid
// configuration. It runs only if the second phase found no error, so every service and data source that a layer names
// exists. It checks ids and a few members of all layers again each time.
import { isWritten, rangeAt } from "./facts.ts";
import type { Finding } from "./findings.ts";
import type { DataSource, Layer, Service } from "./honua_config.ts";
import { clip } from "./reading.ts";
import { errorAt, type RuleContext, type Secrets, shown, warningAt } from "./rules.ts";
import type { BlockReading, BlockReadings, Blocks } from "./rules_of_reference.ts";

/** The code of the error that a layer names a disabled service. */
export const DISABLED_SERVICE = "server/disabled-service";

/** Finds the parts of the whole configuration that a server refuses. */
export function* serverRules({ data_source, service, layer }: Blocks, secrets: Secrets): Generator<Finding> {
  const enabled = service.entries.filter(({ resolved }) => resolved.enabled);
  yield* caseRules("data_source", data_source.entries, secrets);
  yield* caseRules("service", enabled, secrets);
  yield* publishingRules(layer, new Map(service.entries.map((entry) => [entry.resolved.id, entry])), secrets);
  if (data_source.entries.length > 1) yield* oneDataSourceRules(layer, enabled, secrets);
  if (data_source.entries.length === 0) yield* dataSourceRules(enabled, secrets);
}

/** The server treats ids of one kind that differ only in the case of letters as one id. */
function* caseRules(
  type: "data_source" | "service",
  entries: readonly BlockReading<DataSource | Service>[],
  secrets: Secrets,
): Generator<Finding> {
  const known = new Map<string, BlockReading<DataSource | Service>>();
  for (const entry of entries) {
    const { id } = entry.resolved;
    const folded = withoutCase(id);
    const first = known.get(folded);
    if (first === undefined) {
      known.set(folded, entry);
      continue;
    }
    const range = rangeAt(first.facts, `${type}.${first.resolved.id}`);
    const summary = `The ids ${first.resolved.id} and ${id} differ only in upper and lower case`;
    yield* errorAt({ facts: entry.facts, secrets }, `${type}.${id}`, "server/duplicate-id", summary, {
      why: "To the server they are one id, and it refuses the configuration",
      suggestion: "Rename one of the two",
      other: range === null ? null : { label: "the other one", range },
    });
  }
}

const ASCII = /^[\0-\x7f]*$/;

/** Not ASCII: so rare that a check of each costs little. */
const OTHER_CHARACTER = /[^\0-\x7f]/gu;

/**
 * Returns the same text for all ids that the server treats as one. The server compares the upper case of each letter,
 * so `σ` equals `ς`, and `ß`, which has no upper case of one letter, does not equal `ss`. `ı` and `ſ` do not equal `I`
 * and `S`.
 */
function withoutCase(id: string): string {
  // The same result at a tenth of the cost, which matters for each layer at each edit.
  if (ASCII.test(id)) return id.toUpperCase();
  return id.replace(OTHER_CHARACTER, (one) => {
    const upper = one.toUpperCase();
    if (upper.length > one.length) return one.toLowerCase();
    return upper <= "\x7f" ? one : upper;
  }).replace(/[a-z]+/g, (ascii) => ascii.toUpperCase());
}

/** A service in a layer's list. */
interface Publication {
  readonly layer: BlockReading<Layer>;
  /** Its index in the list. */
  readonly at: number;
}

/**
 * The bound on compared published ids, in UTF-16 units: a source of a few megabytes can have gigabytes of them. 100,000
 * publications of ordinary length fit.
 */
const MAX_PUBLISHED_LENGTH = 16 * 1024 * 1024;

/** The server publishes a layer once for each service, under an id that must be unique in any case of letters. */
function* publishingRules(
  layers: BlockReadings<Layer>,
  services: ReadonlyMap<string, BlockReading<Service>>,
  secrets: Secrets,
): Generator<Finding> {
  const published = new Map<string, Publication>();
  let left = MAX_PUBLISHED_LENGTH;
  for (const layer of layers.entries) {
    const context = { facts: layer.facts, secrets };
    const { id, services: names } = layer.resolved;
    let rivals: Set<BlockReading<Layer>> | null = null;
    for (const [at, name] of names.entries()) {
      const service = services.get(name)!;
      if (!service.resolved.enabled) {
        yield* disabledService(context, { layer, at }, service);
        continue;
      }
      left -= id.length + name.length;
      if (left < 0) continue;
      const publishedId = names.length === 1 ? id : `${id}_${name}`;
      const folded = withoutCase(publishedId);
      const first = published.get(folded);
      if (first === undefined) published.set(folded, { layer, at });
      else if (first.layer === layer) yield* repeatedService(context, { layer, at }, first.at);
      else if (!rivals?.has(first.layer)) {
        (rivals ??= new Set()).add(first.layer);
        yield* sharedId(context, id, publishedId.toLowerCase(), first.layer);
      }
    }
  }
}

function* disabledService(
  context: RuleContext,
  { layer, at }: Publication,
  service: BlockReading<Service>,
): Generator<Finding> {
  const { id, services: names } = layer.resolved;
  const path = `layer.${id}.services`;
  const name = names[at]!;
  const range = rangeAt(service.facts, `service.${name}.enabled`);
  const summary = `Layer ${id} names a disabled service ${shown(context, path, name)}`;
  yield* errorAt(context, path, DISABLED_SERVICE, summary, {
    why: "The server does not know a service that is disabled, and refuses the configuration",
    suggestion: "Remove the service from the layer's list, or write enabled = true in the service",
    at: placeOf(context, path, at),
    other: range === null ? null : { label: "disabled here", range },
  });
}

function* repeatedService(context: RuleContext, { layer, at }: Publication, first: number): Generator<Finding> {
  const { id, services: names } = layer.resolved;
  // Services whose ids differ only in case have an error already.
  if (names[at] !== names[first]) return;
  const path = `layer.${id}.services`;
  const summary = `Layer ${id} names service ${shown(context, path, names[at]!)} twice`;
  const range = rangeAt(context.facts, placeOf(context, path, first));
  yield* errorAt(context, path, "server/repeated-service", summary, {
    why: "The server would publish the layer twice under one id, and refuses the configuration",
    suggestion: "Remove one of the two",
    at: placeOf(context, path, at),
    other: range === null ? null : { label: "first named here", range },
  });
}

function* sharedId(
  context: RuleContext,
  id: string,
  publishedId: string,
  other: BlockReading<Layer>,
): Generator<Finding> {
  const path = `layer.${id}`;
  const range = rangeAt(other.facts, `layer.${other.resolved.id}`);
  const summary = `Layers ${other.resolved.id} and ${id} are both published as ${publishedId}`;
  yield* errorAt(context, path, "server/duplicate-id", summary, {
    why:
      "A layer with one service is published under its id, one with more as LAYER_SERVICE, each in any case of letters",
    suggestion: "Rename one of the two layers",
    other: range === null ? null : { label: "the other one", range },
  });
}

/** Returns the path of a name in a list, or of the list if the name has no place of its own. */
function placeOf({ facts }: RuleContext, path: string, at: number): string {
  return isWritten(facts, `${path}[${at}]`) ? `${path}[${at}]` : path;
}

/** Reports once, since one data source corrects it for all services. */
function* dataSourceRules([first]: readonly BlockReading<Service>[], secrets: Secrets): Generator<Finding> {
  if (first === undefined) return;
  const { id } = first.resolved;
  const summary = `Service ${id} is enabled and there is no data source`;
  yield* warningAt({ facts: first.facts, secrets }, `service.${id}`, "server/no-data-source", summary, {
    why: "The server refuses a configuration that has an enabled service and no data source",
    suggestion: "Define a data source, or write enabled = false",
  });
}

/**
 * The server reads all layers of a service from the data source of the first layer that names the service. The layers
 * in its file are in the order of their ids.
 */
function* oneDataSourceRules(
  layers: BlockReadings<Layer>,
  enabled: readonly BlockReading<Service>[],
  secrets: Secrets,
): Generator<Finding> {
  const firsts = new Map<string, BlockReading<Layer>>();
  for (const layer of layers.entries) {
    for (const name of layer.resolved.services) {
      const first = firsts.get(name);
      if (first === undefined || layer.resolved.id < first.resolved.id) firsts.set(name, layer);
    }
  }
  const others = new Map<string, BlockReading<Layer>>();
  for (const layer of layers.entries) {
    for (const name of layer.resolved.services) {
      if (others.has(name) || firsts.get(name)!.resolved.dataSource === layer.resolved.dataSource) continue;
      others.set(name, layer);
    }
  }
  for (const service of enabled) {
    const other = others.get(service.resolved.id);
    if (other !== undefined) yield* oneDataSource(service, firsts.get(service.resolved.id)!, other, secrets);
  }
}

function* oneDataSource(
  service: BlockReading<Service>,
  { facts, resolved: first }: BlockReading<Layer>,
  other: BlockReading<Layer>,
  secrets: Secrets,
): Generator<Finding> {
  const { id } = service.resolved;
  const used = shown({ facts, secrets }, `layer.${first.id}.data_source`, first.dataSource);
  const range = rangeAt(other.facts, `layer.${other.resolved.id}.data_source`);
  const summary = `The server reads all layers of service ${clip(id)} from data source ${used}, also layer ${
    clip(other.resolved.id)
  }`;
  yield* warningAt({ facts: service.facts, secrets }, `service.${id}`, "server/one-data-source", summary, {
    why: `A service has one data source, that of its first layer by id, ${clip(first.id)}`,
    suggestion: "Give the layers of each data source their own service",
    other: range === null ? null : { label: "another data source", range },
  });
}
