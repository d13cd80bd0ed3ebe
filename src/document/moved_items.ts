// Items of a text found again in the next one, wherever they stand there by now: an item is the same where all that it
// looked at stands there too, and a line begins with it or not as before. Each is found once. Tried first is the one
// behind the last that was found, then some that have the same first line; what is compared is linear in the two texts.
import type { Pace } from "../time/pace.ts";
import { CHAR } from "./cursor.ts";
import type { ScannedItem } from "./dialect.ts";

/** A text and what was scanned in it. */
export interface ItemsOfText {
  /** The text. */
  readonly text: string;
  /** In the order of the text. */
  readonly items: readonly ScannedItem[];
  /** Where each begins in it. */
  readonly starts: readonly number[];
}

/** The items that were not found yet. */
export interface MovedItems {
  /** Finds the item that begins at an offset of the next text; null where none of before is known to. */
  take(at: number, isFresh: boolean): ScannedItem | null;
}

/** So many items with one first line are compared for one place. */
const MAX_TRIES = 4;

/** First lines are told apart by so many units. */
const MAX_LINE_UNITS = 128;

/** So many items are looked up between two looks at the clock, each of which costs as much as an item. */
export const ITEMS_AT_ONCE = 64;

/** So many times the length of both texts is compared until no more is found: all items may stand on one line. */
const MAX_COMPARED = 4;

/** Looks in the text `next` for the items of another from `first` to before `end`. */
export async function openMovedItems(
  of: ItemsOfText,
  first: number,
  end: number,
  next: string,
  pace: Pace,
): Promise<MovedItems> {
  const { firstOf, sameLater } = await chainByFirstLine(of, first, end, pace);
  const taken = new Uint8Array(end - first);
  const isTaken = (index: number) => taken[index - first] === 1;
  let budget = MAX_COMPARED * (of.text.length + next.length);
  let expected = first;

  const takeIf = (index: number, at: number, isFresh: boolean): ScannedItem | null => {
    const item = of.items[index]!;
    const { reach } = item;
    // An item that all of the text counts for has no end that could be compared.
    if (item.isFresh !== isFresh || at + reach > next.length || reach > budget) return null;
    budget -= reach;
    const start = of.starts[index]!;
    if (of.text.slice(start, start + reach) !== next.slice(at, at + reach)) return null;
    taken[index - first] = 1;
    expected = index + 1;
    return item;
  };

  const takeLike = (at: number, isFresh: boolean): ScannedItem | null => {
    if (first === end) return null;
    const place = lineHash(next, at) & (firstOf.length - 1);
    let index = firstOf[place]!;
    while (index >= 0 && isTaken(index)) index = sameLater[index - first]!;
    firstOf[place] = index;
    for (let tries = 0; index >= 0 && tries < MAX_TRIES; tries++) {
      const item = isTaken(index) ? null : takeIf(index, at, isFresh);
      if (item) return item;
      index = sameLater[index - first]!;
    }
    return null;
  };

  return {
    take(at, isFresh) {
      const inOrder = expected < end && !isTaken(expected) ? takeIf(expected, at, isFresh) : null;
      return inOrder ?? takeLike(at, isFresh);
    },
  };
}

/** Chains of items by the hash of their first lines, in the order of the text; -1 ends a chain. */
interface FirstLines {
  /** For each hash, by its last bits. */
  readonly firstOf: Int32Array;
  /** For each item the next of its chain. */
  readonly sameLater: Int32Array;
}

async function chainByFirstLine(
  { text, starts }: ItemsOfText,
  first: number,
  end: number,
  pace: Pace,
): Promise<FirstLines> {
  const places = 2 ** Math.ceil(Math.log2(2 * (end - first) + 1));
  const firstOf = new Int32Array(places).fill(-1);
  const sameLater = new Int32Array(end - first);
  for (let index = end - 1; index >= first; index--) {
    if (index % ITEMS_AT_ONCE === 0 && pace.isSpent()) await pace.rest();
    const place = lineHash(text, starts[index]!) & (places - 1);
    sameLater[index - first] = firstOf[place]!;
    firstOf[place] = index;
  }
  return { firstOf, sameLater };
}

/** FNV-1a over the units from an offset to the end of the line: whatever item begins there, it looked at all of them. */
function lineHash(text: string, at: number): number {
  const end = Math.min(text.length, at + MAX_LINE_UNITS);
  let hash = 0x811c9dc5;
  for (let index = at; index < end; index++) {
    const unit = text.charCodeAt(index);
    if (unit === CHAR.newline) break;
    hash = Math.imul(hash ^ unit, 0x01000193);
  }
  return hash;
}
