// Reads settings as the schema defines them, and fills in defaults. A mistake becomes a finding, and the result omits
// the setting.
import { isExactNumber } from "../diagnostic/exact_number.ts";
import type { Entry, List, Value } from "../document/document.ts";
import { type Constant, escapeTemplate, portableText, textOf, truthOf } from "./expressions.ts";
import { readUnknown, reservedKeys } from "./free_settings.ts";
import { emptyObject, type Json, type JsonObject } from "./json.ts";
import {
  absent,
  absentHere,
  assign,
  checkName,
  clip,
  dependsOnEnvironment,
  emptyPair,
  evaluateOuter,
  isNull,
  listOf,
  portableOf,
  type PortablePair,
  readDeeper,
  type Reader,
  refuse,
  refuseScalar,
  type Scalar,
} from "./reading.ts";
import type { Member, Members, SettingShape } from "./schema.ts";
import { plain } from "./evaluation.ts";

function readShaped(reader: Reader, shape: SettingShape, value: Value, path: string): PortablePair {
  reader.findings.note(path, value.range);
  switch (shape.kind) {
    case "list":
      return readList(reader, shape, value, path);
    case "map":
      return readMap(reader, shape, value, path);
    case "object": {
      const outer = evaluateOuter(reader, value, path, plain);
      if (outer === null || isNull(outer)) return absent;
      if (outer.kind !== "fields") return refuse(reader, path, value.range, "has to be a block { … }");
      return readDeeper(reader, path, value.range, () => readObject(reader, shape.members, outer.entries, path));
    }
    default: {
      if (shape.kind === "whole-number" && isInexact(value)) {
        return refuse(reader, path, value.range, "has to be a whole number of 32 bits");
      }
      const outer = evaluateOuter(reader, value, path, shape.kind === "text" ? shape : plain);
      if (outer === null) return absent;
      if (outer.kind !== "scalar") return refuse(reader, path, value.range, `has to be ${WANTED[shape.kind]}`);
      return readScalar(reader, shape, outer, path);
    }
  }
}

/** Reads the entries of an object: known ones by their shapes, unknown ones with a warning; then fills in defaults. */
export function readObject(
  reader: Reader,
  members: Members,
  entries: readonly Entry[],
  path: string,
  takeUnknown?: (entries: readonly Entry[], into: PortablePair<JsonObject>) => void,
): PortablePair<JsonObject> {
  const pair = emptyPair();
  const unknown: Entry[] = [];
  const seen = new Map<string, Entry>();
  for (const entry of entries) {
    const member = entry.role === undefined ? members.get(entry.name) : undefined;
    if (member === undefined) unknown.push(entry);
    else if (isRepeated(reader, seen, entry, `${path}.${entry.name}`) || isWrittenNull(entry.value)) continue;
    else assign(pair, member.key, readShaped(reader, member.shape, entry.value, `${path}.${entry.name}`));
  }
  for (const member of members.values()) fillIn(pair, member);
  if (takeUnknown !== undefined) takeUnknown(unknown, pair);
  else if (unknown.length > 0) {
    readUnknown(reader, unknown, { path, members: [...members.values()], reserved: reservedKeys(members) }, pair);
  }
  return pair;
}

/** A literal null counts as not written. */
function isWrittenNull(value: Value): boolean {
  return value.kind === "literal" && value.value === null;
}

/** Whether an entry repeats an earlier name; reports it with both places. */
function isRepeated(reader: Reader, seen: Map<string, Entry>, entry: Entry, path: string): boolean {
  const first = seen.get(entry.name);
  if (first === undefined) {
    seen.set(entry.name, entry);
    return false;
  }
  reader.findings.note(path, first.value.range);
  reader.findings.error("config/duplicate", `${clip(entry.name)} is given twice`, path, entry.nameRange, {
    why: "Only one of the two can count, and a guess could be wrong",
    suggestion: "Remove one of them",
    other: { label: "first given here", range: first.nameRange },
  });
  return true;
}

function readScalar(
  reader: Reader,
  shape: Exclude<SettingShape, { kind: "list" | "map" | "object" }>,
  scalar: Scalar,
  path: string,
): PortablePair {
  const { constant } = scalar;
  if (constant.value === null) return absentHere(scalar);
  let resolved: Json | null = null;
  if (shape.kind === "text") resolved = shape.refers ? lastPart(textOf(constant)) : textOf(constant);
  else if (shape.kind === "boolean") resolved = truthOf(constant);
  else resolved = wholeNumberOf(constant);
  if (resolved === null) return refuseScalar(reader, path, scalar, `has to be ${WANTED[shape.kind]}`);
  if (shape.kind === "whole-number" && !shape.accepts(resolved as number)) {
    return refuseScalar(reader, path, scalar, "has to be a whole number of 32 bits");
  }
  return { resolved, portable: portableOf(scalar, resolved) };
}

/** Whether no double equals a number. The advice to write a string would not help, since a whole number is wanted. */
function isInexact(value: Value): boolean {
  return value.kind === "literal" && value.text !== undefined && !isExactNumber(value.text);
}

const WANTED = { text: "a text", boolean: "true or false", "whole-number": "a whole number" } as const;

function wholeNumberOf({ value }: Constant): number | null {
  if (typeof value === "number") return Number.isInteger(value) ? value : null;
  return typeof value === "string" && /^\s*[+-]?[0-9]{1,20}\s*$/.test(value) ? Number(value) : null;
}

