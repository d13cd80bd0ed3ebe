// The consequences of the result of a look: a source or an earlier release is put in force, or the active snapshot
// stays.
import { forced, heldBack, localised, mayGoBack, owedBack, substituteOf, unpinned } from "../releases/admission.ts";
import { timersOf } from "../releases/decide_releases.ts";
import { withLateTerms } from "../releases/new_release.ts";
import { type Held, type Pinned, skipOf } from "../releases/release.ts";
import { backoffMilliseconds } from "../time/backoff.ts";
import type { Decision, Event, LookOutcome } from "./events.ts";
import { incomingOf, releasesWith } from "./incoming.ts";
import {
  arm,
  disarm,
  impliesEdit,
  isRefusedAlready,
  isRepeated,
  lookBack,
  maySupersede,
  proceed,
  reported,
  retryCovers,
  withHeld,
  withoutTerms,
} from "./proceeding.ts";
import type { LoopReport, ReloadReport } from "./report.ts";
import {
  followed,
  hashWithoutSource,
  headOf,
  heldByApproval,
  heldByRollout,
  isCandidateGone,
  isOvertaken,
  runsUnagreed,
  type StagedHold,
  storeTarget,
} from "./staged.ts";
import {
  type Change,
  type HintReason,
  isManual,
  joinReasons,
  type SnapshotId,
  type State,
  type Work,
} from "./state.ts";

/** The wait for a text is that of the third attempt: some seconds. That for approvals is longer: a store may be slow. */
const TEXT_ATTEMPT = 3;
const APPROVALS_ATTEMPT = 5;

type Looked<C> = Extract<Event<C>, { kind: "looked" }>;

type Looking<C> = Extract<Work<C>, { kind: "looking" }>;

type Found<C> = Extract<LookOutcome<C>, { kind: "candidate" }>;

export function looked<C>(state: State<C>, { reasons, back, held }: Looking<C>, event: Looked<C>): Decision<C> {
  const { outcome, at } = event;
  const common = { reasons, durationMilliseconds: event.tookMilliseconds };
  if (back !== null) return lookedBack(state, { reasons, back, held }, event);
  const { kept } = state.releases;
  if (outcome.kind === "none") return follow(state, reasons, event);
  if (outcome.kind !== "candidate") {
    const instead = insteadOf(state, outcome, at);
    if (instead !== null) return lookBack(state, reasons, instead, null);
    const unheld = withHeld(state, null);
    if (outcome.kind === "rejected") return rejected(unheld, outcome, common);
    return unreadable(unheld, outcome, common, event.random);
  }
  const { hash } = outcome;
  const isForced = reasons.includes("force");
  const refusal = heldBack(kept, { hash, isForced, at });
  if (refusal !== null) return holdBack(state, reasons, refusal, event);
  const staged = heldByApproval(state, hash, outcome.approval, reasons) ??
    (isForced ? null : heldByRollout(state, hash, reasons));
  if (staged !== null) return holdStaged(state, reasons, staged, event);
  const admitted = isForced ? forced(kept, hash) : kept;
  const next = withHeld({ ...state, releases: { ...state.releases, kept: admitted } }, null);
  return place(next, { reasons, back: null, held: null }, outcome, event);
}

/**
 * The release to put in force although the source is not valid, or cannot be read: the target of a rollback, and during
 * a rollout the fleet's release. Null: the active snapshot stays.
 */
function insteadOf<C>(
  state: State<C>,
  outcome: Exclude<LookOutcome<C>, { readonly kind: "candidate" | "none" }>,
  at: number,
): Pinned | null {
  const { active, releases: { kept } } = state;
  if (active === null) return null;
  const owed = owedBack(kept, active.hash, headOf(state, at));
  // A rollback that could not be carried out yet does not wait for a source that is valid.
  if (owed !== null && !isOvertaken(state, owed, at)) return mayGoBack(kept, owed, at) ? owed : null;
  const target = storeTarget(state);
  const isUnread = outcome.kind === "unreadable" || outcome.isUnread === true;
  // A store that was flushed has forgotten the rollout of a candidate.
  const isLeft = isCandidateGone(state, active.hash) || runsUnagreed(state);
  if (target === null || target === active.hash || !(isUnread || isLeft)) return null;
  const instead = followed(target);
  return skipOf(kept, target) === null && mayGoBack(kept, instead, at) ? instead : null;
}

