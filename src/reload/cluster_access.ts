// The loop's access to its cluster. Each request results in exactly one event, even if the access throws.
import type { ClusterEvent } from "../agreement/agree.ts";
import type { AnnounceAnswer, Announcement } from "../agreement/announcing.ts";
import type { AgreementLimits, Ledger } from "../agreement/agreement.ts";
import type { Skip } from "../agreement/skip.ts";
import type { Head } from "../agreement/head.ts";
import type { RolloutMove, StoredRollout } from "../agreement/rollout.ts";
import type { FleetAnswer, MoveOutcome } from "../rollout/rollouts.ts";
import type { LoopRolloutEvent } from "./events.ts";

/** The content of the store, or a reason in one line. */
export type HeadReading =
  | {
    readonly ok: true;
    /** Null: it is missing. */
    readonly head: Head | null;
    readonly skips: readonly Skip[];
    /** Null: there is none, or the store has something else in its place. */
    readonly rollout: StoredRollout | null;
    /** The mark of the text that the store has as the rollout, for the next move; null: it has none. */
    readonly rolloutMark: string | null;
    /** Whether this host verified the approvals of a rollout that waits for them; absent: no. */
    readonly isApproved?: boolean;
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
  /** Reads the living instances, and then the head with its rollout. */
  readFleet(): Promise<FleetAnswer>;
  /**
   * Moves the rollout, unless another instance was quicker. Before a proposal is sent the text of its hash is in the
   * store, or the outcome is `gone` or `failed`.
   */
  moveRollout(move: RolloutMove, isProposal: boolean): Promise<MoveOutcome>;
  /** Begins to write the ledger, so that it survives a restart. Returns at once, and must not throw. */
  keep(ledger: Ledger): void;
}

const BUG = "an internal error";

/** Reads the head; never rejects. `onBug` receives exceptions of the access. */
export async function readHead(
  access: ClusterAccess,
  random: () => number,
  onBug: (error: unknown) => void,
): Promise<ClusterEvent> {
  try {
    const reading = await access.readHead();
    if (reading.ok) {
      const { head, skips, rollout, rolloutMark, isApproved = false } = reading;
      return { kind: "head-read", head, skips, rollout, rolloutMark, isApproved, random: random() };
    }
    return { kind: "head-unreadable", reason: reading.reason, random: random() };
  } catch (error) {
    onBug(error);
    return { kind: "head-unreadable", reason: BUG, random: random() };
  }
}

/** Announces; never rejects. `onBug` receives exceptions of the access. */
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

/** The moment and the jitter of an answer. */
export interface AnswerContext {
  random(): number;
  wallClock(): number;
}

/** Reads the fleet; never rejects. `onBug` receives exceptions of the access. */
export async function readFleet(
  access: ClusterAccess,
  { random, wallClock }: AnswerContext,
  onBug: (error: unknown) => void,
): Promise<LoopRolloutEvent> {
  const event = (answer: FleetAnswer) =>
    ({ kind: "fleet-answered", answer, at: wallClock(), random: random() }) as const;
  try {
    return event(await access.readFleet());
  } catch (error) {
    onBug(error);
    return event({ ok: false, reason: BUG });
  }
}

/** Moves the rollout; never rejects. `onBug` receives exceptions of the access. */
export async function moveRollout(
  access: ClusterAccess,
  { move, isProposal }: { readonly move: RolloutMove; readonly isProposal: boolean },
  { random }: AnswerContext,
  onBug: (error: unknown) => void,
): Promise<LoopRolloutEvent> {
  const event = (answer: MoveOutcome) => ({ kind: "move-answered", answer, random: random() }) as const;
  try {
    return event(await access.moveRollout(move, isProposal));
  } catch (error) {
    onBug(error);
    return event({ kind: "failed", reason: BUG });
  }
}
