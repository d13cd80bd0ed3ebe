// Decides the actions of this host about the fleet's rollout, as a pure function: it proposes its own change, moves the
// rollout on when all hosts of a step are healthy, ends it when the candidate fails here, and carries out a person's
// order. Each is a compare-and-set, so that of many hosts one wins; nobody leads.
import { isLetIn, rankId, rankOf, type Rollout, type RolloutMove } from "../agreement/rollout.ts";
import { skipFor } from "../agreement/skip.ts";
import { backoffMilliseconds } from "../time/backoff.ts";
import { fleetObjection } from "./publishing.ts";
import { amongOthers, promoted, proposalOf, without, withPhase } from "./moves.ts";
import type {
  FleetAnswer,
  FleetMember,
  OwnFacts,
  Published,
  RolloutAction,
  RolloutEvent,
  RolloutOrder,
  RolloutReport,
  Rollouts,
} from "./rollouts.ts";
import { type RolloutPolicy, stagingOf, type StoreView, underWay } from "./staging.ts";

/** How many of the hosts that are let in read the peers, so that the store is asked a bounded number of times. */
export const WATCHERS = 4;
const GATHERING = "Redis had no records of the hosts: each writes its own again, so that none is missing in the order";
/** Between two readings of the peers by a watcher: at least so long, and so much for each host of the order. */
const WATCH_MILLISECONDS = 250;
const WATCH_OF_A_HOST_MILLISECONDS = 4;
/** The time over which the others spread their actions at a deadline. */
const SPREAD_MILLISECONDS = 5_000;

/** The new rollouts, and the actions before the next event. */
export interface RolloutDecision {
  readonly rollouts: Rollouts;
  readonly actions: readonly RolloutAction[];
}

/** Takes an event in. */
export function decideRollout(rollouts: Rollouts, event: RolloutEvent, own: OwnFacts): RolloutDecision {
  const taken = withLate(takeIn(rollouts, event, own), own);
  // An answer that comes after the link went down says nothing about the present store, and no timer runs that would
  // end the wait after a failure.
  if (!own.isLinked) return { rollouts: withoutLink(taken.rollouts), actions: withoutTimer(taken.actions) };
  const next = nextRequest(taken.rollouts, own);
  return { rollouts: next.rollouts, actions: [...taken.actions, ...next.actions] };
}

/** Remembers that the source is late, since it stays so when this host has agreed with the head in its place. */
function withLate({ rollouts, actions }: RolloutDecision, own: OwnFacts): RolloutDecision {
  const { source, late } = rollouts;
  if (source === null || source === late || isSkippedHere(rollouts, own, source)) return { rollouts, actions };
  const staging = stagingOf(factsOf(rollouts, own), source);
  const isLate = staging.kind === "hold" && (staging.why === "late" || staging.why === "ahead");
  return { rollouts: isLate ? { ...rollouts, late: source } : rollouts, actions };
}

function withoutTimer(actions: readonly RolloutAction[]): readonly RolloutAction[] {
  return actions.filter((one) => one.kind !== "arm-rollout");
}

/** Rollouts without a store: its earlier answers do not count, and nobody answers any more. */
export function unlinked(rollouts: Rollouts): RolloutDecision {
  return {
    rollouts: { ...withoutLink(rollouts), wantsFleet: false, order: null, published: null },
    actions: [{ kind: "disarm-rollout" }],
  };
}

/** The link that comes up takes the place of the timer of a failed request. */
function withoutLink(rollouts: Rollouts): Rollouts {
  const reset = { view: null, isDeferred: false, isGathering: false, failures: 0, trouble: null, replacedMark: null };
  return { ...rollouts, ...reset };
}