/** Without a file the host runs the fleet's release, or goes on with its own. */
function follow<C>(state: State<C>, reasons: readonly HintReason[], event: Looked<C>): Decision<C> {
  const { active, releases: { kept, terms } } = state;
  const hash = hashWithoutSource(state, event.at);
  if (hash === null) {
    const reason = "There is no file and nothing in force, and the store has no release or cannot be reached";
    const common = { reasons, durationMilliseconds: event.tookMilliseconds };
    return unreadable(state, { kind: "unreadable", fingerprint: "no-source", reason }, common, event.random);
  }
  const isForced = reasons.includes("force");
  const refusal = heldBack(kept, { hash, isForced, at: event.at });
  if (refusal !== null) return holdBack(state, reasons, refusal, event);
  const unheld = withHeld(state, null);
  if (!isForced || hash === active?.hash) return lookBack(unheld, reasons, followed(hash), null);
  const ordered = { ...unheld, releases: { ...unheld.releases, kept: forced(kept, hash) } };
  const wanted = { ...followed(hash), cause: "force", author: terms?.author ?? null, isFollowed: false } as const;
  return lookBack(ordered, reasons, wanted, null);
}

/** The fleet's release, if this host still runs another candidate; null: it does not. */
function leftBehind<C>(state: State<C>): Pinned | null {
  const { active, releases: { kept } } = state;
  const target = storeTarget(state);
  const isBehind = target !== null && target !== active?.hash && skipOf(kept, target) === null;
  return isBehind ? followed(target) : null;
}

/** A rollout or a missing approval keeps the source back: the fleet's release takes its place. */
function holdStaged<C>(
  state: State<C>,
  reasons: readonly HintReason[],
  { held, target }: StagedHold,
  event: Looked<C>,
): Decision<C> {
  const { kept } = state.releases;
  const back = target === null ? null : followed(target);
  // The active release is looked at too, since its secrets may have changed, but not for the moment of a proposal.
  const isBrief = target === state.active?.hash && held.kind === "staged" && held.why === "proposing";
  if (back === null || isBrief || skipOf(kept, back.hash) !== null || !mayGoBack(kept, back, event.at)) {
    return stay(state, reasons, held, event);
  }
  return lookBack(withoutTerms(state, reasons), reasons, back, held);
}

/** The source is not to be run: the active snapshot stays, or the release that runs in its place is looked at. */
function holdBack<C>(state: State<C>, reasons: readonly HintReason[], held: Held, event: Looked<C>): Decision<C> {
  const { active, releases: { kept } } = state;
  // A hold keeps the source back, and not the release in force if that was rolled back.
  const skip = held.kind === "skipped" ? held.skip : active === null ? null : skipOf(kept, active.hash);
  const substitute = skip === null ? null : substituteOf(kept, skip, headOf(state, event.at)) ?? leftBehind(state);
  if (substitute === null || !mayGoBack(kept, substitute, event.at)) {
    return stay(state, reasons, held, event);
  }
  const stillHeld = substitute.hash === held.hash ? null : held;
  return lookBack(withoutTerms(state, reasons), reasons, substitute, stillHeld);
}

/** The release in force stays on purpose. */
function stay<C>(
  state: State<C>,
  reasons: readonly HintReason[],
  held: Held,
  event: Looked<C>,
): Decision<C> {
  const before = state.releases.held;
  const repeated = !isManual(reasons) && before !== null && before.kind === held.kind && before.hash === held.hash &&
    detailOf(before) === detailOf(held);
  const disarmed = disarm(withoutTerms(withHeld({ ...state, trouble: null }, held), reasons));
  const running = state.active?.hash ?? null;
  const common = { reasons, durationMilliseconds: event.tookMilliseconds };
  const report: LoopReport<C> = { kind: "held", ...common, running, held, repeated };
  const stayed = proceed(disarmed.state, [...disarmed.actions, reported(report)]);
  // Nothing else leads to another look if it was only for a moment. A link that comes up does.
  const isUnread = held.kind === "unapproved" && held.approval.trouble !== null;
  return isUnread && state.agreement?.linked === true ? withRetry(stayed, APPROVALS_ATTEMPT, event.random) : stayed;
}

function detailOf(held: Held): string | null {
  switch (held.kind) {
    case "skipped":
      return held.trouble;
    case "frozen":
      return null;
    case "staged":
      return `${held.why} ${held.detail ?? ""}`;
    case "unapproved":
      return `${held.approval.have} ${held.approval.trouble ?? ""}`;
  }
}

