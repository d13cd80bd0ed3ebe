// Decides what follows from an event, as a pure function: no I/O, no clock, and only the randomness that the event
// brings. It asks for at most one look or write at a time, lets every hint end in a look that began after it, and moves
// the active snapshot id only after a write succeeded. After `stop` it asks for nothing more.
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { agree, type ClusterAction, type ClusterEvent, type ReloadedEvent } from "../agreement/agree.ts";
import { forced, heldBack, mayGoBack, owedBack, substituteOf, unpinned } from "../releases/admission.ts";
import { decideReleases, type ReleaseAction, type ReleaseEvent, timersOf } from "../releases/decide_releases.ts";
import { withLateTerms } from "../releases/new_release.ts";
import {
  type ChangeCounts,
  type Held,
  type KeptReleases,
  type Pinned,
  runningRelease,
  skipOf,
} from "../releases/release.ts";
import { backoffMilliseconds } from "../time/backoff.ts";
import { reloadedEvent, withClusterNews } from "./reloaded_event.ts";
import { incomingOf, releasesAfter, releasesWith, waitingAfter } from "./incoming.ts";
import type { LoopReport, ReloadReport, Report } from "./report.ts";
import {
  type Change,
  type HintReason,
  isManual,
  joinReasons,
  type Proposal,
  type SnapshotId,
  type State,
  type Trouble,
  type Work,
} from "./state.ts";

/** The result of a look, with the fingerprint of the source that it read. */
export type LookOutcome<Candidate> =
  | (Proposal<Candidate> & {
    readonly kind: "candidate";
    /** The snapshot id in the snapshot file, verified; null: the file is missing or damaged. */
    readonly stored: SnapshotId | null;
  })
  | {
    readonly kind: "rejected";
    readonly fingerprint: string;
    readonly reason: string;
    readonly diagnostics: readonly Diagnostic[];
    /** Whether the source is rejected because it could not be read, which is not tried again without a hint. */
    readonly isUnread?: boolean;
  }
  /** If no byte was read, `fingerprint` is the system's error code. */
  | { readonly kind: "unreadable"; readonly fingerprint: string; readonly reason: string };

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
export type Event<Candidate> = ClusterEvent | ReleaseEvent | ReloadEvent<Candidate>;

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
  | Exclude<ClusterAction | ReleaseAction, { readonly kind: "hint" | "report" }>
  /** Answered by `looked`. */
  | { readonly kind: "look" }
  /** Look at the text of an earlier release; answered by `looked`, whose candidate has this hash. */
  | { readonly kind: "look-back"; readonly hash: string }
  /** Answered by `activated`. The releases are on the disk before the rename, or their write failed. */
  | { readonly kind: "activate"; readonly candidate: Candidate; readonly releases: KeptReleases }
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

/** The new state, and what to do before the next event. */
export interface Decision<Candidate> {
  readonly state: State<Candidate>;
  readonly actions: readonly Action<Candidate>[];
}

/**
 * Takes an event into the state. An answer (`looked`, `activated`) that nothing asked for throws: that is a bug of the
 * loop.
 *
 * @example
 * ```ts
 * decide(initialState(null), { kind: "hint", reason: "start" }).actions; // [{ kind: "look" }]
 * ```
 */
export function decide<C>(state: State<C>, event: Event<C>): Decision<C> {
  const { state: taken, actions } = takeIn(state, event);
  const next = withEntry(state, taken);
  const releases = recordedOf(next);
  // An activation writes them itself.
  if (releases === recordedOf(state) || actions.some((one) => one.kind === "activate")) return { state: next, actions };
  return { state: next, actions: [{ kind: "record", releases }, ...actions] };
}

/** The releases as they are to be on the disk: during a write they have its entry already. */
function recordedOf<C>({ work, releases }: State<C>): KeptReleases {
  return work.kind === "activating" ? work.releases : releases.kept;
}

/** Adds the entry of the write at hand to releases that changed meanwhile. */
function withEntry<C>(before: State<C>, state: State<C>): State<C> {
  const { work, releases: { kept, limits } } = state;
  if (work.kind !== "activating" || before.work.kind !== "activating" || kept === before.releases.kept) return state;
  return { ...state, work: { ...work, releases: releasesWith(kept, work, limits) } };
}

