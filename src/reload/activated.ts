// The consequences of the result of a write: the active snapshot id moves only after it succeeded.
import { timersOf } from "../releases/decide_releases.ts";
import { runningRelease } from "../releases/release.ts";
import type { Action, ActivationResult, Decision, Event } from "./events.ts";
import { releasesAfter, waitingAfter } from "./incoming.ts";
import { rejected, superseded } from "./looked.ts";
import { arm, disarm, finish, isRepeated, proceed, reported } from "./proceeding.ts";
import type { Report } from "./report.ts";
import type { State, Work } from "./state.ts";

export function activated<C>(
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
  const disarmed = disarm({
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
  const actions: Action<C>[] = [...disarmed.actions, ...timers, report];
  return state.stopping ? finish(disarmed.state, actions) : proceed(disarmed.state, actions);
}
