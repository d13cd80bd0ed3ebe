// A config as the bytes that are hashed and those that stand in a file. What an entry of it comes to is remembered with the
// entry, for as long as that object is there; the whole is put together and hashed each time. It rests where it yields.
import { createHash } from "node:crypto";
import { ownCopy } from "../host/own_copy.ts";
import { canonicalText, type Json, type JsonObject, type Sha256Hex } from "./canonical.ts";
import { type Joined, joined } from "./joined_texts.ts";
import { lineBreak, unfold } from "./layout.ts";
import { type NameOrder, openNameOrder } from "./name_order.ts";

/** What is remembered of configs, of which none may be changed once it was given. */
export interface ContentMemory {
  /** By the entry: a layer, a service. */
  readonly entries: WeakMap<object, EntryText>;
  /** Of the names in the last config. */
  readonly order: NameOrder;
}

/** An entry as a member of its table, behind a comma. */
export interface EntryText {
  /** Its name in the table. */
  readonly id: string;
  /** In canonical text. */
  readonly canonical: string;
  /** In a file; null until it is asked for. */
  laidOut: string | null;
}

/** A memory of nothing. */
export function openContentMemory(): ContentMemory {
  return { entries: new WeakMap(), order: openNameOrder() };
}

/** A config as texts that are to be joined. */
interface Texts {
  /** What is hashed. */
  readonly canonical: string[];
  /** What follows the header in a file, to its last byte; null where it is not asked for. */
  readonly laidOut: string[] | null;
}

/** An entry of a table stands in two objects. */
const ENTRY_DEPTH = 2;

/**
 * Makes the texts of a config. A member `$snapshot` counts for nothing.
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

/** What canonical JSON leaves out of an object. */
function isAbsent(value: unknown): boolean {
  return value === undefined || typeof value === "function" || typeof value === "symbol";
}

/** An object and nothing but that: its members may be looked at one by one. Anything unusual is taken as a whole. */
function isTable(value: Json): value is JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return (prototype === null || prototype === Object.prototype) && typeof (value as JsonObject).toJSON !== "function";
}

/** A form of a config, sealed. */
export interface Content {
  /** The SHA-256 of its canonical text. */
  readonly hash: Sha256Hex;
  /** Its canonical text. */
  readonly canonical: Joined;
  /** What follows the header in a file; nothing where it was not asked for. */
  readonly laidOut: Joined;
}

/** What helps to make a content: that of before, and that of the other form of the config. */
export interface ContentHelp {
  /** Of the same form. */
  readonly last?: Content | null;
  /** Of the other form, which for the most part says the same. */
  readonly twin?: Content;
}

/** Makes the content of one form of a config, to be laid out or only to be hashed. */
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
