// The exchange between rollouts and the reloads of one host: the facts by which a source is judged, the release that a
// host is to run, and the events that rollouts make of others.
import { type Agreement, isHeadKnown } from "../agreement/agreement.ts";
import type { ClusterEvent } from "../agreement/agree.ts";
import type { Head } from "../agreement/head.ts";
import { isLetIn, isUnderWay } from "../agreement/rollout.ts";
import { isFrozen } from "../releases/admission.ts";
import type { Approval, Held, Pinned } from "../releases/release.ts";
import { runningRelease, skipOf } from "../releases/release.ts";
import { decideRollout, factsOf, type RolloutDecision, unlinked } from "../rollout/decide_rollout.ts";
import type { OwnFacts, RolloutEvent, Rollouts } from "../rollout/rollouts.ts";
import { isStaged, stagingOf, type StoreView, targetOf, underWay } from "../rollout/staging.ts";
import type { Event } from "./events.ts";
import { type HintReason, isManual, type State } from "./state.ts";

/** Why a source is not in force, and the hash to run in its place; null: the active one stays. */
export interface StagedHold {
  readonly held: Held;
  readonly target: string | null;
}

/** Returns why a rollout keeps a valid source back; null: it may run. A person can order it without the steps. */
export function heldByRollout<C>(
  state: State<C>,
  hash: string,
  reasons: readonly HintReason[],
): StagedHold | null {
  const { rollouts, agreement } = state;
  // A rollout would wait for the approvals without which an emergency runs the change.
  if (rollouts === null || agreement === null || isWithoutSteps(reasons)) return null;
  const facts = factsOf(rollouts, ownFacts(state));
  const staging = stagingOf(facts, hash);
  if (staging.kind === "run") return null;
  const { refused, trouble } = rollouts;
  const skip = staging.target === null ? null : skipOf(state.releases.kept, staging.target);
  if (skip !== null && (staging.why === "late" || staging.why === "ahead")) {
    const detail = `${skip.by} took it back: ${skip.reason}`;
    return { held: { kind: "staged", hash, why: "taken-back", detail }, target: staging.target };
  }
  const detail = staging.why === "refused" ? refused?.reason ?? null : staging.why === "proposing" ? trouble : null;
  return { held: { kind: "staged", hash, why: staging.why, detail }, target: staging.target };
}

/**
 * Returns why a valid source with the hash would be held if it were looked at now; null: nothing of the fleet is known to
 * hold it. Approvals of a source are known only when it was looked at.
 */
export function heldInPlan<C>(state: State<C>, hash: string): Held | null {
  const { rollouts, releases: { held } } = state;
  if (held?.kind === "unapproved" && held.hash === hash) return held;
  if (rollouts === null) return null;
  const isNew = hash !== rollouts.source;
  const looked = isNew
    ? { ...rollouts, before: rollouts.source ?? rollouts.before, late: null, refused: null }
    : rollouts;
  return heldByRollout({ ...state, rollouts: looked }, hash, [])?.held ?? null;
}

/** Whether the rollout of a held source is under way, or is to be proposed. */
export function awaitsStep(held: Held): boolean {
  return held.kind === "staged" && (held.why === "waiting" || held.why === "proposing");
}

/**
 * Returns why missing approvals keep a config back; null: they do not. A config that ran on this host before needs
 * none, and in an emergency root can do without.
 */
export function heldByApproval<C>(
  state: State<C>,
  hash: string,
  approval: Approval | null | undefined,
  reasons: readonly HintReason[],
): StagedHold | null {
  const { active, releases: { kept } } = state;
  if (approval == null || approval.isApproved || hash === active?.hash || reasons.includes("emergency")) return null;
  if (kept.list.some((one) => one.hash === hash && one.until !== null)) return null;
  const target = storeTarget(state);
  return { held: { kind: "unapproved", hash, approval }, target: target === hash ? null : target };
}

