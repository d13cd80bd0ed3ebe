// Applies the rules to a model, block by block. The findings about a block are kept as long as the block and everything
// else that the rules read are the same objects.
import type { BlockEntry, BlockVerdict } from "./block_memory.ts";
import type { Finding } from "./findings.ts";
import type { Layer } from "./honua_config.ts";
import type { Model, Section } from "./model.ts";
import type { RuleContext, Secrets } from "./rules.ts";
import { type Blocks, type Index, layerReferences, wholeRules } from "./rules_of_reference.ts";
import { serverRules } from "./rules_of_server.ts";
import { serverFormRules } from "./rules_of_server_form.ts";
import { emptinessRules, shapeRules } from "./rules_of_shape.ts";

/** The objects beside the blocks that the rules last read. */
export interface JudgeMemory {
  /** Values that must not be quoted. */
  secrets: { readonly values: readonly string[]; readonly secrets: Secrets } | null;
  /** Of the last model that reached the second phase. */
  index: KnownIndex | null;
}

/** An index, with all its answers. */
export interface KnownIndex {
  readonly answers: string;
  /** The services and data sources that a layer can refer to. */
  readonly index: Index;
  /** The shared verdict on every layer without a finding. */
  readonly quiet: BlockVerdict;
}

/** Judges one model. Each phase yields to take turns, and may be called only if no phase before it found an error. */
export interface Judge {
  /** Returns the findings about each block by itself; may always be called. */
  shape(): Generator<void, Finding[]>;
  /** Returns the findings about references from block to block. */
  references(): Generator<void, Finding[]>;
  /** Returns the findings about the parts that a server would refuse. */
  server(): Generator<void, Finding[]>;
  /** How often rules were applied to a block. */
  readonly rulesRun: number;
}

/** Opens a judge of one model. */
export function openJudge(model: Model, memory: JudgeMemory): Judge {
  const { labelled, single } = model;
  const { secrets } = memory.secrets = knownSecrets(model.secrets, memory);
  let rulesRun = 0;

  /** Runs rules, and notes whether they read the secrets; most find nothing, and share one verdict. */
  function run(
    entry: BlockEntry,
    quiet: BlockVerdict,
    rules: (context: RuleContext) => Iterable<Finding>,
  ): BlockVerdict {
    rulesRun++;
    let asked = false;
    const areIn = (value: string) => (asked = true, secrets.areIn(value));
    const findings = [...rules({ facts: entry.facts, secrets: { areIn } })];
    return findings.length === 0 && !asked ? quiet : { ...quiet, findings, secrets: asked ? secrets : null };
  }

  function* shapeOf(entries: Iterable<BlockEntry>, rules: (context: RuleContext, block: never) => Iterable<Finding>) {
    const found: Finding[] = [];
    for (const entry of entries) {
      if (entry.shape === QUIET) continue;
      if (entry.shape === null || !isCurrent(entry.shape, secrets, null)) {
        entry.shape = run(entry, QUIET, (context) => rules(context, entry.resolved as never));
        yield;
      }
      for (const one of entry.shape.findings) found.push(one);
    }
    return found;
  }

  return {
    get rulesRun() {
      return rulesRun;
    },
    *shape() {
      const found: Finding[] = yield* shapeOf([single.get("honua")!], shapeRules.honua);
      const { data_source, service, layer } = labelled;
      found.push(...emptinessRules({ dataSources: data_source.size, services: service.size, layers: layer.size }));
      for (const type of ["data_source", "service", "layer", "cache"] as const) {
        for (const one of yield* shapeOf(labelled[type].entries, firstPhase[type])) found.push(one);
      }
      const rateLimit = single.get("rate_limit");
      // One by one, since a call takes a limited number of arguments.
      const limits = rateLimit === undefined ? [] : [rateLimit];
      for (const one of yield* shapeOf(limits, firstPhase.rate_limit)) found.push(one);
      return found;
    },
    *references() {
      const { index, quiet } = indexOf(model, memory);
      const found: Finding[] = [];
      for (const entry of labelled.layer.entries) {
        if (entry.references === quiet) continue;
        if (entry.references === null || !isCurrent(entry.references, secrets, index)) {
          const layer = entry.resolved as unknown as Layer;
          entry.references = run(entry, quiet, (context) => layerReferences(context, layer, index));
          yield;
        }
        for (const one of entry.references.findings) found.push(one);
      }
      yield;
      for (const one of wholeRules(blocksOf(model), secrets)) found.push(one);
      return found;
    },
    *server() {
      yield;
      return [...serverRules(blocksOf(model), secrets)];
    },
  };
}

type Rules<T> = (context: RuleContext, block: T) => Iterable<Finding>;

/** Combines two sets of rules. */
function combined<T>(first: Rules<T>, second: Rules<T>): Rules<T> {
  return function* (context, block) {
    yield* first(context, block);
    yield* second(context, block);
  };
}

/** The rules for a block by itself. */
const firstPhase = {
  data_source: combined(shapeRules.data_source, serverFormRules.data_source),
  service: combined(shapeRules.service, serverFormRules.service),
  layer: combined(shapeRules.layer, serverFormRules.layer),
  cache: shapeRules.cache,
  rate_limit: combined(shapeRules.rate_limit, serverFormRules.rate_limit),
};

/** The shared verdict of the first phase on every block without a finding. */
const QUIET: BlockVerdict = { findings: [], secrets: null, index: null };

/** Whether the rules would find the same again. */
function isCurrent(known: BlockVerdict, secrets: Secrets, index: Index | null): boolean {
  return known.index === index && (known.secrets === null || known.secrets === secrets);
}

/** Returns the same object as long as the values are the same. */
function knownSecrets(values: readonly string[], { secrets: known }: JudgeMemory) {
  if (known?.values.length === values.length && known.values.every((value, at) => value === values[at])) return known;
  return { values, secrets: { areIn: (value: string) => values.some((secret) => value.includes(secret)) } };
}

/** Returns the same index as long as its answers are the same. */
function indexOf({ labelled: { data_source: sources, service: services } }: Model, memory: JudgeMemory): KnownIndex {
  const enabled = services.entries.map(isEnabled);
  const answers = JSON.stringify([[...sources.blocks.keys()], [...services.blocks.keys()], enabled]);
  if (memory.index?.answers === answers) return memory.index;
  const index = newIndex(sources, services);
  return memory.index = { answers, index, quiet: { ...QUIET, index } };
}

function newIndex(sources: Section, services: Section): Index {
  const sourceIds = new Set(sources.blocks.keys());
  const serviceIds = [...services.blocks.keys()];
  const enabled = new Map(serviceIds.map((id, at) => [id, isEnabled(services.entries[at]!)]));
  return {
    dataSources: Object.keys(sources.resolved),
    services: Object.keys(services.resolved),
    hasDataSource: (id) => sourceIds.has(id),
    isEnabled: (id) => enabled.get(id),
  };
}

function isEnabled({ resolved }: BlockEntry): boolean {
  return (resolved as unknown as { readonly enabled: boolean }).enabled;
}

/** Returns the blocks in the types that the schema checked. */
function blocksOf({ labelled, single }: Model): Blocks {
  const blocks = { honua: single.get("honua"), rateLimit: single.get("rate_limit") ?? null, ...labelled };
  return blocks as unknown as Blocks;
}
