// The values that a rollout moves to.
import {
  MAX_EARLIER,
  MAX_ORDER,
  rankId,
  type Rollout,
  type RolloutPhase,
  type StoredRollout,
} from "../agreement/rollout.ts";
import type { ChangeTerms, FleetMember } from "./rollouts.ts";
import type { RolloutPolicy } from "./staging.ts";
import { countsOf } from "./steps.ts";

/** All that a proposal is made of. */
export interface Proposing {
  readonly hash: string;
  /** The proposing instance. */
  readonly instance: string;
  /** Whether the proposer is a host that takes part, even if its record is not written yet. Default true. */
  readonly isMember?: boolean;
  readonly policy: RolloutPolicy;
  readonly needsApproval: boolean;
  /** The living instances. */
  readonly fleet: readonly FleetMember[];
  /** The head's hash. */
  readonly base: string;
  /** The head's generation; absent: it does not count. */
  readonly baseGeneration?: number;
  /** The store's content in its place; null: nothing. */
  readonly stored: StoredRollout | null;
  readonly terms: ChangeTerms | null;
  /** In milliseconds since 1970. */
  readonly at: number;
}

/** Makes the rollout of a change, at its first step. Canaries come first, then the hosts by their ids. */
export function proposalOf(proposing: Proposing): Rollout {
  const { hash, instance, isMember = true, policy, needsApproval, fleet, base, baseGeneration, stored, terms, at } =
    proposing;
  const { steps, bakeSeconds, deadlineSeconds, onFailure } = policy;
  const order = orderOf(hash, fleet, isMember ? [instance] : []);
  return {
    hash,
    base,
    ...baseGeneration !== undefined && { baseGeneration },
    by: instance,
    author: terms?.author ?? null,
    reason: terms?.reason ?? null,
    at: new Date(at).toISOString(),
    order,
    counts: countsOf(steps, order.length),
    step: 0,
    phase: needsApproval ? "awaiting-approval" : "admitting",
    bakeSeconds,
    deadlineSeconds,
    onFailure,
    why: null,
    earlier: earlierOf(stored, hash, base),
  };
}

/** The ids of the hosts in their order; `others` may have no record yet. */
function orderOf(hash: string, fleet: readonly FleetMember[], others: readonly string[]): readonly string[] {
  const canaries = new Map<string, boolean>(others.map((instance) => [rankId(hash, instance), false]));
  for (const one of fleet) canaries.set(rankId(hash, one.instance), one.canary);
  return [...canaries.keys()]
    .sort((a, b) => Number(canaries.get(b)) - Number(canaries.get(a)) || (a < b ? -1 : 1))
    .slice(0, MAX_ORDER);
}

/**
 * The rollout at its first step with the hosts that live now, if none of its order does any more: each step lets the
 * same share of them in. Null: one of its hosts lives.
 */
export function amongOthers(rollout: Rollout, fleet: readonly FleetMember[]): Rollout | null {
  const order = orderOf(rollout.hash, fleet.filter(({ stages }) => stages), []);
  if (order.length === 0 || order.some((id) => rollout.order.includes(id))) return null;
  const shares = rollout.counts.map((count) => Math.ceil(count * order.length / rollout.order.length));
  return { ...rollout, order, counts: [...new Set(shares)], step: 0, phase: "admitting", why: null };
}

/** The hashes that earlier rollouts left behind, the latest last: a file with one of them is no change. */
function earlierOf(stored: StoredRollout | null, hash: string, head: string): readonly string[] {
  if (stored === null) return [];
  const { earlier, base, hash: last } = stored.rollout;
  return [...new Set([...earlier, base, last])].filter((one) => one !== hash && one !== head).slice(-MAX_EARLIER);
}

/** The rollout in another phase. */
export function withPhase(rollout: Rollout, phase: RolloutPhase, why: string | null): Rollout {
  return { ...rollout, phase, why };
}

/** The rollout at its next step, or at the last one. At the last it stays there. */
export function promoted(rollout: Rollout, full: boolean, why: string | null): Rollout {
  const last = rollout.counts.length - 1;
  const step = full ? last : Math.min(rollout.step + 1, last);
  const isBaked = rollout.phase === "admitting" && step === rollout.step;
  return { ...rollout, step, phase: isBaked ? "baking" : "admitting", why };
}

/**
 * The rollout without some hosts of its order, which it remembers, at the step that lets the same of the others in;
 * never without all.
 */
export function without(rollout: Rollout, ids: readonly string[]): Rollout {
  const { order, counts, step } = rollout;
  const stay = order.filter((id) => !ids.includes(id));
  if (stay.length === 0 || stay.length === order.length) return rollout;
  const left = [...rollout.left ?? [], ...order.filter((id) => ids.includes(id))];
  const leftOf = (count: number) => order.slice(0, count).filter((id) => !ids.includes(id)).length;
  const now = leftOf(counts[step]!);
  const fewer = [...new Set(counts.map(leftOf))].filter((count) => count > 0);
  return { ...rollout, order: stay, left, counts: fewer, step: Math.max(0, fewer.indexOf(now)) };
}
