// What stands twice where it may stand once. hcl2json takes the last of two keys of an object, and drops a block with
// the name of an attribute, without a word; an operator would look for hours for the one that did not count.
import { type Diagnostic, errorDiagnostic, placeOf } from "../diagnostic/diagnostic.ts";
import type { Range, SourceText } from "../diagnostic/range.ts";
import type { Block, Document, Entry, Fields, Value } from "./document.ts";

/** All duplicates of a document, with both places each. Blocks of one type and id are config's to judge. */
export function diagnoseDuplicates(document: Document): Diagnostic[] {
  const { source, blocks, attributes } = document;
  const found: Diagnostic[] = [];
  const named = new Map<string, Range>();
  for (const { name, nameRange, value } of attributes) {
    const first = named.get(name);
    if (first) found.push(duplicate(source, `Setting ${name} is given twice`, first, nameRange, name));
    else named.set(name, nameRange);
    inspect(source, value, [name], found);
  }
  const shapes = new Map<string, { range: Range; body: boolean }>();
  for (const block of blocks) {
    const clash = named.get(block.type);
    if (clash) found.push(duplicate(source, asBoth(block.type), clash, block.typeRange, block.type));
    else checkLabels(source, block, shapes, found);
    inspect(source, block.body, [block.type, ...block.labels.map((label) => label.text)], found);
  }
  return found;
}

/** `cache { }` beside `cache "a" { }`: one says that cache is a block, the other that it holds blocks by name. */
function checkLabels(
  source: SourceText,
  block: Block,
  shapes: Map<string, { range: Range; body: boolean }>,
  found: Diagnostic[],
): void {
  const path = [block.type];
  for (const [depth, label] of [...block.labels, null].entries()) {
    const key = JSON.stringify(path);
    const body = depth === block.labels.length;
    const shape = shapes.get(key);
    if (shape && shape.body !== body) {
      found.push(errorDiagnostic("document/mixed-labels", `Block ${path.join(".")} stands with and without a label`, {
        why: "The two cannot be told apart by name",
        suggestion: "Give every block of this type a label, or none",
        path: path.join("."),
        place: placeOf(source, block.typeRange),
        other: { label: "the other is here", place: placeOf(source, shape.range) },
      }));
      return;
    }
    if (!shape) shapes.set(key, { range: block.typeRange, body });
    if (label) path.push(label.text);
  }
}

function inspect(source: SourceText, value: Value, path: readonly string[], found: Diagnostic[]): void {
  if (value.kind === "list") { for (const item of value.items) inspect(source, item, path, found); }
  if (value.kind === "fields") inspectFields(source, value, path, found);
}

function inspectFields(source: SourceText, fields: Fields, path: readonly string[], found: Diagnostic[]): void {
  const first = new Map<string, Entry>();
  for (const entry of fields.entries) {
    const here = [...path, entry.name];
    const earlier = first.get(entry.name);
    if (!earlier) first.set(entry.name, entry);
    else {
      const blocks = [earlier, entry].filter(isBlock).length;
      if (blocks < 2) {
        const summary = blocks === 1 ? asBoth(entry.name) : `Setting ${entry.name} is given twice`;
        found.push(duplicate(source, summary, earlier.nameRange, entry.nameRange, here.join(".")));
      }
    }
    inspect(source, entry.value, here, found);
  }
}

function asBoth(name: string): string {
  return `${name} is given as a setting and as a block`;
}

function isBlock(entry: Entry): boolean {
  return entry.value.kind === "fields" && entry.value.form === "block";
}

function duplicate(source: SourceText, summary: string, first: Range, second: Range, path: string): Diagnostic {
  return errorDiagnostic("document/duplicate", summary, {
    why: "Only one of the two can be meant",
    suggestion: "Remove one of them",
    path,
    place: placeOf(source, second),
    other: { label: "first given here", place: placeOf(source, first) },
  });
}
