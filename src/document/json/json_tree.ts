// Reads JSON text as a tree of values, token by token: reading can pause anywhere, and needs no recursion at any depth.
// The grammar and the recovery from mistakes are those of jsonc-parser's `visit`, whose scanner this file uses. Members
// whose text did not change since the last text come from a memory, without another scan.
import { createScanner, type JSONScanner } from "jsonc-parser";
import { type Anchor, anchoredRange } from "../../diagnostic/anchor.ts";
import type { Range } from "../../diagnostic/range.ts";
import type { Entry, Value } from "../document.ts";
import { ownCopy } from "../../host/own_copy.ts";

/** The mistakes of a text, named as in jsonc-parser, and `LoneSurrogate`, which jsonc-parser accepts. */
export type SyntaxErrorCode =
  | "InvalidSymbol"
  | "PropertyNameExpected"
  | "ValueExpected"
  | "ColonExpected"
  | "CommaExpected"
  | "CloseBraceExpected"
  | "CloseBracketExpected"
  | "EndOfFileExpected"
  | "UnexpectedEndOfComment"
  | "UnexpectedEndOfString"
  | "UnexpectedEndOfNumber"
  | "InvalidUnicode"
  | "InvalidEscapeCharacter"
  | "InvalidCharacter"
  | "LoneSurrogate";

/** A mistake of syntax, at most one for each line; in the scanner's count a lone CR ends a line, too. */
export interface SyntaxMistake {
  readonly code: SyntaxErrorCode;
  readonly range: Range;
}

/** The result of reading a text. */
export interface Tree {
  /** Null if there is none; incomplete if there are mistakes. */
  readonly root: Value | null;
  /** The first of each line, at most `maxMistakes`. */
  readonly mistakes: readonly SyntaxMistake[];
  /** How many commas were read, without those of members from the memory. */
  readonly commas: number;
}

export interface TreeOptions {
  /** The memory of the members, which reading uses and extends. */
  readonly members: MemberReading;
  /** The most mistakes to report. If it is 1, reading ends at the first one. */
  readonly maxMistakes: number;
  /** Reading ends without a tree if the text nests deeper. */
  readonly maxNesting: number;
  /** Reading ends without a tree if the text has more commas. */
  readonly maxCommas: number;
}

/** The number of steps, each of one token or more, between two pauses. */
const STEP_TOKENS = 64;

// The scanner's kinds of tokens: jsonc-parser has them as a constant enumeration, which no other module can read.
const OPEN_BRACE = 1;
const CLOSE_BRACE = 2;
const OPEN_BRACKET = 3;
const CLOSE_BRACKET = 4;
const COMMA = 5;
const COLON = 6;
const NULL = 7;
const TRUE = 8;
const FALSE = 9;
const STRING = 10;
const NUMBER = 11;
const UNKNOWN = 16;
const END = 17;

/** By the scanner's number of the error. */
const SCAN_ERRORS: readonly (SyntaxErrorCode | null)[] = [
  null,
  "UnexpectedEndOfComment",
  "UnexpectedEndOfString",
  "UnexpectedEndOfNumber",
  "InvalidUnicode",
  "InvalidEscapeCharacter",
  "InvalidCharacter",
];

/** An object or list whose end has not been read. */
interface Open {
  readonly start: number;
  readonly anchor: Anchor;
  /** Null for a list. */
  readonly entries: Entry[] | null;
  readonly items: Value[];
  /** The memory of the members of this object; null if it is not remembered by its members. */
  readonly memory: MemberMemory | null;
  /** Of the newest member; null for a list, and before the first member. */
  name: { readonly text: string; readonly range: Range; readonly anchor: Anchor } | null;
  needsComma: boolean;
}

interface TreeReading extends TreeOptions {
  readonly text: string;
  readonly scanner: JSONScanner;
  readonly open: Open[];
  readonly mistakes: SyntaxMistake[];
  /** The line of the last mistake. */
  lastLine: number | null;
  token: number;
  /** The anchor of the current member, with which its ranges move. */
  anchor: Anchor;
  root: Value | null;
  commas: number;
  isTooMuch: boolean;
}

