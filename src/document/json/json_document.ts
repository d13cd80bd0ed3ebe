// Reads Honua's JSON form (a snapshot, or a file written by hand) as the document that the same configuration in HCL
// gives: blocks and HCL's names, from names in any case, with the places of the JSON. A member that did not change
// since the last reading is the same block again.
import { anchoredRange } from "../../diagnostic/anchor.ts";
import { type Diagnostic, errorDiagnostic, placeOf } from "../../diagnostic/diagnostic.ts";
import type { Range, SourceText } from "../../diagnostic/range.ts";
import type { Pace } from "../../time/pace.ts";
import { atOnce, inTurns } from "../../time/turns.ts";
import type { Block, Entry, Fields, Literal, ParsedDocument, Template, Value } from "../document.ts";
import { anchorAt } from "./json_tree.ts";
import { type JsonReadingWork, openJsonMemory } from "./json_syntax.ts";
import { envColonName } from "../hcl/strings.ts";

const MAX_DIAGNOSTICS = 20;

/** Reads sources in the JSON form of which each is nearly the one before. */
export interface JsonReader {
  /**
   * Parses as `parseJsonDocument` does, in turns. Parts that a source has in common with the last give the same blocks
   * and attributes, whose ranges are places in the last source without a mistake of syntax. Rejects only with the
   * reason of the pace's signal.
   */
  read(source: SourceText, pace: Pace): Promise<ParsedDocument>;
  /** The cost of the last reading. */
  readonly work: JsonDocumentWork;
}

/** The cost of one reading, in numbers that do not depend on the machine. */
export interface JsonDocumentWork extends JsonReadingWork {
  /** Members that became blocks and attributes. */
  readonly placed: number;
}

/** A mistake whose place moves with its text. */
interface Mistake extends ReportDetails {
  readonly code: string;
  readonly summary: string;
  readonly path: string;
  readonly range: Range;
}

interface Conversion {
  readonly source: SourceText;
  readonly mistakes: Mistake[];
}

/** The part of the document that a member becomes; it depends only on the member. */
interface Converted {
  readonly block: Block | null;
  readonly attribute: Entry | null;
  readonly mistakes: readonly Mistake[];
}

/**
 * Parses the JSON form. Known names match in any case, ids only exactly; comments and trailing commas are allowed,
 * `$snapshot` and members that are null are left out, a service's `settings` become attributes of its block. Mistakes
 * are diagnostics with paths in HCL's names. `document/json-syntax`, `document/too-deep` and the others of
 * `json_syntax.ts` leave no document; `document/duplicate-key`, `document/json-shape` and `document/id-mismatch` are
 * among the mistakes of a document.
 */
export function parseJsonDocument(source: SourceText): ParsedDocument {
  return atOnce(parseJsonInSteps(source));
}

/** Parses the JSON form as `parseJsonDocument` does; no step takes longer than the largest member. */
export function parseJsonInSteps(source: SourceText): Generator<void, ParsedDocument> {
  return openMemory().read(source);
}

/** Opens a reader with an empty memory. */
export function openJsonReader(): JsonReader {
  const memory = openMemory();
  return {
    read: (source, pace) => inTurns(memory.read(source), pace),
    get work() {
      return memory.work;
    },
  };
}

function openMemory() {
  const syntax = openJsonMemory((name) => {
    const top = findShape(TOP_SHAPES, name);
    return top?.each ? top.name : null;
  });
  const known = new WeakMap<Entry, Converted>();
  let placed = 0;

  const converted = (source: SourceText, entry: Entry, convertEntry: EntryConversion): Converted => {
    let one = known.get(entry);
    if (!one) {
      const mistakes: Mistake[] = [];
      known.set(entry, one = { block: null, attribute: null, ...convertEntry({ source, mistakes }, entry), mistakes });
      placed++;
    }
    return one;
  };

  return {
    *read(source: SourceText): Generator<void, ParsedDocument> {
      placed = 0;
      const json = yield* syntax.read(source);
      if (!json.ok) return json;
      const conversion: Conversion = { source, mistakes: [] };
      const blocks: Block[] = [];
      const attributes: Entry[] = [];
      if (json.value.kind !== "fields") {
        const suggestion = "Write an object: { … }";
        report(conversion, "document/json-shape", "The file does not hold an object", "", json.value.range, {
          suggestion,
        });
        return { ok: false, diagnostics: placedMistakes(conversion) };
      }
      for (const [entry, convertEntry] of membersOf(conversion, json.value)) {
        const { block, attribute, mistakes } = converted(source, entry, convertEntry);
        if (block) blocks.push(block);
        if (attribute) attributes.push(attribute);
        for (const one of mistakes) addMistake(conversion, one);
        yield;
      }
      return { ok: true, document: { source, blocks, attributes, mistakes: placedMistakes(conversion) } };
    },
    get work(): JsonDocumentWork {
      return { ...syntax.work, placed };
    },
  };
}