/** The part of a look that a write takes over. */
type Origin<C> = Pick<Looking<C>, "reasons" | "held" | "back">;

/** An earlier release was looked at. If it cannot be had, the active one stays, unless it must not run. */
function lookedBack<C>(state: State<C>, origin: Origin<C> & { readonly back: Pinned }, event: Looked<C>): Decision<C> {
  const { outcome, at } = event;
  const { reasons, back, held } = origin;
  const { kept } = state.releases;
  // A hold keeps the active release; its secrets may have changed.
  const mayRun = back.hash === state.active?.hash || mayGoBack(kept, back, at);
  if (
    state.waiting.includes("rollback") || skipOf(kept, back.hash) !== null || !mayRun || isOvertaken(state, back, at)
  ) {
    // An order, a hold or the store overtook this look.
    const others = reasons.filter((one) => one !== "rollback");
    return proceed({ ...state, waiting: joinReasons(joinReasons(others, state.waiting), ["recheck"]) }, []);
  }
  if (outcome.kind === "none") throw new Error("a release cannot be without a text on purpose");
  if (outcome.kind === "candidate") {
    const unapproved = heldByApproval(state, outcome.hash, outcome.approval, reasons);
    if (unapproved !== null) return stay(state, reasons, unapproved.held, event);
    const isPinned = kept.pinned === back || back.hash === state.active?.hash;
    // A rollback that is not announced yet becomes this host's matter.
    const pinned = isPinned ? kept : { ...kept, pinned: back, skips: localised(kept.skips, kept.pinned?.undoes ?? []) };
    return place({ ...state, releases: { ...state.releases, kept: pinned } }, origin, outcome, event);
  }
  const mayStay = state.active !== null && skipOf(kept, state.active.hash) === null;
  if (mayStay && held?.kind === "skipped" && !reasons.includes("rollback")) {
    const stayed = stay(state, reasons, { ...held, trouble: outcome.reason }, event);
    return back.hash === storeTarget(state) ? withTextRetry(stayed, event) : stayed;
  }
  if (mayStay && held !== null && held.kind !== "skipped" && back.hash === state.active?.hash) {
    return stay(state, reasons, held, event);
  }
  // A valid source is proposed although the active hash is skipped: nothing else would end that.
  if (state.active !== null && held?.kind === "staged") {
    return withTextRetry(stay(state, reasons, { ...held, detail: outcome.reason }, event), event);
  }
  // A person hears first that the rollback failed.
  const instead = mayStay || reasons.includes("rollback") ? null : headInstead(state, back, at);
  if (instead !== null) return lookBack(state, reasons, instead, held);
  const known = held === null ? state : withHeld(state, held);
  const common = { reasons, durationMilliseconds: event.tookMilliseconds };
  if (outcome.kind === "rejected") return rejected(known, outcome, common);
  return unreadable(known, outcome, common, event.random);
}

/** The text of a release of the fleet may come later, without a hint. */
function withTextRetry<C>(stayed: Decision<C>, { outcome, random }: Looked<C>): Decision<C> {
  const isLate = outcome.kind === "unreadable" && outcome.isRefused !== true;
  return isLate ? withRetry(stayed, TEXT_ATTEMPT, random) : stayed;
}

function withRetry<C>(stayed: Decision<C>, attempt: number, random: number): Decision<C> {
  if (stayed.state.stopping) return stayed;
  const retry = { kind: "arm-retry", milliseconds: backoffMilliseconds(attempt, random) } as const;
  return { state: { ...stayed.state, retryArmed: true }, actions: [...stayed.actions, retry] };
}

/** The fleet's release, in place of one that cannot be had; null: it may not run here. */
function headInstead<C>(state: State<C>, { hash }: Pinned, at: number): Pinned | null {
  const { kept } = state.releases;
  const head = headOf(state, at);
  if (head === null || head === hash || skipOf(kept, head) !== null) return null;
  const instead = followed(head);
  return mayGoBack(kept, instead, at) ? instead : null;
}

