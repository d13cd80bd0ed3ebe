// A rollout as people and programs see it: its progress, the configuration of each host, and its waits. Pure: the
// daemon gathers the rollout, the head, the skip set and the records of the hosts.
import type { Head } from "../agreement/head.ts";
import { isUnderWay, rankId, type Rollout, type RolloutPhase, type StoredRollout } from "../agreement/rollout.ts";
import type { Skip } from "../agreement/skip.ts";

/** The part of a host's record that a rollout is judged by. */
export interface RolloutPeer {
  readonly instance: string;
  /** In force there; null: nothing is. */
  readonly hash: string | null;
  /** Whether it is the host that asks. */
  readonly self: boolean;
  readonly rejected: { readonly hash: string; readonly why: string } | null;
  /** Why it takes up no other configuration now, in one line; absent: not known. */
  readonly hindrance?: string;
  /** In force there; null or absent: not known. */
  readonly release?: { readonly state: string } | null;
}

/** How far a rollout is. */
export interface RolloutSummary {
  /** Of the candidate. */
  readonly hash: string;
  readonly phase: RolloutPhase;
  /** The index in `steps`. */
  readonly step: number;
  /** How many hosts each step lets in; the last is all of them. */
  readonly steps: readonly number[];
  /** How many hosts were left out when a person went on without them; absent: none. */
  readonly leftOut?: number;
  /** Why it is paused, halted or over; null: it is not, or no reason is known. */
  readonly why: string | null;
  /** Whether hosts that are let in run the candidate, and it can go on. */
  readonly isUnderWay: boolean;
  /** Whether a configuration other than base and candidate was agreed on since. */
  readonly isVoid: boolean;
  /** Whether the candidate was agreed on. */
  readonly isDone: boolean;
}

/** A host in a rollout. */
export interface RolloutHost {
  /** Its name; of a host without a record its id in the order, because no more is known. */
  readonly instance: string;
  /** The place in the order, from 0 on; null: it was not there when the rollout was proposed, or is left out. */
  readonly rank: number | null;
  /** Whether a person went on without it; absent: no. */
  readonly isLeftOut?: boolean;
  readonly isLetIn: boolean;
  /** `stable`: the previous head; null: nothing, or it is not known. */
  readonly runs: "candidate" | "stable" | "other" | null;
  /** Of the release in force there; null: not known. */
  readonly state: string | null;
  /** Why it rejected the candidate, in one line; null: it did not. */
  readonly rejected: string | null;
  /** Why it rejects its own source, which is another, so that it runs no candidate; null: it does not. */
  readonly ownRejected: string | null;
  /** Why it takes up no candidate now, for another reason; absent: not known. */
  readonly hindrance?: string;
  /** Whether it has a record in the store, as a living host does. */
  readonly isHere: boolean;
  /** Whether it is the host that answers. */
  readonly self: boolean;
}

/** A rollout with its hosts. */
export interface RolloutView extends RolloutSummary {
  /** The hash of the head when it was proposed. */
  readonly base: string;
  /** The name of the instance that proposed it. */
  readonly by: string;
  readonly author: string | null;
  readonly reason: string | null;
  /** When it was proposed, in ISO 8601. */
  readonly at: string;
  /** Since its last move. */
  readonly ageSeconds: number;
  readonly bakeSeconds: number;
  readonly deadlineSeconds: number;
  /** By their places; those that came later are last. */
  readonly hosts: readonly RolloutHost[];
  /** The conditions before it goes on, one line each; empty: it is over, or moves at once. */
  readonly waitsFor: readonly string[];
}

/** The most hosts that `waitsFor` names one by one. */
const MAX_NAMED = 20;

/** Tells how far a rollout is. */
export function summarizeRollout(rollout: Rollout, head: Head | null, skips: readonly Skip[]): RolloutSummary {
  const { hash, base, phase, step, counts: steps, why, left } = rollout;
  return {
    hash,
    phase,
    step,
    steps,
    ...left !== undefined && { leftOut: left.length },
    why,
    isUnderWay: isUnderWay(rollout, head, skips),
    isVoid: head?.hash !== base && head?.hash !== hash,
    isDone: head?.hash === hash,
  };
}