type EntryConversion = (conversion: Conversion, entry: Entry) => Partial<Converted>;

/** The members that are converted and remembered one by one, each with its conversion; ignored members are left out. */
function* membersOf(conversion: Conversion, fields: Fields): Generator<[Entry, EntryConversion]> {
  for (const entry of uniqueEntries(conversion, fields, TOP_SHAPES, "")) {
    const top = findShape(TOP_SHAPES, entry.name);
    if (entry.name === "$snapshot" || (top && isNull(entry.value))) continue;
    if (!top) yield [entry, convertUnknown];
    else if (!top.each || entry.value.kind !== "fields") yield [entry, (...one) => convertSingle(...one, top)];
    else {
      const convertEntry: EntryConversion = (...one) => convertNamed(...one, top.name, top.each!);
      for (const one of uniqueEntries(conversion, entry.value, null, top.name)) yield [one, convertEntry];
    }
  }
}

/** A top-level member that the JSON form does not know. */
function convertUnknown(conversion: Conversion, entry: Entry): Partial<Converted> {
  const value = convert(conversion, entry.value, NOTHING_KNOWN, entry.name);
  if (value.kind !== "fields") return { attribute: { ...entry, value, role: "unknown" } };
  return { block: { ...blockOf(entry.name, entry, null, value), role: "unknown" } };
}

/** A known top-level member for one block; or one for several blocks that is no object, which is a mistake. */
function convertSingle(conversion: Conversion, entry: Entry, top: JsonShape): Partial<Converted> {
  if (entry.value.kind === "fields") {
    return { block: blockOf(top.name, entry, null, convertFields(conversion, entry.value, top, top.name)) };
  }
  const wanted = top.each ? "an object of entries by their id or name" : "an object";
  const summary = `${quoted(entry.name)} must be ${wanted}`;
  report(conversion, "document/json-shape", summary, top.name, entry.value.range);
  return {};
}

/** One of the entries by id or name of a known top-level member. */
function convertNamed(conversion: Conversion, entry: Entry, type: string, shape: JsonShape): Partial<Converted> {
  const path = `${type}.${entry.name}`;
  if (type === "variable") return { block: variableOf(conversion, entry, path) };
  if (entry.value.kind === "fields") {
    const body = checkId(conversion, entry, convertFields(conversion, entry.value, shape, path), path);
    return { block: blockOf(type, entry, entry, spreadSettings(conversion, body, path)) };
  }
  if (!isNull(entry.value)) {
    report(conversion, "document/json-shape", `${quoted(entry.name)} must be an object`, path, entry.value.range);
  }
  return {};
}

function blockOf(type: string, key: Entry, label: Entry | null, body: Fields): Block {
  const labels = label ? [{ text: label.name, range: label.nameRange }] : [];
  const range = anchoredRange(anchorAt(key.nameRange), key.nameRange.start, key.value.range.end);
  return { type, typeRange: key.nameRange, labels, body: { ...body, form: "block" }, range };
}

/** `"x": value` as `variable "x" { default = value }`; null is a variable without a default. */
function variableOf(conversion: Conversion, entry: Entry, path: string): Block {
  const value = convert(conversion, entry.value, NOTHING_KNOWN, path);
  const entries = isNull(value) ? [] : [{ name: "default", nameRange: entry.nameRange, value }];
  return blockOf("variable", entry, entry, { kind: "fields", form: "block", entries, range: value.range });
}

/** Drops an `id` that is equal to the key; any other `id` is a mistake. */
function checkId(conversion: Conversion, key: Entry, body: Fields, path: string): Fields {
  const id = body.entries.find((entry) => entry.name === "id");
  if (!id) return body;
  if (id.value.kind !== "literal" || id.value.value !== key.name) {
    const summary = `The id is not ${quoted(key.name)}, its key`;
    report(conversion, "document/id-mismatch", summary, `${path}.id`, id.value.range, {
      suggestion: "Leave the id out, or make the two the same",
      other: { label: "the key", range: key.nameRange },
    });
  }
  return { ...body, entries: body.entries.filter((entry) => entry !== id) };
}

