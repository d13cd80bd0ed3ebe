// Reads the newest lines of a journal, the latest file first and only as many files as are needed.
import { fileAges, linesOf } from "./journal_files.ts";
import { type JournalLine, parseLine } from "./journal_line.ts";

export interface ReadJournalOptions {
  /** In milliseconds since 1970; earlier lines are left out. */
  readonly since?: number;
  /** Only the lines after the one with this number. */
  readonly after?: number;
  /** The newest lines, at most this many. */
  readonly limit?: number;
}

/** The lines, the earliest first. */
export interface ReadLines {
  readonly lines: readonly JournalLine[];
  /** The number of lines that do not belong to a journal. */
  readonly unreadable: number;
}

/** Reads the journal in a directory. Rejects with the system's error. */
export async function readJournal(directory: string, options: ReadJournalOptions = {}): Promise<ReadLines> {
  const { since = -Infinity, after = 0, limit = Infinity } = options;
  const isWanted = ({ n, at }: JournalLine) => n > after && Date.parse(at) >= since;
  let lines: JournalLine[] = [];
  let unreadable = 0;
  for (const age of await fileAges(directory)) {
    const found: JournalLine[] = [];
    try {
      for await (const { bytes, ended } of linesOf(directory, age)) {
        const line = parseLine(bytes);
        if (line !== null && ended) found.push(line);
        // The line of a write that goes on has no end yet.
        else if (ended) unreadable++;
      }
    } catch (error) {
      // The file was rotated meanwhile: its lines were read under the new name, or will be.
      if ((error as { code?: string }).code !== "ENOENT") throw error;
    }
    const known = lines[0]?.n ?? Infinity;
    lines = [...found.filter((line) => isWanted(line) && line.n < known), ...lines];
    if (lines.length >= limit || found.some((line) => !isWanted(line))) break;
  }
  return { lines: Number.isFinite(limit) ? lines.slice(Math.max(0, lines.length - limit)) : lines, unreadable };
}
