// The mutants that were judged to change nothing that can be seen, each with the reason, in `equivalents.json`. An
// entry holds a part of a file's text and its replacement, so that it counts even if the text moves.
import { z } from "zod";
import { type Mutant, mutated, oneLine } from "./mutant.ts";

const EQUIVALENTS = z.array(z.strictObject({
  file: z.string(),
  old: z.string().regex(/\S/, "the text that is replaced is needed"),
  new: z.string(),
  reason: z.string().regex(/\S/, "a reason is needed"),
}));

/** One of them. The lines of a survivor, as the run prints them, will do for `old` and `new`; spaces do not count. */
export type Equivalent = z.infer<typeof EQUIVALENTS>[number];

/** The entries, held against the texts of files. */
export interface Equivalents {
  /** Whether a mutant changes its file exactly as an entry does. */
  has(mutant: Mutant): boolean;
  /** The entries of which the text is not there any more. */
  readonly stale: readonly Equivalent[];
}

/** Reads the entries; throws on a text of another form. */
export function readEquivalents(text: string): Equivalent[] {
  return EQUIVALENTS.parse(JSON.parse(text));
}

/**
 * Holds entries against files.
 *
 * @param texts by path; a file that is not there has no text.
 */
export function equivalentsIn(entries: readonly Equivalent[], texts: ReadonlyMap<string, string>): Equivalents {
  const results = new Map<string, Set<string>>();
  const stale: Equivalent[] = [];
  for (const entry of entries) {
    const made = resultsOf(entry, oneLine(texts.get(entry.file) ?? ""));
    if (made.length === 0) stale.push(entry);
    results.set(entry.file, new Set([...results.get(entry.file) ?? [], ...made]));
  }
  return {
    stale,
    has(mutant) {
      const made = results.get(mutant.file);
      return made !== undefined && made.has(oneLine(mutated(texts.get(mutant.file)!, mutant)));
    },
  };
}

/** The results of an entry on a text: one result for each place that has its text. */
function resultsOf(entry: Equivalent, text: string): string[] {
  const old = oneLine(entry.old);
  const made: string[] = [];
  for (let at = text.indexOf(old); at >= 0; at = text.indexOf(old, at + 1)) {
    made.push(oneLine(text.slice(0, at) + oneLine(entry.new) + text.slice(at + old.length)));
  }
  return made;
}
