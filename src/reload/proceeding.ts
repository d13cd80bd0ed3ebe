// How work of the loop ends: the hints that waited begin the next look, and a failure arms its retry.
import type { Held, Pinned } from "../releases/release.ts";
import { backoffMilliseconds } from "../time/backoff.ts";
import type { Action, Decision } from "./events.ts";
import type { Report } from "./report.ts";
import { type HintReason, isManual, type State, type Trouble, type Work } from "./state.ts";

/** The newest source wins over a slow check, but a source that changes all the time must be checked now and then. */
const MAX_SUPERSESSIONS = 3;

export function maySupersede<C>({ supersessions }: State<C>): boolean {
  return supersessions !== null && supersessions < MAX_SUPERSESSIONS;
}

/** Whether the source may have been edited. A person's request counts, because the file may not be watched. */
export function impliesEdit(reason: HintReason): boolean {
  return reason === "file" || reason === "poll" || isManual([reason]);
}

export function withHeld<C>(state: State<C>, held: Held | null): State<C> {
  return state.releases.held === held ? state : { ...state, releases: { ...state.releases, held } };
}

export function lookBack<C>(
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

/**
 * The details of a person are for the reload that the person asked for, or, if that could not read the source, for the
 * next one that can: a later change is another one.
 */
export function withoutTerms<C>(state: State<C>, reasons: readonly HintReason[]): State<C> {
  if (state.releases.terms === null || (!isManual(reasons) && isManual(state.waiting))) return state;
  return { ...state, releases: { ...state.releases, terms: null } };
}

export function isRepeated<C>(
  { trouble }: State<C>,
  failed: Pick<Trouble, "kind" | "fingerprint" | "reason">,
  reasons: readonly HintReason[],
): boolean {
  return !isManual(reasons) && trouble?.kind === failed.kind && trouble.fingerprint === failed.fingerprint &&
    trouble.reason === failed.reason;
}

/** Whether a check has refused this source, and neither an edit nor a person asks for it again. */
export function isRefusedAlready<C>(
  { trouble }: State<C>,
  fingerprint: string,
  reasons: readonly HintReason[],
): boolean {
  return trouble?.isRefusal === true && trouble.fingerprint === fingerprint && !reasons.some(impliesEdit);
}

/** Whether a running retry timer is for the same failure, and no person asked for a reload before its backoff ends. */
export function retryCovers<C>(
  { trouble, retryArmed }: State<C>,
  kind: Trouble["kind"],
  fingerprint: string,
  reasons: readonly HintReason[],
): boolean {
  return retryArmed && trouble?.kind === kind && trouble.fingerprint === fingerprint && !isManual(reasons);
}

export function arm<C>(
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

export function disarm<C>(state: State<C>): Decision<C> {
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
export function proceed<C>(state: State<C>, actions: readonly Action<C>[]): Decision<C> {
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

export function finish<C>(state: State<C>, actions: readonly Action<C>[] = []): Decision<C> {
  return { state: { ...state, work: { kind: "stopped" } }, actions: [...actions, { kind: "finish" }] };
}

export function reported<C>(report: Report<C>): Action<C> {
  return { kind: "report", report };
}
