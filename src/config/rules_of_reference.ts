// The second phase: what blocks say of one another. It runs only where everything could be read and the first phase
// found no error, so it may take every value at its word.
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { HonuaConfig, Layer } from "./honua_config.ts";
import { errorAt, hasName, known, type Matter, sameName, shown, suggestNames, warningAt } from "./rules.ts";
import { labelledBlocks } from "./schema.ts";

/** Checks what the blocks of a configuration say of one another. */
export function* rulesOfReference(matter: Matter): Generator<Diagnostic> {
  const names = { dataSources: Object.keys(matter.config.dataSources), services: Object.keys(matter.config.services) };
  for (const layer of Object.values(matter.config.layers)) {
    yield* referenceRules(matter, layer, names);
    yield* fieldRules(matter, layer);
    yield* reachRules(matter, layer);
  }
  yield* usageRules(matter);
  yield* cacheRules(matter);
  yield* identityRules(matter);
  if (sameName(matter.config.honua.environment, "production")) yield* productionRules(matter);
}

interface Names {
  readonly dataSources: readonly string[];
  readonly services: readonly string[];
}

function* referenceRules(matter: Matter, layer: Layer, names: Names): Generator<Diagnostic> {
  const { config, facts } = matter;
  const source = `layer.${layer.id}.data_source`;
  if (!has(config.dataSources, layer.dataSource)) {
    const summary = `Layer ${layer.id} names an unknown data source ${shown(matter, source, layer.dataSource)}`;
    const wanted = known(matter, source, layer.dataSource);
    yield* errorAt(matter, source, "config/unknown-reference", summary, {
      suggestion: suggestNames("data sources", wanted, names.dataSources),
    });
  }
  const services = `layer.${layer.id}.services`;
  for (const [at, service] of layer.services.entries()) {
    if (has(config.services, service)) continue;
    const summary = `Layer ${layer.id} names an unknown service ${shown(matter, services, service)}`;
    const wanted = known(matter, services, service);
    const item = `${services}[${at}]`;
    yield* errorAt(matter, services, "config/unknown-reference", summary, {
      suggestion: suggestNames("services", wanted, names.services),
      at: facts.isWritten(item) ? item : services,
    });
  }
}

function has(blocks: object, id: string): boolean {
  return Object.hasOwn(blocks, id);
}

function* fieldRules(matter: Matter, layer: Layer): Generator<Diagnostic> {
  const { fields, geometry } = layer;
  if (fields === undefined || Object.keys(fields).length === 0 || geometry === undefined) return;
  const path = `layer.${layer.id}`;
  const wanted = [
    ["geometry.column", "geometry column", geometry.column],
    ["id_field", "id_field", layer.idField],
    ["display_field", "display_field", layer.displayField ?? ""],
  ] as const;
  for (const [setting, what, name] of wanted) {
    if (name === "" || has(fields, name)) continue;
    const summary = `The ${what} ${shown(matter, `${path}.${setting}`, name)} is not among the fields`;
    yield* warningAt(matter, `${path}.fields`, "config/unknown-field", summary, {
      why: "The fields that are written are all that the layer has",
      suggestion: `Add it to the fields, or correct ${setting}`,
      at: `${path}.${setting}`,
    });
  }
}

/** A layer that lists no service at all was said of in the first phase. */
function* reachRules(matter: Matter, { id, services }: Layer): Generator<Diagnostic> {
  const all = matter.config.services;
  if (services.length === 0 || services.some((service) => has(all, service) && all[service]!.enabled)) return;
  const summary = `None of the services of layer ${id} is enabled`;
  yield* warningAt(matter, `layer.${id}.services`, "config/unreachable-layer", summary, {
    why: "Nobody can reach the layer",
    suggestion: "Enable one of its services or add one that is enabled",
  });
}

