// A mutant: one small change of one file that makes the program wrong, and the words for it.

/** What a mutant changes. */
export type MutantKind =
  | "comparison"
  | "boolean"
  | "branch"
  | "early return"
  | "statement"
  | "await"
  | "constant"
  | "arithmetic"
  | "call"
  | "regexp";

/** A part of a file's text, and the text that replaces it. */
export interface Replacement {
  readonly kind: MutantKind;
  /** In UTF-16 code units. */
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly text: string;
}

/** A replacement in a file. */
export interface Mutant extends Replacement {
  /** From the checkout's root, with `/`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The lines that it changes, as one line. */
  readonly old: string;
  /** What they become, as one line. With `old` and `file` it names the mutant also after lines have moved. */
  readonly new: string;
}

/** Longer descriptions are cut in the middle. */
const MAX_DESCRIPTION = 240;

/** The text of the file with the replacement made. */
export function mutated(text: string, { start, end, text: replacement }: Replacement): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

/** A replacement as a mutant of the file that has this text. */
export function mutantOf(file: string, text: string, replacement: Replacement): Mutant {
  const { start, end } = replacement;
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const lineEnd = text.indexOf("\n", end);
  const to = lineEnd < 0 ? text.length : lineEnd;
  return {
    ...replacement,
    file,
    line: text.slice(0, start).split("\n").length,
    old: described(text.slice(from, to)),
    new: described(text.slice(from, start) + replacement.text + text.slice(end, to)),
  };
}

function described(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  const half = MAX_DESCRIPTION / 2;
  return line.length <= MAX_DESCRIPTION ? line : `${line.slice(0, half - 2)} … ${line.slice(1 - half)}`;
}
