// Notes the newest lines of other instances' journals. The notes last as long as the process.
import type { JournalMark, NotedJournal } from "../cluster/journal_notes.ts";
import { noteJournals } from "../cluster/journal_notes.ts";
import type { Notifier } from "../cluster/notifier.ts";

/** The part of a record that is about journals. */
export interface JournalRecordPart {
  readonly journal: JournalMark | null;
  readonly noted: readonly NotedJournal[];
}

/** Notes other journals. */
export interface JournalWitness {
  recordPart(): JournalRecordPart;
  /**
   * Reads the peers' records, at most once a minute. In a large fleet it does so at most once in as many seconds as the
   * fleet has records, so that all witnesses together make one reading a second. Never rejects.
   */
  look(): Promise<void>;
}

const LOOK_SPACING_MILLISECONDS = 60_000;
const SPACING_OF_A_RECORD_MILLISECONDS = 1_000;

/** Makes the witness of an instance; `tail` is the newest line of its own journal. */
export function journalWitness(
  notifier: Pick<Notifier, "peers">,
  instance: string,
  tail: () => JournalMark | null,
  now: () => number = () => performance.now(),
): JournalWitness {
  let noted: readonly NotedJournal[] = [];
  let nextAt = -Infinity;
  return {
    recordPart() {
      const newest = tail();
      return { journal: newest && { n: newest.n, digest: newest.digest }, noted };
    },
    async look() {
      const at = now();
      if (at < nextAt) return;
      nextAt = at + LOOK_SPACING_MILLISECONDS;
      const answer = await notifier.peers();
      if (!answer.ok) return;
      noted = noteJournals(instance, answer.peers, noted);
      nextAt = at + Math.max(LOOK_SPACING_MILLISECONDS, answer.peers.length * SPACING_OF_A_RECORD_MILLISECONDS);
    },
  };
}
