// The rules of the second phase, between blocks. They run only if all blocks could be read and the first phase found no
// error, so they need not doubt a value. Findings about a layer depend only on that layer, on an index of the blocks
// that a layer can refer to, and on the secrets; the other rules run at every load, over ids and a few members.
import { type Facts, isWritten, NO_FACTS, rangeAt } from "./facts.ts";
import type { Finding } from "./findings.ts";
import type { Cache, DataSource, Honua, Layer, RateLimit, Service } from "./honua_config.ts";
import {
  errorAt,
  hasName,
  quotableValue,
  type RuleContext,
  sameName,
  type Secrets,
  shown,
  suggestNames,
  warningAt,
} from "./rules.ts";
import { labelledBlocks } from "./schema.ts";
import type { LabelledType } from "./sorted_blocks.ts";

/** The blocks that a layer can refer to. */
export interface Index {
  /** The ids of all data sources, as in the snapshot. */
  readonly dataSources: readonly string[];
  /** The ids of all services. */
  readonly services: readonly string[];
  hasDataSource(id: string): boolean;
  /** Undefined if there is no such service. */
  isEnabled(service: string): boolean | undefined;
}

/** A block and the facts of its reading. */
export interface BlockReading<T> {
  /** With the environment of this host. */
  readonly resolved: T;
  readonly facts: Facts;
}

/** The blocks of a type. */
export interface BlockReadings<T> {
  /** Keys are the ids, in the order of the source. */
  readonly blocks: ReadonlyMap<string, unknown>;
  /** In the same order. */
  readonly entries: readonly BlockReading<T>[];
}

/** All known blocks but variables. */
export interface Blocks {
  readonly honua: BlockReading<Honua>;
  /** Null if requests are not limited. */
  readonly rateLimit: BlockReading<RateLimit> | null;
  readonly data_source: BlockReadings<DataSource>;
  readonly service: BlockReadings<Service>;
  readonly layer: BlockReadings<Layer>;
  readonly cache: BlockReadings<Cache>;
}

/** Checks the references of a layer to other blocks, and to its own fields. */
export function* layerReferences(context: RuleContext, layer: Layer, index: Index): Generator<Finding> {
  yield* referenceRules(context, layer, index);
  yield* fieldRules(context, layer);
  yield* reachRules(context, layer, index);
}

/** Checks the rules that need all blocks. */
export function* wholeRules(blocks: Blocks, secrets: Secrets): Generator<Finding> {
  yield* usageRules(blocks, secrets);
  yield* cacheRules(blocks, secrets);
  yield* identityRules(blocks, secrets);
  if (sameName(blocks.honua.resolved.environment, "production")) yield* productionRules(blocks, secrets);
}

function* referenceRules(context: RuleContext, layer: Layer, index: Index): Generator<Finding> {
  const source = `layer.${layer.id}.data_source`;
  if (!index.hasDataSource(layer.dataSource)) {
    const summary = `Layer ${layer.id} names an unknown data source ${shown(context, source, layer.dataSource)}`;
    const wanted = quotableValue(context, source, layer.dataSource);
    yield* errorAt(context, source, "config/unknown-reference", summary, {
      suggestion: suggestNames("data sources", wanted, index.dataSources),
    });
  }
  const services = `layer.${layer.id}.services`;
  for (const [at, service] of layer.services.entries()) {
    if (index.isEnabled(service) !== undefined) continue;
    const summary = `Layer ${layer.id} names an unknown service ${shown(context, services, service)}`;
    const wanted = quotableValue(context, services, service);
    const item = `${services}[${at}]`;
    yield* errorAt(context, services, "config/unknown-reference", summary, {
      suggestion: suggestNames("services", wanted, index.services),
      at: isWritten(context.facts, item) ? item : services,
    });
  }
}

function* fieldRules(context: RuleContext, layer: Layer): Generator<Finding> {
  const { fields, geometry } = layer;
  if (fields === undefined || Object.keys(fields).length === 0 || geometry === undefined) return;
  const path = `layer.${layer.id}`;
  const wanted = [
    ["geometry.column", "geometry column", geometry.column],
    ["id_field", "id_field", layer.idField],
    ["display_field", "display_field", layer.displayField ?? ""],
  ] as const;
  for (const [setting, what, name] of wanted) {
    if (name === "" || Object.hasOwn(fields, name)) continue;
    const summary = `The ${what} ${shown(context, `${path}.${setting}`, name)} is not among the fields`;
    yield* warningAt(context, `${path}.fields`, "config/unknown-field", summary, {
      why: "The fields that are written are all that the layer has",
      suggestion: `Add it to the fields, or correct ${setting}`,
      at: `${path}.${setting}`,
    });
  }
}

/** The code of the warning that a layer has no enabled service. */
export const UNREACHABLE_LAYER = "config/unreachable-layer";

/** The first phase already warned about a layer without any service. */
function* reachRules(context: RuleContext, { id, services }: Layer, index: Index): Generator<Finding> {
  if (services.length === 0 || services.some((service) => index.isEnabled(service) === true)) return;
  const summary = `None of the services of layer ${id} is enabled`;
  yield* warningAt(context, `layer.${id}.services`, UNREACHABLE_LAYER, summary, {
    why: "Nobody can reach the layer",
    suggestion: "Enable one of its services or add one that is enabled",
  });
}

