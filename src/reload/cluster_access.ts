// The loop's access to its cluster. Each request results in exactly one event, even if the access throws.
import type { ClusterEvent } from "../agreement/agree.ts";
import type { AnnounceAnswer } from "../agreement/announcing.ts";
import type { Announcement } from "../agreement/announcing.ts";
import type { AgreementLimits, Ledger } from "../agreement/agreement.ts";
import type { Skip } from "../agreement/skip.ts";
import type { Head } from "../agreement/head.ts";
import type { StoredRollout } from "../agreement/rollout.ts";

/** What the store has, or a reason in one line. */
export type HeadReading =
  | {
    readonly ok: true;
    /** Null: it is missing. */
    readonly head: Head | null;
    readonly skips: readonly Skip[];
    /** Null: there is none, or what the store has in its place is none. */
    readonly rollout: StoredRollout | null;
    /** The mark of what the store has as the rollout, for the next move; null: it has nothing. */
    readonly rolloutMark: string | null;
  }
  | { readonly ok: false; readonly reason: string };

/** The loop's access to its cluster. A refusal by Redis is an answer; a throw is a bug. */
export interface ClusterAccess {
  /** From the last process. */
  readonly ledger: Ledger;
  readonly limits: AgreementLimits;
  readHead(): Promise<HeadReading>;
  /**
   * Makes a hash the head, unless another instance was quicker. Before anything is sent, the ledger last passed to
   * `keep` is on disk, or its write failed, so that a crash does not forget the request.
   */
  announce(announcement: Announcement): Promise<AnnounceAnswer>;
  /** Begins to write the ledger, so that it survives a restart. Returns at once, and must not throw. */
  keep(ledger: Ledger): void;
}

const BUG = "an internal error";

/** Reads the head; never rejects. `onBug` receives what the access throws. */
export async function readHead(
  access: ClusterAccess,
  random: () => number,
  onBug: (error: unknown) => void,
): Promise<ClusterEvent> {
  try {
    const reading = await access.readHead();
    if (reading.ok) return { kind: "head-read", head: reading.head, skips: reading.skips };
    return { kind: "head-unreadable", reason: reading.reason, random: random() };
  } catch (error) {
    onBug(error);
    return { kind: "head-unreadable", reason: BUG, random: random() };
  }
}

/** Announces; never rejects. `onBug` receives what the access throws. */
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
