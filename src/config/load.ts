// From a document to what it means: read, checked by the rules, and either a configuration with its portable form or
// the reasons why there is none. Pure: the environment comes in as a function, and nothing else is looked at.
import { type Diagnostic, hasErrors, warningDiagnostic } from "../diagnostic/diagnostic.ts";
import type { Document } from "../document/document.ts";
import { readModel } from "./blocks.ts";
import type { Environment } from "./environment.ts";
import type { Findings } from "./findings.ts";
import type { HonuaConfig } from "./honua_config.ts";
import type { JsonObject } from "./json.ts";
import { rulesOfReference } from "./rules_of_reference.ts";
import { rulesOfShape } from "./rules_of_shape.ts";
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

/** Loads a document. A mistake of its author's is a diagnostic; only a bug throws. */
export function loadConfig({ document, environment, validate }: LoadRequest): Loaded {
  const seen = new Map<string, string | undefined>();
  const model = readModel(document, (name) => {
    if (!seen.has(name)) seen.set(name, environment(name));
    return seen.get(name);
  });
  const config = asHonuaConfig(model.resolved);
  const found = [...document.mistakes, ...notSaidAlready(model.findings.diagnostics, document.mistakes)];
  if (validate) {
    const matter = { config, facts: model.findings };
    for (const one of rulesOfShape(matter)) found.push(one);
    if (!hasErrors(found)) { for (const one of rulesOfReference(matter)) found.push(one); }
  }
  const diagnostics = arrange(found, model.findings);
  const secrets = [...new Set(seen.values())].filter((value) =>
    value !== undefined && value.length >= MIN_SECRET_LENGTH
  );
  const { portable } = model;
  if (hasErrors(found)) return { ok: false, diagnostics, portable, secrets: secrets as string[] };
  return {
    ok: true,
    config,
    portable,
    warnings: diagnostics,
    counts: countsOf(config),
    secrets: secrets as string[],
  };
}

/** What the document said of a name that stands twice, or with and without a label, is not said again in other words. */
function notSaidAlready(found: readonly Diagnostic[], mistakes: readonly Diagnostic[]): Diagnostic[] {
  const paths = new Set(mistakes.map((mistake) => mistake.path));
  const again = ["config/duplicate", "config/wrong-labels"];
  return found.filter((one) => !again.includes(one.code) || !paths.has(one.path));
}

const MIN_SECRET_LENGTH = 4;
const MAX_DIAGNOSTICS = 1_000;

/** In the order of their places, those of the whole file last; where there are too many, errors before warnings. */
function arrange(found: readonly Diagnostic[], { dropped }: Findings): Diagnostic[] {
  const errors = found.filter((one) => one.severity === "error");
  const warnings = found.filter((one) => one.severity === "warning");
  const kept = [...errors, ...warnings].slice(0, MAX_DIAGNOSTICS);
  kept.sort((one, other) => startOf(one) - startOf(other));
  const left = found.length - kept.length + dropped;
  if (left > 0) {
    kept.push(warningDiagnostic("config/too-many-diagnostics", `${left} further diagnostics are not shown`));
  }
  return kept;
}

function startOf(one: Diagnostic): number {
  return one.place?.range.start ?? Number.MAX_SAFE_INTEGER;
}

function countsOf(config: HonuaConfig): Counts {
  return {
    dataSources: Object.keys(config.dataSources).length,
    services: Object.keys(config.services).length,
    layers: Object.keys(config.layers).length,
    caches: Object.keys(config.caches).length,
    variables: Object.keys(config.variables).length,
  };
}
