// Reads a setting as the schema shapes it, and puts a default where nothing is written. A mistake is noted among the
// findings, and the setting is left out.
import { isExactNumber } from "../diagnostic/exact_number.ts";
import type { Entry, List, Value } from "../document/document.ts";
import { type Constant, escapeTemplate, portableText, textOf, truthOf } from "./expressions.ts";
import { readUnknown, reservedKeys } from "./free_settings.ts";
import { emptyObject, type Json, type JsonObject } from "./json.ts";
import {
  absent,
  absentHere,
  assign,
  type Both,
  clip,
  deeper,
  emptyBoth,
  isName,
  isNull,
  isOpen,
  listOf,
  portableOf,
  type Reader,
  refuse,
  type Scalar,
  settle,
} from "./reading.ts";
import type { Member, Members, Shape } from "./schema.ts";
import { plain } from "./evaluation.ts";

/** Reads a value in the shape that the schema wants. */
function readShaped(reader: Reader, shape: Shape, value: Value, path: string): Both {
  reader.findings.note(path, value.range);
  switch (shape.kind) {
    case "list":
      return readList(reader, shape, value, path);
    case "map":
      return readMap(reader, shape, value, path);
    case "object": {
      const settled = settle(reader, value, path, plain);
      if (settled === null || isNull(settled)) return absent;
      if (settled.kind !== "fields") return refuse(reader, path, value.range, "has to be a block { … }");
      return deeper(reader, path, value.range, () => readObject(reader, shape.members, settled.entries, path));
    }
    default: {
      if (shape.kind === "whole-number" && isInexact(value)) {
        return refuse(reader, path, value.range, "has to be a whole number of 32 bits");
      }
      const settled = settle(reader, value, path, shape.kind === "text" ? shape : plain);
      if (settled === null) return absent;
      if (settled.kind !== "scalar") return refuse(reader, path, value.range, `has to be ${WANTED[shape.kind]}`);
      return readScalar(reader, shape, settled, path);
    }
  }
}

/** Reads the entries of an object: known ones by their shapes, unknown ones with a warning, defaults for the rest. */
export function readObject(
  reader: Reader,
  members: Members,
  entries: readonly Entry[],
  path: string,
  takeUnknown?: (entries: readonly Entry[], into: Both<JsonObject>) => void,
): Both<JsonObject> {
  const both = emptyBoth();
  const unknown: Entry[] = [];
  const seen = new Map<string, Entry>();
  for (const entry of entries) {
    const member = entry.role === undefined ? members.get(entry.name) : undefined;
    if (member === undefined) unknown.push(entry);
    else if (isRepeated(reader, seen, entry, `${path}.${entry.name}`) || isWrittenNull(entry.value)) continue;
    else assign(both, member.key, readShaped(reader, member.shape, entry.value, `${path}.${entry.name}`));
  }
  for (const member of members.values()) fillIn(both, member);
  if (takeUnknown !== undefined) takeUnknown(unknown, both);
  else if (unknown.length > 0) {
    readUnknown(reader, unknown, { path, members: [...members.values()], reserved: reservedKeys(members) }, both);
  }
  return both;
}

/** A null that is written out is as good as nothing written. */
function isWrittenNull(value: Value): boolean {
  return value.kind === "literal" && value.value === null;
}

/** Says so where a known name stands for the second time, with both places. */
function isRepeated(reader: Reader, seen: Map<string, Entry>, entry: Entry, path: string): boolean {
  const first = seen.get(entry.name);
  if (first === undefined) {
    seen.set(entry.name, entry);
    return false;
  }
  reader.findings.note(path, first.value.range);
  reader.findings.error("config/duplicate", `${clip(entry.name)} is given twice`, path, entry.nameRange, {
    why: "Only one of the two can count, and which is nobody's to guess",
    suggestion: "Remove one of them",
    other: { label: "first given here", range: first.nameRange },
  });
  return true;
}

function readScalar(
  reader: Reader,
  shape: Exclude<Shape, { kind: "list" | "map" | "object" }>,
  scalar: Scalar,
  path: string,
): Both {
  const { constant } = scalar;
  if (constant.value === null) return absentHere(scalar);
  let resolved: Json | null = null;
  if (shape.kind === "text") resolved = shape.refers ? lastPart(textOf(constant)) : textOf(constant);
  else if (shape.kind === "boolean") resolved = truthOf(constant);
  else resolved = wholeNumberOf(constant);
  if (resolved === null) {
    refuse(reader, path, scalar.range, `has to be ${WANTED[shape.kind]}`);
    return absentHere(scalar);
  }
  if (shape.kind === "whole-number" && !shape.accepts(resolved as number)) {
    refuse(reader, path, scalar.range, "has to be a whole number of 32 bits");
    return absentHere(scalar);
  }
  return { resolved, portable: portableOf(scalar, resolved) };
}

/** Whether a value is a number that no double is equal to; to write it as a string would not help a whole number. */
function isInexact(value: Value): boolean {
  return value.kind === "literal" && value.text !== undefined && !isExactNumber(value.text);
}

