// Combines the result of hcl2json with the places that the scanner found. Only hcl2json decides whether a text is valid
// and which values it has; only the outline decides their places. If the two do not match, a value has the place of its
// surroundings. Expressions are taken from the source: hcl2json respells some of them (`c ? a : b` in a string as `%{if
// c}`).
import { isExactNumber } from "../../diagnostic/exact_number.ts";
import type { Range } from "../../diagnostic/range.ts";
import type { Block, Entry, Fields, Value } from "../document.ts";
import { applyEdits, type Edit, editsWithin } from "./edits.ts";
import type { HclJson } from "./hcl.ts";
import type { ExpressionOutline, FieldsOutline, Outline, OutlineEntry } from "./outline.ts";
import { ownCopy } from "../../host/own_copy.ts";
import { resolveEscapes } from "./strings.ts";

/** A name that occurs twice. */
export interface Duplicate {
  /** The summary of the diagnostic. */
  readonly summary: string;
  /** The name with those of the values around it. */
  readonly path: string;
  readonly first: Range;
  readonly second: Range;
}

/** The part of the document that an item becomes. */
export interface PlacedItem {
  /** Null if the item is no block. */
  readonly block: Block | null;
  /** -1 if the item is no block. */
  readonly labelCount: number;
  /** Whether it has neither flaws nor duplicates. */
  readonly isSound: boolean;
  /** Empty for a block. */
  readonly attributes: readonly Entry[];
  readonly flaws: readonly Flaw[];
  readonly duplicates: readonly Duplicate[];
}

/** An object in the result of hcl2json. */
export type JsonObject = { [name: string]: HclJson };

/** A fault that hcl2json accepts silently. */
export interface Flaw {
  /**
   * In this order: a name that is an expression; a name that is a number, which HCL respells; a number inside `${…}`
   * that hcl2json rounds; CRLF line ends in a text over several lines, which is only a warning.
   */
  readonly kind: "computed-name" | "respelled-name" | "inexact-number" | "carriage-return";
  readonly range: Range;
}

/** The context in which the values of an item are placed. */
export interface Placing {
  /** The source as written. */
  readonly text: string;
  /** The offset of the item. */
  readonly start: number;
  /** The edits of the item, sorted. */
  readonly edits: readonly Edit[];
  /** Receives the flaws that are found. */
  readonly flaws: Flaw[];
}

/** A value with its place; `around` is the place if there is no outline. */
export function valueOf(placing: Placing, json: HclJson, outline: Outline | null, around: Range): Value {
  const range = outline?.range ?? around;
  const isCollection = typeof json === "object" && json !== null;
  if (isCollection && outline?.kind === "expression") findInexactNumbers(placing, outline.codes, true);
  if (Array.isArray(json)) {
    const places = outline?.kind === "list" && outline.items.length === json.length ? outline.items : null;
    const items = json.map((item, index) => valueOf(placing, item, places?.[index] ?? null, range));
    return { kind: "list", items, range };
  }
  if (isCollection) {
    return outline?.kind === "fields" ? objectValue(placing, json, outline) : unplacedObject(placing, json, range);
  }
  return scalarValue(placing, json, outline?.kind === "expression" ? outline : null, range);
}

function scalarValue(
  placing: Placing,
  json: null | boolean | number | string,
  outline: ExpressionOutline | null,
  range: Range,
): Value {
  const isString = typeof json === "string";
  if (outline?.form === "bare" || !isString) {
    const literal = literalAsWritten(placing.text.slice(range.start, range.end));
    if (literal) return { kind: "literal", ...literal, range };
  }
  const hasCode = isString && holdsCode(json);
  if (outline?.form === "heredoc") findInexactNumbers(placing, outline.codes, false);
  if (isString && json.includes("\r\n") && placing.text.slice(range.start, range.end).includes("\r\n")) {
    placing.flaws.push({ kind: "carriage-return", range });
  }
  // hcl2json computes some expressions (`!true`, `"${1}"`); config decides whether they are allowed.
  const isCode = outline !== null && outline.codes.length > 0 && (hasCode || outline.form !== "heredoc");
  if (isCode) {
    const text = templateText(placing, outline) ?? String(json);
    return { kind: "template", text, codes: outline.codes, range };
  }
  if (hasCode) return { kind: "template", text: json, codes: [], range };
  return { kind: "literal", value: json, range };
}

