// A source scanned again costs what changed in it: what the text has in common with one before at its beginning and its
// end is not looked at, and between the two only items are scanned that were not there before. What comes of it is what
// scanning all of it would give. All other items are the same objects, and their places move with them. Remembered are
// the last text and the one that it was made from.
import type { Pace } from "../time/pace.ts";
import { commonEnds } from "./common_ends.ts";
import { atEnd, isOver, MAX_VALUES, openCursor, rescanBudgetOf } from "./cursor.ts";
import { goToItem, type Scan, type ScannedItem, scanOf, takeItem } from "./dialect.ts";
import { ITEMS_AT_ONCE, openMovedItems } from "./moved_items.ts";

/** Scans texts of which each is nearly the one before. */
export interface ScanMemory {
  /**
   * What `scanSource` gives, for any text; the ranges of its items are places in this text from now on, also of those
   * that were in a text before. Rejects only with the reason of the pace's signal, and has forgotten nothing then.
   */
  scan(text: string, pace: Pace): Promise<Scan>;
  /** Forgets the last text, which is not worth its memory: nothing came of it. */
  forget(): void;
  /** What the last scan cost. */
  readonly work: ScanningWork;
}

/** What one scan cost, in numbers that do not depend on the machine. */
export interface ScanningWork {
  /** Items that were scanned. */
  readonly scanned: number;
}

interface ScannedText {
  readonly text: string;
  /** False where a bound was exceeded, or nothing was left to scan a second time: what there is depends on all of it. */
  readonly isBounded: boolean;
  readonly scan: Scan;
  readonly items: readonly ScannedItem[];
  /** The reach of each. */
  readonly reaches: readonly number[];
  /** Where each item begins in this text; its anchor says where in the newest. */
  readonly starts: readonly number[];
  /** What all items count together. */
  readonly count: number;
  /** How many units were scanned a second time. */
  readonly rescanned: number;
}

const NO_TEXT: ScannedText = {
  text: "",
  isBounded: true,
  scan: { items: [], tooDeepAt: null, tooManyAt: null, costlyNumber: null },
  items: [],
  reaches: [],
  starts: [],
  count: 0,
  rescanned: 0,
};

/** What a text has of one before it. */
interface Kept {
  readonly of: ScannedText;
  /** So many of the first items. */
  readonly first: number;
  /** The offset behind those. */
  readonly resumeAt: number;
  /** The first item behind the edit, which may be an item of this text too. */
  readonly next: number;
  /** How far that one and all behind it have moved. */
  readonly shift: number;
  /** How many units lie between the two; below 0 where the text repeats itself, and they overlap. */
  readonly between: number;
}

/** So much is scanned sooner than another text is compared. */
const SMALL_UNITS = 32_768;

/** A memory of nothing; where more than `smallUnits` are to be scanned, the text before the last is compared as well. */
export function openScanMemory(smallUnits: number = SMALL_UNITS): ScanMemory {
  let remembered: readonly ScannedText[] = [];
  /** The text in which the places are by now. */
  let newest: ScannedText | null = null;
  let counts = { scanned: 0 };
  return {
    async scan(text, pace) {
      counts = { scanned: 0 };
      const kept = nearest(text, remembered, smallUnits);
      const scanned = (kept && await scanBetween(text, kept, pace, counts)) ?? await scanAll(text, pace, counts);
      if (!scanned.isBounded) return scanned.scan;
      const { items, starts } = scanned;
      const stayed = kept !== null && kept.of === newest ? kept.first : 0;
      for (let index = stayed; index < items.length; index++) items[index]!.anchor.at = starts[index]!;
      // Half-written files come and go; the whole one that they were made from stays.
      const origin = kept && kept.of !== scanned ? kept.of : remembered.find((one) => one !== scanned);
      remembered = origin ? [scanned, origin] : [scanned];
      newest = scanned;
      return scanned.scan;
    },
    forget() {
      if (remembered[0] === newest) remembered = remembered.slice(1);
      newest = null;
    },
    get work() {
      return counts;
    },
  };
}

/** The text of which most is kept; null where none is remembered. */
function nearest(text: string, remembered: readonly ScannedText[], smallUnits: number): Kept | null {
  const same = remembered.find((one) => one.text === text);
  if (same) return { of: same, first: same.items.length, resumeAt: 0, next: same.items.length, shift: 0, between: 0 };
  let best: Kept | null = null;
  for (const one of remembered) {
    const kept = keptOf(text, one);
    if (best === null || isNearer(kept, best)) best = kept;
    if (kept.between <= smallUnits) break;
  }
  return best;
}

