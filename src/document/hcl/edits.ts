// The difference between a source as written and the text that hcl2json receives: a list of replacements that can be
// applied, and that map an offset in the rewritten text back to the source. Edits of an item are at offsets from its
// beginning, so that they remain valid if the item moves.

/** Replaces `remove` UTF-16 units at `at` by `insert`. */
export interface Edit {
  /** An offset in the source or from the beginning of an item; the owner of the edit says which. */
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

/**
 * Returns the text of `[start, end)` with the edits applied, which lie in it, at offsets from `base`. They must be
 * sorted by place, and at one place in the order of their insertions.
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
 * Returns the offset in an item as written for an offset in the item as rewritten, both from its beginning; for an
 * offset inside inserted text, the place of the edit.
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

/** Sorts by place; edits at one place keep their order, except that insertions precede replacements. */
export function sortEdits(edits: Edit[]): Edit[] {
  return edits.sort((a, b) => a.at - b.at || Number(a.remove > 0) - Number(b.remove > 0));
}

/** Returns those of sorted edits that lie in `[start, end]`; a binary search skips the ones before. */
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
