// Honua's JSON form (a snapshot, or a file that people wrote) as the document that the same configuration in HCL would
// be: blocks and HCL's names, whatever case the JSON has, with the places of the JSON.
import { type Diagnostic, errorDiagnostic, placeOf } from "../diagnostic/diagnostic.ts";
import type { Range, SourceText } from "../diagnostic/range.ts";
import type { Block, Entry, Fields, ParsedDocument, Value } from "./document.ts";
import { findShape, type Shape, TOP_SHAPES } from "./json_names.ts";
import { readJson } from "./json_syntax.ts";
import { stringValue } from "./json_template.ts";

const MAX_DIAGNOSTICS = 20;

/** What one conversion carries along. */
interface Conversion {
  readonly source: SourceText;
  readonly diagnostics: Diagnostic[];
}

/**
 * Parses the JSON form. Known names count in any case, ids exactly; comments and trailing commas are allowed,
 * `$snapshot` and members that are null are left out, a service's `settings` become attributes of its block. Mistakes
 * are diagnostics with paths in HCL's words: `document/json-syntax`, `document/too-deep` and those of `json_syntax.ts`,
 * which leave no document, and among a document's mistakes `document/duplicate-key`, `document/json-shape` and
 * `document/id-mismatch`.
 */
export function parseJsonDocument(source: SourceText): ParsedDocument {
  const syntax = readJson(source);
  if (!syntax.ok) return syntax;
  const conversion: Conversion = { source, diagnostics: [] };
  const blocks: Block[] = [];
  const attributes: Entry[] = [];
  if (syntax.value.kind !== "fields") {
    report(conversion, "document/json-shape", "The file does not hold an object", "", syntax.value.range, {
      suggestion: "Write an object: { … }",
    });
  } else {
    for (const entry of uniqueEntries(conversion, syntax.value, TOP_SHAPES, "")) {
      const top = findShape(TOP_SHAPES, entry.name);
      if (entry.name === "$snapshot" || (top && isNull(entry.value))) continue;
      if (top) { for (const block of blocksOf(conversion, entry, top)) blocks.push(block); }
      else {
        const plain = { ...entry, value: convert(conversion, entry.value, null, entry.name), role: "unknown" as const };
        const { value } = plain;
        if (value.kind === "fields") blocks.push({ ...blockOf(entry.name, entry, null, value), role: "unknown" });
        else attributes.push(plain);
      }
    }
  }
  if (syntax.value.kind !== "fields") return { ok: false, diagnostics: conversion.diagnostics };
  return { ok: true, document: { source, blocks, attributes, mistakes: conversion.diagnostics } };
}

/** The blocks that a known top-level member stands for: one, or one for each id. */
function blocksOf(conversion: Conversion, entry: Entry, top: Shape): Block[] {
  const type = top.name;
  if (entry.value.kind !== "fields") {
    const wanted = top.each ? "an object of entries by their id or name" : "an object";
    report(conversion, "document/json-shape", `${quoted(entry.name)} must be ${wanted}`, type, entry.value.range);
    return [];
  }
  if (!top.each) return [blockOf(type, entry, null, convertFields(conversion, entry.value, top, type))];
  const blocks: Block[] = [];
  for (const one of uniqueEntries(conversion, entry.value, null, type)) {
    const path = `${type}.${one.name}`;
    if (type === "variable") blocks.push(variableOf(conversion, one, path));
    else if (one.value.kind === "fields") {
      const body = checkId(conversion, one, convertFields(conversion, one.value, top.each, path), path);
      blocks.push(blockOf(type, one, one, type === "service" ? spreadSettings(conversion, body, path) : body));
    } else if (!isNull(one.value)) {
      report(conversion, "document/json-shape", `${quoted(one.name)} must be an object`, path, one.value.range);
    }
  }
  return blocks;
}

function blockOf(type: string, key: Entry, label: Entry | null, body: Fields): Block {
  const labels = label ? [{ text: label.name, range: label.nameRange }] : [];
  const range = { start: key.nameRange.start, end: key.value.range.end };
  return { type, typeRange: key.nameRange, labels, body: { ...body, form: "block" }, range };
}

/** `"x": value` as `variable "x" { default = value }`; null is a variable without a default. */
function variableOf(conversion: Conversion, entry: Entry, path: string): Block {
  const value = convert(conversion, entry.value, null, path);
  const entries = isNull(value) ? [] : [{ name: "default", nameRange: entry.nameRange, value }];
  return blockOf("variable", entry, entry, { kind: "fields", form: "block", entries, range: value.range });
}

