// A mutant: one small change of one file that makes the program wrong, and the words for it.

/** The change that a mutant makes. */
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
  /** Their replacement, as one line. */
  readonly new: string;
}

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
    old: oneLine(text.slice(from, to)),
    new: oneLine(text.slice(from, start) + replacement.text + text.slice(end, to)),
  };
}

/** A text as one line: neither indentation nor line breaks tell one from another. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