function takeIn<C>(state: State<C>, event: Event<C>): Decision<C> {
  switch (event.kind) {
    case "hint":
    case "retry-due":
    case "stop":
      return reload(state, event);
    case "release-start":
    case "ordered":
    case "release-due":
    case "hooks-settled":
    case "health-checked":
      return state.stopping ? { state, actions: [] } : release(state, event);
    case "looked":
    case "activated": {
      const { state: next, actions } = reload(state, event);
      const report = actions.find((action) => action.kind === "report")?.report;
      if (report === undefined || !("reasons" in report) || next.stopping) return { state: next, actions };
      const decision = consult(next, reloadedEvent(state, next, report, event.random));
      return { state: decision.state, actions: [...actions, ...decision.actions] };
    }
    default:
      return state.stopping ? { state, actions: [] } : hear(state, event);
  }
}

/** Takes in an event of the cluster. Skips that came or went concern the source, whatever the head. */
function hear<C>(state: State<C>, event: ClusterEvent): Decision<C> {
  const releases = withClusterNews(state, event);
  const { state: next, actions } = consult({ ...state, releases }, event);
  const isLookedAt = next.work !== state.work || next.waiting !== state.waiting;
  if (isLookedAt || releases.kept.skips === state.releases.kept.skips) return { state: next, actions };
  const hint = hinted(next, "recheck");
  return { state: hint.state, actions: [...actions, ...hint.actions] };
}

/** Takes an event into the releases. Their hints are treated like any other. */
function release<C>(state: State<C>, event: ReleaseEvent): Decision<C> {
  const { releases, actions } = decideReleases(state.releases, event);
  return withHints({ ...state, releases }, actions);
}

/** Turns the hints among actions of a part into looks. */
function withHints<C>(state: State<C>, actions: readonly (ClusterAction | ReleaseAction)[]): Decision<C> {
  let next = state;
  const all: Action<C>[] = [];
  for (const action of actions) {
    if (action.kind !== "hint") {
      all.push(action);
      continue;
    }
    const hint = hinted(next, action.reason);
    next = hint.state;
    all.push(...hint.actions);
  }
  return { state: next, actions: all };
}

/** Takes an event into the agreement, if there is a cluster. Its hints are treated like any other. */
function consult<C>(state: State<C>, event: ClusterEvent | ReloadedEvent): Decision<C> {
  if (state.agreement === null) return { state, actions: [] };
  const { agreement, actions } = agree(state.agreement, event, state.active?.hash ?? null);
  return withHints({ ...state, agreement }, actions);
}

function reload<C>(state: State<C>, event: ReloadEvent<C>): Decision<C> {
  switch (event.kind) {
    case "hint":
      return hinted(state, event.reason);
    case "retry-due":
      return hinted({ ...state, retryArmed: false }, "retry");
    case "looked":
      if (state.work.kind !== "looking") throw new Error(`looked while ${state.work.kind}`);
      return state.stopping ? finish(state) : looked(state, state.work, event);
    case "activated":
      if (state.work.kind !== "activating") throw new Error(`activated while ${state.work.kind}`);
      return activated(state, state.work, event);
    case "stop":
      return stop(state);
  }
}

/** The newest source wins over a slow check, but a source that changes all the time must be checked now and then. */
const MAX_SUPERSESSIONS = 3;

function maySupersede<C>({ supersessions }: State<C>): boolean {
  return supersessions !== null && supersessions < MAX_SUPERSESSIONS;
}

/** Whether the source may have been edited. A person's request counts, because the file may not be watched. */
function impliesEdit(reason: HintReason): boolean {
  return reason === "file" || reason === "poll" || isManual([reason]);
}

function hinted<C>(state: State<C>, reason: HintReason): Decision<C> {
  if (state.stopping) return { state, actions: [] };
  const waiting = joinReasons(state.waiting, [reason]);
  if (state.work.kind === "idle") return proceed({ ...state, waiting }, []);
  const supersedes = state.work.kind === "activating" && maySupersede(state) && impliesEdit(reason) &&
    !state.waiting.some(impliesEdit);
  return { state: { ...state, waiting }, actions: supersedes ? [{ kind: "supersede" }] : [] };
}

function stop<C>(state: State<C>): Decision<C> {
  if (state.stopping) return { state, actions: [] };
  const calmed = disarm({ ...state, stopping: true, waiting: [] });
  if (state.work.kind === "idle") return finish(calmed.state, calmed.actions);
  return { state: calmed.state, actions: [...calmed.actions, { kind: "abort" }] };
}

type Looked<C> = Extract<Event<C>, { kind: "looked" }>;

type Looking<C> = Extract<Work<C>, { kind: "looking" }>;
type Found<C> = Extract<LookOutcome<C>, { kind: "candidate" }>;

