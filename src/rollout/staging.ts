// Which release a host runs during a rollout, and whether a valid source may run: pure rules over the last answer of
// the store.
import type { Head } from "../agreement/head.ts";
import { isLetIn, isUnderWay, type Rollout, type StoredRollout } from "../agreement/rollout.ts";
import type { Skip } from "../agreement/skip.ts";
import type { Step } from "./steps.ts";

/** From the options of this host. */
export interface RolloutPolicy {
  /** Not empty. */
  readonly steps: readonly Step[];
  readonly bakeSeconds: number;
  readonly deadlineSeconds: number;
  readonly onFailure: "rollback" | "halt";
}

/** The last answer of the store. */
export interface StoreView {
  /** Null: it has none. */
  readonly head: Head | null;
  readonly skips: readonly Skip[];
  /** Null: it has none. */
  readonly stored: StoredRollout | null;
  /** Of the text that the store has in the place of a rollout; null: nothing. */
  readonly mark: string | null;
  /** Whether this host verified the approvals of a rollout that waits for them; absent: no. */
  readonly isApproved?: boolean;
}

/** Why a valid source is not in force during a rollout. */
export type StagedWhy =
  /** It is the candidate, and the step does not let this host in yet. */
  | "waiting"
  /** It is a change that is to be proposed. */
  | "proposing"
  /** It is a change that cannot be proposed. */
  | "refused"
  /** It is older than the candidate that this host runs. */
  | "ahead"
  /** It is an older state, as a copy that is late. */
  | "late"
  /** It is such a state, and the fleet's release was taken back on this host. */
  | "taken-back"
  /** The store cannot be reached or has no head, and steps are wanted or the fleet's release runs in place of the file. */
  | "unlinked";

/** Whether a valid source may run, or the hash that runs in its place. */
export type Staging =
  | { readonly kind: "run" }
  | {
    readonly kind: "hold";
    readonly why: StagedWhy;
    /** The hash that this host is to run; null: the active one stays. */
    readonly target: string | null;
  };

/** The facts of this host by which a source is judged. */
export interface StagingFacts {
  readonly instance: string;
  /** Null: all hosts take a change up at once, as this host's options say. */
  readonly policy: RolloutPolicy | null;
  /** Null: the store was not read since the link came up. */
  readonly view: StoreView | null;
  /** The hash in force; null: none. */
  readonly active: string | null;
  /** The hash that the cluster judged last as this host's; null: none, and then the host overrules nobody. */
  readonly concluded: string | null;
  /** The hash that this host takes up by itself and announces, by order of a person; null: none. */
  readonly owed: string | null;
  /** Of the valid source before this one; null: none is known. */
  readonly before: string | null;
  /** The hash that the store called a late copy; null: none. */
  readonly late: string | null;
  /** The hash that cannot be proposed; null: none. */
  readonly refused: string | null;
  /** Whether the release in force is one of a rollout, in place of this host's file. */
  readonly hasFollowed: boolean;
}

/** The rollout that is under way; null: there is none. */
export function underWay(view: StoreView | null): Rollout | null {
  if (view === null || view.stored === null) return null;
  const { rollout } = view.stored;
  return isUnderWay(rollout, view.head, view.skips) ? rollout : null;
}

/** Whether the hosts of this fleet take changes up in steps, as far as this host knows. */
export function isStaged({ policy, view }: Pick<StagingFacts, "policy" | "view">): boolean {
  return policy !== null || (view?.stored ?? null) !== null;
}

/** The hash that a host is to run: the candidate if it is let in, otherwise the head. Null: it is not known. */
export function targetOf({ instance, view }: Pick<StagingFacts, "instance" | "view">): string | null {
  const rollout = underWay(view);
  if (rollout !== null && isLetIn(rollout, instance)) return rollout.hash;
  return view?.head?.hash ?? null;
}

/** Judges a valid source with the hash `hash`. */
export function stagingOf(facts: StagingFacts, hash: string): Staging {
  const { policy, view, active, refused, owed, hasFollowed } = facts;
  const rollout = underWay(view);
  const target = targetOf(facts);
  if (policy === null && rollout === null) {
    // Without steps a file counts at once, except the file that a published release replaced on this host. Only the store
    // knows whether it is that one: after a restart an old file would count as an edit.
    if (view === null && hasFollowed && hash !== active) return { kind: "hold", why: "unlinked", target: null };
    const isLeft = view !== null && view.head?.hash === view.stored?.rollout.hash && isOld(facts, view, hash);
    return isLeft && hash !== target ? { kind: "hold", why: "late", target } : { kind: "run" };
  }
  // Until the announcement is answered nothing else decides about it.
  if (hash === owed) return { kind: "run" };
  if (view === null || target === null) {
    // With nothing in force there is nothing to protect, and a lost head is written again from the active hash.
    const isHarmless = policy === null || active === null || hash === active;
    return isHarmless ? { kind: "run" } : { kind: "hold", why: "unlinked", target: null };
  }
  if (hash === target) return { kind: "run" };
  if (hash === rollout?.hash) return { kind: "hold", why: "waiting", target };
  if (hash === view.head?.hash) return { kind: "hold", why: "ahead", target };
  if (policy === null) return { kind: "run" };
  if (isLate(facts, view, hash)) return { kind: "hold", why: "late", target };
  return { kind: "hold", why: hash === refused ? "refused" : "proposing", target };
}

/** A source that was at the head or the candidate before is an edit; otherwise it may be a copy that is late. */
function isLate(facts: StagingFacts, view: StoreView, hash: string): boolean {
  const { concluded, late } = facts;
  return concluded === null || hash === concluded || hash === late || isOld(facts, view, hash);
}

/** Whether rollouts left the hash behind, and this host's source was not newer since. */
function isOld({ before }: StagingFacts, { head, stored }: StoreView, hash: string): boolean {
  if (stored === null) return false;
  const { rollout } = stored;
  const wasNew = before !== null && (before === head?.hash || before === rollout.hash);
  return !wasNew && [...rollout.earlier, rollout.base, rollout.hash].includes(hash);
}
