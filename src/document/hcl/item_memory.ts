// Passes through each text from its beginning. An item of one of the last texts is the same object, with its results,
// if all the text that its scan looked at is unchanged. Only the other items are scanned. The result equals that of a
// scan of the whole text; the places of an item move with it.
import type { Pace } from "../../time/pace.ts";
import { type Cursor, isOver, MAX_VALUES, openCursor } from "./cursor.ts";
import { goToItem, type Scan, type ScannedItem, scanOf, takeItem } from "./dialect.ts";
import { ownCopy } from "../../host/own_copy.ts";

/** Scans texts that each differ little from the one before. */
export interface ItemMemory {
  /**
   * Scans a text, with the result of a scan without a memory. From then on, the ranges of its items are places in this
   * text, also those of items from an earlier text. Rejects only with the reason of the pace's signal, and then forgets
   * nothing.
   */
  scan(text: string, pace: Pace): Promise<Scan>;
  /** Keeps the last text, a whole one, beyond the next. The last two such texts stay, so that an edit can be undone. */
  keep(): void;
  /** Forgets the last text, which had no result and is not worth its memory. */
  forget(): void;
  /** The number of items of the last text that had to be scanned. */
  readonly scanned: number;
}

interface KnownItem extends ScannedItem {
  /** All the text that the item's scan looked at; null if that is too much: then the item is not found again. */
  readonly text: string | null;
  /** The item's index in the last text that had it. */
  index: number;
  /** The number of the last scan that found the item. */
  foundBy: number;
  /** The number of the last scan that listed the item by its first line. */
  listedBy: number;
}

/** The most items with the same first line that are compared at one place. */
const MAX_ALIKE = 4;

/** The number of UTF-16 units by which first lines are distinguished. */
const MAX_LINE_UNITS = 128;

/** The number of items between two looks at the clock, each of which costs as much as an item. */
const ITEMS_AT_ONCE = 64;

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
        const isHere = (one: KnownItem) => one.foundBy !== number && one.isFresh === isFresh && matchesAt(cursor, one);
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

/** Lists by their first lines the items of some texts that a scan has not found so far. */
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

/** Whether a scan at the cursor would return the item; the bounds on the whole source must leave room for it, too. */
function matchesAt({ text, at, count, rescanBudget }: Cursor, item: KnownItem): boolean {
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
  // If a line has many items, each scan looked at the whole rest of the line: the texts would grow with its square.
  const isKnown = reach <= 2 * length + MAX_LINE_UNITS && cursor.rescanBudget > 0;
  const text = isKnown ? ownCopy(cursor.text.slice(start, start + reach)) : null;
  return { ...scanned, text, index: 0, foundBy: 0, listedBy: 0 };
}

/** Returns the line that begins at an offset, or its first MAX_LINE_UNITS units. */
function firstLine(text: string, at: number): string {
  const line = text.slice(at, at + MAX_LINE_UNITS);
  const end = line.indexOf("\n");
  return end < 0 ? line : line.slice(0, end);
}
