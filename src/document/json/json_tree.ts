// JSON text as a tree of values, token by token: reading it can rest anywhere, and needs no stack however deep it nests.
// The grammar and what follows a mistake are those of jsonc-parser's `visit`, whose scanner it reads with. Members that a
// memory knows are taken from it with their text unread.
import { createScanner, type JSONScanner } from "jsonc-parser";
import { type Anchor, anchoredRange } from "../../diagnostic/anchor.ts";
import type { Range } from "../../diagnostic/range.ts";
import type { Entry, Value } from "../document.ts";
import { ownCopy } from "../../host/own_copy.ts";

/** What can be wrong with a text, in jsonc-parser's words, and with a value that it takes. */
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

/** A mistake, on its line by the scanner's count (a lone CR ends one, too). */
export interface SyntaxMistake {
  /** What is wrong. */
  readonly code: SyntaxErrorCode;
  /** Where. */
  readonly range: Range;
}

/** What a text says. */
export interface Tree {
  /** Null where there is none; not all that is meant where there are mistakes. */
  readonly root: Value | null;
  /** The first of each line, at most as many as asked for. */
  readonly mistakes: readonly SyntaxMistake[];
  /** How many commas were read: what was taken from the memory is not counted. */
  readonly commas: number;
}

/** How a text is read. */
export interface TreeOptions {
  /** What is known of its members, and will be. */
  readonly members: MemberReading;
  /** So many mistakes, and it is read no further where that is 1. */
  readonly maxMistakes: number;
  /** What nests deeper is not read: there is no tree then. */
  readonly maxNesting: number;
  /** What has more commas is not read, either. */
  readonly maxCommas: number;
}

/** Between two rests at least one token is read, and no more than these. */
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

/** By the scanner's number of them. */
const SCAN_ERRORS: readonly (SyntaxErrorCode | null)[] = [
  null,
  "UnexpectedEndOfComment",
  "UnexpectedEndOfString",
  "UnexpectedEndOfNumber",
  "InvalidUnicode",
  "InvalidEscapeCharacter",
  "InvalidCharacter",
];

/** An object or list whose end has not been met. */
interface Open {
  readonly start: number;
  readonly anchor: Anchor;
  /** Null for a list. */
  readonly entries: Entry[] | null;
  readonly items: Value[];
  /** Where the members of this object are remembered each; null where they are not. */
  readonly memory: MemberMemory | null;
  /** Of the newest member; null for a list, and before the first. */
  name: { readonly text: string; readonly range: Range; readonly anchor: Anchor } | null;
  needsComma: boolean;
}

interface TreeReading extends TreeOptions {
  readonly text: string;
  readonly scanner: JSONScanner;
  readonly open: Open[];
  readonly mistakes: SyntaxMistake[];
  /** Of the last mistake. */
  lastLine: number | null;
  token: number;
  /** Where the stretch begins that what is read now moves with. */
  anchor: Anchor;
  root: Value | null;
  commas: number;
  isTooMuch: boolean;
}

/** Reads a text that is JSON with comments and trailing commas, or nearly. */
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

/** Goes to the next token that is no comment and no space. */
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

/** Keeps the first mistake of a line. */
function report(reading: TreeReading, code: SyntaxErrorCode): void {
  const { scanner, mistakes, maxMistakes } = reading;
  const line = scanner.getTokenStartLine();
  if (line === reading.lastLine || mistakes.length === maxMistakes) return;
  reading.lastLine = line;
  const { start, end } = here(reading);
  mistakes.push({ code, range: { start, end } });
}

/** Reports and goes on to what may follow a member or item. */
function skip(reading: TreeReading, code: SyntaxErrorCode, closer: number): void {
  report(reading, code);
  while (reading.token !== END && reading.token !== closer && reading.token !== COMMA) next(reading);
}

/** Reads what stands between two members or items: false where the closer comes instead of another. */
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

/** Takes the member from the memory, and with it those behind it that are known as well. */
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

/** Reads a value, or the beginning of an object or list; false where there is none. */
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
  // What ends too early, such as `1e`, is no number, and the scanner has told of it.
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
    // A value follows a name only; what is no name is skipped with its value.
    const { text, range, anchor } = parent.name!;
    const member: Member = { entry: { name: text, nameRange: range, value }, anchor };
    parent.entries.push(member.entry);
    parent.memory?.put(member);
  }
}

// The members of a JSON text that are remembered as wholes, those of the top level and of some objects there: one whose
// text is what it was is the same entry again, and its places move with it. Only the last text is remembered.

/** A member with what its ranges move with: where its name begins. */
export interface Member {
  /** Its name and value. */
  readonly entry: Entry;
  /** Moves to where it stands in the newest text. */
  readonly anchor: Anchor;
}

/** An anchor that moves as the range does. */
export function anchorAt(range: Range): Anchor {
  return {
    get at() {
      return range.start;
    },
  };
}

/** What is known of the members of one object. */
export interface MemberMemory {
  /**
   * Takes the member whose name begins at an offset of the text, and those behind it, as far as they are what they were
   * in the last text: adds them to the entries, and returns the offset behind the last of them. Null where it is not.
   */
  take(text: string, at: number, name: string, entries: Entry[]): number | null;
  /** Remembers one that was read: its anchor says where it stands. */
  put(member: Member): void;
}

/** One reading of a text. */
export interface MemberReading {
  /** The members of the whole. Those that are remembered in parts are not among what it takes. */
  readonly top: MemberMemory;
  /** Those of the object that this top-level member is; null where they are not remembered: it counts once. */
  inside(name: string): MemberMemory | null;
  /** How many members were read anew. */
  readonly read: number;
  /** All of them in the order of the text, for the next text; every anchor is moved to its place in this one. */
  settle(text: string, root: Value): RememberedMembers;
}

/** What is known of a text. */
export interface RememberedMembers {
  /** The text, in which the anchors say where its members stand. */
  readonly text: string;
  /** What it says. */
  readonly root: Value;
  /** By the object that they stand in; the top level is "". */
  readonly objects: ReadonlyMap<string, readonly Member[]>;
}

/** Which top-level objects are remembered in parts: the name that all spellings of such a one have, null for others. */
export type Divides = (name: string) => string | null;

/** Begins to read a text of which parts may be known. */
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
        // Between two at the top level there may be others, which are remembered in parts.
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

/** How many units behind a member say that it ends there: a number or a word goes on where it can. */
function unitsThatEnd({ entry: { value } }: Member): number {
  return value.kind === "literal" && typeof value.value !== "string" ? 1 : 0;
}