function looked<C>(state: State<C>, { reasons, back, held }: Looking<C>, event: Looked<C>): Decision<C> {
  const { outcome, at } = event;
  const common = { reasons, durationMilliseconds: event.tookMilliseconds };
  if (back !== null) return lookedBack(state, { reasons, back, held }, event);
  const { kept } = state.releases;
  if (outcome.kind !== "candidate") {
    // A rollback that could not be carried out yet does not wait for a source that is valid.
    const owed = state.active && owedBack(kept, state.active.hash, headOf(state));
    if (owed !== null && mayGoBack(kept, owed, at)) return lookBack(state, reasons, owed, null);
    const unheld = withHeld(state, null);
    if (outcome.kind === "rejected") return rejected(unheld, outcome, common);
    return unreadable(unheld, outcome, common, event.random);
  }
  const { hash } = outcome;
  const isForced = reasons.includes("force");
  const refusal = heldBack(kept, { hash, isForced, at });
  if (refusal !== null) return holdBack(state, reasons, refusal, event);
  const admitted = isForced ? forced(kept, hash) : kept;
  const next = withHeld({ ...state, releases: { ...state.releases, kept: admitted } }, null);
  return place(next, { reasons, back: null, held: null }, outcome, event);
}

function headOf<C>({ agreement }: State<C>): string | null {
  return agreement?.head?.hash ?? null;
}

function withHeld<C>(state: State<C>, held: Held | null): State<C> {
  return state.releases.held === held ? state : { ...state, releases: { ...state.releases, held } };
}

/** The source is not to be run: what is in force stays, or the release that runs in its place is looked at. */
function holdBack<C>(state: State<C>, reasons: readonly HintReason[], held: Held, event: Looked<C>): Decision<C> {
  const { kept } = state.releases;
  const substitute = held.kind === "frozen" ? null : substituteOf(kept, held.skip, headOf(state));
  if (substitute === null || !mayGoBack(kept, substitute, event.at)) {
    return stay(state, reasons, held, event.tookMilliseconds);
  }
  return lookBack(state, reasons, substitute, held);
}

function lookBack<C>(
  state: State<C>,
  reasons: readonly HintReason[],
  back: Pinned,
  held: Held | null,
): Decision<C> {
  return {
    state: { ...state, work: { kind: "looking", reasons, back, held } },
    actions: [{ kind: "look-back", hash: back.hash }],
  };
}

/** What is in force stays on purpose. */
function stay<C>(
  state: State<C>,
  reasons: readonly HintReason[],
  held: Held,
  durationMilliseconds: number,
): Decision<C> {
  const before = state.releases.held;
  const repeated = !isManual(reasons) && before !== null && before.kind === held.kind && before.hash === held.hash &&
    troubleIn(before) === troubleIn(held);
  const calmed = disarm(withoutTerms(withHeld({ ...state, trouble: null }, held), reasons));
  const running = state.active?.hash ?? null;
  const report: LoopReport<C> = { kind: "held", reasons, durationMilliseconds, running, held, repeated };
  return proceed(calmed.state, [...calmed.actions, reported(report)]);
}

function troubleIn(held: Held): string | null {
  return held.kind === "skipped" ? held.trouble : null;
}

/** The details of a person are for the reload that the person asked for. */
function withoutTerms<C>(state: State<C>, reasons: readonly HintReason[]): State<C> {
  if (state.releases.terms === null || !isManual(reasons)) return state;
  return { ...state, releases: { ...state.releases, terms: null } };
}

/** The part of a look that a write takes over. */
type Origin<C> = Pick<Looking<C>, "reasons" | "held" | "back">;

/** An earlier release was looked at. If it cannot be had, what is in force stays, unless it must not run. */
function lookedBack<C>(state: State<C>, origin: Origin<C> & { readonly back: Pinned }, event: Looked<C>): Decision<C> {
  const { outcome, at } = event;
  const { reasons, back, held } = origin;
  const { kept } = state.releases;
  if (state.waiting.includes("rollback") || skipOf(kept, back.hash) !== null || !mayGoBack(kept, back, at)) {
    // An order, a hold or the store overtook this look.
    const others = reasons.filter((one) => one !== "rollback");
    return proceed({ ...state, waiting: joinReasons(joinReasons(others, state.waiting), ["recheck"]) }, []);
  }
  if (outcome.kind === "candidate") {
    const pinned = kept.pinned === back ? kept : { ...kept, pinned: back };
    return place({ ...state, releases: { ...state.releases, kept: pinned } }, origin, outcome, event);
  }
  const mayStay = state.active !== null && skipOf(kept, state.active.hash) === null;
  if (mayStay && held?.kind === "skipped" && !reasons.includes("rollback")) {
    return stay(state, reasons, { ...held, trouble: outcome.reason }, event.tookMilliseconds);
  }
  const known = held === null ? state : withHeld(state, held);
  const common = { reasons, durationMilliseconds: event.tookMilliseconds };
  if (outcome.kind === "rejected") return rejected(known, outcome, common);
  return unreadable(known, outcome, common, event.random);
}