/** A body with the entries of a service's `settings` in place of that member; their role marks them. */
function spreadSettings(conversion: Conversion, body: Fields, path: string): Fields {
  const entries = body.entries.flatMap((entry): Entry[] => {
    if (entry.name !== "settings" || entry.role === "unknown") return [entry];
    if (entry.value.kind === "fields") return entry.value.entries.map((setting) => ({ ...setting, role: "setting" }));
    report(conversion, "document/json-shape", `"settings" must be an object`, path, entry.value.range);
    return [];
  });
  return { ...body, entries };
}

const NOTHING_KNOWN: JsonShape = { name: "", members: null, each: null };

/** A value with HCL's names and with its templates; `shape` has the known names inside it. */
function convert(conversion: Conversion, value: Value, shape: JsonShape, path: string): Value {
  switch (value.kind) {
    case "literal":
      return typeof value.value === "string" ? stringValue(conversion.source, value.value, value.range) : value;
    case "list": {
      const items = value.items.map((item) => convert(conversion, item, shape.each ?? shape, path));
      return { ...value, items };
    }
    case "fields":
      return convertFields(conversion, value, shape, path);
    case "template":
      return value;
  }
}

function convertFields(conversion: Conversion, fields: Fields, shape: JsonShape, path: string): Fields {
  const { members } = shape;
  const entries: Entry[] = [];
  for (const entry of uniqueEntries(conversion, fields, members, path)) {
    const known = members && findShape(members, entry.name);
    if (isNull(entry.value) && (known || shape.each)) continue;
    const name = known ? known.name : entry.name;
    const value = convert(conversion, entry.value, known || (shape.each ?? NOTHING_KNOWN), `${path}.${name}`);
    entries.push({ ...entry, name, value, ...(members && !known ? { role: "unknown" as const } : {}) });
  }
  return { ...fields, entries };
}

