// Makes the bytes of a config that are hashed, and those that are written to a file. It remembers the text of each
// entry as long as the entry's object exists, and joins and hashes the whole each time. The generators yield to take
// turns.
import { createHash } from "node:crypto";
import { ownCopy } from "../host/own_copy.ts";
import { canonicalText, type Json, type JsonObject, type Sha256Hex } from "./canonical.ts";
import { type Joined, joined } from "./joined_texts.ts";
import { lineBreak, unfold } from "./layout.ts";
import { type NameOrder, openNameOrder } from "./name_order.ts";

/** The texts of earlier configs. A config must not change after its first use. */
export interface ContentMemory {
  /** By the entry's object: a layer, a service. */
  readonly entries: WeakMap<object, EntryText>;
  readonly order: NameOrder;
}

/** An entry as a member of its table, behind a comma. */
export interface EntryText {
  readonly id: string;
  readonly canonical: string;
  /** As in a file; null before its first use. */
  laidOut: string | null;
}

/** Opens an empty memory. */
export function openContentMemory(): ContentMemory {
  return { entries: new WeakMap(), order: openNameOrder() };
}

/** The texts of a config, before they are joined. */
interface Texts {
  /** To hash. */
  readonly canonical: string[];
  /** All bytes after the header of a file; null if they are not needed. */
  readonly laidOut: string[] | null;
}

/** An entry is in two objects: the config and a table. */
const ENTRY_DEPTH = 2;

/**
 * Makes the texts of a config without its member `$snapshot`.
 *
 * @throws {TypeError} for a config that is not JSON; see {@linkcode canonicalText}.
 */
function* textsOf(config: JsonObject, isLaidOut: boolean, memory: ContentMemory): Generator<void, Texts> {
  const { entries, order } = memory;
  const canonical: string[] = ["{"];
  const laidOut: string[] | null = isLaidOut ? [] : null;
  for (const name of yield* order.sorted("", Object.keys(config))) {
    const value = config[name]!;
    if (name === "$snapshot" || isAbsent(value)) continue;
    const label = canonicalText(name);
    canonical.push(`${canonical.length === 1 ? "" : ","}${label}:`);
    laidOut?.push(`,${lineBreak(1)}${label}: `);
    if (!isTable(value)) {
      const text = canonicalText(value);
      canonical.push(text);
      laidOut?.push(unfold(text, 1));
      continue;
    }
    let isFirst = true;
    for (const id of yield* order.sorted(name, Object.keys(value))) {
      const one = value[id]!;
      if (isAbsent(one)) continue;
      const known = typeof one === "object" && one !== null ? entries.get(one) : undefined;
      const entry = known?.id === id ? known : newEntry(id, one, entries);
      if (entry !== known) yield;
      canonical.push(isFirst ? `{${entry.canonical.slice(1)}` : entry.canonical);
      if (laidOut !== null) {
        const text = entry.laidOut ??= laidOutEntry(entry);
        laidOut.push(isFirst ? `{${text.slice(1)}` : text);
      }
      isFirst = false;
    }
    canonical.push(isFirst ? "{}" : "}");
    laidOut?.push(isFirst ? "{}" : `${lineBreak(1)}}`);
  }
  canonical.push("}");
  laidOut?.push("\n}\n");
  return { canonical, laidOut };
}

function newEntry(id: string, value: Json, entries: ContentMemory["entries"]): EntryText {
  const entry = { id, canonical: ownCopy(`,${canonicalText(id)}:${canonicalText(value)}`), laidOut: null };
  if (typeof value === "object" && value !== null) entries.set(value, entry);
  return entry;
}

function laidOutEntry({ id, canonical }: EntryText): string {
  const label = canonicalText(id);
  return ownCopy(`,${lineBreak(ENTRY_DEPTH)}${label}: ${unfold(canonical.slice(label.length + 2), ENTRY_DEPTH)}`);
}

/** Whether canonical JSON leaves the member out of an object. */
function isAbsent(value: unknown): boolean {
  return value === undefined || typeof value === "function" || typeof value === "symbol";
}

/** Whether a value is a plain object, so that its members can be written one by one; another value is written whole. */
function isTable(value: Json): value is JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return (prototype === null || prototype === Object.prototype) && typeof (value as JsonObject).toJSON !== "function";
}

/** The hash and texts of one form of a config. */
export interface Content {
  /** Of the canonical text. */
  readonly hash: Sha256Hex;
  readonly canonical: Joined;
  /** All bytes after the header of a file; empty if they were not needed. */
  readonly laidOut: Joined;
}

/** Contents whose pieces can be used again. */
export interface ContentHelp {
  /** The last content of the same form. */
  readonly last?: Content | null;
  /** The content of the other form, which is mostly the same. */
  readonly twin?: Content;
}

/** Makes the content of one form of a config, laid out or only hashed. */
export function* contentOf(
  config: JsonObject,
  isLaidOut: boolean,
  memory: ContentMemory,
  { last, twin }: ContentHelp = {},
): Generator<void, Content> {
  const texts = yield* textsOf(config, isLaidOut, memory);
  const canonical = yield* joined(texts.canonical, last?.canonical, twin?.canonical);
  const laidOut = yield* joined(texts.laidOut ?? [], last?.laidOut);
  const hash = createHash("sha256");
  for (const { bytes } of canonical) {
    hash.update(bytes);
    yield;
  }
  return { hash: hash.digest("hex") as Sha256Hex, canonical, laidOut };
}