/** Puts a candidate in force if it differs from what is. */
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
    if (held !== null) return stay(state, reasons, held, event.tookMilliseconds);
    const known = isManual(reasons) ? withLateTerms(state.releases, event.at) : state.releases.kept;
    const kept = back === null ? unpinned(known, hash) : known;
    const meant = { ...state, releases: { ...state.releases, kept }, trouble: null };
    const calmed = disarm(withoutTerms(meant, reasons));
    const timers = known === state.releases.kept ? [] : timersOf(kept, event.at);
    const healed = state.trouble?.kind ?? null;
    const report: LoopReport<C> = { kind: "unchanged", ...common, hash, contentHash, healed, candidate };
    return proceed(calmed.state, [...calmed.actions, ...timers, reported(report)]);
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
  return { state: { ...state, work }, actions: [{ kind: "activate", candidate, releases }] };
}

/** The source is wrong, or a check refused it: the active snapshot remains, and only another source can change that. */
function rejected<C>(
  state: State<C>,
  outcome: Extract<LookOutcome<C>, { kind: "rejected" }>,
  common: ReloadReport,
  isRefusal = false,
): Decision<C> {
  const { kind, fingerprint, reason, diagnostics, isUnread = false } = outcome;
  const failure = { ...common, fingerprint, reason, repeated: isRepeated(state, outcome, common.reasons) };
  const calmed = disarm({
    ...withoutTerms(state, common.reasons),
    trouble: { kind, fingerprint, reason, attempts: 0, ...isRefusal && { isRefusal }, ...isUnread && { isUnread } },
  });
  return proceed(calmed.state, [...calmed.actions, reported({ kind, ...failure, diagnostics, isUnread })]);
}