/** The hash that the fleet wants this host to run; null: not known, or hosts take changes up at once. */
export function storeTarget<C>({ rollouts }: Pick<State<C>, "rollouts">): string | null {
  return rollouts !== null && isStaged(rollouts) ? targetOf(rollouts) : null;
}

/** The hash that takes the place of a skipped one: the fleet's. A lost head is none, and a hold lets no candidate in. */
export function headOf<C>(state: State<C>, at: number): string | null {
  const { agreement, releases: { kept } } = state;
  const known = agreement !== null && isHeadKnown(agreement.head, agreement.ledger) ? agreement.head.hash : null;
  return isFrozen(kept, at) ? known : storeTarget(state) ?? known;
}

/** The release that runs in place of a source for the fleet's sake. It is no change of this host. */
export function followed(hash: string): Pinned {
  const terms = { cause: "cluster", author: null, reason: "the fleet runs it" } as const;
  return { hash, scope: "fleet", undoes: [], ...terms, isFollowed: true };
}

/** Whether the fleet wants another release by now than the one that is to be put in force for its sake. */
export function isOvertaken<C>(state: State<C>, { hash, isFollowed }: Pinned, at: number): boolean {
  const { rollouts, active, releases: { kept } } = state;
  if (!isFollowed || hash === active?.hash) return false;
  const wanted = isFrozen(kept, at) ? headOf(state, at) : storeTarget(state);
  return rollouts !== null && isStaged(rollouts) && wanted !== hash;
}

/** The hash of a host without a source. A store that has no answer changes nothing in force. */
export function hashWithoutSource<C>(state: State<C>, at: number): string | null {
  const { rollouts, active } = state;
  const isInSteps = rollouts !== null && isStaged(rollouts);
  return (isInSteps ? storeTarget(state) : headOf(state, at)) ?? active?.hash ?? null;
}

/** Whether a candidate was ended, or this host was left behind, since the look at it began. */
export function isCandidateGone<C>({ rollouts }: State<C>, hash: string): boolean {
  const rollout = rollouts?.view?.stored?.rollout ?? null;
  if (rollouts === null || rollout === null || rollout.hash !== hash) return false;
  return rollouts.view?.head?.hash !== hash && targetOf(rollouts) !== hash;
}

/**
 * Whether this host runs a hash that is not the head yet, and is not to be announced by it now. With steps only a
 * rollout that is done and a person make a hash the head: this one may be a candidate, also one that another took the
 * place of. If nobody else restores a lost head, it becomes it. A release that this host went back to by itself is none.
 */
export function runsCandidate<C>({ rollouts, agreement, active, releases: { kept: { pinned } } }: State<C>): boolean {
  if (rollouts === null || agreement === null || active === null) return false;
  const { hash } = active;
  const { ledger, loss } = agreement;
  if (rollouts.finished === hash || ledger.owed?.hash === hash || loss === "waited") return false;
  if (rollouts.candidate === hash) return true;
  if (pinned?.scope === "host" && pinned.hash === hash) return false;
  return rollouts.policy !== null && ledger.agreed !== null && ledger.agreed.hash !== hash;
}

/**
 * Whether this host runs a hash that its fleet never agreed on, and that no person took up without the steps of a
 * rollout.
 */
export function runsUnagreed<C>({ rollouts, agreement, active }: State<C>): boolean {
  if (rollouts === null || agreement === null || active === null || !isStaged(rollouts)) return false;
  const { agreed, owed } = agreement.ledger;
  return agreed !== null && agreed.hash !== active.hash && owed?.hash !== active.hash;
}

/**
 * Takes in that this host runs a candidate, before a head is compared: without steps of its own it cannot know that at
 * its start, and owes the candidate as a change.
 */
