// The events that the loop takes in, its actions after each, and the results of its work.
import type { ClusterAction, ClusterEvent } from "../agreement/agree.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { ReleaseAction, ReleaseEvent } from "../releases/decide_releases.ts";
import type { Approval, ChangeCounts, KeptReleases } from "../releases/release.ts";
import type { RolloutAction, RolloutEvent } from "../rollout/rollouts.ts";
import type { Report } from "./report.ts";
import type { HintReason, Proposal, SnapshotId, State } from "./state.ts";

/** The result of a look, with the fingerprint of the source that it read. */
export type LookOutcome<Candidate> =
  | (Proposal<Candidate> & {
    readonly kind: "candidate";
    /** The snapshot id in the snapshot file, verified; null: the file is missing or damaged. */
    readonly stored: SnapshotId | null;
    /** Its approvals as this host found them; null or absent: none are needed. */
    readonly approval?: Approval | null;
  })
  | {
    readonly kind: "rejected";
    readonly fingerprint: string;
    readonly reason: string;
    readonly diagnostics: readonly Diagnostic[];
    /** Whether the source is rejected because it could not be read, which is not tried again without a hint. */
    readonly isUnread?: boolean;
    /** Of the portable config, if it could be made; null or absent: not known. */
    readonly hash?: string | null;
  }
  /**
   * If no byte was read, `fingerprint` is the system's error code. `isRefused`: the text of a release was read and does
   * not validate on this host.
   */
  | {
    readonly kind: "unreadable";
    readonly fingerprint: string;
    readonly reason: string;
    readonly isRefused?: boolean;
  }
  /** There is no file on purpose: the host runs the store's release. */
  | { readonly kind: "none" };

/** The facts of a write beside its candidate. */
export interface ActivationOrder {
  /** With the release that the write puts in force. They are on the disk before the rename, or their write failed. */
  readonly releases: KeptReleases;
  /** Whether a person orders the write by force. */
  readonly isForced: boolean;
}

/** The result of a write. `reason` is one line without secrets. */
export type ActivationResult =
  | {
    readonly kind: "written";
    /** The answer of the health checks before the write; null or absent: nothing was asked. */
    readonly baseline?: "healthy" | "sick" | null;
    /** The blocks that the write changed; null or absent: not known. */
    readonly counts?: ChangeCounts | null;
  }
  | { readonly kind: "failed"; readonly reason: string }
  /** A check did not accept the snapshot. */
  | { readonly kind: "refused"; readonly reason: string; readonly diagnostics: readonly Diagnostic[] }
  /** Given up before its rename, because of `supersede`. */
  | { readonly kind: "superseded" };

/** An event of the loop. `random` is in [0, 1) and is the jitter of a timer that may follow. */
export type Event<Candidate> = ClusterEvent | ReleaseEvent | ReloadEvent<Candidate> | LoopRolloutEvent;

/** The events of rollouts that come from without: the others are made of the events of the cluster. */
export type LoopRolloutEvent = Exclude<RolloutEvent, { readonly kind: "store-read" | "news" }>;

/** An event of this host's reloads. */
export type ReloadEvent<Candidate> =
  | { readonly kind: "hint"; readonly reason: HintReason }
  | {
    readonly kind: "looked";
    readonly outcome: LookOutcome<Candidate>;
    readonly tookMilliseconds: number;
    readonly random: number;
    /** In milliseconds since 1970. */
    readonly at: number;
  }
  | {
    readonly kind: "activated";
    readonly result: ActivationResult;
    readonly tookMilliseconds: number;
    readonly random: number;
    /** In milliseconds since 1970. */
    readonly at: number;
  }
  | { readonly kind: "retry-due" }
  | { readonly kind: "stop" };

/** The loop carries these out in their order. */
export type Action<Candidate> =
  | Exclude<ClusterAction | ReleaseAction | RolloutAction, { readonly kind: "hint" | "report" }>
  /** Answered by `looked`. */
  | { readonly kind: "look" }
  /** Look at the text of an earlier release; answered by `looked` with a candidate of this hash. */
  | { readonly kind: "look-back"; readonly hash: string }
  /** Answered by `activated`. */
  | (ActivationOrder & { readonly kind: "activate"; readonly candidate: Candidate })
  /** Keep the releases over a restart. */
  | { readonly kind: "record"; readonly releases: KeptReleases }
  /** Make the current look or write give up; it is still answered. */
  | { readonly kind: "abort" }
  /** Make the current write give up while it is being checked; it is still answered. */
  | { readonly kind: "supersede" }
  /** Start the one timer that results in `retry-due`, in place of one that runs. */
  | { readonly kind: "arm-retry"; readonly milliseconds: number }
  | { readonly kind: "disarm-retry" }
  | { readonly kind: "report"; readonly report: Report<Candidate> }
  /** The last action of all. */
  | { readonly kind: "finish" };

/** The new state, and the actions before the next event. */
export interface Decision<Candidate> {
  readonly state: State<Candidate>;
  readonly actions: readonly Action<Candidate>[];
}
