// A config as the bytes that are hashed and written, in pieces: together they are its canonical text, and the same laid
// out. Of the last config whatever is the same object today is taken over; nothing else is remembered.
import { canonicalText, type Json, type JsonObject } from "./canonical.ts";
import { CANONICAL_SEPARATOR, type Chunk, type KnownMember, laidOutSeparator, makeChunk } from "./chunk.ts";
import type { Pieces } from "./digest.ts";
import { lineBreak } from "./layout.ts";
import { type MemberOrder, orderMembers } from "./member_order.ts";

/** A config in pieces. */
export interface Content {
  /** Its canonical text in UTF-8. */
  readonly canonical: Pieces;
  /** What follows the header in a file, to its last byte; nothing where it was not asked for. */
  readonly laidOut: Pieces;
  /** What is taken over by the next. */
  readonly tables: ReadonlyMap<string, Table>;
}

/** The members of a member, or a member itself where it has none. */
export interface Table {
  /** In how many objects they stand. */
  readonly depth: number;
  /** Their names. */
  readonly order: MemberOrder;
  /** By the name of the first member. */
  readonly chunks: ReadonlyMap<string, Chunk>;
}

/** What is made into bytes, and what of it may be known already. */
export interface ContentRequest {
  /** A member `$snapshot` counts for nothing. */
  readonly config: JsonObject;
  /** Whether it is to be written to a file. */
  readonly isLaidOut: boolean;
  /** The content of before. */
  readonly last: Content | undefined;
  /** The content of another form of the config, which for the most part says the same. */
  readonly twin: Content | undefined;
  /** Is told of each entry that had to be rendered. */
  rendered(): void;
}

/**
 * Makes the bytes of a config. Rests where it yields.
 *
 * @throws {TypeError} for a config that is not JSON; see {@linkcode canonicalText}.
 */
export function* contentOf(request: ContentRequest): Generator<void, Content> {
  const { config, isLaidOut, last, twin } = request;
  const tables = new Map<string, Table>();
  const canonical = [encode("{")];
  const laidOut: Uint8Array<ArrayBuffer>[] = [];
  for (const name of Object.keys(config).sort()) {
    const value = config[name]!;
    if (name === "$snapshot" || isAbsent(value)) continue;
    const inner = isTable(value);
    const depth = inner ? 2 : 1;
    const members = inner ? value : { __proto__: null, [name]: value };
    const before = last?.tables.get(name);
    const parts = {
      ...request,
      members,
      depth,
      last: before?.depth === depth ? before : undefined,
      twin: twin?.tables.get(name),
    };
    const table = yield* tableOf(parts);
    tables.set(name, table);
    const chunks = [...table.chunks.values()];
    const label = inner ? canonicalText(name) : null;
    const separator = tables.size === 1 ? "" : CANONICAL_SEPARATOR;
    canonical.push(...framed(chunks.map((chunk) => chunk.canonical.bytes), {
      open: label === null ? separator : `${separator}${label}:{`,
      skipped: CANONICAL_SEPARATOR.length,
      close: label === null ? "" : "}",
    }));
    if (!isLaidOut) continue;
    const opening = label === null ? laidOutSeparator(1) : `${laidOutSeparator(1)}${label}: {`;
    laidOut.push(...framed(chunks.map((chunk) => chunk.laidOut!.bytes), {
      open: label === null || chunks.length === 0 ? opening : `${opening}${lineBreak(2)}`,
      skipped: laidOutSeparator(depth).length,
      close: label === null ? "" : chunks.length === 0 ? "}" : `${lineBreak(1)}}`,
    }));
  }
  canonical.push(encode("}"));
  if (isLaidOut) laidOut.push(encode("\n}\n"));
  return { canonical, laidOut, tables };
}

/** The chunks between what opens and closes them; the first without what sets it off from one before. */
function framed(
  chunks: readonly Uint8Array<ArrayBuffer>[],
  { open, skipped, close }: { open: string; skipped: number; close: string },
): Uint8Array<ArrayBuffer>[] {
  const [first, ...others] = chunks;
  const inner = first === undefined ? [] : [first.subarray(skipped), ...others];
  return [encode(open), ...inner, encode(close)].filter((piece) => piece.length > 0);
}