/** Puts a candidate in force if it differs from the active snapshot. */
function place<C>(
  state: State<C>,
  { reasons, back, held }: Origin<C>,
  outcome: Found<C>,
  event: Looked<C>,
): Decision<C> {
  const common = { reasons, durationMilliseconds: event.tookMilliseconds };
  const { hash, contentHash, fingerprint, candidate, text } = outcome;
  const change = changeOf(state.active, outcome);
  if (change === null) {
    if (held !== null) return stay(state, reasons, held, event);
    const known = isManual(reasons) ? withLateTerms(state.releases, event.at) : state.releases.kept;
    const kept = back === null ? unpinned(known, hash) : known;
    const meant = { ...state, releases: { ...state.releases, kept }, trouble: null };
    const disarmed = disarm(withoutTerms(meant, reasons));
    const timers = known === state.releases.kept ? [] : timersOf(kept, event.at);
    const healed = state.trouble?.kind ?? null;
    const report: LoopReport<C> = { kind: "unchanged", ...common, hash, contentHash, healed, candidate };
    return proceed(disarmed.state, [...disarmed.actions, ...timers, reported(report)]);
  }
  if (retryCovers(state, "write-failed", fingerprint, reasons)) {
    return proceed(state, [reported({ kind: "awaiting-retry", ...common, fingerprint })]);
  }
  if (isRefusedAlready(state, fingerprint, reasons)) {
    return proceed(state, [reported({ kind: "awaiting-retry", ...common, fingerprint })]);
  }
  // A source older than the last edit is not worth a check.
  if (maySupersede(state) && state.waiting.some(impliesEdit)) return superseded(state, reasons);
  const { limits, kept } = state.releases;
  const incoming = incomingOf(state, outcome, { reasons, back, at: event.at });
  const releases = releasesWith(kept, { incoming, back }, limits);
  const work: Work<C> = {
    kind: "activating",
    reasons,
    proposal: { hash, contentHash, fingerprint, candidate, text },
    change,
    back,
    held,
    incoming,
    releases,
    lookMilliseconds: event.tookMilliseconds,
  };
  return {
    state: { ...state, work },
    actions: [{ kind: "activate", candidate, releases, isForced: reasons.includes("force") }],
  };
}

/** The source is wrong, or a check refused it: the active snapshot remains, and only another source can change that. */
export function rejected<C>(
  state: State<C>,
  outcome: Extract<LookOutcome<C>, { kind: "rejected" }>,
  common: ReloadReport,
  isRefusal = false,
): Decision<C> {
  const { kind, fingerprint, reason, diagnostics, isUnread = false } = outcome;
  const failure = { ...common, fingerprint, reason, repeated: isRepeated(state, outcome, common.reasons) };
  const disarmed = disarm({
    ...withoutTerms(state, common.reasons),
    trouble: { kind, fingerprint, reason, attempts: 0, ...isRefusal && { isRefusal }, ...isUnread && { isUnread } },
  });
  return proceed(disarmed.state, [...disarmed.actions, reported({ kind, ...failure, diagnostics, isUnread })]);
}

/**
 * The source changed since the look: the next look replaces this one and takes over its reasons. An emergency is for
 * the source that a person saw, and lets no other one pass without approvals.
 */
export function superseded<C>(state: State<C>, reasons: readonly HintReason[]): Decision<C> {
  const waiting = joinReasons(reasons.filter((one) => one !== "emergency"), state.waiting);
  return proceed({ ...state, waiting, supersessions: (state.supersessions ?? 0) + 1 }, []);
}

function unreadable<C>(
  state: State<C>,
  outcome: Extract<LookOutcome<C>, { kind: "unreadable" }>,
  common: ReloadReport,
  random: number,
): Decision<C> {
  const { kind, fingerprint, reason } = outcome;
  const failure = { ...common, fingerprint, reason, repeated: isRepeated(state, outcome, common.reasons) };
  if (retryCovers(state, kind, fingerprint, common.reasons)) {
    const trouble = state.trouble && { ...state.trouble, reason };
    return proceed({ ...state, trouble }, [reported({ kind, ...failure, willRetryInMilliseconds: null })]);
  }
  const armed = arm(state, kind, fingerprint, reason, random);
  const report: LoopReport<C> = { kind, ...failure, willRetryInMilliseconds: armed.milliseconds };
  return proceed(armed.state, [...armed.actions, reported(report)]);
}

/** Returns the change that a write of the proposal would make; null: nothing is to be written. */
function changeOf(active: SnapshotId | null, proposed: SnapshotId & { stored: SnapshotId | null }): Change | null {
  if (active === null) return "both";
  const header = proposed.hash !== active.hash;
  const content = proposed.contentHash !== active.contentHash;
  if (header || content) return header && content ? "both" : header ? "header" : "content";
  const { stored } = proposed;
  return stored?.hash === active.hash && stored.contentHash === active.contentHash ? null : "restored";
}
