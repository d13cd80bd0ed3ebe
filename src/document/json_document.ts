// Honua's JSON form (a snapshot, or a file that people wrote) as the document that the same configuration in HCL would
// be: blocks and HCL's names, whatever case the JSON has, with the places of the JSON.
import { type Diagnostic, errorDiagnostic, placeOf } from "../diagnostic/diagnostic.ts";
import type { Range, SourceText } from "../diagnostic/range.ts";
import type { Block, Document, Entry, Fields, Value } from "./document.ts";
import { findShape, type Shape, topShapes } from "./json_names.ts";
import { readJson } from "./json_syntax.ts";
import { stringValue } from "./json_template.ts";

/** A document, or why there is none. */
export type JsonDocument =
  | { readonly ok: true; readonly document: Document }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

const maxDiagnostics = 20;

/** What one conversion carries along. */
interface Conversion {
  readonly source: SourceText;
  readonly diagnostics: Diagnostic[];
}

/**
 * Parses the JSON form. Known names count in any case, ids exactly; comments and trailing commas are allowed, `$snapshot`
 * and members that are null are left out, a service's `settings` become attributes of its block. Mistakes are
 * diagnostics with paths in HCL's words: `document/json-syntax`, `document/too-deep`, `document/duplicate-key`,
 * `document/json-shape`, `document/id-mismatch`, `document/reserved-setting` and those of `json_syntax.ts`.
 */
export function parseJsonDocument(source: SourceText): JsonDocument {
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
    for (const entry of uniqueEntries(conversion, syntax.value, topShapes, "")) {
      const top = findShape(topShapes, entry.name);
      if (entry.name === "$snapshot" || (top && isNull(entry.value))) continue;
      if (top) blocks.push(...blocksOf(conversion, entry, top));
      else {
        const plain = { ...entry, value: convert(conversion, entry.value, null, entry.name) };
        if (plain.value.kind === "fields") blocks.push(blockOf(entry.name, entry, null, plain.value));
        else attributes.push(plain);
      }
    }
  }
  if (conversion.diagnostics.length > 0) return { ok: false, diagnostics: conversion.diagnostics };
  return { ok: true, document: { source, blocks, attributes } };
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

/** A service's body with the entries of its `settings` in their place. */
function spreadSettings(conversion: Conversion, body: Fields, path: string): Fields {
  const known = new Map<string, Entry>();
  const add = (entry: Entry) => {
    const first = known.get(entry.name);
    if (first) reportDuplicate(conversion, entry, first, path);
    else known.set(entry.name, entry);
  };
  for (const entry of body.entries) {
    if (entry.name !== "settings" || entry.value.kind !== "fields") add(entry);
    else entry.value.entries.filter((setting) => !isReserved(conversion, setting, path)).forEach(add);
  }
  return { ...body, entries: [...known.values()] };
}

/** Whether a setting would become a member of the service itself; reported, for HCL has no words to tell them apart. */
function isReserved(conversion: Conversion, setting: Entry, path: string): boolean {
  if (setting.name !== "type" && setting.name !== "enabled") return false;
  const summary = `A service's settings cannot hold ${quoted(setting.name)}`;
  report(conversion, "document/reserved-setting", summary, `${path}.${setting.name}`, setting.nameRange, {
    suggestion: `Move ${quoted(setting.name)} beside "settings"`,
  });
  return true;
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
    entries.push({
      ...entry,
      name,
      value: convert(conversion, entry.value, inside, path === "" ? name : `${path}.${name}`),
    });
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
    const name = (members && findShape(members, entry.name)?.name) ?? entry.name;
    const first = known.get(name);
    if (first) reportDuplicate(conversion, { ...entry, name }, first, path);
    else known.set(name, entry);
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
  if (diagnostics.length === maxDiagnostics) return;
  diagnostics.push(errorDiagnostic(code, summary, {
    why: why ?? null,
    suggestion: suggestion ?? null,
    path: path === "" ? null : path,
    place: placeOf(source, range),
    other: other ? { label: other.label, place: placeOf(source, other.range) } : null,
  }));
}
