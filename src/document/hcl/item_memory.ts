// A source is gone through from its beginning each time, and an item that one of the last texts had is the same object
// again, with all that is known of it, where all that scanning it looked at stands there again. Only the others are
// scanned. What comes of it is what scanning all of it would give; the places of an item move with it.
import type { Pace } from "../../time/pace.ts";
import { type Cursor, isOver, MAX_VALUES, openCursor } from "./cursor.ts";
import { goToItem, type Scan, type ScannedItem, scanOf, takeItem } from "./dialect.ts";
import { ownCopy } from "../../host/own_copy.ts";

/** Scans texts of which each is nearly the one before. */
export interface ItemMemory {
  /**
   * What `scanSource` gives, for any text; the ranges of its items are places in this text from now on, also of those
   * that were in a text before. Rejects only with the reason of the pace's signal, and has forgotten nothing then.
   */
  scan(text: string, pace: Pace): Promise<Scan>;
  /** Keeps the last text beyond the next: it was whole. Of those two are kept, so that an edit can be undone. */
  keep(): void;
  /** Forgets the last text, which is not worth its memory: nothing came of it. */
  forget(): void;
  /** How many items the last text had that were scanned. */
  readonly scanned: number;
}

interface KnownItem extends ScannedItem {
  /** All that scanning it looked at; null where that is too much, and it is not found again. */
  readonly text: string | null;
  /** Its place among the items of the last text that had it. */
  index: number;
  /** The number of the last scan that found it, or looked for it among the others. */
  foundBy: number;
  listedBy: number;
}

/** So many items with one first line are compared for one place. */
const MAX_ALIKE = 4;

/** First lines are told apart by so many units. */
const MAX_LINE_UNITS = 128;

/** So many items are passed over between two looks at the clock, each of which costs as much as an item. */
const ITEMS_AT_ONCE = 64;

/** Opens a memory of nothing. */
export function openItemMemory(): ItemMemory {
  let last: readonly KnownItem[] = [];
  let whole: readonly (readonly KnownItem[])[] = [];
  let number = 0;
  let scanned = 0;

  return {
    async scan(text, pace) {
      number++;
      scanned = 0;
      const cursor = openCursor(text);
      const [items, starts]: [KnownItem[], number[]] = [[], []];
      let others: Map<string, KnownItem[]> | null = null;
      let next = 0;
      while (!isOver(cursor)) {
        if (items.length % ITEMS_AT_ONCE === 0 && pace.isSpent()) await pace.rest();
        const isFresh = goToItem(cursor, items.length === 0);
        if (isFresh === null) break;
        const start = cursor.at;
        const isHere = (one: KnownItem) => one.foundBy !== number && one.isFresh === isFresh && standsAt(cursor, one);
        let item = next < last.length && isHere(last[next]!) ? last[next] : undefined;
        if (item === undefined) {
          others ??= await listOthers([last, ...whole], number, pace);
          item = others.get(firstLine(text, start))?.find(isHere);
        }
        if (item === undefined) {
          if (pace.isSpent()) await pace.rest();
          item = newItem(cursor, isFresh);
          scanned++;
        } else {
          passOver(cursor, item);
          if (last[item.index] === item) next = item.index + 1;
        }
        item.foundBy = number;
        items.push(item);
        starts.push(start);
      }
      const scan = scanOf(items.map(({ item }) => item), cursor);
      for (let index = 0; index < items.length; index++) items[index]!.anchor.at = starts[index]!;
      if (isOver(cursor)) return scan;
      for (let index = 0; index < items.length; index++) items[index]!.index = index;
      last = items;
      return scan;
    },
    keep() {
      const isSame = last.length === whole[0]?.length && last.every((item, index) => item === whole[0]![index]);
      if (!isSame) whole = [last, ...whole.slice(0, 1)];
    },
    forget() {
      last = whole[0] ?? [];
    },
    get scanned() {
      return scanned;
    },
  };
}

/** By their first lines, the items of some texts that a scan has not found so far. */
async function listOthers(
  texts: readonly (readonly KnownItem[])[],
  number: number,
  pace: Pace,
): Promise<Map<string, KnownItem[]>> {
  const byLine = new Map<string, KnownItem[]>();
  for (const items of texts) {
    for (let index = 0; index < items.length; index++) {
      if (index % ITEMS_AT_ONCE === 0 && pace.isSpent()) await pace.rest();
      const item = items[index]!;
      if (item.text === null || item.foundBy === number || item.listedBy === number) continue;
      item.listedBy = number;
      const line = firstLine(item.text, 0);
      const alike = byLine.get(line);
      if (alike === undefined) byLine.set(line, [item]);
      else if (alike.length < MAX_ALIKE) alike.push(item);
    }
  }
  return byLine;
}

/** Whether scanning at the cursor would give the item: also the bounds on the whole must leave room for it. */
function standsAt({ text, at, count, rescanBudget }: Cursor, item: KnownItem): boolean {
  return item.text !== null && text.startsWith(item.text, at) && count + item.count <= MAX_VALUES &&
    rescanBudget > item.rescanned;
}

function passOver(cursor: Cursor, { length, count, rescanned }: ScannedItem): void {
  cursor.at += length;
  cursor.count += count;
  cursor.rescanBudget -= rescanned;
}

function newItem(cursor: Cursor, isFresh: boolean): KnownItem {
  const start = cursor.at;
  const scanned = takeItem(cursor, isFresh);
  const { reach, length } = scanned;
  // Where a line has many items, each of them looked at all behind it: their texts would be the square of it.
  const isKnown = reach <= 2 * length + MAX_LINE_UNITS && cursor.rescanBudget > 0;
  const text = isKnown ? ownCopy(cursor.text.slice(start, start + reach)) : null;
  return { ...scanned, text, index: 0, foundBy: 0, listedBy: 0 };
}

/** The first line of what begins at an offset, or the beginning of it. */
function firstLine(text: string, at: number): string {
  const line = text.slice(at, at + MAX_LINE_UNITS);
  const end = line.indexOf("\n");
  return end < 0 ? line : line.slice(0, end);
}
