// From a document to what it means: read, checked by the rules, and either a configuration with its portable form or
// the reasons why there is none. The environment comes in as a function, and nothing else is looked at. A loader
// remembers: what it gives is what a fresh one gives, and costs as much as what has changed.
import { type Diagnostic, warningDiagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceText } from "../diagnostic/range.ts";
import type { Document } from "../document/document.ts";
import { openPace, type Pace } from "../time/pace.ts";
import { atOnce, inTurns } from "../time/turns.ts";
import type { Environment } from "./environment.ts";
import { diagnosticOf, type Finding } from "./findings.ts";
import type { HonuaConfig } from "./honua_config.ts";
import type { JsonObject } from "./json.ts";
import { type JudgeMemory, openJudge } from "./judging.ts";
import { type Model, type ModelMemory, type ModelWork, openModelMemory, readModel } from "./model.ts";
import { UNREACHABLE_LAYER } from "./rules_of_reference.ts";
import { DISABLED_SERVICE } from "./rules_of_server.ts";
import { asHonuaConfig } from "./schema.ts";

/** What is loaded, in which environment, and whether the rules are to be asked. */
export interface LoadRequest {
  /** The source, parsed. */
  readonly document: Document;
  /** Asked at most once for each name, so that one load sees one value of it. */
  readonly environment: Environment;
  /** False skips the rules (`ConfigurationWatcher:ValidateOnReload`), never the schema. */
  readonly validate: boolean;
}

/** How many there are of each kind of block. */
export interface Counts {
  /** Blocks `data_source`. */
  readonly dataSources: number;
  /** Blocks `service`, enabled or not. */
  readonly services: number;
  /** Blocks `layer`. */
  readonly layers: number;
  /** Blocks `cache`, enabled or not. */
  readonly caches: number;
  /** Blocks `variable`, with or without a default. */
  readonly variables: number;
}

/** A configuration, or at least one error. Diagnostics are in the order of their places, at most 1,000 and a last. */
export type Loaded =
  | {
    readonly ok: true;
    readonly config: HonuaConfig;
    /** What is the same on every host with the same source; its canonical JSON is what is hashed. */
    readonly portable: JsonObject;
    readonly warnings: readonly Diagnostic[];
    readonly counts: Counts;
    /** What came from the environment and is long enough (4 characters) to be masked wherever it turns up. */
    readonly secrets: readonly string[];
  }
  | {
    readonly ok: false;
    readonly diagnostics: readonly Diagnostic[];
    /** As far as it could be read: by its hash others who have the same source see which one was rejected. */
    readonly portable: JsonObject;
    readonly secrets: readonly string[];
  };

/** Loads one document after the other, mostly much the same one. */
export interface Loader {
  /**
   * Loads a document as {@linkcode loadConfig} does, and lets the event loop have its turns. What did not change is the
   * same object as in the last load: entries, whole parts, and what is remembered by them elsewhere. Loads of one loader
   * do not overlap. Rejects only with the pace's reason.
   */
  load(request: LoadRequest, pace?: Pace): Promise<Loaded>;
  /** What the last load cost. */
  readonly work: LoadingWork;
}

/** What one load cost, in numbers that do not depend on the machine. */
export interface LoadingWork extends ModelWork {
  /** How often the rules of a block were asked, in either phase. */
  readonly rulesRun: number;
}

const NO_WORK: LoadingWork = { blocksRead: 0, definitionsEvaluated: 0, rulesRun: 0 };

/** What a loader remembers. */
interface Memory {
  readonly model: ModelMemory;
  readonly judge: JudgeMemory;
  work: LoadingWork;
}

function openMemory(): Memory {
  return { model: openModelMemory(), judge: { secrets: null, index: null }, work: NO_WORK };
}

/** Opens a loader that remembers nothing yet: what it will is no more than the last document and its blocks. */
export function openLoader(): Loader {
  const memory = openMemory();
  return {
    get work() {
      return memory.work;
    },
    load: (request, pace = openPace()) => inTurns(loadInSteps(request, memory), pace),
  };
}

