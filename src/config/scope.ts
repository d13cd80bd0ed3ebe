// Evaluates the names that expressions can use: variables, and whether a cache is enabled. Each is evaluated once, in
// the order of their dependencies, so that neither a cycle nor a long chain overflows the call stack. A definition is
// not evaluated again, and its value remains the same object, if it and all definitions that it names are unchanged.
import type { SourceText } from "../diagnostic/range.ts";
import type { Literal, Template, Value } from "../document/document.ts";
import {
  ALL_NAMES,
  evaluate,
  type Evaluation,
  type EvaluationContext,
  type EvaluationMode,
  type Names,
  plain,
  REPORTED,
} from "./evaluation.ts";
import { constant, type Fault, fault, MAX_TOTAL_LENGTH } from "./expressions.ts";
import { parseTemplate, type Syntax } from "./expression_syntax.ts";

/** A fault of a definition. */
export interface Misdefinition {
  /** Of the setting, with its names in HCL: `variable.size`. */
  readonly path: string;
  readonly fault: Fault;
}

/** The input of a scope; a value is null if it is not written. */
export interface Definitions {
  /** The default of each variable, by name. */
  readonly variables: ReadonlyMap<string, Value | null>;
  /** The `enabled` of each cache, by id. */
  readonly caches: ReadonlyMap<string, Value | null>;
}

/** Evaluates expressions with the configuration's variables and caches. */
export interface Scope {
  /** Cycles, each named once. */
  readonly mistakes: readonly Misdefinition[];
  /** Evaluates one value; each evaluation of the same value adds its cost again. */
  evaluate(value: Literal | Template, mode: EvaluationMode, context: EvaluationContext): Evaluation;
  /** The current value of a name in `lookUps`: an object other than recorded if a result with it is outdated. */
  outcomeOf(name: string): unknown;
}

/** Opens one scope after the other. */
export interface ScopeMemory {
  /** Makes a scope of definitions; returns the last one if they are the same values. */
  open(definitions: Definitions, source: SourceText): Scope;
  /** How many definitions the last opening evaluated. */
  readonly evaluated: number;
}

export function openScopeMemory(): ScopeMemory {
  const syntax = new WeakMap<Template, Syntax | Fault>();
  let last: LastScope | null = null;
  let evaluated = 0;
  return {
    get evaluated() {
      return evaluated;
    },
    open(definitions, source) {
      const written = writtenIn(definitions);
      evaluated = 0;
      if (last !== null && isSame(last.written, written)) return last.scope;
      const variables = [...definitions.variables.keys()];
      const isKnown = last !== null && isSameList(last.names.variables, variables);
      const outcomes = new Map<string, Evaluation>();
      const names: Names = { outcomes, variables: isKnown ? last!.names.variables : variables, parsed: syntax };
      const defined = new Map<string, EvaluatedDefinition>();
      const build = {
        names,
        outcomes,
        syntax,
        source,
        before: last?.defined,
        defined,
        spent: 0,
        evaluated: 0,
      };
      const mistakes = evaluateInOrder(build, written);
      evaluated = build.evaluated;
      const scope: Scope = {
        mistakes,
        evaluate: (value, mode, context) => evaluate(names, value, mode, context),
        outcomeOf: (name) => outcomeOf(names, name),
      };
      last = { written, names, defined, scope };
      return scope;
    },
  };
}

/** Keys are `var.x` and `cache.x.enabled`. */
type WrittenDefinitions = ReadonlyMap<string, Value | null>;

/** The result of a definition, with the value and the look-ups that it depends on. */
interface EvaluatedDefinition {
  readonly value: Value | null;
  readonly outcome: Evaluation;
  readonly lookUps: ReadonlyMap<string, unknown>;
  readonly cost: number;
}

interface LastScope {
  readonly written: WrittenDefinitions;
  readonly names: Names;
  readonly defined: ReadonlyMap<string, EvaluatedDefinition>;
  readonly scope: Scope;
}

/** The state while a scope is made. */
interface ScopeBuild {
  readonly names: Names;
  readonly outcomes: Map<string, Evaluation>;
  readonly syntax: WeakMap<Template, Syntax | Fault>;
  readonly source: SourceText;
  /** The definitions of the last scope. */
  readonly before: ReadonlyMap<string, EvaluatedDefinition> | undefined;
  readonly defined: Map<string, EvaluatedDefinition>;
  spent: number;
  evaluated: number;
}

function writtenIn({ variables, caches }: Definitions): WrittenDefinitions {
  const written = new Map<string, Value | null>();
  for (const [name, value] of variables) written.set(`var.${name}`, value);
  for (const [id, value] of caches) written.set(`cache.${id}.enabled`, value);
  return written;
}

/** Whether the same names have the same values in the same order. */
function isSame(before: WrittenDefinitions, now: WrittenDefinitions): boolean {
  if (before.size !== now.size) return false;
  const others = before.entries();
  for (const [name, value] of now) {
    const [otherName, otherValue] = others.next().value!;
    if (name !== otherName || value !== otherValue) return false;
  }
  return true;
}