function takeIn(rollouts: Rollouts, event: RolloutEvent, own: OwnFacts): RolloutDecision {
  switch (event.kind) {
    case "news":
      return { rollouts, actions: [] };
    case "store-read": {
      const read = { ...rollouts, replacedMark: null };
      return isOlderThanMove(rollouts, event.view)
        ? { rollouts: read, actions: [] }
        : seen(read, event.view, event.random);
    }
    case "rollout-due":
      return { rollouts: { ...rollouts, wantsFleet: true, isDeferred: false, isGathering: false }, actions: [] };
    case "rollout-ordered": {
      const { hash, step } = underWay(rollouts.view) ?? {};
      const ordered = hash === undefined || step === undefined ? null : { hash, step };
      return { rollouts: { ...rollouts, order: event.order, ordered, isDeferred: false }, actions: [] };
    }
    case "published":
      if (event.published === null) return { rollouts: { ...rollouts, published: null }, actions: [] };
      return { rollouts: { ...rollouts, published: event.published, refused: null, isDeferred: false }, actions: [] };
    case "fleet-answered": {
      const answered: Rollouts = { ...rollouts, request: null, wantsFleet: false };
      if (!event.answer.ok) return failed(answered, event.answer.reason, event.random);
      // Without this host's record those of others may be missing too: an answer that lacks hosts does not mean they
      // left.
      if (!event.answer.fleet.some((one) => one.instance === rollouts.instance)) {
        return failed(answered, "the store has no record of this instance", event.random);
      }
      const read = seen({ ...answered, failures: 0, trouble: null }, event.answer.view, event.random);
      const { rollouts: next, actions } = judged(read.rollouts, event.answer, own, event);
      // A move that failed before is not done yet: its backoff grows.
      const { failures, trouble } = next.request === null ? next : rollouts;
      return { rollouts: { ...next, failures, trouble }, actions: [...read.actions, ...actions] };
    }
    case "move-answered":
      return moved(rollouts, event);
  }
}

/** Whether the reading began before this host's move, which it would seem to undo. Another one follows a move. */
function isOlderThanMove({ replacedMark, view }: Rollouts, read: StoreView): boolean {
  return replacedMark !== null && read.mark === replacedMark && read.head?.generation === view?.head?.generation;
}

/** Takes in the state of the store. Another rollout, or the same in another state, leads to a look. */
function seen(before: Rollouts, view: StoreView, random: number): RolloutDecision {
  const rollouts: Rollouts = { ...before, view };
  const actions: RolloutAction[] = [];
  const [was, is] = [before.view?.stored?.rollout ?? null, view.stored?.rollout ?? null];
  const wasDone = was !== null && before.view?.head?.hash === was.hash;
  const rollout = underWay(view);
  if (is !== null && view.head?.hash === is.hash) {
    if (!wasDone && before.view !== null) actions.push(reported({ kind: "rollout-done", rollout: is }));
  } else if (is !== null && view.stored?.mark !== before.lastMark && (before.lastMark !== null || rollout !== null)) {
    actions.push(reported({ kind: "rollout-moved", rollout: is, before: was }));
  }
  const finished = before.finished !== null && rollout?.hash === before.finished ? before.finished : null;
  const isKnown = (hash: string) => hash === view.head?.hash || hash === rollout?.hash;
  const published = before.published !== null && isKnown(before.published.hash) ? null : before.published;
  const lastMark = view.stored?.mark ?? before.lastMark;
  const next: Rollouts = { ...rollouts, ...overtaken(before, view), finished, published, lastMark };
  return { rollouts: next, actions: [...actions, ...timerOf(next, random)] };
}

/** The memory of a candidate, and the part of it that ends with its rollout. A store without a head ends nothing. */
function overtaken(
  before: Rollouts,
  view: StoreView,
): Pick<Rollouts, "candidate" | "late" | "before" | "rejected"> {
  const { source, candidate, late } = before;
  if (view.head === null) return { candidate, late, before: before.before, rejected: before.rejected };
  const rollout = underWay(view);
  const isNew = rollout?.hash !== candidate;
  // A source that was the candidate is no change once others ended that rollout.
  // It was not ended if a lost head was restored.
  const last = view.stored?.rollout;
  const isRestored = last?.hash === candidate && last?.base === view.head.hash && last?.baseGeneration !== undefined &&
    last.baseGeneration !== view.head.generation;
  const isEnded = isNew && candidate === source && view.head.hash !== source && view.stored !== null && !isRestored;
  // A candidate was a change on the head that is restored, even if a restart forgot that.
  const earlier = isRestored && candidate === source ? view.head.hash : before.before;
  const isBack = view.stored?.rollout.phase === "withdrawn" && before.before === view.stored.rollout.hash;
  return {
    candidate: rollout?.hash ?? null,
    late: isEnded ? source : late,
    // The same candidate may be proposed again, which this source does not withdraw.
    before: isBack && source === view.head.hash ? null : earlier,
    rejected: isNew ? null : before.rejected,
  };
}