/** Makes the view of a rollout, with the records of the hosts that live. */
export function viewRollout(
  { rollout, ageMilliseconds }: StoredRollout,
  head: Head | null,
  skips: readonly Skip[],
  peers: readonly RolloutPeer[],
): RolloutView {
  const { base, by, author, reason, at, bakeSeconds, deadlineSeconds } = rollout;
  const summary = summarizeRollout(rollout, head, skips);
  const hosts = hostsOf(rollout, peers);
  return {
    ...summary,
    base,
    by,
    author,
    reason,
    at,
    ageSeconds: Math.floor(ageMilliseconds / 1000),
    bakeSeconds,
    deadlineSeconds,
    hosts,
    waitsFor: summary.isUnderWay ? waitsOf(rollout, hosts) : [],
  };
}

function hostsOf(rollout: Rollout, peers: readonly RolloutPeer[]): RolloutHost[] {
  const { hash, base, order, left = [], counts, step, phase } = rollout;
  const ranks = new Map(order.map((id, rank) => [id, rank]));
  const letIn = phase === "awaiting-approval" ? 0 : counts[step]!;
  const ids = new Set<string>();
  const known = peers.map((peer): RolloutHost => {
    const id = rankId(hash, peer.instance);
    const rank = ranks.get(id) ?? null;
    ids.add(id);
    return {
      instance: peer.instance,
      rank,
      ...left.includes(id) && { isLeftOut: true },
      isLetIn: rank !== null && rank < letIn,
      runs: peer.hash === null ? null : peer.hash === hash ? "candidate" : peer.hash === base ? "stable" : "other",
      state: peer.release?.state ?? null,
      rejected: peer.rejected?.hash === hash ? peer.rejected.why : null,
      ownRejected: peer.rejected !== null && peer.rejected.hash !== hash ? peer.rejected.why : null,
      ...peer.hindrance !== undefined && { hindrance: peer.hindrance },
      isHere: true,
      self: peer.self,
    };
  });
  const unknown = { runs: null, state: null, rejected: null, ownRejected: null, isHere: false, self: false };
  const gone = order.flatMap((id, rank): RolloutHost[] =>
    ids.has(id) ? [] : [{ instance: id, rank, isLetIn: rank < letIn, ...unknown }]
  );
  const goneLeft = left.filter((id) => !ids.has(id))
    .map((id): RolloutHost => ({ instance: id, rank: null, isLeftOut: true, isLetIn: false, ...unknown }));
  return [...known, ...gone, ...goneLeft].sort((one, other) =>
    (one.rank ?? Infinity) - (other.rank ?? Infinity) || (one.instance < other.instance ? -1 : 1)
  );
}

function waitsOf({ phase, step, counts, bakeSeconds }: Rollout, hosts: readonly RolloutHost[]): string[] {
  if (phase === "awaiting-approval") return ["the approvals of its configuration: honua-configd pending shows them"];
  if (phase === "paused" || phase === "halted") return ["a person to promote it or roll it back"];
  const waits = hosts.filter(({ isLetIn }) => isLetIn).flatMap((host) => waitOf(host) ?? []);
  const more = waits.length - MAX_NAMED;
  const named = more > 0 ? [...waits.slice(0, MAX_NAMED), `${more} more hosts`] : waits;
  if (phase === "admitting") return named;
  const next = step === counts.length - 1 ? "is agreed on" : "lets the next hosts in";
  return [...named, `the end of the ${bakeSeconds} s for which all hosts of the step stay healthy; then it ${next}`];
}

/** The condition that a host that is let in has still to meet; null: it runs the candidate and is healthy. */
function waitOf(host: RolloutHost): string | null {
  const { instance, isHere, rejected, ownRejected, hindrance, runs, state } = host;
  if (!isHere) return `the host ${instance} of the order, which has no record now`;
  if (rejected !== null) return `${instance}, which rejected it: ${rejected}`;
  if (runs !== "candidate") {
    if (ownRejected !== null) {
      return `${instance}, which does not run it, as its own source is rejected: ${ownRejected}`;
    }
    return hindrance === undefined
      ? `${instance}, which does not run it yet`
      : `${instance}, which does not run it: ${hindrance}`;
  }
  switch (state) {
    case "healthy":
      return null;
    case "running":
      return `${instance}, whose hooks are not done`;
    case "baking":
      return `${instance}, whose health checks go on`;
    case "failed":
      return `${instance}, whose health checks failed`;
    case "rolled-back":
      return `${instance}, which is about to roll it back`;
    default:
      return `${instance}, whose health is not known`;
  }
}