/** The text of strings inside code, up to a `${` in them and again after its `}`; and comments. */
const NO_CODE = /["}](?:[^"\\$]|\\[^]|\$\$\{|\$(?!\{))*(?:"|\$\{)|\/\*[^]*?(?:\*\/|$)|(?:#|\/\/)[^\n]*/g;
const NUMBERS = /(?<!\p{ID_Continue})[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/gu;

/**
 * Finds inexact numbers in code that hcl2json computed. hcl2json cuts a lone number of a heredoc to 512 bits and puts it into
 * the text of the heredoc, even from a string inside code. It makes JSON of a list or an object in a string. It returns
 * other code unchanged.
 */
function findInexactNumbers({ text, flaws }: Placing, codes: readonly Range[], isCollection: boolean): void {
  for (const range of codes) {
    const code = text.slice(range.start, range.end).replace(NO_CODE, " ");
    const isComputed = isCollection || /^[\s~]*$/.test(code.replace(NUMBERS, ""));
    if (isComputed && !(code.match(NUMBERS) ?? []).every(isExactNumber)) flaws.push({ kind: "inexact-number", range });
  }
}

function holdsCode(text: string): boolean {
  return text.includes("${") || text.includes("%{");
}

/** The number, boolean or null that the source has, if any; hcl2json gives null for a number too large for a double. */
function literalAsWritten(written: string): { value: null | boolean | number; text?: string } | null {
  if (written === "null") return { value: null };
  if (written === "true" || written === "false") return { value: written === "true" };
  if (!/^[-0-9]/.test(written)) return null;
  // HCL allows a space after the sign.
  const text = written.replace(/^-\s+/, "-");
  return /^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(text) ? { value: Number(text), text: ownCopy(text) } : null;
}

/** The template as the source has it, its literal parts decoded; null if only the spelling of hcl2json can be used. */
function templateText(placing: Placing, { form, range, codes }: ExpressionOutline): string | null {
  const { start, end } = range;
  if (form === "bare") return ownCopy("${" + rewritten(placing, start, end) + "}");
  if (form === "heredoc") return null;
  let text = "";
  let from = start + 1;
  for (const code of codes) {
    const literal = literalPart(rewritten(placing, from, code.start - 2));
    if (literal === null) return null;
    text += literal + rewritten(placing, code.start - 2, code.end + 1);
    from = code.end + 1;
  }
  const rest = literalPart(rewritten(placing, from, end - 1));
  return rest === null ? null : ownCopy((text + rest).normalize("NFC"));
}

/** The text that hcl2json received for a range of the source, without insertions at the two ends of the range. */
function rewritten({ text, start, edits }: Placing, from: number, to: number): string {
  const inside = editsWithin(edits, from - start, to - start)
    .filter(({ at, remove }) => remove > 0 || (at > from - start && at < to - start));
  return applyEdits(text, from, to, inside, start);
}

/** The text between the codes of a quoted template; null if it has a directive. */
function literalPart(written: string): string | null {
  let text = "";
  for (const [index, piece] of written.split(/(\$\$\{|%%\{)/).entries()) {
    if (index % 2 === 1) text += piece;
    else {
      const resolved = piece.includes("%{") ? null : resolveEscapes(piece);
      if (resolved === null) return null;
      text += resolved.replace(/([$%])\{/g, "$1$1{");
    }
  }
  return text;
}

function unplacedObject(placing: Placing, json: JsonObject, range: Range): Fields {
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(json)) {
    if (holdsCode(name)) placing.flaws.push({ kind: "computed-name", range });
    else entries.push({ name, nameRange: range, value: valueOf(placing, value, null, range) });
  }
  return { kind: "fields", form: "object", entries, range };
}

function objectValue(placing: Placing, json: JsonObject, outline: FieldsOutline): Fields {
  const entries: Entry[] = [];
  const placed = new Set<string>();
  for (const { key, nameRange, value } of outline.entries) {
    if (key === null) {
      placing.flaws.push({ kind: "computed-name", range: nameRange });
      continue;
    }
    const name = nameIn(json, key);
    if (name === null) {
      if (/^[0-9]/.test(key)) placing.flaws.push({ kind: "respelled-name", range: nameRange });
      continue;
    }
    placed.add(name);
    entries.push({ name, nameRange, value: valueOf(placing, json[name]!, value, nameRange) });
  }
  appendUnplaced(placing, json, placed, outline.range, entries);
  return { kind: "fields", form: "object", entries, range: outline.range };
}

/** The body of a block: attributes unchanged, nested blocks with their labels as names. */
export function bodyValue(placing: Placing, json: JsonObject, outline: Outline): Fields {
  if (outline.kind !== "fields") return { ...unplacedObject(placing, json, outline.range), form: "block" };
  const entries: Entry[] = [];
  const placed = new Set<string>();
  const nesting: Nesting = { seen: new Map(), named: new Map() };
  for (const entry of outline.entries) {
    const name = entry.key === null ? null : nameIn(json, entry.key);
    if (name === null) continue;
    placed.add(name);
    const shown = entry.name ?? name;
    if (entry.labels === null) {
      const value = valueOf(placing, json[name]!, entry.value, entry.nameRange);
      entries.push({ name: shown, nameRange: entry.nameRange, value });
    } else addNestedBlock(placing, entries, json[name]!, entry, nesting);
  }
  appendUnplaced(placing, json, placed, outline.range, entries);
  return { kind: "fields", form: "block", entries, range: outline.range };
}

/** An index of the blocks in one body, so that each block finds its place without a search through all others. */
interface Nesting {
  /** How many blocks of a type and labels there were so far. */
  readonly seen: Map<string, number>;
  /** The fields in each list of entries by their names; `looked` is the number of entries that are indexed. */
  readonly named: Map<Entry[], { looked: number; readonly fields: Map<string, Fields> }>;
}

/** Blocks of one type with different labels share one entry; a repeated block occurs there twice. */
function addNestedBlock(
  placing: Placing,
  entries: Entry[],
  json: HclJson,
  outline: OutlineEntry,
  nesting: Nesting,
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
    into = fieldsNamed(nesting, into, name, nameRange, outline.value.range);
    name = text;
    nameRange = label.range;
    path.push(text);
  }
  const key = path.length === 1 ? ` ${name}` : JSON.stringify(path);
  const index = nesting.seen.get(key) ?? 0;
  nesting.seen.set(key, index + 1);
  const body = Array.isArray(inner) ? inner[index] : undefined;
  // hcl2json drops a block with the name of an attribute; an empty block is kept, so that the duplicate is found.
  const value: Fields = body === undefined
    ? { kind: "fields", form: "block", entries: [], range: outline.value.range }
    : bodyValue(placing, body as JsonObject, outline.value);
  into.push({ name, nameRange, value });
}

/** The entries of the first fields with a name; creates them if there are none. */
function fieldsNamed({ named }: Nesting, entries: Entry[], name: string, nameRange: Range, range: Range): Entry[] {
  const known = named.get(entries) ?? { looked: 0, fields: new Map<string, Fields>() };
  named.set(entries, known);
  for (; known.looked < entries.length; known.looked++) {
    const { name, value } = entries[known.looked]!;
    if (value.kind === "fields" && !known.fields.has(name)) known.fields.set(name, value);
  }
  const existing = known.fields.get(name);
  if (existing) return existing.entries as Entry[];
  const inner: Entry[] = [];
  entries.push({ name, nameRange, value: { kind: "fields", form: "block", entries: inner, range } });
  return inner;
}

function appendUnplaced(
  placing: Placing,
  json: JsonObject,
  placed: ReadonlySet<string>,
  range: Range,
  entries: Entry[],
): void {
  const names = Object.keys(json);
  if (names.length === placed.size) return;
  for (const name of names) {
    // A computed name is a flaw, which objectValue and unplacedObject report.
    if (placed.has(name) || holdsCode(name)) continue;
    entries.push({ name, nameRange: range, value: valueOf(placing, json[name]!, null, range) });
  }
}

/** The name of a key in the result of hcl2json: as written, or NFC-normalised as HCL does with strings. */
function nameIn(json: JsonObject, key: string): string | null {
  if (Object.hasOwn(json, key)) return key;
  const normalized = key.normalize("NFC");
  return Object.hasOwn(json, normalized) ? normalized : null;
}