export function withCandidate<C>(state: State<C>, event: ClusterEvent): State<C> {
  const { rollouts, agreement, active } = state;
  const rollout = event.kind === "head-read" ? event.rollout?.rollout ?? null : null;
  if (event.kind !== "head-read" || rollout === null || rollouts === null || agreement === null) return state;
  const isCandidate = isUnderWay(rollout, event.head, event.skips) && rollout.hash === active?.hash;
  if (!isCandidate || rollouts.policy !== null || rollouts.finished === rollout.hash) return state;
  return { ...state, agreement: { ...agreement, isHeldBack: true, ledger: { ...agreement.ledger, owed: null } } };
}

/** The head over which this host is to announce the candidate that it runs, which is no change of its own; null: no. */
export function finishesOver<C>({ rollouts, active }: State<C>): Head | null {
  const view = rollouts?.view ?? null;
  const rollout = underWay(view);
  const isDone = rollout !== null && rollout.hash === rollouts?.finished && rollout.hash === active?.hash;
  return isDone ? view?.head ?? null : null;
}

/** Takes an event into the rollouts, after the rest of the state took it in. */
export function withRollouts<C>(before: State<C>, state: State<C>, event: Event<C>): RolloutDecision | null {
  const { rollouts, agreement } = state;
  if (rollouts === null || agreement === null || state.stopping) return null;
  if (event.kind === "unlinked") return unlinked(rollouts);
  const known = event.kind === "looked"
    ? withLook(before, rollouts, event)
    : event.kind === "activated"
    ? withRefusal(before, rollouts, event)
    : rollouts;
  const decision = decideRollout(known, eventOf(before, state, event), ownFacts(state));
  const actions = signatureOf(rollouts) === signatureOf(decision.rollouts)
    ? decision.actions
    : [...decision.actions, { kind: "hint", reason: "recheck" } as const];
  return { rollouts: decision.rollouts, actions };
}

/** The part of the store's view that decides which release this host runs. */
function signatureOf(rollouts: Rollouts): string {
  // Then rollouts change nothing here.
  if (!isStaged(rollouts)) return "";
  const rollout = underWay(rollouts.view);
  const facts = [
    targetOf(rollouts),
    rollout?.hash,
    rollout !== null && isLetIn(rollout, rollouts.instance),
  ];
  return JSON.stringify([...facts, rollouts.view === null, rollouts.finished]);
}

function eventOf<C>(before: State<C>, { agreement, rollouts }: State<C>, event: Event<C>): RolloutEvent {
  const known = (view: StoreView) => asKnown(view, agreement, rollouts?.view?.head ?? null);
  switch (event.kind) {
    case "head-read": {
      const { head, skips, rollout = null, rolloutMark = null, isApproved = false, random = 0 } = event;
      const view = { head, skips, stored: rollout, mark: rolloutMark, isApproved };
      return { kind: "store-read", view: known(view), random };
    }
    case "fleet-answered": {
      const { answer } = event;
      return answer.ok ? { ...event, answer: { ...answer, view: known(answer.view) } } : event;
    }
    case "move-answered": {
      // The head may have moved on while the answer was under way.
      const { answer } = event;
      const hasNoView = answer.kind === "failed" || answer.kind === "gone";
      return hasNoView ? event : { ...event, answer: { ...answer, view: known(answer.view) } };
    }
    case "rollout-due":
    case "rollout-ordered":
    case "published":
      return event;
    default: {
      const view = rollouts?.view ?? null;
      const head = agreement?.head ?? null;
      const isKnown = agreement !== null && isHeadKnown(head, agreement.ledger);
      const isMoved = isKnown && head !== before.agreement?.head && view !== null;
      return isMoved ? { kind: "store-read", view: known({ ...view, head }), random: 0 } : { kind: "news" };
    }
  }
}

/**
 * The content of the store, without a head that is lost or older than one that was seen. Answers overtake one another,
 * and the head of one about the fleet or a move (`last`) is in no ledger.
 */
function asKnown(view: StoreView, agreement: Agreement | null, last: Head | null): StoreView {
  const isOlder = last !== null && view.head !== null && view.head.generation < last.generation;
  const isKnown = agreement === null || isHeadKnown(view.head, agreement.ledger);
  return isKnown && !isOlder ? view : { ...view, head: null };
}

