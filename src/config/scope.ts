// What the names in expressions stand for: variables and whether a cache is enabled, each evaluated once, in the order
// of their dependencies, so that neither a cycle nor a long chain costs a stack. What stands as it stood before, and so
// does all that it names, is not evaluated again and stays the same object.
import type { SourceText } from "../diagnostic/range.ts";
import type { Literal, Template, Value } from "../document/document.ts";
import {
  ALL_NAMES,
  type Context,
  evaluate,
  type Evaluation,
  type Names,
  plain,
  type Reading,
  REPORTED,
} from "./evaluation.ts";
import { constant, type Fault, fault, MAX_TOTAL_LENGTH } from "./expressions.ts";
import { parseTemplate, type Syntax } from "./expression_syntax.ts";

/** A fault and the setting that it belongs to. */
export interface Misdefinition {
  /** The setting's, in HCL's words: `variable.size`. */
  readonly path: string;
  /** What is wrong with it. */
  readonly fault: Fault;
}

/** What a scope is made of: a variable's value, or a cache's `enabled`; null where it is not written. */
export interface Definitions {
  /** The default of each variable, by name. */
  readonly variables: ReadonlyMap<string, Value | null>;
  /** The `enabled` of each cache, by id. */
  readonly caches: ReadonlyMap<string, Value | null>;
}

/** Evaluates expressions in the light of the configuration's variables. */
export interface Scope {
  /** Cycles, each named once. */
  readonly mistakes: readonly Misdefinition[];
  /** Evaluates one value; the same value may be asked for again, each time at its cost. */
  evaluate(value: Literal | Template, reading: Reading, context: Context): Evaluation;
  /** What a name stands for, for whoever noted what it stood for before; they are the same object if it does still. */
  standsFor(name: string): unknown;
}

/** Opens one scope after the other. */
export interface ScopeMemory {
  /** The scope that the definitions make; the last one itself where they are the same values. */
  open(definitions: Definitions, source: SourceText): Scope;
  /** How many definitions the last opening evaluated. */
  readonly evaluated: number;
}

/** A memory that holds the last scope. */
export function openScopeMemory(): ScopeMemory {
  const syntax = new WeakMap<Template, Syntax | Fault>();
  let last: Last | null = null;
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
      const defined = new Map<string, Defined>();
      const opening = {
        names,
        outcomes,
        syntax,
        source,
        before: last?.defined,
        defined,
        spent: 0,
        evaluated: 0,
      };
      const mistakes = evaluateInOrder(opening, written);
      evaluated = opening.evaluated;
      const scope: Scope = {
        mistakes,
        evaluate: (value, reading, context) => evaluate(names, value, reading, context),
        standsFor: (name) => standsFor(names, name),
      };
      last = { written, names, defined, scope };
      return scope;
    },
  };
}

/** Values by `var.x` and `cache.x.enabled`. */
type Written = ReadonlyMap<string, Value | null>;

/** What a definition came to, from what. */
interface Defined {
  readonly value: Value | null;
  readonly outcome: Evaluation;
  readonly lookUps: ReadonlyMap<string, unknown>;
  readonly cost: number;
}

interface Last {
  readonly written: Written;
  readonly names: Names;
  readonly defined: ReadonlyMap<string, Defined>;
  readonly scope: Scope;
}

/** A scope that is being made. */
interface Opening {
  readonly names: Names;
  readonly outcomes: Map<string, Evaluation>;
  readonly syntax: WeakMap<Template, Syntax | Fault>;
  readonly source: SourceText;
  /** What was defined in the last scope. */
  readonly before: ReadonlyMap<string, Defined> | undefined;
  readonly defined: Map<string, Defined>;
  spent: number;
  evaluated: number;
}

function writtenIn({ variables, caches }: Definitions): Written {
  const written = new Map<string, Value | null>();
  for (const [name, value] of variables) written.set(`var.${name}`, value);
  for (const [id, value] of caches) written.set(`cache.${id}.enabled`, value);
  return written;
}

/** Whether the same names have the same values, in the same order. */
function isSame(before: Written, now: Written): boolean {
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

function standsFor(names: Names, name: string): unknown {
  return name === ALL_NAMES ? names.variables : names.outcomes.get(name);
}

/** Depth first, what is needed before what needs it, with a stack of its own. */
function evaluateInOrder(opening: Opening, written: ReadonlyMap<string, Value | null>): Misdefinition[] {
  const findings: Misdefinition[] = [];
  const open = new Map<string, Iterator<string>>();
  for (const root of written.keys()) {
    if (opening.outcomes.has(root)) continue;
    open.set(root, dependencies(opening, written.get(root)));
    const stack = [root];
    while (stack.length > 0) {
      const name = stack[stack.length - 1]!;
      const next = open.get(name)!.next();
      if (next.done === true) {
        stack.pop();
        open.delete(name);
        if (!opening.outcomes.has(name)) opening.outcomes.set(name, define(opening, name, written.get(name)!));
      } else if (open.has(next.value)) {
        const cycle = stack.slice(stack.indexOf(next.value));
        if (cycle.every((one) => opening.outcomes.has(one))) continue;
        findings.push({ path: pathOf(cycle[0]!), fault: cycleFault(cycle, written.get(cycle[0]!)!) });
        for (const one of cycle) opening.outcomes.set(one, REPORTED);
      } else if (written.has(next.value) && !opening.outcomes.has(next.value)) {
        open.set(next.value, dependencies(opening, written.get(next.value)));
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

function define(opening: Opening, name: string, value: Value | null): Evaluation {
  const known = opening.before?.get(name);
  const defined = known !== undefined && holds(opening, known, value) ? known : defineAnew(opening, name, value);
  opening.spent += defined.cost;
  // Beyond the bound an outcome says where that was noticed, and not what the value is.
  if (opening.spent <= MAX_TOTAL_LENGTH) opening.defined.set(name, defined);
  return defined.outcome;
}

/** Whether a definition would come to the same again. */
function holds(opening: Opening, known: Defined, value: Value | null): boolean {
  if (known.value !== value || opening.spent + known.cost > MAX_TOTAL_LENGTH) return false;
  for (const [name, outcome] of known.lookUps) if (standsFor(opening.names, name) !== outcome) return false;
  return true;
}

function defineAnew(opening: Opening, name: string, value: Value | null): Defined {
  opening.evaluated++;
  const context: Context = { source: opening.source, spent: opening.spent, lookUps: new Map() };
  let outcome: Evaluation;
  if (value === null) outcome = name.startsWith("var.") ? NULL : TRUE;
  else if (value.kind === "list" || value.kind === "fields") outcome = { kind: "compound", value };
  else outcome = evaluate(opening.names, value, plain, context);
  return { value, outcome, lookUps: context.lookUps, cost: context.spent - opening.spent };
}

const NULL = constant(null);
const TRUE = constant(true);

/** The definitions that a value names, in the order in which it does. */
function* dependencies(opening: Opening, value: Value | null | undefined): Generator<string> {
  if (!value || value.kind === "literal") return;
  if (value.kind === "list") { for (const item of value.items) yield* dependencies(opening, item); }
  else if (value.kind === "fields") { for (const entry of value.entries) yield* dependencies(opening, entry.value); }
  else yield* namesIn(syntaxOf(opening, value));
}

/** Remembered, since a definition is looked into first and evaluated afterwards. */
function syntaxOf({ syntax, source }: Opening, template: Template): Syntax | Fault {
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