/** Where as much lies between, what has more items may have more of those as well. */
function isNearer(one: Kept, other: Kept): boolean {
  if (one.between !== other.between) return one.between < other.between;
  return one.of.items.length > other.of.items.length;
}

function keptOf(text: string, of: ScannedText): Kept {
  const { items, reaches, starts } = of;
  const { before, behind } = commonEnds(of.text, text);
  const shift = text.length - of.text.length;
  let first = 0;
  while (first < items.length && starts[first]! + reaches[first]! <= before) first++;
  const resumeAt = first === 0 ? 0 : starts[first - 1]! + items[first - 1]!.length;
  const earliest = of.text.length - behind;
  let next = first;
  while (next < items.length && starts[next]! < earliest) next++;
  const nextAt = next === items.length ? text.length : starts[next]! + shift;
  return { of, first, resumeAt, next, shift, between: nextAt - resumeAt };
}

/** Scans what is not kept; null where what is kept may be another thing in this text. */
async function scanBetween(
  text: string,
  { of, first, resumeAt, next: from, shift }: Omit<Kept, "between">,
  pace: Pace,
  counts: { scanned: number },
): Promise<ScannedText | null> {
  if (text === of.text) return of;
  const cursor = openCursor(text);
  const items: ScannedItem[] = [];
  const starts: number[] = [];
  // What may be kept behind counts from the start: who scans near a bound scans all.
  cursor.count = of.count;
  cursor.rescanBudget -= of.rescanned;
  cursor.at = resumeAt;
  const account = ({ count, rescanned }: ScannedItem, sign: 1 | -1): void => {
    cursor.count += sign * count;
    cursor.rescanBudget -= sign * rescanned;
  };
  const moved = await openMovedItems(of, first, from, text, pace);
  let known: ScannedItem | null = null;
  let hasFound = false;
  let next = first;
  const drop = (): void => account(of.items[next++]!, -1);
  // Where nothing is kept, all is scanned as by itself, and the bounds are exact.
  const isKept = (): boolean => first > 0 || hasFound || next < of.items.length;
  while (next < from) drop();
  while (!isOver(cursor)) {
    if ((known === null || items.length % ITEMS_AT_ONCE === 0) && pace.isSpent()) await pace.rest();
    const isFresh = goToItem(cursor, first + items.length === 0);
    if (isFresh === null) break;
    while (next < of.items.length && of.starts[next]! + shift < cursor.at) drop();
    if (next < of.items.length && of.starts[next]! + shift === cursor.at && of.items[next]!.isFresh === isFresh) break;
    starts.push(cursor.at);
    known = moved.take(cursor.at, isFresh);
    items.push(known ?? takeItem(cursor, isFresh));
    if (known) {
      hasFound = true;
      cursor.at += known.length;
      account(known, 1);
    } else counts.scanned++;
    if (isKept() && (cursor.rescanBudget <= 0 || cursor.count > MAX_VALUES)) return null;
  }
  const isBounded = !isOver(cursor) && cursor.rescanBudget > 0;
  if (!isBounded && isKept()) return null;
  const behind = atEnd(cursor) ? of.items.length : next;
  while (next < behind) drop();
  const joined = <One>(before: readonly One[], between: readonly One[]) =>
    before.slice(0, first).concat(between, before.slice(behind));
  return {
    text,
    isBounded,
    scan: scanOf(joined(of.scan.items, items.map(({ item }) => item)), cursor),
    items: joined(of.items, items),
    reaches: joined(of.reaches, items.map(({ reach }) => reach)),
    starts: of.starts.slice(0, first).concat(starts, of.starts.slice(behind).map((start) => start + shift)),
    count: cursor.count,
    rescanned: rescanBudgetOf(text) - cursor.rescanBudget,
  };
}

async function scanAll(text: string, pace: Pace, counts: { scanned: number }): Promise<ScannedText> {
  const nothing = { of: NO_TEXT, first: 0, resumeAt: 0, next: 0, shift: text.length };
  return (await scanBetween(text, nothing, pace, counts))!;
}
