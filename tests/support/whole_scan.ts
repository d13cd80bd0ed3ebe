// Scans and rewrites a whole source at once and without a memory, as a measure for the scans that the program does item
// by item.
import { openCursor } from "../../src/document/hcl/cursor.ts";
import { goToItem, type Item, type Scan, scanOf, takeItem } from "../../src/document/hcl/dialect.ts";
import { applyEdits } from "../../src/document/hcl/edits.ts";

/** Scans a source once, from its start to its end. Never fails: hcl2json reports mistakes. */
export function scanSource(text: string): Scan {
  const cursor = openCursor(text);
  const items: Item[] = [];
  for (;;) {
    const isFresh = goToItem(cursor, items.length === 0);
    if (isFresh === null) break;
    items.push(takeItem(cursor, isFresh).item);
  }
  return scanOf(items, cursor);
}

/** Returns the whole source as HCL; hcl2json must find the same in it as in its items one by one. */
export function rewriteSource(text: string, items: readonly Item[]): string {
  const edits = items.flatMap((item) => item.edits.map((edit) => ({ ...edit, at: edit.at + item.range.start })));
  const rewritten = applyEdits(text, 0, text.length, edits, 0);
  return rewritten.endsWith("\r") ? rewritten + " \n" : rewritten + "\n";
}
