// How diagnostics are worded, whatever they are about: sentences without a full stop that begin as sentences do.
import type { Diagnostic } from "../../src/diagnostic/diagnostic.ts";

/** What begins a sentence here: a capital, a quote, or a piece of code, known by a character that no word has. */
const BEGINNING = /^(?:[\p{Lu}"'`-]|\S*[_.=({$])/u;

/** The texts of a diagnostic that are worded otherwise; empty where all is well. */
export function misworded({ summary, why, suggestion, path }: Diagnostic): string[] {
  // A setting may be spoken of by its name alone: `title is missing`.
  const names = path === null ? [] : [path, ...path.split(/[.:]/)];
  const isWell = (text: string) =>
    !text.endsWith(".") && (BEGINNING.test(text) || names.includes(text.slice(0, text.indexOf(" "))));
  return [summary, why, suggestion].filter((text) => text !== null && !isWell(text)) as string[];
}
