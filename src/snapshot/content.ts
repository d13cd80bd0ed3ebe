// A config as the bytes that are hashed and written, in pieces: together they are its canonical text, and the same laid
// out. Of the last config whatever is the same object today is taken over; nothing else is remembered.
import { canonicalText, type Json, type JsonObject } from "./canonical.ts";
import { CANONICAL_SEPARATOR, type Chunk, type KnownMember, laidOutSeparator, makeChunk } from "./chunk.ts";
import type { Pieces } from "./digest.ts";
import { lineBreak } from "./layout.ts";
import { type MemberOrder, orderMembers, sortNames } from "./member_order.ts";

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
}

/** A content, and what it cost. */
export interface MadeContent {
  /** The content. */
  readonly content: Content;
  /** How many entries had to be rendered. */
  readonly entriesRendered: number;
}

/**
 * Makes the bytes of a config. Rests where it yields.
 *
 * @throws {TypeError} for a config that is not JSON; see {@linkcode canonicalText}.
 */
export function* contentOf({ config, isLaidOut, last, twin }: ContentRequest): Generator<void, MadeContent> {
  const tables = new Map<string, Table>();
  let entriesRendered = 0;
  for (const name of yield* sortNames(Object.keys(config))) {
    const value = config[name]!;
    if (name === "$snapshot" || isAbsent(value)) continue;
    const [depth, members] = isTable(value) ? [INNER_DEPTH, value] : [1, { __proto__: null, [name]: value }];
    const before = last?.tables.get(name);
    const { table, rendered } = yield* tableOf({
      members,
      depth,
      isLaidOut,
      last: before?.depth === depth ? before : undefined,
      twin: twin?.tables.get(name),
    });
    tables.set(name, table);
    entriesRendered += rendered;
  }
  const canonical = yield* canonicalPieces(tables);
  return { content: { canonical, laidOut: isLaidOut ? yield* laidOutPieces(tables) : [], tables }, entriesRendered };
}

/** The depth of a table of entries. One that is less deep is a member of the config itself. */
const INNER_DEPTH = 2;

type Tables = ReadonlyMap<string, Table>;

function* canonicalPieces(tables: Tables): Generator<void, Pieces> {
  const pieces = [encode("{")];
  let separator = "";
  for (const [name, { depth, chunks }] of tables) {
    const [open, close] = depth === INNER_DEPTH ? [`${canonicalText(name)}:{`, "}"] : ["", ""];
    const inner = Array.from(chunks.values(), (chunk) => chunk.canonical.bytes);
    const skipped = CANONICAL_SEPARATOR.length;
    for (const piece of framed(inner, { open: `${separator}${open}`, skipped, close })) pieces.push(piece);
    separator = CANONICAL_SEPARATOR;
    yield;
  }
  pieces.push(encode("}"));
  return pieces;
}

function* laidOutPieces(tables: Tables): Generator<void, Pieces> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const separator = laidOutSeparator(1);
  for (const [name, { depth, chunks }] of tables) {
    const [outer, inner] = chunks.size === 0 ? ["", ""] : [lineBreak(1), lineBreak(INNER_DEPTH)];
    const [open, close] = depth === INNER_DEPTH ? [`${canonicalText(name)}: {${inner}`, `${outer}}`] : ["", ""];
    const bytes = Array.from(chunks.values(), (chunk) => chunk.laidOut!.bytes);
    const skipped = laidOutSeparator(depth).length;
    for (const piece of framed(bytes, { open: `${separator}${open}`, skipped, close })) pieces.push(piece);
    yield;
  }
  pieces.push(encode("\n}\n"));
  return pieces;
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

interface TableRequest {
  readonly members: JsonObject;
  readonly depth: number;
  readonly isLaidOut: boolean;
  readonly last: Table | undefined;
  readonly twin: Table | undefined;
}

function* tableOf(request: TableRequest): Generator<void, { readonly table: Table; readonly rendered: number }> {
  const { members, depth, isLaidOut, last, twin } = request;
  const order = yield* orderMembers(Object.keys(members), last?.order);
  const groups: Group[] = [];
  const kept: (Chunk | null)[] = [];
  for (const [index, start] of order.groups.entries()) {
    const group = groupOf(members, order.sorted.slice(start, order.groups[index + 1]));
    yield; // Also where all is kept: the names alone take their time.
    if (group === null) continue;
    groups.push(group);
    kept.push(keptChunk(group, last));
  }
  const left = yield* leftMembers(last, new Set(kept));
  const chunks = new Map<string, Chunk>();
  let rendered = 0;
  for (const [at, { names, values }] of groups.entries()) {
    let chunk = kept[at]!;
    if (chunk === null) {
      const made = makeChunk({
        names,
        values,
        depth,
        isLaidOut,
        known: knownIn(left, twinOf(names, twin), names, values),
      });
      chunk = made.chunk;
      rendered += made.rendered;
      yield;
    }
    chunks.set(names[0]!, chunk);
  }
  return { table: { depth, order, chunks }, rendered };
}

/** Finds members among those that are left of the last chunks, or else in the other form's. */
function knownIn(
  left: ReadonlyMap<string, KnownMember>,
  other: Chunk | null,
  names: readonly string[],
  values: readonly Json[],
): (index: number) => KnownMember | null {
  return (index) => {
    const mine = left.get(names[index]!);
    if (mine !== undefined && mine.chunk.values[mine.index] === values[index]) return mine;
    const says = other !== null && isSameJson(other.values[index]!, values[index]!, MAX_COMPARED_DEPTH);
    return says ? { chunk: other, index } : null;
  };
}

interface Group {
  readonly names: readonly string[];
  readonly values: readonly Json[];
}

/** The members with these names, without those that are absent in JSON; null where all are. */
function groupOf(members: JsonObject, names: readonly string[]): Group | null {
  const values = names.map((name) => members[name]!);
  if (!values.some(isAbsent)) return { names, values };
  const present = names.filter((name) => !isAbsent(members[name]));
  return present.length === 0 ? null : { names: present, values: present.map((name) => members[name]!) };
}

/** The last chunk that has just these members. */
function keptChunk({ names, values }: Group, last: Table | undefined): Chunk | null {
  const chunk = last?.chunks.get(names[0]!);
  return chunk !== undefined && areSame(chunk.names, names) && areSame(chunk.values, values) ? chunk : null;
}

/** The members of the last chunks that are not kept as they are. */
function* leftMembers(
  last: Table | undefined,
  kept: ReadonlySet<Chunk | null>,
): Generator<void, ReadonlyMap<string, KnownMember>> {
  const members = new Map<string, KnownMember>();
  for (const chunk of last?.chunks.values() ?? []) {
    if (kept.has(chunk)) continue;
    for (const [index, name] of chunk.names.entries()) members.set(name, { chunk, index });
    yield;
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