function* usageRules({ data_source, service, layer }: Blocks, secrets: Secrets): Generator<Finding> {
  const unusedServices = new Map(byId(service).filter(([, { resolved }]) => resolved.enabled));
  const unusedSources = new Map(data_source.entries.length < 2 ? [] : byId(data_source));
  for (const { resolved } of layer.entries) {
    if (unusedServices.size === 0 && unusedSources.size === 0) return;
    for (const id of resolved.services) unusedServices.delete(id);
    unusedSources.delete(resolved.dataSource);
  }
  for (const [id, { facts }] of unusedServices) {
    const summary = `Service ${id} is enabled and no layer uses it`;
    yield* warningAt({ facts, secrets }, `service.${id}`, "config/unused", summary, {
      suggestion: "Name it in a layer's services, or write enabled = false",
    });
  }
  for (const [id, { facts }] of unusedSources) {
    const summary = `No layer uses data source ${id}`;
    yield* warningAt({ facts, secrets }, `data_source.${id}`, "config/unused", summary, {
      suggestion: "Name it in a layer's data_source, or remove it",
    });
  }
}

function byId<T extends { readonly id: string }>({ entries }: BlockReadings<T>): [string, BlockReading<T>][] {
  return entries.map((entry) => [entry.resolved.id, entry]);
}

function* cacheRules({ honua, cache, rateLimit }: Blocks, secrets: Secrets): Generator<Finding> {
  const hasRedis = cache.entries.some(({ resolved }) => resolved.enabled && sameName(resolved.type, "redis"));
  if (rateLimit !== null && sameName(rateLimit.resolved.store, "redis") && !hasRedis) {
    const context = { facts: rateLimit.facts, secrets };
    const summary = "Rate limits are to be kept in Redis, and no Redis cache is enabled";
    yield* warningAt(context, "rate_limit.store", "config/rate-limit-without-redis", summary, {
      why: "Each server would count for itself",
      suggestion: 'Define a cache with type = "redis", or write store = "memory"',
    });
  }
  for (const { resolved, facts } of cache.entries) {
    const { id, enabled, requiredIn } = resolved;
    if (enabled || !hasName(requiredIn, honua.resolved.environment)) continue;
    const summary = `Cache ${id} is required in this environment and disabled`;
    yield* errorAt({ facts, secrets }, `cache.${id}.enabled`, "config/required-cache-disabled", summary, {
      suggestion: "Write enabled = true, or take the environment out of required_in",
    });
  }
}

/** Compares the ids of all types of blocks, in the order in which the server checks them. */
function* identityRules(blocks: Blocks, secrets: Secrets): Generator<Finding> {
  const types = Object.keys(labelledBlocks) as LabelledType[];
  for (const [at, type] of types.entries()) {
    const earlier = types.slice(0, at);
    const shared = sharedIds(blocks, type, earlier);
    if (shared.size === 0) continue;
    const known = new Map(types.map((one) => [one, new Map(byId<{ readonly id: string }>(blocks[one]))]));
    for (const id of shared) {
      const other = earlier.find((one) => blocks[one].blocks.has(id))!;
      const range = rangeAt(known.get(other)!.get(id)!.facts, `${other}.${id}`);
      const context = { facts: known.get(type)!.get(id)!.facts, secrets };
      const summary = `${id} is the name of a ${type} and a ${other}`;
      yield* errorAt(context, `${type}.${id}`, "config/duplicate-id", summary, {
        why: "Names are unique over data sources, services, layers and caches",
        suggestion: "Rename one of the two",
        other: range === null ? null : { label: "already used here", range },
      });
    }
  }
}

/** The ids that a type shares with an earlier one. Iterates over the smaller set, since one may have thousands. */
function sharedIds(blocks: Blocks, type: LabelledType, earlier: readonly LabelledType[]): Set<string> {
  const shared = new Set<string>();
  for (const one of earlier) {
    const [few, many] = [blocks[type].blocks, blocks[one].blocks].sort((first, second) => first.size - second.size);
    for (const id of few!.keys()) if (many!.has(id)) shared.add(id);
  }
  return shared;
}

function* productionRules({ honua, cache, rateLimit }: Blocks, secrets: Secrets): Generator<Finding> {
  if (honua.resolved.cors?.allowAnyOrigin === true) {
    const context = { facts: honua.facts, secrets };
    const summary = "Any origin is allowed in production";
    yield* warningAt(context, "honua.cors.allow_any_origin", "config/production-any-origin", summary, {
      why: "Every site may read the answers of the server",
      suggestion: "Write allow_any_origin = false and name the allowed_origins",
    });
  }
  const [first] = cache.entries;
  if (first !== undefined && cache.entries.every(({ resolved }) => sameName(resolved.type, "memory"))) {
    const context = { facts: first.facts, secrets };
    yield* warningAt(context, "cache", "config/production-memory-cache", "There are only memory caches in production", {
      why: "Servers share nothing through them",
      suggestion: 'Give one of them type = "redis"',
      at: `cache.${first.resolved.id}`,
    });
  }
  if (rateLimit === null || !rateLimit.resolved.enabled) {
    const context = { facts: rateLimit?.facts ?? NO_FACTS, secrets };
    const summary = "Rate limiting is not enabled in production";
    yield* warningAt(context, "rate_limit", "config/production-no-rate-limit", summary, {
      suggestion: "Write a rate_limit block with enabled = true",
    });
  }
}
