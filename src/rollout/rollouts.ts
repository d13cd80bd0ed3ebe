// The knowledge of an instance about rollouts, and its next requests. Only `decideRollout` replaces this value.
import type { Rollout, RolloutMove } from "../agreement/rollout.ts";
import type { Skip } from "../agreement/skip.ts";
import type { RolloutPolicy, StoreView } from "./staging.ts";

/** An order of a person. */
export type RolloutOrder =
  /** Let the next step in at once; `full`: all hosts. */
  | { readonly kind: "promote"; readonly full: boolean; readonly author: string; readonly reason: string }
  | { readonly kind: "pause"; readonly author: string; readonly reason: string }
  /** End it: its hash is skipped. `at` is in milliseconds since 1970. */
  | { readonly kind: "abort"; readonly author: string; readonly reason: string; readonly at: number };

/** A living instance, as its record says. */
export interface FleetMember {
  readonly instance: string;
  /** In force there; null: nothing yet. */
  readonly hash: string | null;
  /** Of the release in force; null: not known. */
  readonly state: string | null;
  /** Why it takes up no other configuration now, in one line; null or absent: not known. */
  readonly hindrance?: string | null;
  /** Whether it takes part in rollouts: version 0.1 does not. */
  readonly stages: boolean;
  /** Whether it comes first (`Rollout:Canary`). */
  readonly canary: boolean;
}

/** The answer to a move, with the store's state after it. `reason` is one line without secrets. */
export type MoveOutcome =
  | { readonly kind: "moved" | "late" | "refused"; readonly view: StoreView }
  /** The store has no text of a proposal, and this host has none that it can read, so nothing was asked for. */
  | { readonly kind: "gone" }
  | { readonly kind: "failed"; readonly reason: string };

/** The request to the store that is under way, one at a time. */
export type RolloutRequest =
  | { readonly kind: "fleet" }
  | { readonly kind: "move"; readonly move: RolloutMove; readonly isProposal: boolean };

/** A candidate that does not validate on this host. */
export interface Rejected {
  readonly hash: string;
  /** One line. */
  readonly why: string;
  /** In milliseconds since 1970. */
  readonly at: number;
}

/** The person that asked for a change, and why; null: not known. */
export interface ChangeTerms {
  readonly author: string | null;
  readonly reason: string | null;
}

/** A release with its text in the store. */
export interface Published {
  readonly hash: string;
  readonly terms: ChangeTerms;
}

/** All that an instance knows of rollouts. */
export interface Rollouts {
  /** The name of this instance. */
  readonly instance: string;
  /** Null: no steps are wanted. */
  readonly policy: RolloutPolicy | null;
  /** Whether a release that this host proposes waits for approvals first. */
  readonly needsApproval: boolean;
  /** Null: the store was not read since the link came up. */
  readonly view: StoreView | null;
  /** Null: none is under way. */
  readonly request: RolloutRequest | null;
  /** Of this host's valid source, as looked at last; null: none. */
  readonly source: string | null;
  /** Of the valid source before it. */
  readonly before: string | null;
  /** The details that a person gave with the source; null: none. */
  readonly terms: ChangeTerms | null;
  /** A release that a person put into the store, and that is to be proposed; null: none. */
  readonly published: Published | null;
  /** Null: none. */
  readonly rejected: Rejected | null;
  /** The source, if it is known to be no change: it was a late copy once, or its rollout is over. */
  readonly late: string | null;
  /** Whether the source before it was late, or is not known: then this one may be late too. */
  readonly isLagging: boolean;
  /** The hash that cannot be proposed, and why; null: none. */
  readonly refused: { readonly hash: string; readonly reason: string } | null;
  /** Null: none waits. */
  readonly order: RolloutOrder | null;
  /** The rollout that the order is about: it counts for no other and, to go on, for no later step. Null: not known. */
  readonly ordered: { readonly hash: string; readonly step: number } | null;
  /** Whether the peers are to be read. */
  readonly wantsFleet: boolean;
  /** Whether a request failed and waits for its timer. */
  readonly isDeferred: boolean;
  /** Requests that failed in a row, for the backoff. */
  readonly failures: number;
  /** Why the last one failed, or why a proposal waits, in one line; null: neither. */
  readonly trouble: string | null;
  /** Whether a proposal waits for its timer, since living hosts may have no record yet. */
  readonly isGathering: boolean;
  /** The candidate that is through all steps, so that it is to be the head; null: none. */
  readonly finished: string | null;
  /** The candidate at the last reading of a head, kept while the store is away; null: there was none. */
  readonly candidate: string | null;
  /** Of the rollout that was read last, kept while the store is away; null: there was none, or none was read. */
  readonly lastMark: string | null;
  /** The mark that this host's last move replaced, until the next reading, which may have begun before it. Null: none. */
  readonly replacedMark: string | null;
}

