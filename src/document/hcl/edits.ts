// The difference between a source as written and the text that hcl2json is given: a list of replacements that can be
// applied, and along which an offset in the rewritten text finds its way back to the source. Edits of an item are kept
// at offsets from its beginning, so that they hold wherever it moves.

/** Replaces `remove` UTF-16 units at `at` by `insert`. */
export interface Edit {
  /** An offset in the source or from the beginning of the item, as who has it says. */
  readonly at: number;
  /** How many units are taken away. */
  readonly remove: number;
  /** What is put in their place. */
  readonly insert: string;
}

/**
 * The text of `[start, end)` with the edits that lie in it applied, which are at offsets from `base`. Edits are sorted by
 * place, and those at one place stand in the order in which they shall appear.
 */
export function applyEdits(text: string, start: number, end: number, edits: readonly Edit[], base: number): string {
  let out = "";
  let from = start;
  for (const edit of edits) {
    out += text.slice(from, base + edit.at) + edit.insert;
    from = base + edit.at + edit.remove;
  }
  return out + text.slice(from, end);
}

/**
 * The offset in an item as written for one in it as rewritten, both from its beginning; inside inserted text it is the
 * place of the edit.
 */
export function writtenOffset(edits: readonly Edit[], rewrittenOffset: number): number {
  let from = 0;
  let rewritten = 0;
  for (const edit of edits) {
    const kept = edit.at - from;
    if (rewrittenOffset < rewritten + kept) break;
    rewritten += kept;
    from = edit.at;
    if (rewrittenOffset < rewritten + edit.insert.length) return edit.at;
    rewritten += edit.insert.length;
    from += edit.remove;
  }
  return from + (rewrittenOffset - rewritten);
}

/** Sorts by place; edits at one place keep their order, but an insertion comes before what replaces text there. */
export function sortEdits(edits: Edit[]): Edit[] {
  return edits.sort((a, b) => a.at - b.at || Number(a.remove > 0) - Number(b.remove > 0));
}

/** Those of sorted edits that lie in `[start, end]`, found without looking at the others. */
export function editsWithin(edits: readonly Edit[], start: number, end: number): readonly Edit[] {
  let low = 0;
  let high = edits.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edits[middle]!.at < start) low = middle + 1;
    else high = middle;
  }
  let last = low;
  while (last < edits.length && edits[last]!.at + edits[last]!.remove <= end) last++;
  return edits.slice(low, last);
}