/** A reference is only its last dotted part. */
function lastPart(reference: string): string {
  return reference.slice(reference.lastIndexOf(".") + 1);
}

/** Reads a list, or a text of items with commas between them. */
function readList(
  reader: Reader,
  shape: Extract<SettingShape, { kind: "list" }>,
  value: Value,
  path: string,
): PortablePair {
  const outer = evaluateOuter(reader, value, path, plain);
  if (outer === null) return absent;
  if (outer.kind === "scalar" && outer.constant.value === null) return absentHere(outer);
  const refers = shape.item.kind === "text" && shape.item.refers;
  if (outer.kind === "list") {
    return readDeeper(reader, path, value.range, () => {
      const items = outer.items.map((item, at) => {
        reader.findings.note(`${path}[${at}]`, item.range);
        return readItem(reader, shape.item, item, path);
      });
      return listOf(items);
    });
  }
  if (outer.kind !== "scalar" || typeof outer.constant.value !== "string") {
    return refuse(reader, path, value.range, "has to be a list [ … ]");
  }
  const parts = outer.constant.value.split(",").map((part) => part.trim()).filter((part) => part !== "");
  const resolved = refers ? parts.map(lastPart) : parts;
  return {
    resolved,
    portable: dependsOnEnvironment(outer) ? portableText(outer.expression) : resolved.map(escapeTemplate),
  };
}

/** Reads an item of a list; a mistake in it belongs to the setting that is the list. */
function readItem(reader: Reader, shape: SettingShape, item: Value, path: string): PortablePair {
  const outer = evaluateOuter(reader, item, path, shape.kind === "text" ? shape : plain);
  if (outer === null) return absent;
  if (outer.kind === "scalar" && outer.isRefused) return absentHere(outer);
  if (outer.kind !== "scalar" || outer.constant.value === null || shape.kind !== "text") {
    return refuse(reader, path, item.range, "has to be a list of texts");
  }
  return readScalar(reader, shape, outer, path);
}

/** Reads a map; the shape may also allow a list of named objects, and texts in place of objects. */
function readMap(reader: Reader, shape: MapShape, value: Value, path: string): PortablePair {
  const outer = evaluateOuter(reader, value, path, plain);
  if (outer === null || isNull(outer)) return absent;
  const entries = outer.kind === "fields"
    ? outer.entries
    : outer.kind === "list"
    ? listed(reader, shape, outer, path)
    : null;
  if (entries === null) return refuse(reader, path, value.range, "has to be a map { name = … }");
  return readDeeper(reader, path, value.range, () => {
    const pair = emptyPair();
    const seen = new Map<string, Entry>();
    for (const entry of entries) {
      const inner = `${path}.${entry.name}`;
      if (!checkName(reader, entry.name, path, entry.nameRange) || isRepeated(reader, seen, entry, inner)) continue;
      assign(pair, entry.name, readShaped(reader, shape.entry, unfold(reader, shape, entry.value), inner));
    }
    return pair;
  });
}

type MapShape = Extract<SettingShape, { kind: "map" }>;

/** Makes entries of a list of objects, named by the `listedBy` member of each; null if an item lacks it. */
function listed(reader: Reader, { listedBy }: MapShape, list: List, path: string): Entry[] | null {
  const entries: Entry[] = [];
  for (const item of list.items) {
    const naming = item.kind === "fields" ? item.entries.find((entry) => entry.name === listedBy) : undefined;
    if (item.kind !== "fields" || naming === undefined) return null;
    const name = nameIn(reader, naming.value, path);
    if (name === null) continue;
    const rest = item.entries.filter((entry) => entry !== naming);
    entries.push({ name, nameRange: naming.value.range, value: { ...item, entries: rest } });
  }
  return entries;
}

/** Evaluates a name, which must be the same on every host; null, after a report, if it is not a valid one. */
function nameIn(reader: Reader, value: Value, path: string): string | null {
  const outer = evaluateOuter(reader, value, path, plain);
  if (outer === null) return null;
  if (outer.kind === "scalar" && outer.isRefused) return reader.findings.fail(path), null;
  const isName = outer.kind === "scalar" && typeof outer.constant.value === "string" && !dependsOnEnvironment(outer);
  if (isName) return textOf(outer.constant);
  refuse(reader, path, value.range, "has to have names that are texts and do not depend on the environment");
  return null;
}

/** Makes an object of a text if the shape has a shorthand; returns any other value unchanged. */
function unfold(reader: Reader, { shorthand }: Extract<SettingShape, { kind: "map" }>, value: Value): Value {
  if (shorthand === null || (value.kind !== "literal" && value.kind !== "template")) return value;
  if (value.kind === "literal" && value.value === null) return value;
  if (value.kind === "template") {
    const outcome = reader.scope.evaluate(value, plain, reader);
    if (outcome.kind === "compound") return outcome.value;
  }
  const { range } = value;
  return { kind: "fields", form: "object", entries: [{ name: shorthand, nameRange: range, value }], range };
}

/** Copies a default: the schema has only scalars, empty lists and empty maps. */
function copyOf(fallback: Json): Json {
  if (Array.isArray(fallback)) return [];
  return typeof fallback === "object" && fallback !== null ? emptyObject() : fallback;
}

function fillIn({ resolved, portable }: PortablePair<JsonObject>, { key, fallback }: Member): void {
  if (fallback === undefined) return;
  const copy = copyOf(fallback);
  if (!(key in resolved!)) resolved![key] = copy;
  if (!(key in portable!)) portable![key] = copy;
}