/** Watchers read the peers soon; the others only if the step outlasts its deadline. */
function timerOf({ view, instance, isDeferred, isGathering }: Rollouts, random: number): RolloutAction[] {
  // The timer is that of a request which failed, or of a proposal that waits.
  if (isDeferred || isGathering) return [];
  const rollout = underWay(view);
  if (rollout === null || view?.stored == null) return [{ kind: "disarm-rollout" }];
  const { phase, bakeSeconds, deadlineSeconds } = rollout;
  if (phase !== "admitting" && phase !== "baking") return [{ kind: "disarm-rollout" }];
  const { ageMilliseconds } = view.stored;
  const rank = rankOf(rollout, instance);
  const watchMilliseconds = Math.max(WATCH_MILLISECONDS, rollout.order.length * WATCH_OF_A_HOST_MILLISECONDS);
  const isWatcher = rank !== -1 && rank < Math.min(WATCHERS, rollout.counts[rollout.step]!);
  const left = (phase === "baking" ? bakeSeconds : deadlineSeconds) * 1000 - ageMilliseconds;
  const milliseconds = isWatcher
    ? Math.max(watchMilliseconds, phase === "baking" ? left : 0) + WATCH_MILLISECONDS * random
    : Math.max(0, left + (phase === "baking" ? deadlineSeconds * 1000 : 0)) + SPREAD_MILLISECONDS * random;
  return [{ kind: "arm-rollout", milliseconds: Math.round(milliseconds) }];
}

/** Goes on after a backoff. A look says why the source is held. */
function failed(rollouts: Rollouts, trouble: string, random: number): RolloutDecision {
  const failures = rollouts.failures + 1;
  const hints: RolloutAction[] = trouble === rollouts.trouble ? [] : [{ kind: "hint", reason: "recheck" }];
  return {
    rollouts: { ...rollouts, failures, trouble, isDeferred: true },
    actions: [{ kind: "arm-rollout", milliseconds: backoffMilliseconds(failures, random) }, ...hints],
  };
}

/** Takes in the peers: for a proposal that waits for them, or for the step under way. */
function judged(
  rollouts: Rollouts,
  { fleet, gathersMilliseconds }: Extract<FleetAnswer, { readonly ok: true }>,
  own: OwnFacts,
  { at, random }: { readonly at: number; readonly random: number },
): RolloutDecision {
  const { view } = rollouts;
  if (view === null || !own.isLinked) return { rollouts, actions: [] };
  const rollout = underWay(view);
  const { order } = rollouts;
  if (order?.kind === "promote") {
    const isMeant = rollout !== null && !isOutdated(rollouts, rollout) && !isLastBake(rollout);
    // The order may have come while the peers were read for something else.
    return isMeant && rollout.phase !== "awaiting-approval"
      ? promote(rollouts, rollout, order, fleet)
      : { rollouts: { ...rollouts, order: null }, actions: [] };
  }
  const change = changeToPropose(rollouts, own);
  if (change !== null) {
    if (gathersMilliseconds > 0 && fleetObjection(fleet) === null) return gathering(rollouts, gathersMilliseconds);
    return propose(rollouts, change, fleet, own, at);
  }
  if (rollout === null || view.stored === null) return { rollouts, actions: [] };
  const { phase, bakeSeconds, deadlineSeconds } = rollout;
  const lacking = missingOf(rollout, fleet);
  const ageSeconds = view.stored.ageMilliseconds / 1000;
  const later = { rollouts, actions: timerOf(rollouts, random) };
  if (phase === "admitting" && lacking.length === 0) {
    return move(rollouts, bakeSeconds > 0 ? withPhase(rollout, "baking", null) : promoted(rollout, false, null));
  }
  const patience = deadlineSeconds + (phase === "baking" ? bakeSeconds : 0);
  if ((phase === "admitting" || phase === "baking") && lacking.length > 0 && ageSeconds >= patience) {
    return move(rollouts, withPhase(rollout, "halted", `no news before the deadline from ${namesOf(lacking)}`));
  }
  if (phase !== "baking" || lacking.length > 0 || ageSeconds < bakeSeconds) return later;
  if (rollout.step < rollout.counts.length - 1) return move(rollouts, promoted(rollout, false, null));
  if (rollouts.finished === rollout.hash) return later;
  return {
    rollouts: { ...rollouts, finished: rollout.hash },
    actions: [{ kind: "hint", reason: "recheck" }, ...later.actions],
  };
}