function isSameList(before: readonly string[], now: readonly string[]): boolean {
  return before.length === now.length && before.every((name, at) => name === now[at]);
}

function outcomeOf(names: Names, name: string): unknown {
  return name === ALL_NAMES ? names.variables : names.outcomes.get(name);
}

/** Evaluates depth first, each definition after those that it needs, with its own stack instead of recursion. */
function evaluateInOrder(build: ScopeBuild, written: ReadonlyMap<string, Value | null>): Misdefinition[] {
  const findings: Misdefinition[] = [];
  const open = new Map<string, Iterator<string>>();
  for (const root of written.keys()) {
    if (build.outcomes.has(root)) continue;
    open.set(root, dependencies(build, written.get(root)));
    const stack = [root];
    while (stack.length > 0) {
      const name = stack[stack.length - 1]!;
      const next = open.get(name)!.next();
      if (next.done === true) {
        stack.pop();
        open.delete(name);
        if (!build.outcomes.has(name)) build.outcomes.set(name, define(build, name, written.get(name)!));
      } else if (open.has(next.value)) {
        const cycle = stack.slice(stack.indexOf(next.value));
        if (cycle.every((one) => build.outcomes.has(one))) continue;
        findings.push({ path: pathOf(cycle[0]!), fault: cycleFault(cycle, written.get(cycle[0]!)!) });
        for (const one of cycle) build.outcomes.set(one, REPORTED);
      } else if (written.has(next.value) && !build.outcomes.has(next.value)) {
        open.set(next.value, dependencies(build, written.get(next.value)));
        stack.push(next.value);
      }
    }
  }
  return findings;
}

/** The HCL path of a definition: `variable.x` or `cache.x.enabled`. */
function pathOf(name: string): string {
  return name.startsWith("var.") ? `variable.${name.slice(4)}` : name;
}

function cycleFault(cycle: readonly string[], value: Value): Fault {
  const shown = cycle.length > 8 ? [...cycle.slice(0, 7), "…"] : cycle;
  return fault("config/variable-cycle", `${cycle[0]} refers to itself`, value.range, {
    why: `Its value needs its own value: ${[...shown, cycle[0]].join(" -> ")}`,
    suggestion: "Give one of them a value of its own",
  });
}

function define(build: ScopeBuild, name: string, value: Value | null): Evaluation {
  const known = build.before?.get(name);
  const defined = known !== undefined && holds(build, known, value) ? known : defineAnew(build, name, value);
  build.spent += defined.cost;
  // Above the limit the outcome is a fault at this place, and not the value.
  if (build.spent <= MAX_TOTAL_LENGTH) build.defined.set(name, defined);
  return defined.outcome;
}

/** Whether a new evaluation would have the same result. */
function holds(build: ScopeBuild, known: EvaluatedDefinition, value: Value | null): boolean {
  if (known.value !== value || build.spent + known.cost > MAX_TOTAL_LENGTH) return false;
  for (const [name, outcome] of known.lookUps) if (outcomeOf(build.names, name) !== outcome) return false;
  return true;
}

function defineAnew(build: ScopeBuild, name: string, value: Value | null): EvaluatedDefinition {
  build.evaluated++;
  const context: EvaluationContext = { source: build.source, spent: build.spent, lookUps: new Map() };
  let outcome: Evaluation;
  if (value === null) outcome = name.startsWith("var.") ? NULL : TRUE;
  else if (value.kind === "list" || value.kind === "fields") outcome = { kind: "compound", value };
  else outcome = evaluate(build.names, value, plain, context);
  return { value, outcome, lookUps: context.lookUps, cost: context.spent - build.spent };
}

const NULL = constant(null);
const TRUE = constant(true);

/** The names of the definitions that a value needs, in the order in which it names them. */
function* dependencies(build: ScopeBuild, value: Value | null | undefined): Generator<string> {
  if (!value || value.kind === "literal") return;
  if (value.kind === "list") { for (const item of value.items) yield* dependencies(build, item); }
  else if (value.kind === "fields") { for (const entry of value.entries) yield* dependencies(build, entry.value); }
  else yield* namesIn(syntaxOf(build, value));
}

/** Parses a template once for the search for dependencies and the later evaluation. */
function syntaxOf({ syntax, source }: ScopeBuild, template: Template): Syntax | Fault {
  const known = syntax.get(template) ?? parseTemplate(template, source);
  syntax.set(template, known);
  return known;
}

function* namesIn(syntax: Syntax | Fault): Generator<string> {
  if (syntax.kind === "variable") yield `var.${syntax.name}`;
  else if (syntax.kind === "cache-enabled") yield `cache.${syntax.id}.enabled`;
  else if (syntax.kind === "template") { for (const part of syntax.parts) yield* namesIn(part); }
  else if (syntax.kind === "choice") {
    for (const part of [syntax.condition, syntax.yes, syntax.no]) yield* namesIn(part);
  }
}
