// All that the reload loop knows between two events. Only `decide` replaces this value. Its one large part, a
// candidate, is held no longer than its write takes.
import type { Agreement } from "../agreement/agreement.ts";
import type { Incoming } from "../releases/new_release.ts";
import {
  type Held,
  initialReleases,
  type KeptReleases,
  type Pinned,
  type Releases,
  type TextFormat,
} from "../releases/release.ts";
import type { Rollouts } from "../rollout/rollouts.ts";

/** Names a snapshot: the hash that instances compare, and the content hash that never leaves the host. */
export interface SnapshotId {
  /** SHA-256 of the portable config, in hex. */
  readonly hash: string;
  /** SHA-256 of the resolved config, in hex. */
  readonly contentHash: string;
}

/**
 * The sender of a hint. A hint carries no truth, so two hints of one reason are one. `peer`: another instance or an
 * older server asks all instances to look. `announcement`: the cluster's head has another hash. `force`: a person
 * overrules that head. `link`: the cluster can be reached, or an announcement is due, and an earlier look may be
 * outdated. `rollback`: the pinned release is to be put in force. `recheck`: a rollback was carried out or a hold
 * ended, and the source is to be compared again. `now`: a person takes a change up without the steps of a rollout;
 * `emergency`: without approvals.
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
  | "link"
  | "rollback"
  | "recheck"
  | "now"
  | "emergency";

/** Hints from a person that waits for an answer: their reload is never skipped without a report. */
const MANUAL_REASONS: ReadonlySet<HintReason> = new Set<HintReason>([
  "signal",
  "admin",
  "force",
  "rollback",
  "now",
  "emergency",
]);

/** Whether a person asked for the reload. */
export function isManual(reasons: readonly HintReason[]): boolean {
  return reasons.some((reason) => MANUAL_REASONS.has(reason));
}

/** Adds reasons, each once. */
export function joinReasons(reasons: readonly HintReason[], more: readonly HintReason[]): readonly HintReason[] {
  const news = more.filter((one) => !reasons.includes(one));
  return news.length === 0 ? reasons : [...reasons, ...news];
}

/**
 * The change that a write makes. `content`: only the resolved config (a rotated secret). `header`: only the hash.
 * `both`: both, or the first snapshot. `restored`: only the file, which was missing, damaged or not the one in force.
 */
export type Change = "content" | "header" | "both" | "restored";

/** Why the current source is not in force. */
export interface Trouble {
  readonly kind: "rejected" | "unreadable" | "write-failed";
  /** Of the source that failed; another one is another trouble. */
  readonly fingerprint: string;
  /** One line without secrets. */
  readonly reason: string;
  /** Failures in a row, for the backoff; 0 if trying again cannot help (a rejected source). */
  readonly attempts: number;
  /** Whether the source is valid, but a check refused its snapshot. */
  readonly isRefusal?: boolean;
  /** Whether a rejected source is one of which no byte could be read. */
  readonly isUnread?: boolean;
}

/** A validated source that is to become the snapshot. */
export interface Proposal<Candidate> extends SnapshotId {
  /** The digest of the source's bytes and of the environment that it read. */
  readonly fingerprint: string;
  /** The data that a write needs; opaque here. */
  readonly candidate: Candidate;
  /** Of the source's text. */
  readonly text: SourceDigest;
}

/** Names the text of a source. */
export interface SourceDigest {
  readonly format: TextFormat;
  /** SHA-256 of its bytes, in hex; null: there is no text. */
  readonly digest: string | null;
}

/** The current work of the loop, one look or write at a time. */
export type Work<Candidate> =
  | { readonly kind: "idle" }
  | {
    readonly kind: "looking";
    readonly reasons: readonly HintReason[];
    /** The release that is looked at in place of the source; null: the source is. */
    readonly back: Pinned | null;
    /** Why it is looked at, if the source was found to be held back; otherwise null. */
    readonly held: Held | null;
  }
  | {
    readonly kind: "activating";
    readonly reasons: readonly HintReason[];
    readonly proposal: Proposal<Candidate>;
    readonly change: Change;
    /** As in `looking`. */
    readonly back: Pinned | null;
    readonly held: Held | null;
    readonly incoming: Incoming;
    /** With the release that the write puts in force; they are on the disk before it. */
    readonly releases: KeptReleases;
    /** The duration of the look that made the proposal. */
    readonly lookMilliseconds: number;
  }
  | { readonly kind: "stopped" };

/** The state of a host's reloads. */
export interface State<Candidate> {
  /** The snapshot in force; null until a first one is written. It moves only after its write succeeded. */
  readonly active: SnapshotId | null;
  readonly work: Work<Candidate>;
  /** Whether the loop ends after the current work. */
  readonly stopping: boolean;
  /** The hints that came since the last look began, each reason once; together they are the next look. */
  readonly waiting: readonly HintReason[];
  /** Null: the host is healthy. */
  readonly trouble: Trouble | null;
  /** Whether a timer runs that results in `retry-due`. */
  readonly retryArmed: boolean;
  /** Null: the instance has no cluster. */
  readonly agreement: Agreement | null;
  readonly releases: Releases;
  /** Null: the instance has no cluster. */
  readonly rollouts: Rollouts | null;
  /** How many checks in a row were given up for a newer source; null: nothing checks a write. */
  readonly supersessions: number | null;
}

/** The parts of the first state that have defaults. */
export interface StateOptions {
  /** Default: the instance has no cluster. */
  readonly agreement?: Agreement | null;
  /** Default: none so far, the last 20 are kept, and nothing checks the health. */
  readonly releases?: Releases;
  /** Default: the instance has no cluster. */
  readonly rollouts?: Rollouts | null;
  /** Whether others check a snapshot before it is in force, which takes as long as they want. Default false. */
  readonly isChecked?: boolean;
}

/** Idle and healthy, with the snapshot that was verified at start (null: there is none). */
export function initialState<Candidate>(active: SnapshotId | null, options: StateOptions = {}): State<Candidate> {
  const { agreement = null, rollouts = null, isChecked = false } = options;
  const { releases = initialReleases({ keep: 20, health: null }) } = options;
  return {
    active,
    work: { kind: "idle" },
    stopping: false,
    waiting: [],
    trouble: null,
    retryArmed: false,
    agreement,
    releases,
    rollouts,
    supersessions: isChecked ? 0 : null,
  };
}
