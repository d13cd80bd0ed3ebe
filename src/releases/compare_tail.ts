// Compares a journal with other instances' notes of its newest lines, so that a tail that was cut off shows.
import type { JournalTail } from "./journal_line.ts";

/** A note of another instance. */
export interface JournalNote extends JournalTail {
  /** The instance's name. */
  readonly by: string;
}

/** A note that the journal contradicts: the line is `missing`, or `altered`. */
export interface Contradiction extends JournalNote {
  readonly kind: "missing" | "altered";
}

/** The notes compared with a journal. */
export interface ComparedNotes {
  readonly contradictions: readonly Contradiction[];
  /** The number of notes that the journal confirms. */
  readonly confirmed: number;
}

/**
 * Compares the notes with the lines that are kept, the earliest of which has the number `first`: a line before that was
 * rotated away and says nothing. `digest` returns null if there is no such line.
 */
export function compareTail(
  digest: (n: number) => string | null,
  first: number,
  noted: readonly JournalNote[],
): ComparedNotes {
  const contradictions: Contradiction[] = [];
  let confirmed = 0;
  for (const note of noted) {
    if (note.n < first) continue;
    const own = digest(note.n);
    if (own === note.digest) confirmed++;
    else contradictions.push({ ...note, kind: own === null ? "missing" : "altered" });
  }
  return { contradictions, confirmed };
}
