// The agreement of an instance: its sync state with the head, the change that it still owes the others, and the part
// that survives a restart. Only `agree` replaces these values.
import type { Head } from "./head.ts";
import type { Skip } from "./skip.ts";

/** A change of this instance's source that is not announced yet. */
export interface OwedAnnouncement {
  readonly hash: string;
  /** The hash on which the change was made, as far as the instance can know; null: it cannot. */
  readonly base: string | null;
  /** The hashes that the change takes back, if it is a rollback; absent or empty: it is not one. */
  readonly undoes?: readonly string[];
}

/** The part of the agreement that survives a restart. It changes only after the action. */
export interface Ledger {
  /** The highest generation ever seen; it never goes backwards. */
  readonly seen: number;
  /** The head that this instance agreed with last; null: it never agreed. */
  readonly agreed: Head | null;
  /** The head from which the instance diverged, until it agrees again; null: it has not diverged. */
  readonly diverged: Head | null;
  /**
   * This instance's hash that the cluster judged last: accepted, the same, or refused. An active snapshot with another
   * hash is a change to announce, even if it was made while the instance was down. Null: none was judged.
   */
  readonly concluded: string | null;
  /**
   * Own hashes whose announcement got no answer, so that they may be the head: at most {@linkcode MAX_UNANSWERED}, the
   * latest last. A head with one of them is an earlier state of this instance.
   */
  readonly unanswered: readonly string[];
  /** Null: nothing is owed. */
  readonly owed: OwedAnnouncement | null;
}

/** The ledger of an instance that never saw a cluster. */
export const NEW_LEDGER: Ledger = {
  seen: 0,
  agreed: null,
  diverged: null,
  concluded: null,
  unanswered: [],
  owed: null,
};

/** A change counts here only if it came into force and was announced without an answer, all in one outage. */
export const MAX_UNANSWERED = 8;

/** How this instance's hash relates to the head's. */
export type SyncState =
  /** Nothing was compared since the start. */
  | { readonly kind: "unknown" }
  /** The hashes are equal. */
  | { readonly kind: "agreed" }
  /** They differ, and the instance looks at its source again: network file systems and copies may be late. */
  | {
    readonly kind: "settling";
    readonly against: Head;
    /** Looks at the source that did not result in the head's hash. */
    readonly attempts: number;
    /** The rest of the settle time, which the waits between looks use up. */
    readonly leftMilliseconds: number;
  }
  /** They differ, and looking again did not change that. */
  | { readonly kind: "diverged"; readonly against: Head }
  /** They differ on purpose: a rollback of this host only, or a hold. */
  | { readonly kind: "held"; readonly against: Head };

/** The state without the head that it is about. */
export type SyncStateKind = SyncState["kind"];

/** The reason for an announcement: an own change or rollback, a lost head, or a person's order to overrule the head. */
export type Purpose = "change" | "rollback" | "restore" | "force";

/** A request to the cluster; only one is under way at a time. */
export type Request =
  | { readonly kind: "head" }
  | { readonly kind: "announcement"; readonly hash: string; readonly purpose: Purpose };

/** From the options. */
export interface AgreementLimits {
  /** How long a source may be late, as the sum of the waits between looks; 0: one look. */
  readonly settleMilliseconds: number;
  /** The longest time between two readings of the head. */
  readonly reconcileMilliseconds: number;
}

