// What is remembered of items that were judged. An item is known again by itself at no cost, and one that was scanned
// anew by its text; that, and the shapes, are those of the last two documents and of nothing older.
import { commonElements, resultsBetween } from "./common_ends.ts";
import type { Item } from "./dialect.ts";
import type { Filling } from "./filling.ts";
import type { Verdict } from "./hcl.ts";

/** What is remembered of items that have one text. */
export interface KnownItem {
  /** What hcl2json was asked about, or would have been. */
  readonly text: string;
  /** What it said. */
  readonly verdict: Verdict;
  /** Null where the items have none. */
  readonly shape: KnownShape | null;
  /** How often the last two documents have it. */
  uses: number;
}

/** What is remembered of a shape. */
export interface KnownShape {
  /** Its HCL. */
  readonly text: string;
  /** Undefined until hcl2json was asked; null where it refused, and the items are asked for as they are. */
  filling: Filling | null | undefined;
  /** How many items of the last two documents have it, not counting those that are doubled. */
  uses: number;
}

/** Remembers items and shapes. */
export interface VerdictMemory {
  /** What is known of these very items; undefined where nothing is. */
  ofItems(items: readonly Item[]): (KnownItem | undefined)[];
  /** What is known of items with this text. */
  ofText(text: string): KnownItem | undefined;
  /** What is known of this shape. */
  shape(text: string): KnownShape | undefined;
  /** Takes what is known of an item. */
  learn(item: Item, known: KnownItem): void;
  /** Takes a document: its items and what is known of each. */
  keep(items: readonly Item[], known: readonly KnownItem[]): void;
}

/** A memory of nothing. */
export function openVerdictMemory(): VerdictMemory {
  const ofItems = new WeakMap<Item, KnownItem>();
  const ofTexts = new Map<string, KnownItem>();
  const shapes = new Map<string, KnownShape>();
  let last: { elements: readonly Item[]; results: readonly KnownItem[] } = { elements: [], results: [] };
  let beforeLast: readonly KnownItem[] = [];

  const use = (one: KnownItem): void => {
    if (one.uses++ > 0) return;
    ofTexts.set(one.text, one);
    if (one.shape && one.shape.uses++ === 0) shapes.set(one.shape.text, one.shape);
  };
  const release = (one: KnownItem): void => {
    if (--one.uses > 0) return;
    if (ofTexts.get(one.text) === one) ofTexts.delete(one.text);
    if (one.shape && --one.shape.uses === 0 && shapes.get(one.shape.text) === one.shape) shapes.delete(one.shape.text);
  };

  return {
    ofItems: (items) => resultsBetween<Item, KnownItem | undefined>(items, last, (item) => ofItems.get(item)),
    ofText: (text) => ofTexts.get(text),
    shape: (text) => shapes.get(text),
    learn: (item, known) => void ofItems.set(item, known),
    keep(items, known) {
      const change = commonElements(known, last.results);
      const isSame = change.before === known.length && known.length === last.results.length;
      if (!isSame) {
        // What the new document and the one that is forgotten have in common at their ends stays in use as it is.
        const { before, behind } = commonElements(known, beforeLast);
        for (const one of known.slice(before, known.length - behind)) use(one);
        for (const one of beforeLast.slice(before, beforeLast.length - behind)) release(one);
        beforeLast = last.results;
      }
      last = { elements: items, results: known };
    },
  };
}