/** Drops an `id` that says what the key says; another is a mistake, for one of the two is wrong. */
function checkId(conversion: Conversion, key: Entry, body: Fields, path: string): Fields {
  const id = body.entries.find((entry) => entry.name === "id");
  if (!id) return body;
  if (id.value.kind !== "literal" || id.value.value !== key.name) {
    const summary = `The id is not ${quoted(key.name)}, the key it stands under`;
    report(conversion, "document/id-mismatch", summary, `${path}.id`, id.value.range, {
      suggestion: "Leave the id out, or make the two the same",
      other: { label: "the key", range: key.nameRange },
    });
  }
  return { ...body, entries: body.entries.filter((entry) => entry !== id) };
}

/** A service's body with the entries of its `settings` in their place, told apart from its members by their role. */
function spreadSettings(conversion: Conversion, body: Fields, path: string): Fields {
  const entries = body.entries.flatMap((entry): Entry[] => {
    if (entry.name !== "settings" || entry.role === "unknown") return [entry];
    if (entry.value.kind === "fields") return entry.value.entries.map((setting) => ({ ...setting, role: "setting" }));
    report(conversion, "document/json-shape", `"settings" must be an object`, path, entry.value.range);
    return [];
  });
  return { ...body, entries };
}

/** A value in HCL's names and with its templates; `shape` knows the names inside it, null where none is known. */
function convert(conversion: Conversion, value: Value, shape: Shape | null, path: string): Value {
  switch (value.kind) {
    case "literal":
      return typeof value.value === "string" ? stringValue(conversion.source, value.value, value.range) : value;
    case "list": {
      const items = value.items.map((item) => convert(conversion, item, shape?.each ?? shape, path));
      return { ...value, items };
    }
    case "fields":
      return convertFields(conversion, value, shape, path);
    case "template":
      return value;
  }
}

function convertFields(conversion: Conversion, fields: Fields, shape: Shape | null, path: string): Fields {
  const members = shape?.members ?? null;
  const entries: Entry[] = [];
  for (const entry of uniqueEntries(conversion, fields, members, path)) {
    const known = members && findShape(members, entry.name);
    if (isNull(entry.value) && (known || shape?.each)) continue;
    const name = known ? known.name : entry.name;
    const inside = known ? known : shape?.each ?? null;
    const value = convert(conversion, entry.value, inside, path === "" ? name : `${path}.${name}`);
    entries.push({ ...entry, name, value, ...(members && !known ? { role: "unknown" as const } : {}) });
  }
  return { ...fields, entries };
}

/** The entries of an object; a name that stands twice, for a known name in any case and spelling, is reported. */
function uniqueEntries(
  conversion: Conversion,
  fields: Fields,
  members: ReadonlyMap<string, Shape> | null,
  path: string,
): Entry[] {
  const known = new Map<string, Entry>();
  for (const entry of fields.entries) {
    const shape = members && findShape(members, entry.name);
    const key = shape ? `known ${shape.name}` : `other ${entry.name}`;
    const first = known.get(key);
    if (first) reportDuplicate(conversion, { ...entry, name: shape?.name ?? entry.name }, first, path);
    else known.set(key, entry);
  }
  return [...known.values()];
}

function reportDuplicate(conversion: Conversion, entry: Entry, first: Entry, path: string): void {
  const at = path === "" ? entry.name : `${path}.${entry.name}`;
  report(
    conversion,
    "document/duplicate-key",
    `${quoted(entry.name)} stands twice in the same object`,
    at,
    entry.nameRange,
    {
      why: "Honua Server would silently take the last of them",
      suggestion: "Keep one of the two",
      other: { label: "first defined here", range: first.nameRange },
    },
  );
}

function isNull(value: Value): boolean {
  return value.kind === "literal" && value.value === null;
}

/** A name in quotes, cut where it is long. */
function quoted(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}

interface ReportDetails {
  readonly why?: string;
  readonly suggestion?: string;
  readonly other?: { readonly label: string; readonly range: Range };
}

function report(
  { source, diagnostics }: Conversion,
  code: string,
  summary: string,
  path: string,
  range: Range,
  { why, suggestion, other }: ReportDetails = {},
): void {
  if (diagnostics.length === MAX_DIAGNOSTICS) return;
  diagnostics.push(errorDiagnostic(code, summary, {
    why: why ?? null,
    suggestion: suggestion ?? null,
    path: path === "" ? null : path,
    place: placeOf(source, range),
    other: other ? { label: other.label, place: placeOf(source, other.range) } : null,
  }));
}