const WANTED = { text: "a text", boolean: "true or false", "whole-number": "a whole number" } as const;

function wholeNumberOf({ value }: Constant): number | null {
  if (typeof value === "number") return Number.isInteger(value) ? value : null;
  return typeof value === "string" && /^\s*[+-]?[0-9]{1,20}\s*$/.test(value) ? Number(value) : null;
}

/** A reference is its last dotted part, whatever stands before. */
function lastPart(reference: string): string {
  return reference.slice(reference.lastIndexOf(".") + 1);
}

/** A list, or a text that separates the items by commas. */
function readList(reader: Reader, shape: Extract<Shape, { kind: "list" }>, value: Value, path: string): Both {
  const settled = settle(reader, value, path, plain);
  if (settled === null) return absent;
  if (settled.kind === "scalar" && settled.constant.value === null) return absentHere(settled);
  const refers = shape.item.kind === "text" && shape.item.refers;
  if (settled.kind === "list") {
    return deeper(reader, path, value.range, () => {
      const items = settled.items.map((item, at) => {
        reader.findings.note(`${path}[${at}]`, item.range);
        return readItem(reader, shape.item, item, path);
      });
      return listOf(items);
    });
  }
  if (settled.kind !== "scalar" || typeof settled.constant.value !== "string") {
    return refuse(reader, path, value.range, "has to be a list [ … ]");
  }
  const parts = settled.constant.value.split(",").map((part) => part.trim()).filter((part) => part !== "");
  const resolved = refers ? parts.map(lastPart) : parts;
  return { resolved, portable: isOpen(settled) ? portableText(settled.expression) : resolved.map(escapeTemplate) };
}

/** An item as a member of its list: a mistake in it is a mistake of the setting. */
function readItem(reader: Reader, shape: Shape, item: Value, path: string): Both {
  const settled = settle(reader, item, path, shape.kind === "text" ? shape : plain);
  if (settled === null) return absent;
  if (settled.kind === "scalar" && settled.isRefused) return absentHere(settled);
  if (settled.kind !== "scalar" || settled.constant.value === null || shape.kind !== "text") {
    return refuse(reader, path, item.range, "has to be a list of texts");
  }
  return readScalar(reader, shape, settled, path);
}

/** A map, a list of objects that are named inside, or texts in the place of objects, as the shape allows. */
function readMap(reader: Reader, shape: MapShape, value: Value, path: string): Both {
  const settled = settle(reader, value, path, plain);
  if (settled === null || isNull(settled)) return absent;
  const entries = settled.kind === "fields"
    ? settled.entries
    : settled.kind === "list"
    ? listed(reader, shape, settled, path)
    : null;
  if (entries === null) return refuse(reader, path, value.range, "has to be a map { name = … }");
  return deeper(reader, path, value.range, () => {
    const both = emptyBoth();
    const seen = new Map<string, Entry>();
    for (const entry of entries) {
      const inner = `${path}.${entry.name}`;
      if (!isName(reader, entry.name, path, entry.nameRange) || isRepeated(reader, seen, entry, inner)) continue;
      assign(both, entry.name, readShaped(reader, shape.entry, unfold(reader, shape, entry.value), inner));
    }
    return both;
  });
}

type MapShape = Extract<Shape, { kind: "map" }>;

/** The entries of a list of objects by the member that names each; null where one has no such name. */
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

/** A name that is written as a value; null where it is none, which is noted. Names are the same on every host. */
function nameIn(reader: Reader, value: Value, path: string): string | null {
  const settled = settle(reader, value, path, plain);
  if (settled === null || (settled.kind === "scalar" && settled.isRefused)) return null;
  const isName = settled.kind === "scalar" && typeof settled.constant.value === "string" && !isOpen(settled);
  if (isName) return textOf(settled.constant);
  refuse(reader, path, value.range, "has to have names that are texts and do not depend on the environment");
  return null;
}

/** Where a lone text may stand for an object: the object. */
function unfold(reader: Reader, { shorthand }: Extract<Shape, { kind: "map" }>, value: Value): Value {
  if (shorthand === null || (value.kind !== "literal" && value.kind !== "template")) return value;
  if (value.kind === "literal" && value.value === null) return value;
  if (value.kind === "template") {
    const outcome = reader.scope.evaluate(value, plain, reader);
    if (outcome.kind === "compound") return outcome.value;
  }
  const { range } = value;
  return { kind: "fields", form: "object", entries: [{ name: shorthand, nameRange: range, value }], range };
}

/** Defaults are plain values and empty lists and maps. */
function copyOf(fallback: Json): Json {
  if (Array.isArray(fallback)) return [];
  return typeof fallback === "object" && fallback !== null ? emptyObject() : fallback;
}

function fillIn({ resolved, portable }: Both<JsonObject>, { key, fallback }: Member): void {
  if (fallback === undefined) return;
  const copy = copyOf(fallback);
  if (!(key in resolved!)) resolved![key] = copy;
  if (!(key in portable!)) portable![key] = copy;
}