/** The entries of an object, the first for each name. Reports the others; a known name is equal in any case. */
function uniqueEntries(
  conversion: Conversion,
  fields: Fields,
  members: ReadonlyMap<string, JsonShape> | null,
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
    `${quoted(entry.name)} occurs twice in the same object`,
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

/** A name in quotes, cut after 64 UTF-16 units. */
function quoted(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}

interface ReportDetails {
  readonly why?: string;
  readonly suggestion?: string;
  readonly other?: { readonly label: string; readonly range: Range };
}

function report(
  conversion: Conversion,
  code: string,
  summary: string,
  path: string,
  range: Range,
  details: ReportDetails = {},
): void {
  addMistake(conversion, { code, summary, path, range, ...details });
}

function addMistake({ mistakes }: Conversion, mistake: Mistake): void {
  if (mistakes.length < MAX_DIAGNOSTICS) mistakes.push(mistake);
}

/** The mistakes as diagnostics, at their places in the newest source. */
function placedMistakes({ source, mistakes }: Conversion): Diagnostic[] {
  return mistakes.map(({ code, summary, path, range, other, ...details }) =>
    errorDiagnostic(code, summary, {
      ...details,
      path: path === "" ? null : path,
      place: placeOf(source, range),
      other: other ? { label: other.label, place: placeOf(source, other.range) } : null,
    })
  );
}

// The known names of Honua's JSON form, and their names in HCL. This is only about spelling: config decides the meaning
// of a member, and whether its place is allowed.

/** A known member: its name in HCL, and the known names inside it. */
export interface JsonShape {
  /** The block type or attribute name in HCL. */
  readonly name: string;
  /** Known members by their JSON name in lower case; null if none is known. */
  readonly members: ReadonlyMap<string, JsonShape> | null;
  /** The shape of each entry if the names are ids or chosen by the user; null if they are not. */
  readonly each: JsonShape | null;
}

/** The known top-level members, by their JSON name in lower case. */
export const TOP_SHAPES: ReadonlyMap<string, JsonShape> = new Map([
  [
    "honua",
    block("honua", ["version", "environment", "logLevel", "allowedHosts"], [
      block("cors", ["allowAnyOrigin", "allowedOrigins", "allowCredentials"]),
    ]),
  ],
  [
    "datasources",
    byName("data_source", ["id", "provider", "connection", "healthCheck", "readOnly", "maxReplicationLag"], [
      block("pool", ["minSize", "maxSize", "timeout"]),
    ]),
  ],
  ["services", byName("service", ["id", "type", "enabled", "settings"])],
  [
    "layers",
    byName("layer", [
      "id",
      "title",
      "dataSource",
      "table",
      "description",
      "idField",
      "displayField",
      "introspectFields",
      "services",
    ], [
      block("geometry", ["column", "type", "srid"]),
      byName("fields", ["name", "type", "nullable"]),
    ]),
  ],
  ["caches", byName("cache", ["id", "type", "enabled", "connection", "requiredIn"])],
  ["ratelimit", block("rate_limit", ["enabled", "store"], [byName("rules", ["requests", "window"])])],
  ["variables", byName("variable", [])],
]);

/** The shape for a JSON name in any case; undefined if the name is not known there. */
function findShape(members: ReadonlyMap<string, JsonShape>, jsonName: string): JsonShape | undefined {
  return members.get(jsonName.toLowerCase());
}

/** A shape with members of these JSON names: simple ones, and ones with names inside. */
function block(name: string, simple: readonly string[], nested: readonly JsonShape[] = []): JsonShape {
  const members = new Map<string, JsonShape>();
  for (const one of simple) members.set(one.toLowerCase(), { name: snakeCase(one), members: null, each: null });
  for (const one of nested) members.set(one.name, one);
  return { name, members, each: null };
}

/** A shape whose entries have names chosen by the user, each entry with these members. */
function byName(name: string, simple: readonly string[], nested: readonly JsonShape[] = []): JsonShape {
  return { name, members: null, each: block("", simple, nested) };
}

function snakeCase(camelCase: string): string {
  return camelCase.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * The value that HCL gives for a string literal: `${…}` is code, `${env:NAME}` a call of env, and a string without code
 * is a literal with its escapes (`$${`, `%%{`) resolved; NFC-normalised as in HCL. The range includes the quotes.
 */
function stringValue(source: SourceText, text: string, range: Range): Literal | Template {
  const { rewritten, hasCode, codes } = rewrite(text);
  if (!hasCode) {
    const value = text.replaceAll("$${", "${").replaceAll("%%{", "%{").normalize("NFC");
    return { kind: "literal", value, range };
  }
  const placeAt = placesIn(source.text.slice(range.start, range.end), range.start);
  const anchor = anchorAt(range);
  const places = codes.map(({ start, end }) => anchoredRange(anchor, placeAt(start), placeAt(end)));
  return { kind: "template", text: rewritten.normalize("NFC"), codes: places, range };
}

/** Finds the code of a text (as offsets in `text`, not in the result) and rewrites `${env:NAME}`. */
function rewrite(text: string): { rewritten: string; hasCode: boolean; codes: Range[] } {
  const codes: Range[] = [];
  let rewritten = "";
  let copied = 0;
  let hasCode = false;
  const sequence = /\$\$\{|%%\{|\$\{|%\{/g;
  for (let match = sequence.exec(text); match; match = sequence.exec(text)) {
    if (match[0].length === 3) continue;
    hasCode = true;
    if (match[0] === "%{") continue;
    const name = envColonName(text, match.index);
    const start = match.index + 2;
    const end = name === null ? endOfCode(text, start) : start + "env:".length + name.length;
    if (end === null) break;
    codes.push({ start, end });
    if (name !== null) {
      rewritten += `${text.slice(copied, start)}env("${name}")`;
      copied = end;
    }
    sequence.lastIndex = end;
  }
  return { rewritten: rewritten + text.slice(copied), hasCode, codes };
}

/**
 * The offset of the `}` that ends the code beginning at `start`, or null. Braces and strings nest, and a string may
 * hold code again. A stack has the open ones, so that depth costs memory and not recursion.
 */
function endOfCode(text: string, start: number): number | null {
  const open: ("code" | "string")[] = ["code"];
  for (let at = start;; at++) {
    const c = text[at];
    if (c === undefined) return null;
    if (open.at(-1) === "string") {
      if (c === "\\") at++;
      else if (c === '"') open.pop();
      else if (text.startsWith("$${", at) || text.startsWith("%%{", at)) at += 2;
      else if ((c === "$" || c === "%") && text[at + 1] === "{") {
        open.push("code");
        at++;
      }
    } else if (c === '"') open.push("string");
    else if (c === "{") open.push("code");
    else if (c === "}") {
      open.pop();
      if (open.length === 0) return at;
    }
  }
}

/** Maps offsets of the decoded text to the source, with its escapes. Each offset must be no less than the last one. */
function placesIn(quoted: string, start: number): (offset: number) => number {
  let at = 0;
  let raw = 1;
  return (offset) => {
    for (; at !== offset; at++) raw += quoted[raw] !== "\\" ? 1 : quoted[raw + 1] === "u" ? 6 : 2;
    return start + raw;
  };
}
