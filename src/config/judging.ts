// What the rules say of a model, block by block: what was said of a block is said again for as long as it is the same
// block, and what the rules looked at beside it is the same object.
import type { BlockEntry, BlockVerdict } from "./block_memory.ts";
import type { Finding } from "./findings.ts";
import type { Layer } from "./honua_config.ts";
import type { Model, Section } from "./model.ts";
import type { RuleContext, Secrets } from "./rules.ts";
import { type Blocks, type Index, layerReferences, wholeRules } from "./rules_of_reference.ts";
import { serverRules } from "./rules_of_server.ts";
import { serverFormRules } from "./rules_of_server_form.ts";
import { emptinessRules, shapeRules } from "./rules_of_shape.ts";

/** What was looked at beside the blocks the last time. */
export interface JudgeMemory {
  /** What must not be quoted. */
  secrets: { readonly values: readonly string[]; readonly secrets: Secrets } | null;
  /** Of the last model that came to the second phase. */
  index: KnownIndex | null;
}

/** An index, and all that it would answer. */
export interface KnownIndex {
  /** As text. */
  readonly answers: string;
  /** What a layer can refer to. */
  readonly index: Index;
  /** The verdict on every layer of which nothing is to be said. */
  readonly quiet: BlockVerdict;
}

/** Judges one model. Each phase yields where it may be interrupted, and is to be asked if no error was found so far. */
export interface Judge {
  /** The findings about each block by itself; to be asked in any case. */
  shape(): Generator<void, Finding[]>;
  /** What blocks say of one another. */
  references(): Generator<void, Finding[]>;
  /** The findings about the parts that a server would refuse. */
  server(): Generator<void, Finding[]>;
  /** How often the rules of a block were asked. */
  readonly rulesRun: number;
}

/** Opens a judge of one model. */
export function openJudge(model: Model, memory: JudgeMemory): Judge {
  const { labelled, single } = model;
  const { secrets } = memory.secrets = knownSecrets(model.secrets, memory);
  let rulesRun = 0;

  /** Runs rules, and notes whether they looked at the secrets; most say nothing, and share one verdict. */
  function run(
    entry: BlockEntry,
    quiet: BlockVerdict,
    rules: (matter: RuleContext) => Iterable<Finding>,
  ): BlockVerdict {
    rulesRun++;
    let asked = false;
    const areIn = (value: string) => (asked = true, secrets.areIn(value));
    const findings = [...rules({ facts: entry.facts, secrets: { areIn } })];
    return findings.length === 0 && !asked ? quiet : { ...quiet, findings, secrets: asked ? secrets : null };
  }

  function* shapeOf(entries: Iterable<BlockEntry>, rules: (matter: RuleContext, block: never) => Iterable<Finding>) {
    const found: Finding[] = [];
    for (const entry of entries) {
      if (entry.shape === QUIET) continue;
      if (entry.shape === null || !stands(entry.shape, secrets, null)) {
        entry.shape = run(entry, QUIET, (matter) => rules(matter, entry.resolved as never));
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
      // One by one: a call takes only so many arguments.
      const limits = rateLimit === undefined ? [] : [rateLimit];
      for (const one of yield* shapeOf(limits, firstPhase.rate_limit)) found.push(one);
      return found;
    },
    *references() {
      const { index, quiet } = indexOf(model, memory);
      const found: Finding[] = [];
      for (const entry of labelled.layer.entries) {
        if (entry.references === quiet) continue;
        if (entry.references === null || !stands(entry.references, secrets, index)) {
          const layer = entry.resolved as unknown as Layer;
          entry.references = run(entry, quiet, (matter) => layerReferences(matter, layer, index));
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

type Rules<T> = (matter: RuleContext, block: T) => Iterable<Finding>;

/** Asks two sets of rules, one after the other. */
function both<T>(first: Rules<T>, second: Rules<T>): Rules<T> {
  return function* (matter, block) {
    yield* first(matter, block);
    yield* second(matter, block);
  };
}

/** All that is said of a block by itself. */
const firstPhase = {
  data_source: both(shapeRules.data_source, serverFormRules.data_source),
  service: both(shapeRules.service, serverFormRules.service),
  layer: both(shapeRules.layer, serverFormRules.layer),
  cache: shapeRules.cache,
  rate_limit: both(shapeRules.rate_limit, serverFormRules.rate_limit),
};

/** The verdict of the first phase on every block of which nothing is to be said. */
const QUIET: BlockVerdict = { findings: [], secrets: null, index: null };

/** Whether rules would say the same again. */
function stands(known: BlockVerdict, secrets: Secrets, index: Index | null): boolean {
  return known.index === index && (known.secrets === null || known.secrets === secrets);
}

/** The same secrets for as long as they are the same values. */
function knownSecrets(values: readonly string[], { secrets: known }: JudgeMemory) {
  if (known?.values.length === values.length && known.values.every((value, at) => value === values[at])) return known;
  return { values, secrets: { areIn: (value: string) => values.some((secret) => value.includes(secret)) } };
}

/** The same index for as long as it would answer the same. */
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

/** The blocks as what the schema found them to be. */
function blocksOf({ labelled, single }: Model): Blocks {
  const blocks = { honua: single.get("honua"), rateLimit: single.get("rate_limit") ?? null, ...labelled };
  return blocks as unknown as Blocks;
}