/** Reads a text as JSON with comments and trailing commas, and goes on after mistakes. */
export function* readTree(text: string, options: TreeOptions): Generator<void, Tree> {
  const reading: TreeReading = {
    ...options,
    text,
    scanner: createScanner(text, false),
    open: [],
    mistakes: [],
    lastLine: null,
    token: UNKNOWN,
    anchor: { at: 0 },
    root: null,
    commas: 0,
    isTooMuch: false,
  };
  const isOver = () => reading.isTooMuch || (options.maxMistakes === 1 && reading.mistakes.length > 0);
  next(reading);
  if (!takeValue(reading)) report(reading, "ValueExpected");
  else {
    for (let steps = 1; reading.open.length > 0 && !isOver(); steps++) {
      const open = reading.open.at(-1)!;
      if (open.entries) readMember(reading, open);
      else readItem(reading, open);
      if (steps % STEP_TOKENS === 0) yield;
    }
    if (!isOver() && reading.token !== END) report(reading, "EndOfFileExpected");
  }
  const { root, isTooMuch, mistakes, commas } = reading;
  return { root: isTooMuch ? null : root, mistakes, commas };
}

/** Moves to the next token that is no comment and no space. */
function next(reading: TreeReading): number {
  const { scanner } = reading;
  for (;;) {
    const token: number = scanner.scan();
    const error = SCAN_ERRORS[scanner.getTokenError()];
    if (error) report(reading, error);
    if (token === UNKNOWN) report(reading, "InvalidSymbol");
    else if (token <= NUMBER || token === END) return reading.token = token;
  }
}

function here({ scanner, anchor }: TreeReading): Range {
  const start = scanner.getTokenOffset();
  return anchoredRange(anchor, start, start + scanner.getTokenLength());
}

/** Keeps only the first mistake of a line. */
function report(reading: TreeReading, code: SyntaxErrorCode): void {
  const { scanner, mistakes, maxMistakes } = reading;
  const line = scanner.getTokenStartLine();
  if (line === reading.lastLine || mistakes.length === maxMistakes) return;
  reading.lastLine = line;
  const { start, end } = here(reading);
  mistakes.push({ code, range: { start, end } });
}

/** Reports a mistake, and moves to the next comma, closer or end of the text. */
function skip(reading: TreeReading, code: SyntaxErrorCode, closer: number): void {
  report(reading, code);
  while (reading.token !== END && reading.token !== closer && reading.token !== COMMA) next(reading);
}

/** Reads the separator between two members or items; false if the closer or the end of the text follows. */
function goToNext(reading: TreeReading, open: Open, closer: number): boolean {
  if (reading.token === closer || reading.token === END) return false;
  if (reading.token === COMMA) {
    if (!open.needsComma) report(reading, "ValueExpected");
    if (++reading.commas > reading.maxCommas) reading.isTooMuch = true;
    return next(reading) !== closer;
  }
  if (open.needsComma) report(reading, "CommaExpected");
  return true;
}

function readMember(reading: TreeReading, open: Open): void {
  if (!goToNext(reading, open, CLOSE_BRACE)) return close(reading, open, CLOSE_BRACE, "CloseBraceExpected");
  open.needsComma = true;
  if (reading.token !== STRING) {
    skip(reading, "PropertyNameExpected", CLOSE_BRACE);
    skip(reading, "ValueExpected", CLOSE_BRACE);
    return;
  }
  const value = reading.scanner.getTokenValue();
  const text = ownCopy(value.normalize("NFC"));
  if (open.memory && takeKnown(reading, open, open.memory, text)) return;
  if (open.memory) reading.anchor = { at: reading.scanner.getTokenOffset() };
  if (!value.isWellFormed()) report(reading, "LoneSurrogate");
  open.name = { text, range: here(reading), anchor: reading.anchor };
  if (next(reading) !== COLON) return skip(reading, "ColonExpected", CLOSE_BRACE);
  next(reading);
  if (!takeValue(reading)) skip(reading, "ValueExpected", CLOSE_BRACE);
}

