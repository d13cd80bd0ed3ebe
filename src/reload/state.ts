// All that the reload loop knows between two events. A value that only decide replaces; the one thing in it that can
// be large, a candidate, is held no longer than its write takes.
import type { Agreement } from "../agreement/agreement.ts";

/** Names a snapshot: the hash that instances compare, and the content hash that never leaves the host. */
export interface SnapshotId {
  /** SHA-256 of the portable config, in hex. */
  readonly hash: string;
  /** SHA-256 of the resolved config, in hex. */
  readonly contentHash: string;
}

/**
 * What said "look again". It carries no truth, so two hints of one reason are one. `peer`: another instance or an older
 * server asks all to; `announcement`: the cluster's head has another hash; `force`: a person who overrules that head; `link`:
 * the cluster can be reached, or an announcement is due, and an earlier look may be outdated.
 */
export type HintReason =
  | "start"
  | "file"
  | "poll"
  | "signal"
  | "retry"
  | "admin"
  | "force"
  | "peer"
  | "announcement"
  | "link";

/** The reasons that stand for a person who waits for an answer: their reload is never passed over in silence. */
const MANUAL_REASONS: ReadonlySet<HintReason> = new Set<HintReason>(["signal", "admin", "force"]);

/** Whether a person asked for the reload. */
export function isManual(reasons: readonly HintReason[]): boolean {
  return reasons.some((reason) => MANUAL_REASONS.has(reason));
}

/**
 * What a write changes: `content` the resolved config alone (a rotated secret), `header` the hash alone, `both` (the
 * first snapshot too), or `restored` nothing but the file, which was missing, damaged or not the one in force.
 */
export type Change = "content" | "header" | "both" | "restored";

/** Why the source as it is now is not in force. */
export interface Trouble {
  /** How far the source came. */
  readonly kind: "rejected" | "unreadable" | "write-failed";
  /** Of the source that failed; another one is another trouble. */
  readonly fingerprint: string;
  /** One line without secrets. */
  readonly reason: string;
  /** Failures in a row that the backoff counts; 0 where trying again cannot help (a rejected source). */
  readonly attempts: number;
  /** Whether the source is valid, and a check did not accept what it means. */
  readonly isRefusal?: boolean;
  /** Whether a source that is rejected is one of which no byte could be read. */
  readonly isUnread?: boolean;
}

/** A validated source on its way to become the snapshot. */
export interface Proposal<Candidate> extends SnapshotId {
  /** The digest of the source's bytes and of the environment that it read. */
  readonly fingerprint: string;
  /** Whatever a write needs; opaque here. */
  readonly candidate: Candidate;
}

/** What the loop does at the moment: one thing, ever. */
export type Work<Candidate> =
  | { readonly kind: "idle" }
  | { readonly kind: "looking"; readonly reasons: readonly HintReason[] }
  | {
    readonly kind: "activating";
    readonly reasons: readonly HintReason[];
    readonly proposal: Proposal<Candidate>;
    readonly change: Change;
    /** How long the look took that made the proposal. */
    readonly lookMilliseconds: number;
  }
  | { readonly kind: "stopped" };

/** The state of a host's reloads. */
export interface State<Candidate> {
  /** The snapshot in force; null until a first one is written. It moves only after its write succeeded. */
  readonly active: SnapshotId | null;
  /** What is at hand. */
  readonly work: Work<Candidate>;
  /** Whether the loop ends with the work at hand. */
  readonly stopping: boolean;
  /** The hints that came since the last look began, each reason once: they are the next look. */
  readonly waiting: readonly HintReason[];
  /** Null is healthy. */
  readonly trouble: Trouble | null;
  /** Whether a timer runs that will say `retry-due`. */
  readonly retryArmed: boolean;
  /** What is known of the cluster; null: the instance is alone. */
  readonly agreement: Agreement | null;
  /** Null: a write is not checked by anybody else. Else how many checks in a row were given up for a newer source. */
  readonly supersessions: number | null;
}

/** What is known at the start. */
export interface Beginnings {
  /** What is known of the cluster; default: the instance is alone. */
  readonly agreement?: Agreement | null;
  /** Whether others check a snapshot before it is in force, which takes as long as they want. Default: they do not. */
  readonly isChecked?: boolean;
}

/** Idle and healthy, with the snapshot that was verified at start (null: there is none). */
export function initialState<Candidate>(active: SnapshotId | null, beginnings: Beginnings = {}): State<Candidate> {
  const { agreement = null, isChecked = false } = beginnings;
  return {
    active,
    work: { kind: "idle" },
    stopping: false,
    waiting: [],
    trouble: null,
    retryArmed: false,
    agreement,
    supersessions: isChecked ? 0 : null,
  };
}