function* usageRules(matter: Matter): Generator<Diagnostic> {
  const { dataSources, services, layers } = matter.config;
  const usedServices = new Set(Object.values(layers).flatMap((layer) => layer.services));
  const usedSources = new Set(Object.values(layers).map((layer) => layer.dataSource));
  for (const { id, enabled } of Object.values(services)) {
    if (!enabled || usedServices.has(id)) continue;
    yield* warningAt(matter, `service.${id}`, "config/unused", `Service ${id} is enabled and no layer uses it`, {
      suggestion: "Name it in a layer's services, or write enabled = false",
    });
  }
  if (Object.keys(dataSources).length < 2) return;
  for (const { id } of Object.values(dataSources)) {
    if (usedSources.has(id)) continue;
    yield* warningAt(matter, `data_source.${id}`, "config/unused", `No layer uses data source ${id}`, {
      suggestion: "Name it in a layer's data_source, or remove it",
    });
  }
}

function* cacheRules(matter: Matter): Generator<Diagnostic> {
  const { honua, caches, rateLimit } = matter.config;
  const all = Object.values(caches);
  const hasRedis = all.some(({ type, enabled }) => enabled && sameName(type, "redis"));
  if (rateLimit !== undefined && sameName(rateLimit.store, "redis") && !hasRedis) {
    const summary = "Rate limits are to be kept in Redis, and no Redis cache is enabled";
    yield* warningAt(matter, "rate_limit.store", "config/rate-limit-without-redis", summary, {
      why: "Each server would count for itself",
      suggestion: 'Define a cache with type = "redis", or write store = "memory"',
    });
  }
  for (const { id, enabled, requiredIn } of all) {
    if (enabled || !hasName(requiredIn, honua.environment)) continue;
    const summary = `Cache ${id} is required in this environment and disabled`;
    yield* errorAt(matter, `cache.${id}.enabled`, "config/required-cache-disabled", summary, {
      suggestion: "Write enabled = true, or take the environment out of required_in",
    });
  }
}

/** Ids are compared over all blocks, in the order in which the server looks at them. */
function* identityRules(matter: Matter): Generator<Diagnostic> {
  const first = new Map<string, string>();
  for (const [type, key] of Object.entries(labelledBlocks)) {
    for (const id of Object.keys(matter.config[key])) {
      const earlier = first.get(id);
      if (earlier === undefined) {
        first.set(id, type);
        continue;
      }
      const place = matter.facts.placeAt(`${earlier}.${id}`);
      yield* errorAt(
        matter,
        `${type}.${id}`,
        "config/duplicate-id",
        `${id} is the name of a ${type} and a ${earlier}`,
        {
          why: "Names are unique over data sources, services, layers and caches",
          suggestion: "Rename one of the two",
          other: place === null ? null : { label: "already used here", place },
        },
      );
    }
  }
}

function* productionRules(matter: Matter): Generator<Diagnostic> {
  const { honua, caches, rateLimit }: HonuaConfig = matter.config;
  if (honua.cors?.allowAnyOrigin === true) {
    const summary = "Any origin is allowed in production";
    yield* warningAt(matter, "honua.cors.allow_any_origin", "config/production-any-origin", summary, {
      why: "Every site may read what the server answers",
      suggestion: "Write allow_any_origin = false and name the allowed_origins",
    });
  }
  const all = Object.values(caches);
  if (all.length > 0 && all.every(({ type }) => sameName(type, "memory"))) {
    yield* warningAt(matter, "cache", "config/production-memory-cache", "There are only memory caches in production", {
      why: "Servers share nothing through them",
      suggestion: 'Give one of them type = "redis"',
      at: `cache.${all[0]!.id}`,
    });
  }
  if (rateLimit === undefined || !rateLimit.enabled) {
    const summary = "Rate limiting is not enabled in production";
    yield* warningAt(matter, "rate_limit", "config/production-no-rate-limit", summary, {
      suggestion: "Write a rate_limit block with enabled = true",
    });
  }
}
