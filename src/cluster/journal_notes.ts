// The notes that instances take of each other's journals: each record carries number and digest of the instance's
// newest line, and those of a few others. So if an instance's journal loses its tail, others still know of it.

/** Number and digest of a line of a journal. */
export interface JournalMark {
  readonly n: number;
  /** SHA-256 in hex. */
  readonly digest: string;
}

/** The newest line of an instance's journal, as another one noted it. */
export interface NotedJournal extends JournalMark {
  readonly instance: string;
}

/** The bound of a record's notes. */
export const MAX_NOTED = 16;

/** The number of instances that each one notes: a few witnesses are enough, and records stay small. */
const WITNESSED = 4;

interface Noting {
  readonly instance: string;
  readonly journal?: JournalMark | null;
  readonly noted?: readonly NotedJournal[];
}

/**
 * Brings the notes of an instance up to date. It notes the instances that follow it in the order of names, so that each
 * has witnesses. A note only moves forward: if a journal went back, or has another line under the same number, the note
 * stays and contradicts it. So do notes of instances that are gone, the latest first, as long as there is room.
 */
export function noteJournals(
  own: string,
  peers: readonly Noting[],
  notes: readonly NotedJournal[],
): readonly NotedJournal[] {
  const marks = new Map<string, JournalMark>();
  for (const { instance, journal } of peers) if (journal && instance !== own) marks.set(instance, journal);
  const names = [...marks.keys()].sort();
  const next = names.filter((name) => name > own);
  const chosen = [...next, ...names.filter((name) => name < own)].slice(0, WITNESSED);
  const kept = new Map(notes.map((note) => [note.instance, note]));
  const current = chosen.map((instance): NotedJournal => {
    const mark = marks.get(instance)!;
    const note = kept.get(instance);
    kept.delete(instance);
    return note === undefined || mark.n > note.n ? { instance, n: mark.n, digest: mark.digest } : note;
  });
  return [...current, ...kept.values()].slice(0, MAX_NOTED);
}

/** The notes of the peers about an instance's journal. */
export function notesAbout(instance: string, peers: readonly Noting[]): (JournalMark & { readonly by: string })[] {
  return peers.filter((peer) => peer.instance !== instance).flatMap((peer) =>
    (peer.noted ?? []).filter((note) => note.instance === instance).map(({ n, digest }) => ({
      by: peer.instance,
      n,
      digest,
    }))
  );
}
