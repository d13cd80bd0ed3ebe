// "Did you mean": finds the known name that is nearest to an unknown one. The work is bounded for all names, so text of
// any origin is safe.
import { distance } from "fastest-levenshtein";

const MAX_CANDIDATES = 1_000;
const MAX_NAME_LENGTH = 64;

/**
 * Returns the candidate that the user probably meant by `name`; null: none is near. A candidate that differs only in
 * case and separators (`idField`, `id_field`, `id-field`) comes first. Otherwise the smallest Levenshtein distance
 * counts, of at most a third of the longer name; two neighbours swapped are one edit. Of two that are as near, the
 * earlier one counts. Names over 64 characters and candidates after the first 1,000 are passed over, and a name is
 * never its own suggestion.
 *
 * @example
 * ```ts
 * nearest("idFeild", ["id_field", "title"]); // "id_field"
 * ```
 */
export function nearest(name: string, candidates: Iterable<string>): string | null {
  if (name.length > MAX_NAME_LENGTH) return null;
  const wanted = foldName(name);
  if (wanted === "") return null;
  let best: string | null = null;
  let bestDistance = Infinity;
  let looked = 0;
  for (const candidate of candidates) {
    if (++looked > MAX_CANDIDATES) break;
    if (candidate === name || candidate.length > MAX_NAME_LENGTH) continue;
    const folded = foldName(candidate);
    if (folded === wanted) return candidate;
    const edits = isTransposition(wanted, folded) ? 1 : distance(wanted, folded);
    if (edits <= Math.max(folded.length, wanted.length) / 3 && edits < bestDistance) {
      best = candidate;
      bestDistance = edits;
    }
  }
  return best;
}

/** A name without its case and separators. */
function foldName(name: string): string {
  return name.toLowerCase().replace(/[-_. ]/g, "");
}

/** Whether two different names differ only in one pair of neighbouring characters, swapped. */
function isTransposition(left: string, right: string): boolean {
  let at = 0;
  while (left[at] === right[at]) at++;
  return left[at] === right[at + 1] && left[at + 1] === right[at] && left.slice(at + 2) === right.slice(at + 2);
}