/** All that an instance knows of its cluster. */
export interface Agreement {
  readonly limits: AgreementLimits;
  readonly ledger: Ledger;
  readonly syncState: SyncState;
  /** As read last; null: it was missing, or was never read. */
  readonly head: Head | null;
  /** Whether the cluster can be reached. */
  readonly linked: boolean;
  /** The request under way; null: none. */
  readonly request: Request | null;
  /** Whether the head is to be read. */
  readonly wantsHead: boolean;
  /** Whether a first look has ended. Before it nothing is compared, because the snapshot may be outdated. */
  readonly hasLooked: boolean;
  /**
   * Whether a look that began after the link came up, or after an announcement was due, confirmed the active snapshot.
   * Before such a look nothing is announced, because the source may have changed.
   */
  readonly isFresh: boolean;
  /** Whether a person wants the active snapshot to overrule the head. */
  readonly isForced: boolean;
  /** Whether the head was lost and is to be written again. */
  readonly restores: boolean;
  /** Whether this host runs a hash other than its source's on purpose, which it announces to nobody. */
  readonly isHeldBack: boolean;
  /** The head over which a rollout is done, whose candidate is to be announced; null: none is. */
  readonly finishes: Head | null;
  /** The skips of the fleet that this host knows, for its announcements. */
  readonly skips: readonly Skip[];
  /** Whether an announcement failed and waits for the next reconciliation. */
  readonly isDeferred: boolean;
  /** Whether the head was found lost, and whether a reconcile interval runs or has passed since. */
  readonly loss: "none" | "noticed" | "waiting" | "waited";
  /** Requests that failed in a row, for the backoff. */
  readonly failures: number;
}

/** The agreement at the start, from the ledger of the last process. */
export function initialAgreement(ledger: Ledger, limits: AgreementLimits): Agreement {
  return {
    limits,
    ledger,
    syncState: { kind: "unknown" },
    head: null,
    linked: false,
    request: null,
    wantsHead: false,
    hasLooked: false,
    isFresh: false,
    isForced: false,
    restores: false,
    isHeldBack: false,
    finishes: null,
    skips: [],
    isDeferred: false,
    loss: "none",
    failures: 0,
  };
}

/** The ledger of an instance that runs the head's hash and owes only `owed`. */
export function agreedOn(ledger: Ledger, { generation, hash }: Head, owed: Ledger["owed"]): Ledger {
  return { ...ledger, agreed: { generation, hash }, diverged: null, concluded: hash, unanswered: [], owed };
}

/** The ledger after an announcement of the hash was begun. */
export function withUnanswered(ledger: Ledger, hash: string): Ledger {
  if (ledger.unanswered.at(-1) === hash) return ledger;
  const others = ledger.unanswered.filter((one) => one !== hash);
  return { ...ledger, unanswered: [...others, hash].slice(-MAX_UNANSWERED) };
}

/**
 * The hash that a change of this instance's source is based on: the one agreed with last or, if the instance has
 * diverged and so knows the head, the head's. While it settles, a change may be a late copy of an older state, which
 * must overrule no head. An instance that never agreed has no base (null) and overrules none.
 */
export function baseOf({ agreed, diverged }: Ledger): string | null {
  return agreed === null ? null : (diverged ?? agreed).hash;
}

/**
 * Whether a lost head may be written again, by an own change or as it was. An instance that agrees with the cluster
 * does so at once; one that does not, also on purpose, waits a reconcile interval, so that the others come first. An
 * instance that never agreed overrules no head, not even an older one.
 */
export function mayRestore({ ledger, syncState, isHeldBack, loss, head }: Agreement, hash: string): boolean {
  const { agreed, diverged, seen } = ledger;
  if (agreed === null && head !== null && head.hash !== hash) return false;
  const isBehind = seen > (agreed?.generation ?? 0) || diverged !== null;
  const isAtOdds = isBehind || isHeldBack || !["unknown", "agreed"].includes(syncState.kind);
  return !isAtOdds || loss === "waited";
}

/** Whether Redis lost the head: the one read is missing, or older than one seen before. */
export function isLost(head: Head | null, { seen }: Ledger): boolean {
  return head === null || head.generation < seen;
}

/**
 * Whether a head that was read counts: it is not lost, or the instance never agreed and so takes the head unchanged.
 */
export function isHeadKnown(head: Head | null, ledger: Ledger): head is Head {
  return head !== null && (ledger.agreed === null || !isLost(head, ledger));
}

/** Whether an announcement is under way or is the next request, so that its answer is worth waiting for. */
export function isAnnouncing({ linked, request, isForced, isDeferred, hasLooked, ledger }: Agreement): boolean {
  if (request?.kind === "announcement") return true;
  return linked && hasLooked && (isForced || (!isDeferred && ledger.owed !== null));
}
