// Puts what hcl2json says together with where the scanner saw it. hcl2json alone decides what a value is; the outline
// alone where. Where the two do not match, a value keeps the place of what surrounds it: never none, never a guess.
import type { Range, SourceText } from "../diagnostic/range.ts";
import type { Entry, Fields, Value } from "./document.ts";
import type { HclJson } from "./hcl.ts";
import type { FieldsOutline, Outline, OutlineEntry } from "./outline.ts";

/** An object of hcl2json's. */
export type JsonObject = { [name: string]: HclJson };

/** A value with its place; `around` is the place where there is no outline. */
export function valueOf(source: SourceText, json: HclJson, outline: Outline | null, around: Range): Value {
  const range = outline?.range ?? around;
  if (Array.isArray(json)) {
    const places = outline?.kind === "list" && outline.items.length === json.length ? outline.items : null;
    const items = json.map((item, index) => valueOf(source, item, places?.[index] ?? null, range));
    return { kind: "list", items, range };
  }
  if (json !== null && typeof json === "object") {
    return outline?.kind === "fields" ? objectValue(source, json, outline) : unplacedObject(source, json, range);
  }
  if (typeof json === "string" && /[$%]\{/.test(json)) {
    return { kind: "template", text: json, codes: outline?.kind === "expression" ? outline.codes : [], range };
  }
  if (typeof json === "number") return { kind: "literal", value: json, text: spelling(source, json, range), range };
  return { kind: "literal", value: json, range };
}

/** A number as it was written, if what stands at its place is a number. */
function spelling(source: SourceText, value: number, range: Range): string {
  const written = source.text.slice(range.start, range.end);
  return /^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(written) ? written : String(value);
}

function unplacedObject(source: SourceText, json: JsonObject, range: Range): Fields {
  const entries = Object.entries(json).map(([name, value]) => ({
    name,
    nameRange: range,
    value: valueOf(source, value, null, range),
  }));
  return { kind: "fields", form: "object", entries, range };
}

function objectValue(source: SourceText, json: JsonObject, outline: FieldsOutline): Fields {
  const entries: Entry[] = [];
  const placed = new Set<string>();
  for (const { key, nameRange, value } of outline.entries) {
    const name = key === null ? null : nameIn(json, key);
    if (name === null) continue;
    placed.add(name);
    entries.push({ name, nameRange, value: valueOf(source, json[name]!, value, nameRange) });
  }
  appendUnplaced(source, json, placed, outline.range, entries);
  return { kind: "fields", form: "object", entries, range: outline.range };
}

/** The body of a block: attributes as they are, nested blocks with their labels as names. */
export function bodyValue(source: SourceText, json: JsonObject, outline: Outline): Fields {
  if (outline.kind !== "fields") return { ...unplacedObject(source, json, outline.range), form: "block" };
  const entries: Entry[] = [];
  const placed = new Set<string>();
  const seen = new Map<string, number>();
  for (const entry of outline.entries) {
    const name = entry.key === null ? null : nameIn(json, entry.key);
    if (name === null) continue;
    placed.add(name);
    const shown = entry.name ?? name;
    if (entry.labels === null) {
      const value = valueOf(source, json[name]!, entry.value, entry.nameRange);
      entries.push({ name: shown, nameRange: entry.nameRange, value });
    } else addNestedBlock(source, entries, json[name]!, entry, seen);
  }
  appendUnplaced(source, json, placed, outline.range, entries);
  return { kind: "fields", form: "block", entries, range: outline.range };
}

/** Blocks of one type with different labels share one entry; a block repeated stands there twice. */
function addNestedBlock(
  source: SourceText,
  entries: Entry[],
  json: HclJson,
  outline: OutlineEntry,
  seen: Map<string, number>,
): void {
  let inner = json;
  let into = entries;
  let name = outline.name!;
  let nameRange = outline.nameRange;
  const path = [name];
  for (const label of outline.labels!) {
    const text = label.text;
    if (Array.isArray(inner) || text === null || !Object.hasOwn(inner as JsonObject, text)) return;
    inner = (inner as JsonObject)[text]!;
    into = fieldsNamed(into, name, nameRange, outline.value.range);
    name = text;
    nameRange = label.range;
    path.push(text);
  }
  const key = JSON.stringify(path);
  const index = seen.get(key) ?? 0;
  seen.set(key, index + 1);
  const body = Array.isArray(inner) ? inner[index] : undefined;
  // hcl2json drops a block with the name of an attribute; what the scanner saw is kept, for the duplicate to be found.
  const value: Fields = body === undefined
    ? { kind: "fields", form: "block", entries: [], range: outline.value.range }
    : bodyValue(source, body as JsonObject, outline.value);
  into.push({ name, nameRange, value });
}

function fieldsNamed(entries: Entry[], name: string, nameRange: Range, range: Range): Entry[] {
  const existing = entries.find((entry) => entry.name === name && entry.value.kind === "fields");
  if (existing) return (existing.value as Fields).entries as Entry[];
  const inner: Entry[] = [];
  entries.push({ name, nameRange, value: { kind: "fields", form: "block", entries: inner, range } });
  return inner;
}

function appendUnplaced(
  source: SourceText,
  json: JsonObject,
  placed: ReadonlySet<string>,
  range: Range,
  entries: Entry[],
): void {
  for (const [name, value] of Object.entries(json)) {
    if (!placed.has(name)) entries.push({ name, nameRange: range, value: valueOf(source, value, null, range) });
  }
}

/** The name under which hcl2json has it: as written, or NFC-normalised as HCL does with strings. */
function nameIn(json: JsonObject, key: string): string | null {
  if (Object.hasOwn(json, key)) return key;
  const normalized = key.normalize("NFC");
  return Object.hasOwn(json, normalized) ? normalized : null;
}
