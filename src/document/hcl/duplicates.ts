// Finds names that occur twice and may occur only once. hcl2json silently takes the last of two equal keys of an
// object, and drops a block with the name of an attribute; an operator would look for hours for the one that does not
// count.
import { type Diagnostic, errorDiagnostic, placeOf } from "../../diagnostic/diagnostic.ts";
import type { Range, SourceText } from "../../diagnostic/range.ts";
import type { Block, Entry, Fields, Value } from "../document.ts";
import type { Duplicate, PlacedItem } from "./placing.ts";

/** Returns the duplicates inside a value, in the order of the source; `path` names the value. */
export function duplicatesIn(value: Value, path: readonly string[]): Duplicate[] {
  const found: Duplicate[] = [];
  inspect(value, [...path], found);
  return found;
}

/**
 * Returns the duplicates of a document, each with both places; at most `limit`. Config judges blocks of one type and
 * id.
 */
export function diagnoseDuplicates(source: SourceText, items: readonly PlacedItem[], limit: number): Diagnostic[] {
  const found: Diagnostic[] = [];
  const report = (duplicates: readonly Duplicate[]) => {
    for (const one of duplicates) if (found.length < limit) found.push(duplicateDiagnostic(source, one));
  };
  const named = new Map<string, Range>();
  for (const { labelCount, attributes, duplicates } of items) {
    if (labelCount >= 0) continue;
    for (const { name, nameRange } of attributes) {
      const first = named.get(name);
      if (first) report([{ summary: `Setting ${name} is given twice`, path: name, first, second: nameRange }]);
      else named.set(name, nameRange);
    }
    report(duplicates);
  }
  const mixed = mixedTypes(items);
  const labels = new Map<string, Labelled>();
  const isPlain = mixed.size === 0 && named.size === 0;
  for (const { block, isSound, duplicates } of items) {
    if (block === null || (isPlain && isSound)) continue;
    const first = named.get(block.type);
    if (first) report([{ summary: asBoth(block.type), path: block.type, first, second: block.typeRange }]);
    else if (mixed.has(block.type)) {
      const clash = labelClash(block, labels);
      if (clash && found.length < limit) found.push(mixedDiagnostic(source, block, clash));
    }
    report(duplicates);
  }
  return found;
}

/** Returns the types whose blocks have different numbers of labels: only they can be with and without a label. */
function mixedTypes(items: readonly PlacedItem[]): Set<string> {
  const counts = new Map<string, number>();
  const mixed = new Set<string>();
  for (const { block, labelCount } of items) {
    if (block === null) continue;
    const count = counts.get(block.type);
    if (count === undefined) counts.set(block.type, labelCount);
    else if (count !== labelCount) mixed.add(block.type);
  }
  return mixed;
}

/** The content under one type and its first labels: bodies, or blocks with a further label. */
interface Labelled {
  readonly range: Range;
  readonly isBody: boolean;
  readonly inside: Map<string, Labelled>;
}

interface LabelClash {
  readonly path: string;
  readonly first: Range;
}

/** `cache { }` beside `cache "a" { }`: one says that cache is a block, the other that it holds blocks by name. */
function labelClash(block: Block, labels: Map<string, Labelled>): LabelClash | null {
  const path = [block.type, ...block.labels.map((label) => label.text)];
  let around = labels;
  for (const [depth, name] of path.entries()) {
    const isBody = depth === block.labels.length;
    const labelled = around.get(name);
    if (labelled && labelled.isBody !== isBody) {
      return { path: path.slice(0, depth + 1).join("."), first: labelled.range };
    }
    const inside = labelled?.inside ?? new Map<string, Labelled>();
    if (!labelled) around.set(name, { range: block.typeRange, isBody, inside });
    around = inside;
  }
  return null;
}

function mixedDiagnostic(source: SourceText, block: Block, { path, first }: LabelClash): Diagnostic {
  return errorDiagnostic("document/mixed-labels", `Block ${path} is written with and without a label`, {
    why: "The name does not distinguish the two",
    suggestion: "Give every block of this type a label, or none",
    path,
    place: placeOf(source, block.typeRange),
    other: { label: "the other is here", place: placeOf(source, first) },
  });
}

/** Lengthens `path` for the values inside, and shortens it again. */
function inspect(value: Value, path: string[], found: Duplicate[]): void {
  if (value.kind === "list") { for (const item of value.items) inspect(item, path, found); }
  if (value.kind === "fields") inspectFields(value, path, found);
}

function inspectFields({ entries }: Fields, path: string[], found: Duplicate[]): void {
  const firsts = new Map<string, Entry>();
  for (const entry of entries) {
    const { name, value } = entry;
    const first = firsts.get(name);
    if (!first) firsts.set(name, entry);
    else if (!isBlock(first.value) || !isBlock(value)) found.push(duplicateOf(first, entry, path));
    path.push(name);
    inspect(value, path, found);
    path.pop();
  }
}

function duplicateOf(first: Entry, { name, nameRange, value }: Entry, path: readonly string[]): Duplicate {
  const isMixed = isBlock(first.value) || isBlock(value);
  const summary = isMixed ? asBoth(name) : `Setting ${name} is given twice`;
  return { summary, path: [...path, name].join("."), first: first.nameRange, second: nameRange };
}

function asBoth(name: string): string {
  return `${name} is given as a setting and as a block`;
}

function isBlock(value: Value): boolean {
  return value.kind === "fields" && value.form === "block";
}

function duplicateDiagnostic(source: SourceText, { summary, path, first, second }: Duplicate): Diagnostic {
  return errorDiagnostic("document/duplicate", summary, {
    why: "Only one of the two can be meant",
    suggestion: "Remove one of them",
    path,
    place: placeOf(source, second),
    other: { label: "first given here", place: placeOf(source, first) },
  });
}