/**
 * Waits until the order lacks no living host: in a store that was empty or away for long, the hosts that came back
 * first would be the whole fleet. A look says why the source is held.
 */
function gathering(rollouts: Rollouts, milliseconds: number): RolloutDecision {
  return {
    rollouts: { ...rollouts, isGathering: true, trouble: GATHERING },
    actions: [{ kind: "arm-rollout", milliseconds }, { kind: "hint", reason: "recheck" }],
  };
}

/** The hosts that are let in and are not healthy with the candidate. */
function missingOf(rollout: Rollout, fleet: readonly FleetMember[]): { readonly id: string; readonly name: string }[] {
  const byRank = new Map(fleet.map((one) => [rankId(rollout.hash, one.instance), one]));
  return rollout.order.slice(0, rollout.counts[rollout.step]!).flatMap((id) => {
    const member = byRank.get(id);
    if (member === undefined) return [{ id, name: "a host that left" }];
    const { instance, hash, state, hindrance = null } = member;
    if (hash !== rollout.hash) return [{ id, name: hindrance === null ? instance : `${instance} (${hindrance})` }];
    return state === "healthy" ? [] : [{ id, name: instance }];
  });
}

/** A person goes on: hosts that did not become healthy are left behind, since nothing else would ever end the step. */
function promote(
  rollouts: Rollouts,
  rollout: Rollout,
  { full, author, reason }: Extract<RolloutOrder, { readonly kind: "promote" }>,
  fleet: readonly FleetMember[],
): RolloutDecision {
  const why = `${author}: ${reason}`;
  if (rollout.phase !== "halted") return move(rollouts, promoted(rollout, full, why));
  const others = amongOthers(rollout, fleet);
  if (others !== null) return move(rollouts, { ...others, why, ...full && { step: others.counts.length - 1 } });
  const missing = missingOf(rollout, fleet).map(({ id }) => id);
  const kept = without(rollout, missing);
  const isEmptied = missing.length === rollout.counts[rollout.step];
  const next = isEmptied && !full ? withPhase(kept, "admitting", why) : promoted(kept, full, why);
  return move(rollouts, next);
}

function isSkippedHere({ view }: Rollouts, { ownSkips }: OwnFacts, hash: string): boolean {
  return [...view?.skips ?? [], ...ownSkips].some((one) => one.hash === hash);
}

/**
 * A change that nobody proposed yet: one that a person published, or of this host's source. Null: none, or it must
 * wait.
 */
function changeToPropose(rollouts: Rollouts, own: OwnFacts): Published | null {
  const { source, view, published, refused, terms } = rollouts;
  if (view?.head == null) return null;
  const isSkipped = (hash: string) => isSkippedHere(rollouts, own, hash);
  if (published !== null && !isSkipped(published.hash) && published.hash !== refused?.hash) return published;
  if (source === null || !own.isFresh || own.isFrozen || isSkipped(source)) return null;
  const staging = stagingOf(factsOf(rollouts, own), source);
  if (staging.kind !== "hold" || staging.why !== "proposing") return null;
  return { hash: source, terms: terms ?? { author: null, reason: null } };
}

/** The facts of this host by which its source is judged. */
export function factsOf(rollouts: Rollouts, own: Pick<OwnFacts, "active" | "concluded" | "owed" | "hasFollowed">) {
  const { instance, policy, view, before, late, refused } = rollouts;
  const { active, concluded, owed, hasFollowed } = own;
  return { instance, policy, view, before, late, refused: refused?.hash ?? null, active, concluded, owed, hasFollowed };
}

/** The policy of a release that a person published, if no steps are wanted: all hosts at once. */
export const AT_ONCE: RolloutPolicy = {
  steps: [{ kind: "percent", percent: 100 }],
  bakeSeconds: 0,
  deadlineSeconds: 600,
  onFailure: "halt",
};

