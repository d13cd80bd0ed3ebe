// Checks the wording of diagnostics: each text begins like a sentence and has no full stop at its end.
import type { Diagnostic } from "../../src/diagnostic/diagnostic.ts";

/** A valid beginning: a capital, a quote, or a piece of code, which has a character that no word has. */
const BEGINNING = /^(?:[\p{Lu}"'`-]|\S*[_.=({$])/u;

/** Returns the texts of a diagnostic that break the rule. */
export function misworded({ summary, why, suggestion, path }: Diagnostic): string[] {
  // A text may begin with the name of a setting: `title is missing`.
  const names = path === null ? [] : [path, ...path.split(/[.:]/)];
  const isWell = (text: string) =>
    !text.endsWith(".") && (BEGINNING.test(text) || names.includes(text.slice(0, text.indexOf(" "))));
  return [summary, why, suggestion].filter((text) => text !== null && !isWell(text)) as string[];
}