/** Takes the member from the memory, and with it the members after it that the memory knows as well. */
function takeKnown(reading: TreeReading, open: Open, memory: MemberMemory, name: string): boolean {
  const { scanner, text } = reading;
  const end = memory.take(text, scanner.getTokenOffset(), name, open.entries!);
  if (end === null) return false;
  scanner.setPosition(end);
  next(reading);
  return true;
}

function readItem(reading: TreeReading, open: Open): void {
  if (!goToNext(reading, open, CLOSE_BRACKET)) return close(reading, open, CLOSE_BRACKET, "CloseBracketExpected");
  open.needsComma = true;
  if (!takeValue(reading)) skip(reading, "ValueExpected", CLOSE_BRACKET);
}

function close(reading: TreeReading, open: Open, closer: number, error: SyntaxErrorCode): void {
  reading.open.pop();
  const { start, anchor, entries, items } = open;
  const range = anchoredRange(anchor, start, here(reading).end);
  put(reading, entries ? { kind: "fields", form: "object", entries, range } : { kind: "list", items, range });
  if (reading.token !== closer) report(reading, error);
  else next(reading);
}

/** Reads a value, or the beginning of an object or list; false if there is none. */
function takeValue(reading: TreeReading): boolean {
  const { token, scanner } = reading;
  if (token === OPEN_BRACE || token === OPEN_BRACKET) beginOpen(reading, token === OPEN_BRACE);
  else if (token === STRING) {
    const value = scanner.getTokenValue();
    if (!value.isWellFormed()) report(reading, "LoneSurrogate");
    put(reading, { kind: "literal", value: ownCopy(value), range: here(reading) });
  } else if (token === NUMBER) putNumber(reading);
  else if (token === NULL || token === TRUE || token === FALSE) {
    put(reading, { kind: "literal", value: token === NULL ? null : token === TRUE, range: here(reading) });
  } else return false;
  next(reading);
  return true;
}

function putNumber(reading: TreeReading): void {
  const written = reading.scanner.getTokenValue();
  // A number that ends too early, such as `1e`, gives NaN; the scanner has reported it.
  put(reading, { kind: "literal", value: Number(written), text: ownCopy(written), range: here(reading) });
}

function beginOpen(reading: TreeReading, isObject: boolean): void {
  const { open, scanner, anchor, members } = reading;
  if (open.length === reading.maxNesting) reading.isTooMuch = true;
  const memory = !isObject
    ? null
    : open.length === 0
    ? members.top
    : open.length === 1 && open[0]!.name
    ? members.inside(open[0]!.name.text)
    : null;
  const entries = isObject ? [] : null;
  open.push({ start: scanner.getTokenOffset(), anchor, entries, items: [], memory, name: null, needsComma: false });
}

function put(reading: TreeReading, value: Value): void {
  const parent = reading.open.at(-1);
  if (!parent) reading.root = value;
  else if (!parent.entries) parent.items.push(value);
  else {
    // A value follows only a name: readMember skips anything else together with its value.
    const { text, range, anchor } = parent.name!;
    const member: Member = { entry: { name: text, nameRange: range, value }, anchor };
    parent.entries.push(member.entry);
    parent.memory?.put(member);
  }
}

// The memory of the members of a JSON text: those of the top level and of some objects there. A member whose text did
// not change is the same entry again, and its places move with it. Only the last text is remembered.

/** A member with the anchor of its ranges, which is at the beginning of its name. */
export interface Member {
  readonly entry: Entry;
  /** Moves to the place of the member in the newest text. */
  readonly anchor: Anchor;
}

/** An anchor that moves with the range. */
export function anchorAt(range: Range): Anchor {
  return {
    get at() {
      return range.start;
    },
  };
}