/** The source changed since the look: the next look replaces this one and takes over its reasons. */
function superseded<C>(state: State<C>, reasons: readonly HintReason[]): Decision<C> {
  const waiting = joinReasons(reasons, state.waiting);
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

function activated<C>(
  state: State<C>,
  work: Extract<Work<C>, { kind: "activating" }>,
  event: Extract<Event<C>, { kind: "activated" }>,
): Decision<C> {
  const { reasons, proposal: { fingerprint } } = work;
  const common = { reasons, durationMilliseconds: work.lookMilliseconds + event.tookMilliseconds };
  const { result } = event;
  if (result.kind === "superseded" && !state.stopping) return superseded(state, reasons);
  if (state.supersessions !== null) state = { ...state, supersessions: 0 };
  if (result.kind === "written") return written(state, work, event, result);
  // A write that fails while stopping was aborted, or cannot be tried again: the next start looks anyway.
  if (state.stopping || result.kind === "superseded") return finish(state);
  const { reason } = result;
  if (result.kind === "refused") return rejected(state, { ...result, kind: "rejected", fingerprint }, common, true);
  const failed = { kind: "write-failed", fingerprint, reason } as const;
  const repeated = isRepeated(state, failed, reasons);
  const armed = arm(state, failed.kind, fingerprint, reason, event.random);
  const report: Report<C> = { ...failed, ...common, repeated, willRetryInMilliseconds: armed.milliseconds };
  return proceed(armed.state, [...armed.actions, reported(report)]);
}

function written<C>(
  before: State<C>,
  work: Extract<Work<C>, { kind: "activating" }>,
  event: Extract<Event<C>, { kind: "activated" }>,
  result: Extract<ActivationResult, { kind: "written" }>,
): Decision<C> {
  const { reasons, proposal: { hash, contentHash, candidate }, change, held } = work;
  const kept = releasesAfter(before, work, result);
  const release = runningRelease(kept)?.number === runningRelease(before.releases.kept)?.number
    ? null
    : runningRelease(kept);
  const state: State<C> = { ...before, releases: { ...before.releases, kept, held, terms: null } };
  const calmed = disarm({
    ...state,
    active: { hash, contentHash },
    trouble: null,
    waiting: waitingAfter(before, work),
  });
  const report = reported<C>({
    kind: "activated",
    reasons,
    durationMilliseconds: work.lookMilliseconds + event.tookMilliseconds,
    hash,
    contentHash,
    healed: before.trouble?.kind ?? null,
    candidate,
    change,
    release,
    held,
  });
  const timers = release === null || state.stopping ? [] : timersOf(kept, event.at);
  const actions: Action<C>[] = [...calmed.actions, ...timers, report];
  return state.stopping ? finish(calmed.state, actions) : proceed(calmed.state, actions);
}

/** Returns what a write of the proposal would change; null: nothing is to be written. */
function changeOf(active: SnapshotId | null, proposed: SnapshotId & { stored: SnapshotId | null }): Change | null {
  if (active === null) return "both";
  const header = proposed.hash !== active.hash;
  const content = proposed.contentHash !== active.contentHash;
  if (header || content) return header && content ? "both" : header ? "header" : "content";
  const { stored } = proposed;
  return stored?.hash === active.hash && stored.contentHash === active.contentHash ? null : "restored";
}

function isRepeated<C>(
  { trouble }: State<C>,
  failed: Pick<Trouble, "kind" | "fingerprint" | "reason">,
  reasons: readonly HintReason[],
): boolean {
  return !isManual(reasons) && trouble?.kind === failed.kind && trouble.fingerprint === failed.fingerprint &&
    trouble.reason === failed.reason;
}

/** Whether a check has refused this source, and neither an edit nor a person asks for it again. */
function isRefusedAlready<C>({ trouble }: State<C>, fingerprint: string, reasons: readonly HintReason[]): boolean {
  return trouble?.isRefusal === true && trouble.fingerprint === fingerprint && !reasons.some(impliesEdit);
}

/** Whether a running retry timer is for the same failure, and no person asked for a reload before its backoff ends. */
function retryCovers<C>(
  { trouble, retryArmed }: State<C>,
  kind: Trouble["kind"],
  fingerprint: string,
  reasons: readonly HintReason[],
): boolean {
  return retryArmed && trouble?.kind === kind && trouble.fingerprint === fingerprint && !isManual(reasons);
}

function arm<C>(
  state: State<C>,
  kind: Trouble["kind"],
  fingerprint: string,
  reason: string,
  random: number,
): Decision<C> & { milliseconds: number } {
  const { trouble } = state;
  const same = trouble?.kind === kind && trouble.fingerprint === fingerprint;
  const attempts = same ? trouble.attempts + 1 : 1;
  const milliseconds = backoffMilliseconds(attempts, random);
  return {
    state: {
      ...state,
      trouble: { kind, fingerprint, reason, attempts },
      retryArmed: true,
      waiting: withoutRetry(state.waiting),
    },
    actions: [{ kind: "arm-retry", milliseconds }],
    milliseconds,
  };
}

function disarm<C>(state: State<C>): Decision<C> {
  return {
    state: { ...state, retryArmed: false, waiting: withoutRetry(state.waiting) },
    actions: state.retryArmed ? [{ kind: "disarm-retry" }] : [],
  };
}

/** Drops a retry that fell due during the work: it was for the trouble before, which the work's result replaces. */
function withoutRetry(waiting: readonly HintReason[]): readonly HintReason[] {
  return waiting.filter((reason) => reason !== "retry");
}

/** Ends the work: the hints that waited begin one look at once. */
function proceed<C>(state: State<C>, actions: readonly Action<C>[]): Decision<C> {
  if (state.waiting.length === 0) return { state: { ...state, work: { kind: "idle" } }, actions };
  const { pinned } = state.releases.kept;
  if (pinned !== null && state.waiting.includes("rollback")) {
    // The release that is put back does not depend on the source, which is compared with it afterwards.
    const { state: looking, actions: back } = lookBack({ ...state, waiting: ["recheck"] }, state.waiting, pinned, null);
    return { state: looking, actions: [...actions, ...back] };
  }
  const work: Work<C> = { kind: "looking", reasons: state.waiting, back: null, held: null };
  return { state: { ...state, work, waiting: [] }, actions: [...actions, { kind: "look" }] };
}

function finish<C>(state: State<C>, actions: readonly Action<C>[] = []): Decision<C> {
  return { state: { ...state, work: { kind: "stopped" } }, actions: [...actions, { kind: "finish" }] };
}

function reported<C>(report: Report<C>): Action<C> {
  return { kind: "report", report };
}
