// What the loop is given of its cluster, and how it asks: whatever comes of it is one event, also where it was a bug.
import type { ClusterEvent } from "../agreement/agree.ts";
import type { AnnounceAnswer } from "../agreement/announcing.ts";
import type { Announcement } from "../agreement/announcing.ts";
import type { AgreementLimits, Ledger } from "../agreement/agreement.ts";
import type { Head } from "../agreement/head.ts";

/** The head (null: there is none), or in one line why it could not be read. */
export type HeadReading =
  | { readonly ok: true; readonly head: Head | null }
  | { readonly ok: false; readonly reason: string };

/** What a loop is given of its cluster. What Redis refuses is an answer; a throw is a bug. */
export interface ClusterAccess {
  /** What the last process left behind. */
  readonly ledger: Ledger;
  /** How long things take. */
  readonly limits: AgreementLimits;
  /** Reads what the cluster agreed on. */
  readHead(): Promise<HeadReading>;
  /**
   * Makes a hash the head, where nobody was quicker. The ledger given to `keep` is on disk before anything is sent, or
   * could not be written, so that a crash does not forget what was asked.
   */
  announce(announcement: Announcement): Promise<AnnounceAnswer>;
  /** Keeps the ledger over a restart, begins to. Returns at once, and must not throw. */
  keep(ledger: Ledger): void;
}

const BUG = "an internal error";

/** Reads the head; never rejects. `onBug` is told what was thrown. */
export async function readHead(
  access: ClusterAccess,
  random: () => number,
  onBug: (error: unknown) => void,
): Promise<ClusterEvent> {
  try {
    const reading = await access.readHead();
    if (reading.ok) return { kind: "head-read", head: reading.head };
    return { kind: "head-unreadable", reason: reading.reason, random: random() };
  } catch (error) {
    onBug(error);
    return { kind: "head-unreadable", reason: BUG, random: random() };
  }
}

/** Announces; never rejects. `onBug` is told what was thrown. */
export async function announce(
  access: ClusterAccess,
  announcement: Announcement,
  random: () => number,
  onBug: (error: unknown) => void,
): Promise<ClusterEvent> {
  try {
    return { kind: "announcement-answered", answer: await access.announce(announcement), random: random() };
  } catch (error) {
    onBug(error);
    return { kind: "announcement-answered", answer: { kind: "failed", reason: BUG }, random: random() };
  }
}