/** The memory of the members of one object. */
export interface MemberMemory {
  /**
   * Takes the member whose name begins at an offset of the text, and those after it, up to the first that differs from
   * the last text. Adds them to the entries, and returns the offset after the last of them; null if there is none.
   */
  take(text: string, at: number, name: string, entries: Entry[]): number | null;
  /** Remembers a member that was read; its anchor has its place. */
  put(member: Member): void;
}

export interface MemberReading {
  /** The members of the top level. It does not take those that are remembered in parts. */
  readonly top: MemberMemory;
  /** The members of this top-level object; null if they are not remembered, as at the second use of a name. */
  inside(name: string): MemberMemory | null;
  /** The number of members that were read again. */
  readonly read: number;
  /** All members in the order of the text, for the next reading. Moves every anchor to its place in this text. */
  settle(text: string, root: Value): RememberedMembers;
}

/** The members of the last text. */
export interface RememberedMembers {
  /** The anchors of the members are offsets in it. */
  readonly text: string;
  readonly root: Value;
  /** The members by the name of their object; the top level is "". */
  readonly objects: ReadonlyMap<string, readonly Member[]>;
}

/** Selects the top-level objects that are remembered in parts: returns one name for all spellings, null for others. */
export type Divides = (name: string) => string | null;

/** Begins the reading of a text of which the last text may have had parts. */
export function openMemberReading(divides: Divides, last: RememberedMembers | null): MemberReading {
  const found = new Map<string, Staged>();
  const taken = new Set<Member>();
  let read = 0;
  const memoryOf = (key: string): MemberMemory => {
    const known = last?.objects.get(key) ?? [];
    const { members, starts }: Staged = { members: [], starts: [] };
    found.set(key, { members, starts });
    let indexes: Map<string, number> | null = null;
    return {
      take(text, at, name, entries) {
        const first = (indexes ??= indexesOf(known)).get(name);
        if (last === null || first === undefined) return null;
        const shift = at - startOf(known[first]!);
        let end: number | null = null;
        // Two of them may have others between them at the top level, which are remembered in parts.
        for (const member of known.slice(first, key === "" ? first + 1 : known.length)) {
          const from = end === null ? startOf(member) : end - shift;
          const to = endOf(member) + unitsThatEnd(member);
          if (taken.has(member) || last.text.slice(from, to) !== text.slice(from + shift, to + shift)) break;
          taken.add(member);
          members.push(member);
          starts.push(member.anchor.at + shift);
          entries.push(member.entry);
          end = endOf(member) + shift;
        }
        return end;
      },
      put(member) {
        const { entry, anchor } = member;
        if (key === "" && entry.value.kind === "fields" && divides(entry.name) !== null) return;
        read++;
        members.push(member);
        starts.push(anchor.at);
      },
    };
  };
  return {
    top: memoryOf(""),
    inside(name) {
      const key = divides(name);
      return key === null || found.has(key) ? null : memoryOf(key);
    },
    get read() {
      return read;
    },
    settle(text, root) {
      for (const { members, starts } of found.values()) {
        for (let index = 0; index < members.length; index++) members[index]!.anchor.at = starts[index]!;
      }
      return { text, root, objects: new Map([...found].map(([key, { members }]) => [key, members])) };
    },
  };
}

/** Members with their places in a text that is still being read. */
interface Staged {
  readonly members: Member[];
  readonly starts: number[];
}

function startOf({ anchor }: Member): number {
  return anchor.at;
}

function endOf({ entry }: Member): number {
  return entry.value.range.end;
}

function indexesOf(members: readonly Member[]): Map<string, number> {
  const indexes = new Map<string, number>();
  for (let index = members.length - 1; index >= 0; index--) indexes.set(members[index]!.entry.name, index);
  return indexes;
}

/** How many units after a member must also be unchanged: a number or a word could go on there. */
function unitsThatEnd({ entry: { value } }: Member): number {
  return value.kind === "literal" && typeof value.value !== "string" ? 1 : 0;
}
