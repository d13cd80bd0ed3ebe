// Decides the actions after an event, as a pure function: no I/O, no clock, and only the randomness that the event
// brings. It asks for at most one look or write at a time. Every hint ends in a look that began after it. The active
// snapshot id moves only after a write succeeded. After `stop` it asks for nothing more.
import { agree, type ClusterAction, type ClusterEvent, type ReloadedEvent } from "../agreement/agree.ts";
import { decideReleases, type ReleaseAction, type ReleaseEvent } from "../releases/decide_releases.ts";
import type { KeptReleases } from "../releases/release.ts";
import type { RolloutAction } from "../rollout/rollouts.ts";
import { activated } from "./activated.ts";
import type { Action, Decision, Event, ReloadEvent } from "./events.ts";
import { releasesWith } from "./incoming.ts";
import { looked } from "./looked.ts";
import { disarm, finish, impliesEdit, maySupersede, proceed } from "./proceeding.ts";
import { reloadedEvent, withClusterNews } from "./reloaded_event.ts";
import { runsCandidate, storeTarget, withCandidate, withRollouts } from "./staged.ts";
import { type HintReason, joinReasons, type State } from "./state.ts";

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
  const { state: taken, actions } = stage(state, takeIn(state, event), event);
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

/** Adds the entry of the current write to releases that changed meanwhile. */
function withEntry<C>(before: State<C>, state: State<C>): State<C> {
  const { work, releases: { kept, limits } } = state;
  if (work.kind !== "activating" || before.work.kind !== "activating" || kept === before.releases.kept) return state;
  return { ...state, work: { ...work, releases: releasesWith(kept, work, limits) } };
}

/** Takes the event into the rollouts too; their hints are treated like any other. */
function stage<C>(before: State<C>, { state, actions }: Decision<C>, event: Event<C>): Decision<C> {
  const decision = withRollouts(before, state, event);
  if (decision === null) return { state, actions };
  const staged = withHints({ ...state, rollouts: decision.rollouts }, decision.actions);
  const freed = isFreed(before, staged.state, event) ? hinted(staged.state, "recheck") : { ...staged, actions: [] };
  return { state: freed.state, actions: [...actions, ...staged.actions, ...freed.actions] };
}

/** Whether a rollback of this host was judged, and so gives way to the candidate that this host is let in to. */
function isFreed<C>(before: State<C>, after: State<C>, { kind }: Event<C>): boolean {
  const isJudged = kind === "announcement-answered" && after.releases.kept.pinned !== before.releases.kept.pinned;
  const isLookedAt = after.work !== before.work || after.waiting !== before.waiting;
  const target = storeTarget(after);
  return isJudged && !isLookedAt && target !== null && target !== after.active?.hash;
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
    case "fleet-answered": {
      const { answer } = event;
      const isNews = answer.ok && answer.view.mark !== state.rollouts?.view?.mark;
      // It may be older than a head that was asked for later and is read already.
      return isNews && !state.stopping ? hear(state, { kind: "heard" }) : { state, actions: [] };
    }
    case "move-answered":
    case "rollout-due":
    case "rollout-ordered":
    case "published":
      return { state, actions: [] };
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

/** Takes in an event of the cluster. Skips that came or went concern the source, with any head. */
function hear<C>(state: State<C>, event: ClusterEvent): Decision<C> {
  const releases = withClusterNews(state, event);
  const { state: next, actions } = withKept(state, consult(withCandidate({ ...state, releases }, event), event));
  const isLookedAt = next.work !== state.work || next.waiting !== state.waiting;
  if (isLookedAt || releases.kept.skips === state.releases.kept.skips) return { state: next, actions };
  const hint = hinted(next, "recheck");
  return { state: hint.state, actions: [...actions, ...hint.actions] };
}

/** Keeps a ledger that changed before the agreement took the event in. */
function withKept<C>(before: State<C>, { state, actions }: Decision<C>): Decision<C> {
  const ledger = state.agreement?.ledger;
  if (ledger === undefined || ledger === before.agreement?.ledger) return { state, actions };
  const isKept = actions.some((one) => one.kind === "keep");
  return { state, actions: isKept ? actions : [{ kind: "keep", ledger }, ...actions] };
}

/** Takes an event into the releases. Their hints are treated like any other. */
function release<C>(state: State<C>, event: ReleaseEvent): Decision<C> {
  const { releases, actions } = decideReleases(state.releases, event, runsCandidate(state));
  return withHints({ ...state, releases }, actions);
}

/** Turns the hints among actions of a part into looks. */
function withHints<C>(
  state: State<C>,
  actions: readonly (ClusterAction | ReleaseAction | RolloutAction)[],
): Decision<C> {
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
  const disarmed = disarm({ ...state, stopping: true, waiting: [] });
  if (state.work.kind === "idle") return finish(disarmed.state, disarmed.actions);
  return { state: disarmed.state, actions: [...disarmed.actions, { kind: "abort" }] };
}