/** Rollouts at the start. */
export function initialRollouts(
  instance: string,
  policy: RolloutPolicy | null,
  needsApproval: boolean = false,
): Rollouts {
  return {
    instance,
    policy,
    needsApproval,
    view: null,
    request: null,
    source: null,
    before: null,
    terms: null,
    published: null,
    rejected: null,
    late: null,
    isLagging: true,
    refused: null,
    order: null,
    ordered: null,
    wantsFleet: false,
    isDeferred: false,
    failures: 0,
    trouble: null,
    isGathering: false,
    finished: null,
    candidate: null,
    lastMark: null,
    replacedMark: null,
  };
}

/** The living instances and the state of the store, or why they are not known: one line without secrets. */
export type FleetAnswer =
  | {
    readonly ok: true;
    readonly fleet: readonly FleetMember[];
    /** After that time no living instance is missing because of an empty store; 0: none is. */
    readonly gathersMilliseconds: number;
    readonly view: StoreView;
  }
  | { readonly ok: false; readonly reason: string };

/** An event of rollouts. `random` is in [0, 1), the jitter of a timer. */
export type RolloutEvent =
  /** The store was read. */
  | { readonly kind: "store-read"; readonly view: StoreView; readonly random: number }
  | { readonly kind: "fleet-answered"; readonly answer: FleetAnswer; readonly at: number; readonly random: number }
  | { readonly kind: "move-answered"; readonly answer: MoveOutcome; readonly random: number }
  | { readonly kind: "rollout-due" }
  | { readonly kind: "rollout-ordered"; readonly order: RolloutOrder }
  /** Null: the person hears that it failed, so it must not be proposed later. */
  | { readonly kind: "published"; readonly published: Published | null }
  /** Anything else happened: the facts of this host may be others. */
  | { readonly kind: "news" };

/** The loop carries these out in their order. */
export type RolloutAction =
  /** Answered by `fleet-answered`, before which the head is read. */
  | { readonly kind: "read-fleet" }
  /** Answered by `move-answered`. The candidate's text is in the store before a proposal is sent. */
  | { readonly kind: "move-rollout"; readonly move: RolloutMove; readonly isProposal: boolean }
  /** Start the one timer that results in `rollout-due`, in place of one that runs. */
  | { readonly kind: "arm-rollout"; readonly milliseconds: number }
  | { readonly kind: "disarm-rollout" }
  /** Look at the source. */
  | { readonly kind: "hint"; readonly reason: "recheck" }
  | { readonly kind: "report"; readonly report: RolloutReport };

/** A report about rollouts. */
export type RolloutReport =
  /** This host proposed it. */
  | { readonly kind: "rollout-proposed"; readonly rollout: Rollout }
  /** The store's rollout changed, by a move of any host. */
  | { readonly kind: "rollout-moved"; readonly rollout: Rollout; readonly before: Rollout | null }
  /** The candidate is the head. */
  | { readonly kind: "rollout-done"; readonly rollout: Rollout }
  /** A change cannot be proposed. */
  | { readonly kind: "rollout-refused"; readonly hash: string; readonly reason: string };

/** The facts of this host that count besides its rollouts. */
export interface OwnFacts {
  readonly isLinked: boolean;
  /** Whether a look that began after the link came up confirmed the active hash. */
  readonly isFresh: boolean;
  /** In force; null: nothing. */
  readonly active: string | null;
  /** The state of the release in force; null: none is known. */
  readonly state: string | null;
  /** Whether a hold keeps this host's source back. */
  readonly isFrozen: boolean;
  /** The skips of this host only: by health checks, or a local rollback. */
  readonly ownSkips: readonly Skip[];
  /** The skips of the fleet that a rollback on this host added, as long as it may be that the store lacks them. */
  readonly taken: readonly Skip[];
  /** The hash that the cluster judged last as this host's. */
  readonly concluded: string | null;
  /** The hash that this host takes up by itself and announces, by order of a person; null: none. */
  readonly owed: string | null;
  /** Whether this host runs a release of the fleet in place of its source. */
  readonly isFollowing: boolean;
  /** Whether the release in force is one of a rollout, in place of this host's file. */
  readonly hasFollowed: boolean;
  /** The generation that it agreed with last; 0: none. */
  readonly agreedGeneration: number;
}