function propose(
  rollouts: Rollouts,
  { hash, terms }: Published,
  fleet: readonly FleetMember[],
  own: OwnFacts,
  at: number,
): RolloutDecision {
  const { view, instance, needsApproval } = rollouts;
  const policy = rollouts.policy ?? AT_ONCE;
  if (view?.head == null) return { rollouts, actions: [] };
  const reason = fleetObjection(fleet);
  if (reason !== null) {
    const report = reported({ kind: "rollout-refused", hash, reason });
    // A release that a person published is given up, or it and a refused source would be tried in turn.
    const published = rollouts.published?.hash === hash ? null : rollouts.published;
    return {
      rollouts: { ...rollouts, published, refused: { hash, reason } },
      actions: [report, { kind: "hint", reason: "recheck" }],
    };
  }
  const to = proposalOf({
    hash,
    instance,
    policy,
    needsApproval,
    fleet,
    base: view.head.hash,
    baseGeneration: view.head.generation,
    stored: view.stored,
    terms,
    at,
  });
  // A release that a person published is meant now: only a file can be a late copy.
  const isPublished = hash === rollouts.published?.hash;
  // A host that follows has agreed with heads that its source never had.
  const agreed = own.isFollowing && rollouts.isLagging ? 0 : own.agreedGeneration;
  return move(rollouts, to, { since: isPublished ? view.head.generation : agreed });
}

/** Asks the store for a move. */
function move(
  rollouts: Rollouts,
  to: Rollout,
  { skips = [], since = null }: Partial<Pick<RolloutMove, "skips" | "since">> = {},
): RolloutDecision {
  const { view } = rollouts;
  if (view?.head == null) return { rollouts, actions: [] };
  const isProposal = since !== null;
  const request: RolloutMove = { head: view.head, mark: view.mark, to, since, skips };
  return {
    rollouts: { ...rollouts, request: { kind: "move", move: request, isProposal } },
    actions: [{ kind: "move-rollout", move: request, isProposal }],
  };
}

function moved(
  rollouts: Rollouts,
  { answer, random }: Extract<RolloutEvent, { readonly kind: "move-answered" }>,
): RolloutDecision {
  const { request } = rollouts;
  if (request?.kind !== "move") throw new Error(`a move was answered while ${request?.kind}`);
  const { move: { to }, isProposal } = request;
  const asked: Rollouts = { ...rollouts, request: null };
  if (answer.kind === "failed") return failed(asked, answer.reason, random);
  if (answer.kind === "gone") return textGone(asked, to.hash, random);
  const isMade = answer.kind === "moved";
  const known: Rollouts = {
    ...asked,
    failures: 0,
    trouble: null,
    // An order that another move of the same rollout overtook is carried out on the present state of the store.
    order: isMade && !isProposal ? null : asked.order,
    late: answer.kind === "late" ? to.hash : asked.late,
    replacedMark: isMade ? request.move.mark : null,
  };
  const read = seen(known, answer.view, random);
  const actions: RolloutAction[] = [];
  if (isMade && isProposal) actions.push(reported({ kind: "rollout-proposed", rollout: to }));
  if (answer.kind === "late") actions.push({ kind: "hint", reason: "recheck" });
  return { rollouts: read.rollouts, actions: [...actions, ...read.actions] };
}

/** A release that a person published is given up, or edits would wait behind it for ever. A file has its text. */
function textGone(rollouts: Rollouts, hash: string, random: number): RolloutDecision {
  const { published } = rollouts;
  if (published?.hash !== hash) {
    return failed(rollouts, "Redis has no text of the change, and this host has no copy that it can read", random);
  }
  const reason = "Redis lost the published configuration before it was proposed, and this host has no copy that it " +
    "can read: publish it again";
  return {
    rollouts: { ...rollouts, published: null, refused: { hash, reason }, failures: 0, trouble: null },
    actions: [reported({ kind: "rollout-refused", hash, reason }), { kind: "hint", reason: "recheck" }],
  };
}

/** Makes the next request if none is under way: an order, an end, then the peers. */
function nextRequest(rollouts: Rollouts, own: OwnFacts): RolloutDecision {
  const { view, request, order, isDeferred, isGathering, wantsFleet } = rollouts;
  if (view === null || request !== null || isDeferred || !own.isLinked) return { rollouts, actions: [] };
  const rollout = underWay(view);
  if (order !== null) {
    if (rollout !== null && !isOutdated(rollouts, rollout)) return carriedOut(rollouts, rollout, order);
    return nextRequest({ ...rollouts, order: null, ordered: null }, own);
  }
  if (rollout !== null) {
    const end = ownMove(rollouts, rollout, own);
    if (end !== null) return end;
  }
  if (wantsFleet || (!isGathering && changeToPropose(rollouts, own) !== null)) {
    return {
      rollouts: { ...rollouts, request: { kind: "fleet" }, wantsFleet: false },
      actions: [{ kind: "read-fleet" }],
    };
  }
  return { rollouts, actions: [] };
}