/** Takes in that a check refused a candidate, as if the candidate were not valid. */
function withRefusal<C>(
  { work }: State<C>,
  rollouts: Rollouts,
  { result, at }: Extract<Event<C>, { kind: "activated" }>,
): Rollouts {
  if (work.kind !== "activating" || result.kind !== "refused") return rollouts;
  return { ...rollouts, rejected: { hash: work.proposal.hash, why: result.reason, at } };
}

/** Takes in the result of a look at this host's source, or at the candidate. */
function withLook<C>(before: State<C>, rollouts: Rollouts, event: Extract<Event<C>, { kind: "looked" }>): Rollouts {
  const { outcome, at } = event;
  const { work, releases: { terms } } = before;
  const valid = rollouts.source ?? rollouts.before;
  if (work.kind !== "looking") return rollouts;
  if (work.back !== null) {
    if (outcome.kind !== "unreadable" || outcome.isRefused !== true) return rollouts;
    return { ...rollouts, rejected: { hash: work.back.hash, why: outcome.reason, at } };
  }
  if (outcome.kind === "rejected") {
    const { hash = null, reason } = outcome;
    const rejected = hash === null ? rollouts.rejected : { hash, why: reason, at };
    return { ...rollouts, rejected, source: null, before: valid };
  }
  // A file that was removed on purpose is no change to propose.
  if (outcome.kind === "none") return { ...rollouts, source: null, before: valid };
  if (outcome.kind !== "candidate") return rollouts;
  if (outcome.hash === rollouts.source) {
    // A person that reloads wants to know whether it can be proposed by now.
    return isManual(work.reasons) ? { ...rollouts, refused: null } : rollouts;
  }
  const isLagging = rollouts.late !== null || valid === null;
  return { ...rollouts, source: outcome.hash, before: valid, terms, late: null, isLagging, refused: null };
}

function ownFacts<C>(state: State<C>): OwnFacts {
  const { agreement, active, releases: { kept } } = state;
  const running = runningRelease(kept);
  const unannounced = [...kept.pinned?.undoes ?? [], ...agreement?.ledger.owed?.undoes ?? []];
  return {
    isLinked: agreement?.linked ?? false,
    isFresh: agreement?.isFresh ?? false,
    active: active?.hash ?? null,
    state: running?.hash === active?.hash ? running?.state ?? null : null,
    isFrozen: kept.hold !== null,
    ownSkips: kept.skips.filter(({ scope }) => scope === "host"),
    taken: kept.skips.filter(({ scope, hash }) => scope === "fleet" && unannounced.includes(hash))
      .map(({ scope: _, ...skip }) => skip),
    concluded: agreement?.ledger.concluded ?? null,
    owed: owedOf(state),
    isFollowing: kept.pinned?.cause === "cluster" && kept.pinned.hash === active?.hash,
    hasFollowed: kept.pinned?.isFollowed === true && kept.pinned.hash === active?.hash,
    agreedGeneration: agreement?.ledger.agreed?.generation ?? 0,
  };
}

/** The hash that this host announces, or is about to put in force on the order of a person. */
function owedOf<C>({ agreement, work, active }: State<C>): string | null {
  if (work.kind === "activating" && work.back === null && isWithoutSteps(work.reasons)) return work.proposal.hash;
  const request = agreement?.request ?? null;
  if (request?.kind === "announcement") return request.hash;
  const owed = agreement?.ledger.owed?.hash ?? null;
  // After a restart it may be the hash that was in force before.
  return owed === active?.hash ? owed : null;
}

/** Whether a person wants the source to be taken up on all hosts at once. */
export function isWithoutSteps(reasons: readonly string[]): boolean {
  return reasons.includes("now") || reasons.includes("force") || reasons.includes("emergency");
}