interface TableRequest extends Pick<ContentRequest, "isLaidOut" | "rendered"> {
  readonly members: JsonObject;
  readonly depth: number;
  readonly last: Table | undefined;
  readonly twin: Table | undefined;
}

function* tableOf({ members, depth, last, twin, isLaidOut, rendered }: TableRequest): Generator<void, Table> {
  const order = orderMembers(Object.keys(members), last?.order);
  const groups = order.groups.flatMap((start, index) =>
    groupOf(members, order.sorted.slice(start, order.groups[index + 1]))
  );
  const kept = groups.map(({ names, values }) => {
    const chunk = last?.chunks.get(names[0]!);
    return chunk !== undefined && areSame(chunk.names, names) && areSame(chunk.values, values) ? chunk : null;
  });
  const left = leftMembers(last, new Set(kept));
  const chunks = new Map<string, Chunk>();
  for (const [at, { names, values }] of groups.entries()) {
    let chunk = kept[at]!;
    if (chunk === null) {
      const other = twinOf(names, twin);
      const known = (index: number): KnownMember | null => {
        const mine = left.get(names[index]!);
        if (mine !== undefined && mine.chunk.values[mine.index] === values[index]) return mine;
        const says = other !== null && isSameJson(other.values[index]!, values[index]!, MAX_COMPARED_DEPTH);
        return says ? { chunk: other, index } : null;
      };
      chunk = makeChunk({ names, values, depth, isLaidOut, rendered, known });
      yield;
    }
    chunks.set(names[0]!, chunk);
  }
  return { depth, order, chunks };
}

interface Group {
  readonly names: readonly string[];
  readonly values: readonly Json[];
}

/** The members with these names, without those that are absent in JSON; nothing where all are. */
function groupOf(members: JsonObject, names: readonly string[]): Group[] {
  const values = names.map((name) => members[name]!);
  if (!values.some(isAbsent)) return [{ names, values }];
  const present = names.filter((name) => !isAbsent(members[name]));
  return present.length === 0 ? [] : [{ names: present, values: present.map((name) => members[name]!) }];
}

/** The members of the last chunks that are not kept as they are. */
function leftMembers(last: Table | undefined, kept: ReadonlySet<Chunk | null>): ReadonlyMap<string, KnownMember> {
  const members = new Map<string, KnownMember>();
  for (const chunk of last?.chunks.values() ?? []) {
    if (kept.has(chunk)) continue;
    for (const [index, name] of chunk.names.entries()) members.set(name, { chunk, index });
  }
  return members;
}

/** The chunk of the other form with the same members; their values may be others. */
function twinOf(names: readonly string[], twin: Table | undefined): Chunk | null {
  const chunk = twin?.chunks.get(names[0]!);
  return chunk !== undefined && areSame(chunk.names, names) ? chunk : null;
}

function areSame<T>(some: readonly T[], others: readonly T[]): boolean {
  if (some.length !== others.length) return false;
  for (let at = 0; at < some.length; at++) if (some[at] !== others[at]) return false;
  return true;
}

/** Deeper values are not compared, they count as different. */
const MAX_COMPARED_DEPTH = 50;

/** Whether two values have one canonical text, the first of which has one; where in doubt the answer is no. */
function isSameJson(one: Json, other: Json, depth: number): boolean {
  if (one === other) return true;
  if (depth === 0 || typeof one !== "object" || typeof other !== "object" || one === null || other === null) {
    return false;
  }
  if (Array.isArray(one)) {
    return Array.isArray(other) && one.length === other.length &&
      one.every((item, index) => isSameJson(item, other[index], depth - 1));
  }
  if (!isTable(one) || !isTable(other)) return false;
  const names = Object.keys(one);
  return areSame(names, Object.keys(other)) &&
    names.every((name) => isSameJson(one[name]!, other[name]!, depth - 1));
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

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
