// What an instance knows of its cluster: where it stands towards the head, what it still owes the others, and the part
// of that which survives a restart. Values that only agree replaces.
import type { Head } from "./head.ts";

/** A change of the own source that the others have not been told of. */
export interface OwedAnnouncement {
  /** What the source became. */
  readonly hash: string;
  /** What the cluster had agreed on when the change was made, as far as the instance can know; null: it cannot. */
  readonly base: string | null;
}

/** What survives a restart. It moves only after the deed. */
export interface Ledger {
  /** The highest generation ever seen; it never goes backwards. */
  readonly seen: number;
  /** The head that this instance agreed with last; null: with none, ever. */
  readonly agreed: Head | null;
  /** The head from which it was found to diverge, until it agrees again; null: it has not diverged. */
  readonly diverged: Head | null;
  /**
   * The own hash that the cluster has judged: taken, known already, or refused. What is in force under another hash is a
   * change to announce, also one made while the instance was down. Null: nothing was.
   */
  readonly concluded: string | null;
  /**
   * Own hashes that were asked to become the head and may have, since no answer came: at most
   * {@linkcode MAX_UNANSWERED}, the latest last. A head that is one of them is the instance's own state of before.
   */
  readonly unanswered: readonly string[];
  /** Null: nothing is owed. */
  readonly owed: OwedAnnouncement | null;
}

/** Of an instance that never saw a cluster. */
export const NEW_LEDGER: Ledger = {
  seen: 0,
  agreed: null,
  diverged: null,
  concluded: null,
  unanswered: [],
  owed: null,
};

/** More than that are changes of a source during one outage that each came in force and went out unanswered. */
export const MAX_UNANSWERED = 8;

/** Where an instance stands towards the head. */
export type SyncState =
  /** Nothing was compared since the start. */
  | { readonly kind: "unknown" }
  /** It runs what the head says. */
  | { readonly kind: "agreed" }
  /** It runs something else, and looks at its source again: network file systems and copies are late. */
  | {
    readonly kind: "settling";
    readonly against: Head;
    /** Looks at the source that did not bring the head's hash. */
    readonly attempts: number;
    /** What is left of the time for waiting between looks. */
    readonly leftMilliseconds: number;
  }
  /** It runs something else, and looking again did not change that. */
  | { readonly kind: "diverged"; readonly against: Head };

/** Why an announcement is made: an own change, a head that was lost, or a person who overrules. */
export type Purpose = "change" | "restore" | "force";

/** What is asked of the cluster: one thing at a time. */
export type Request =
  | { readonly kind: "head" }
  | { readonly kind: "announcement"; readonly hash: string; readonly purpose: Purpose };

/** How long things take. */
export interface AgreementLimits {
  /** How long a source may be late, as the sum of the waits between looks; 0: one look. */
  readonly settleMilliseconds: number;
  /** The longest between two readings of the head. */
  readonly reconcileMilliseconds: number;
}

/** All that is known of the cluster. */
export interface Agreement {
  /** As the options say. */
  readonly limits: AgreementLimits;
  /** What survives a restart. */
  readonly ledger: Ledger;
  /** Where the instance stands. */
  readonly syncState: SyncState;
  /** As it was read last; null: there was none, or it was never read. */
  readonly head: Head | null;
  /** Whether the cluster can be reached. */
  readonly linked: boolean;
  /** What is asked at the moment; null: nothing. */
  readonly request: Request | null;
  /** Whether the head is to be read. */
  readonly wantsHead: boolean;
  /** Whether a first look at the source has ended: before it nothing is compared, the snapshot may be outdated. */
  readonly hasLooked: boolean;
  /**
   * Whether the source said what is in force at a look that began after the link came up, or after an announcement was
   * due: before such a look nothing is announced, as the source may say something else.
   */
  readonly isFresh: boolean;
  /** Whether a person wants what is in force to overrule the head. */
  readonly isForced: boolean;
  /** Whether the head is to be written again, because it was lost. */
  readonly restores: boolean;
  /** Whether an announcement failed and waits for the next reconciliation. */
  readonly isHeld: boolean;
  /** Whether the head was found lost, and whether a reconcile interval runs or has passed since. */
  readonly loss: "none" | "noticed" | "waiting" | "waited";
  /** What was asked and failed in a row, for the backoff. */
  readonly failures: number;
}

/** What is known at the start: what the last process left behind. */
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
    isHeld: false,
    loss: "none",
    failures: 0,
  };
}

/** The ledger of an instance whose own hash the head is, and that owes no more than `owed`. */
export function agreedOn(ledger: Ledger, { generation, hash }: Head, owed: Ledger["owed"]): Ledger {
  return { ...ledger, agreed: { generation, hash }, diverged: null, concluded: hash, unanswered: [], owed };
}

/** The ledger where a hash was asked to become the head. */
export function withUnanswered(ledger: Ledger, hash: string): Ledger {
  if (ledger.unanswered.at(-1) === hash) return ledger;
  const others = ledger.unanswered.filter((one) => one !== hash);
  return { ...ledger, unanswered: [...others, hash].slice(-MAX_UNANSWERED) };
}

/**
 * The hash that a change of the own source is based on: the one agreed with last or, since an instance that has diverged
 * knows the head and goes its own way, the head's. While it settles what it finds may be an older state on its way, which
 * must overrule nobody; and who never agreed with anything overrules nothing (null is no hash).
 */
export function baseOf({ agreed, diverged }: Ledger): string | null {
  return agreed === null ? null : (diverged ?? agreed).hash;
}

/**
 * Whether a head that was lost may be written again, by an own change or as it was. Who is not at odds with the cluster
 * does so at once; who is waits a reconcile interval, so that the others are first. Who never agreed with anything
 * overrules no head, not even an older one.
 */
export function mayRestore({ ledger, syncState, loss, head }: Agreement, hash: string): boolean {
  const { agreed, diverged, seen } = ledger;
  if (agreed === null && head !== null && head.hash !== hash) return false;
  const isBehind = seen > (agreed?.generation ?? 0) || diverged !== null;
  const isAtOdds = isBehind || syncState.kind === "settling" || syncState.kind === "diverged";
  return !isAtOdds || loss === "waited";
}

/** Whether the head as it was read is missing, or older than one seen before: then Redis lost it. */
export function isLost(head: Head | null, { seen }: Ledger): boolean {
  return head === null || head.generation < seen;
}

/** Whether an announcement is on its way or will be within this moment: its answer is worth waiting for. */
export function isAnnouncing({ linked, request, isForced, isHeld, hasLooked, ledger }: Agreement): boolean {
  if (request?.kind === "announcement") return true;
  return linked && hasLooked && (isForced || (!isHeld && ledger.owed !== null));
}