/** Loads a document at once. A mistake of its author's is a diagnostic; only a bug throws. */
export function loadConfig(request: LoadRequest): Loaded {
  return atOnce(loadInSteps(request, openMemory()));
}

/** Yields where it may be interrupted. */
function* loadInSteps({ document, environment, validate }: LoadRequest, memory: Memory): Generator<void, Loaded> {
  const seen = new Map<string, string | undefined>();
  const model = yield* readModel(document, (name) => {
    if (!seen.has(name)) seen.set(name, environment(name));
    return seen.get(name);
  }, memory.model);
  const config = asHonuaConfig(model.resolved);
  const judge = openJudge(model, memory.judge);
  let found: readonly Said[] = [...document.mistakes, ...notSaidAlready(model.findings.kept, document.mistakes)];
  if (validate) {
    found = found.concat(yield* judge.shape());
    if (!found.some(isError)) found = found.concat(yield* judge.references());
    if (!found.some(isError)) found = withServerRules(found, yield* judge.server());
  }
  memory.work = { ...model.work, rulesRun: judge.rulesRun };
  yield;
  const diagnostics = arrange(found, model.findings.dropped, document.source);
  const secrets = [...new Set(seen.values())].filter((value): value is string =>
    value !== undefined && value.length >= MIN_SECRET_LENGTH
  );
  const { portable } = model;
  if (found.some(isError)) return { ok: false, diagnostics, portable, secrets };
  return { ok: true, config, portable, warnings: diagnostics, counts: countsOf(model), secrets };
}

/** A mistake that the document told already, or one that is still to be told. */
type Said = Diagnostic | Finding;

function isError({ severity }: Said): boolean {
  return severity === "error";
}

/** What the document said of a name that stands twice, or with and without a label, is not said again in other words. */
function notSaidAlready(found: readonly Finding[], mistakes: readonly Diagnostic[]): readonly Finding[] {
  if (mistakes.length === 0) return found;
  const paths = new Set(mistakes.map((mistake) => mistake.path));
  const again = ["config/duplicate", "config/wrong-labels"];
  return found.filter((one) => !again.includes(one.code) || !paths.has(one.path));
}

/** A layer without an enabled service names a disabled one, which is an error: the warning would say it again. */
function withServerRules(found: readonly Said[], more: readonly Finding[]): readonly Said[] {
  if (!more.some(({ code }) => code === DISABLED_SERVICE)) return found.concat(more);
  return found.filter(({ code }) => code !== UNREACHABLE_LAYER).concat(more);
}

const MIN_SECRET_LENGTH = 4;
const MAX_DIAGNOSTICS = 1_000;

/** In the order of their places, those of the whole file last; where there are too many, errors before warnings. */
function arrange(found: readonly Said[], dropped: number, source: SourceText): Diagnostic[] {
  const errors = found.filter(isError);
  const warnings = found.filter((one) => !isError(one));
  const kept = [...errors, ...warnings].slice(0, MAX_DIAGNOSTICS);
  kept.sort((one, other) => startOf(one) - startOf(other));
  const told = kept.map((one) => "place" in one ? one : diagnosticOf(source, one));
  const left = found.length - kept.length + dropped;
  if (left > 0) {
    told.push(warningDiagnostic("config/too-many-diagnostics", `${left} further diagnostics are not shown`));
  }
  return told;
}

function startOf(one: Said): number {
  const range = "place" in one ? one.place?.range : one.range;
  return range?.start ?? Number.MAX_SAFE_INTEGER;
}

function countsOf({ variables, labelled }: Model): Counts {
  return {
    dataSources: labelled.data_source.size,
    services: labelled.service.size,
    layers: labelled.layer.size,
    caches: labelled.cache.size,
    variables: variables.size,
  };
}
