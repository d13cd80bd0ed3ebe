// Loads a document: reads it, checks it by the rules, and returns a configuration with its portable form, or the
// reasons why there is none. The result depends only on the request. A loader remembers the last load: it returns the
// same as a new loader would, at a cost that depends mostly on the changes.
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

/** The input of a load. */
export interface LoadRequest {
  readonly document: Document;
  /** A load calls it at most once for each name, so that it sees only one value. */
  readonly environment: Environment;
  /** False skips the rules (`ConfigurationWatcher:ValidateOnReload`), never the schema. */
  readonly validate: boolean;
}

/** How many blocks of each type there are, also of those that are disabled. */
export interface Counts {
  readonly dataSources: number;
  readonly services: number;
  readonly layers: number;
  readonly caches: number;
  /** With or without a default. */
  readonly variables: number;
}

/**
 * A configuration, or at least one error. There are at most 1,000 diagnostics, in the order of their places, and one
 * more that counts the rest.
 */
export type Loaded =
  | {
    readonly ok: true;
    readonly config: HonuaConfig;
    /** The same on every host with the same source; the hash is computed from its canonical JSON. */
    readonly portable: JsonObject;
    readonly warnings: readonly Diagnostic[];
    readonly counts: Counts;
    /** Values of the environment of at least 4 characters, long enough to mask them everywhere. */
    readonly secrets: readonly string[];
  }
  | {
    readonly ok: false;
    readonly diagnostics: readonly Diagnostic[];
    /**
     * Its hash tells instances with the same source which one was rejected. Null if it lacks something that is written,
     * so that its hash could be that of another, valid configuration.
     */
    readonly portable: JsonObject | null;
    readonly secrets: readonly string[];
  };

/** Loads one document after the other, usually versions of the same one. */
export interface Loader {
  /**
   * Loads a document as {@linkcode loadConfig} does, and yields to the event loop. Entries and whole parts that did not
   * change are the same objects as in the last load, so that other memories can use them as keys. A caller must not
   * start a load before the last one ends. Rejects only with the pace's reason.
   */
  load(request: LoadRequest, pace?: Pace): Promise<Loaded>;
  /** The cost of the last load. */
  readonly work: LoadingWork;
}

/** The cost of a load, in numbers that do not depend on the machine. */
export interface LoadingWork extends ModelWork {
  /** How often the rules of a block ran, in either phase. */
  readonly rulesRun: number;
}

const NO_WORK: LoadingWork = { blocksRead: 0, definitionsEvaluated: 0, rulesRun: 0 };

interface Memory {
  readonly model: ModelMemory;
  readonly judge: JudgeMemory;
  work: LoadingWork;
}

function openMemory(): Memory {
  return { model: openModelMemory(), judge: { secrets: null, index: null }, work: NO_WORK };
}

/** Opens a loader without a memory; later it remembers only the last document and its blocks. */
export function openLoader(): Loader {
  const memory = openMemory();
  return {
    get work() {
      return memory.work;
    },
    load: (request, pace = openPace()) => inTurns(loadInSteps(request, memory), pace),
  };
}

/** Loads a document without a pause. A mistake of its author results in a diagnostic; only a bug throws. */
export function loadConfig(request: LoadRequest): Loaded {
  return atOnce(loadInSteps(request, openMemory()));
}

/** Yields at each point that allows an interruption. */
function* loadInSteps({ document, environment, validate }: LoadRequest, memory: Memory): Generator<void, Loaded> {
  const seen = new Map<string, string | undefined>();
  const model = yield* readModel(document, (name) => {
    if (!seen.has(name)) seen.set(name, environment(name));
    return seen.get(name);
  }, memory.model);
  const config = asHonuaConfig(model.resolved);
  const judge = openJudge(model, memory.judge);
  let found: readonly DiagnosticOrFinding[] = [
    ...document.mistakes,
    ...withoutRepeats(model.findings.kept, document.mistakes),
  ];
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
  if (found.some(isError)) {
    const isComplete = model.isComplete && !document.mistakes.some(isError);
    return { ok: false, diagnostics, portable: isComplete ? portable : null, secrets };
  }
  return { ok: true, config, portable, warnings: diagnostics, counts: countsOf(model), secrets };
}

/** A diagnostic of the document, or a finding that becomes one. */
type DiagnosticOrFinding = Diagnostic | Finding;

function isError({ severity }: DiagnosticOrFinding): boolean {
  return severity === "error";
}

/** Drops a finding about a repeated name or a wrong label if the document already has a diagnostic of that path. */
function withoutRepeats(found: readonly Finding[], mistakes: readonly Diagnostic[]): readonly Finding[] {
  if (mistakes.length === 0) return found;
  const paths = new Set(mistakes.map((mistake) => mistake.path));
  const again = ["config/duplicate", "config/wrong-labels"];
  return found.filter((one) => !again.includes(one.code) || !paths.has(one.path));
}

/**
 * Adds the findings of the server rules. A layer without an enabled service names a disabled one, which is an error:
 * the warning about the layer would repeat it.
 */
function withServerRules(
  found: readonly DiagnosticOrFinding[],
  more: readonly Finding[],
): readonly DiagnosticOrFinding[] {
  if (!more.some(({ code }) => code === DISABLED_SERVICE)) return found.concat(more);
  return found.filter(({ code }) => code !== UNREACHABLE_LAYER).concat(more);
}

const MIN_SECRET_LENGTH = 4;
const MAX_DIAGNOSTICS = 1_000;

/** Sorts by place, with those of the whole file last; if there are too many, keeps errors rather than warnings. */
function arrange(found: readonly DiagnosticOrFinding[], dropped: number, source: SourceText): Diagnostic[] {
  const errors = found.filter(isError);
  const warnings = found.filter((one) => !isError(one));
  const kept = [...errors, ...warnings].slice(0, MAX_DIAGNOSTICS);
  kept.sort((one, other) => startOf(one) - startOf(other));
  const diagnostics = kept.map((one) => "place" in one ? one : diagnosticOf(source, one));
  const omitted = found.length - kept.length + dropped;
  if (omitted > 0) {
    diagnostics.push(warningDiagnostic("config/too-many-diagnostics", `${omitted} further diagnostics are not shown`));
  }
  return diagnostics;
}

function startOf(one: DiagnosticOrFinding): number {
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
