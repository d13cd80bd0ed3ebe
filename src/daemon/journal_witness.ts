// Notes the newest lines of other instances' journals. The notes last as long as the process.
import type { JournalMark, NotedJournal } from "../cluster/journal_notes.ts";
import { noteJournals } from "../cluster/journal_notes.ts";
import type { Notifier } from "../cluster/notifier.ts";

/** The part of a record that is about journals. */
export interface JournalTestimony {
  readonly journal: JournalMark | null;
  readonly noted: readonly NotedJournal[];
}

/** Notes other journals. */
export interface JournalWitness {
  testimony(): JournalTestimony;
  /** Reads the peers' records, at most once a minute: with 300 instances these are some 300 KiB. Never rejects. */
  look(): Promise<void>;
}

const LOOK_SPACING_MILLISECONDS = 60_000;

/** Makes the witness of an instance; `tail` is the newest line of its own journal. */
export function journalWitness(
  notifier: Pick<Notifier, "peers">,
  instance: string,
  tail: () => JournalMark | null,
  now: () => number = () => performance.now(),
): JournalWitness {
  let noted: readonly NotedJournal[] = [];
  let lookedAt = -Infinity;
  return {
    testimony() {
      const newest = tail();
      return { journal: newest && { n: newest.n, digest: newest.digest }, noted };
    },
    async look() {
      if (now() < lookedAt + LOOK_SPACING_MILLISECONDS) return;
      lookedAt = now();
      const answer = await notifier.peers();
      if (answer.ok) noted = noteJournals(instance, answer.peers, noted);
    },
  };
}