function isLastBake({ phase, step, counts }: Rollout): boolean {
  return phase === "baking" && step === counts.length - 1;
}

/** Whether the order was about another rollout or, if it lets more hosts in, about an earlier step. */
function isOutdated({ order, ordered }: Rollouts, { hash, step }: Rollout): boolean {
  if (order === null || ordered === null) return false;
  return ordered.hash !== hash || (order.kind === "promote" && ordered.step !== step);
}

function carriedOut(rollouts: Rollouts, rollout: Rollout, order: RolloutOrder): RolloutDecision {
  const { author, reason } = order;
  if (rollout.phase === "awaiting-approval" && order.kind !== "abort") {
    // No order takes the place of an approval.
    return { rollouts: { ...rollouts, order: null }, actions: [] };
  }
  switch (order.kind) {
    case "promote":
      return { rollouts: { ...rollouts, request: { kind: "fleet" } }, actions: [{ kind: "read-fleet" }] };
    case "pause":
      return move(rollouts, withPhase(rollout, "paused", `${author}: ${reason}`));
    case "abort":
      return move(rollouts, withPhase(rollout, "rolled-back", `${author}: ${reason}`), {
        skips: [skipFor({ hash: rollout.hash, by: author, at: new Date(order.at).toISOString(), reason })],
      });
  }
}

/**
 * The move of a host on which the candidate failed or was rolled back, whose source went back to the head, or that
 * verified the approvals; null: none is due.
 */
function ownMove(rollouts: Rollouts, rollout: Rollout, own: OwnFacts): RolloutDecision | null {
  const { instance, view, source, before } = rollouts;
  if (source === view?.head?.hash && before === rollout.hash) {
    return move(rollouts, withPhase(rollout, "withdrawn", `${instance}: its source went back`));
  }
  if (rollout.phase === "awaiting-approval") {
    return view?.isApproved === true ? move(rollouts, withPhase(rollout, "admitting", null)) : null;
  }
  const taken = own.taken.find((one) => one.hash === rollout.hash);
  if (taken !== undefined) {
    return move(rollouts, withPhase(rollout, "rolled-back", `${taken.by}: ${taken.reason}`), { skips: [taken] });
  }
  const failure = failureOf(rollouts, rollout, own);
  if (failure === null || (rollout.phase === "halted" && rollout.onFailure === "halt")) return null;
  const why = `${instance}: ${failure.why}`;
  if (rollout.onFailure === "halt") return move(rollouts, withPhase(rollout, "halted", why));
  const skip = skipFor({ hash: rollout.hash, by: `the rollout, on ${instance}`, at: failure.at, reason: failure.why });
  return move(rollouts, withPhase(rollout, "rolled-back", why), { skips: [skip] });
}

/** Why the candidate failed on this host, which is let in, and when; null: it did not. */
function failureOf(
  { instance, rejected }: Rollouts,
  rollout: Rollout,
  own: OwnFacts,
): { readonly why: string; readonly at: string } | null {
  if (!isLetIn(rollout, instance)) return null;
  const skip = own.ownSkips.find((one) => one.hash === rollout.hash);
  if (skip !== undefined) return { why: skip.reason, at: skip.at };
  // The moment of a failure that was not rolled back is not kept, and the proposal's is near it.
  if (own.active === rollout.hash && own.state === "failed") return { why: "its health checks failed", at: rollout.at };
  if (rejected?.hash !== rollout.hash) return null;
  return { why: rejected.why, at: new Date(rejected.at).toISOString() };
}

const MAX_NAMED = 3;

function namesOf(hosts: readonly { readonly name: string }[]): string {
  const names = hosts.slice(0, MAX_NAMED).map(({ name }) => name).join(", ");
  return hosts.length > MAX_NAMED ? `${names} and ${hosts.length - MAX_NAMED} more` : names;
}

function reported(report: RolloutReport): RolloutAction {
  return { kind: "report", report };
}
