// Decides the actions after an event of this host's releases, as a pure function: rollbacks by a person, by the health
// checks or by a confirmation that did not come, holds, and the skips of the fleet. It asks for looks like any hint;
// only the loop activates.
import type { Skip } from "../agreement/skip.ts";
import { isFrozen, isKeptByHold, localised } from "./admission.ts";
import { halted, judged } from "./new_release.ts";
import {
  type Bake,
  boundedSkips,
  type HealthLimits,
  type Hold,
  isRollback,
  type KeptReleases,
  MAX_HOLD_MILLISECONDS,
  type Release,
  type Releases,
  runningRelease,
  type ScopedSkip,
  skipOf,
  type Terms,
} from "./release.ts";
import { leftBy, type Rollback, takeBack, targetOf } from "./rolling_back.ts";

/** An order of a person. Its preconditions were judged by {@linkcode refusalOf}. */
export type Order =
  /** The details for the next activation. */
  | { readonly kind: "terms"; readonly terms: Terms | null }
  | { readonly kind: "roll-back"; readonly rollback: Rollback }
  | { readonly kind: "confirm"; readonly author: string }
  | { readonly kind: "hold"; readonly hold: Hold }
  | { readonly kind: "release-hold"; readonly author: string };

/** The timers of the releases, at most one of each at a time. */
export type ReleaseTimer = "health" | "hold" | "confirmation";

/** An event of the releases. `at` is in milliseconds since 1970. */
export type ReleaseEvent =
  /** The process began; deadlines of the last one may be due. */
  | { readonly kind: "release-start"; readonly at: number }
  | { readonly kind: "ordered"; readonly order: Order; readonly at: number }
  | { readonly kind: "release-due"; readonly timer: ReleaseTimer; readonly at: number }
  /** The hooks of the newest activation are done (`ok`), or each of them failed or is done. */
  | { readonly kind: "hooks-settled"; readonly ok: boolean; readonly at: number }
  | { readonly kind: "health-checked"; readonly result: HealthResult; readonly at: number };

/** The answer of the health checks. `reason` is one line without secrets. */
export type HealthResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** The loop carries these out in their order. */
export type ReleaseAction =
  /** `rollback`: look at the pinned release; `recheck`: look at the source. */
  | { readonly kind: "hint"; readonly reason: "rollback" | "recheck" }
  /** Answered by `health-checked`. */
  | { readonly kind: "check-health" }
  /** Start the timer of that name, which results in `release-due`, in place of one that runs. */
  | { readonly kind: "arm-release"; readonly timer: ReleaseTimer; readonly milliseconds: number }
  | { readonly kind: "disarm-release"; readonly timer: ReleaseTimer }
  | { readonly kind: "report"; readonly report: ReleaseReport };

type ArmRelease = Extract<ReleaseAction, { readonly kind: "arm-release" }>;

/** A report about this host's releases. */
export type ReleaseReport =
  /** A rollback was decided on; its activation follows. */
  | { readonly kind: "rolling-back"; readonly from: Release; readonly to: string; readonly rollback: Rollback }
  | { readonly kind: "baking"; readonly release: Release; readonly endsAt: number }
  | { readonly kind: "healthy"; readonly release: Release }
  /** The release failed its checks. `halted`: why it is not rolled back; null: it is. */
  | { readonly kind: "unhealthy"; readonly release: Release; readonly reason: string; readonly halted: string | null }
  | { readonly kind: "confirmed"; readonly release: Release; readonly author: string }
  | { readonly kind: "hold-begun"; readonly hold: Hold }
  /** `by`: the person; null: its time is over. */
  | { readonly kind: "hold-ended"; readonly hold: Hold; readonly by: string | null };

/** The new releases, and the actions before the next event. */
export interface ReleaseDecision {
  readonly releases: Releases;
  readonly actions: readonly ReleaseAction[];
}

/** The longest wait for a confirmation. */
export const MAX_CONFIRM_MILLISECONDS = 24 * 3_600_000;

/** A clock may be set, and no timer runs on while a host sleeps, so a deadline is compared so often at least. */
const COMPARE_MILLISECONDS = 60_000;

/**
 * Takes an event in.
 *
 * @param isCandidate whether a rollout counts on the release in force, so that the health checks go on after its bake.
 */
export function decideReleases(releases: Releases, event: ReleaseEvent, isCandidate: boolean): ReleaseDecision {
  switch (event.kind) {
    case "release-start":
      return started(releases, event.at);
    case "ordered":
      return ordered(releases, event.order, event.at);
    case "release-due":
      return due(releases, event.timer, event.at);
    case "hooks-settled":
      return hooksSettled(releases, event.ok, event.at);
    case "health-checked":
      return healthChecked({ ...releases, checked: null }, releases.checked, event, isCandidate);
  }
}

/** Returns why an order cannot be carried out now, in one line with advice; null: it can. */
export function refusalOf({ kept }: Releases, order: Order, at: number): string | null {
  const running = runningRelease(kept);
  switch (order.kind) {
    case "terms":
    case "roll-back":
      return null;
    case "confirm":
      return kept.confirmation === null ? "No change waits for a confirmation" : null;
    case "hold": {
      const { until } = order.hold;
      if (until <= at) return "The end of the hold is not in the future";
      if (until > at + MAX_HOLD_MILLISECONDS) return "A hold lasts at most 7 days: choose an earlier end";
      if (kept.confirmation !== null) {
        return `Release ${running?.number} waits for its confirmation: confirm it or roll it back first`;
      }
      return null;
    }
    case "release-hold":
      return kept.hold === null ? "There is no hold" : null;
  }
}

/** Goes on after the last process: resumes a bake, and lets a deadline that passed fire at once. */
function started(releases: Releases, at: number): ReleaseDecision {
  if (releases.kept.bake !== null && releases.limits.health === null) {
    const { bake } = releases.kept;
    const kept: KeptReleases = { ...releases.kept, bake: null };
    // Nothing checks any more, so hooks that are done are enough.
    return started({ ...releases, kept: bake.phase === "checking" ? judged(kept, "healthy") : kept }, at);
  }
  const { kept } = releases;
  const running = runningRelease(kept);
  const { health } = releases.limits;
  if (kept.bake === null && health !== null && running?.state === "failed") {
    // The edit that was to take its place took its bake.
    const bake: Bake = { hash: running.hash, ...asking(health), isBlamed: true };
    return started({ ...releases, kept: { ...kept, bake } }, at);
  }
  const actions: ReleaseAction[] = [];
  if (kept.hold !== null) actions.push(armDeadline("hold", kept.hold.until - at));
  actions.push(...timersOf(kept, at));
  if (kept.bake?.phase === "checking") actions.push(arm("health", 0));
  return { releases, actions };
}

function ordered(releases: Releases, order: Order, at: number): ReleaseDecision {
  const { kept } = releases;
  switch (order.kind) {
    case "terms":
      return { releases: { ...releases, terms: order.terms }, actions: [] };
    case "roll-back":
      return rollBack(releases, order.rollback, at);
    case "confirm": {
      const running = runningRelease(kept);
      if (kept.confirmation === null || running === null) return { releases, actions: [] };
      const isEnough = kept.bake === null && running.state === "running";
      const next = judged({ ...kept, confirmation: null }, isEnough ? "healthy" : running.state);
      return {
        releases: { ...releases, kept: next },
        actions: [disarm("confirmation"), report({ kind: "confirmed", release: running, author: order.author })],
      };
    }
    case "hold":
      return {
        releases: { ...releases, kept: { ...kept, hold: order.hold } },
        actions: [armDeadline("hold", order.hold.until - at), report({ kind: "hold-begun", hold: order.hold })],
      };
    case "release-hold":
      return endHold(releases, order.author);
  }
}

function endHold(releases: Releases, by: string | null): ReleaseDecision {
  const { kept, held } = releases;
  const { hold } = kept;
  if (hold === null) return { releases, actions: [] };
  return {
    releases: { ...releases, kept: { ...kept, hold: null }, held: held?.kind === "frozen" ? null : held },
    actions: [disarm("hold"), report({ kind: "hold-ended", hold, by }), { kind: "hint", reason: "recheck" }],
  };
}

function due(releases: Releases, timer: ReleaseTimer, at: number): ReleaseDecision {
  const { kept, checked } = releases;
  switch (timer) {
    case "hold":
      if (kept.hold === null) return { releases, actions: [] };
      if (isFrozen(kept, at)) return { releases, actions: [armDeadline("hold", kept.hold.until - at)] };
      return endHold(releases, null);
    case "confirmation":
      return confirmationDue(releases, at);
    case "health":
      if (kept.bake?.phase !== "checking" || checked !== null) return { releases, actions: [] };
      return check(releases);
  }
}

/** The person did not confirm: the change goes back, in the whole fleet, since it was announced. */
function confirmationDue(releases: Releases, at: number): ReleaseDecision {
  const { kept } = releases;
  const { confirmation } = kept;
  if (confirmation === null) return { releases, actions: [] };
  if (at < confirmation.deadline) {
    // A clock that was set back must not make the wait longer than the person asked for.
    const { deadline, waitMilliseconds = MAX_CONFIRM_MILLISECONDS } = confirmation;
    const latest = at + waitMilliseconds;
    const sooner = deadline <= latest ? kept : { ...kept, confirmation: { ...confirmation, deadline: latest } };
    return { releases: { ...releases, kept: sooner }, actions: timersOf(sooner, at) };
  }
  const cleared: Releases = { ...releases, kept: { ...kept, confirmation: null } };
  const target = targetOf(kept, null);
  if (runningRelease(kept)?.hash !== confirmation.hash || !target.ok) return { releases: cleared, actions: [] };
  const reason = `${confirmation.author} did not confirm the change in time`;
  const to = target.release.hash;
  return rollBack(cleared, { to, cause: "confirmation", scope: "fleet", author: null, reason }, at);
}

function rollBack(releases: Releases, rollback: Rollback, at: number): ReleaseDecision {
  const { kept } = releases;
  const from = leftBy(kept, rollback.to);
  if (from === null) return { releases, actions: [] };
  return {
    releases: { ...releases, kept: takeBack(kept, rollback, at), terms: null },
    actions: [report({ kind: "rolling-back", from, to: rollback.to, rollback }), { kind: "hint", reason: "rollback" }],
  };
}

/** Without health checks, hooks that are done make a release healthy; otherwise the checks begin. */
function hooksSettled(releases: Releases, ok: boolean, at: number): ReleaseDecision {
  const { kept, limits: { health } } = releases;
  const running = runningRelease(kept);
  if (running === null) return { releases, actions: [] };
  const { bake } = kept;
  if (bake === null || health === null || bake.hash !== running.hash) {
    if (!ok || running.state !== "running") return { releases, actions: [] };
    const release: Release = { ...running, state: "healthy" };
    const next = { ...releases, kept: judged({ ...kept, bake: null }, "healthy") };
    return { releases: next, actions: [report({ kind: "healthy", release })] };
  }
  if (bake.phase !== "hooks") return { releases, actions: [] };
  const endsAt = at + health.bakeMilliseconds;
  const next: KeptReleases = { ...kept, bake: { ...bake, phase: "checking", endsAt, failures: 0 } };
  if (bake.wasHealthy === true) return check({ ...releases, kept: next });
  const news = report({ kind: "baking", release: { ...running, state: "baking" }, endsAt });
  const { releases: checking, actions } = check({ ...releases, kept: judged(next, "baking") });
  return { releases: checking, actions: [news, ...actions] };
}

/** A failed release is asked about at the same interval: it is healthy if the checks succeed for a whole bake. */
function asking({ failures }: HealthLimits): Pick<Bake, "phase" | "endsAt" | "failures"> {
  return { phase: "checking", endsAt: null, failures };
}

/** Asks the health checks, unless they are busy: their answer for an earlier release leads to the next question. */
function check(releases: Releases): ReleaseDecision {
  const { kept, checked } = releases;
  if (checked !== null) return { releases, actions: [] };
  return {
    releases: { ...releases, checked: runningRelease(kept)?.number ?? null },
    actions: [{ kind: "check-health" }],
  };
}

function healthChecked(
  releases: Releases,
  checked: number | null,
  { result, at }: Extract<ReleaseEvent, { readonly kind: "health-checked" }>,
  isCandidate: boolean,
): ReleaseDecision {
  const { kept, limits: { health } } = releases;
  const { bake } = kept;
  const running = runningRelease(kept);
  if (bake?.phase !== "checking" || health === null || running?.hash !== bake.hash) return { releases, actions: [] };
  // The release was replaced during the check, and the answer may be about the servers before.
  if (running.number !== checked) return check(releases);
  if (!result.ok) return failedOnce(releases, { bake, running, health }, result.reason, at);
  const endsAt = Math.min(bake.endsAt ?? Infinity, at + health.bakeMilliseconds);
  if (at < endsAt) {
    const isSame = bake.endsAt === endsAt && bake.failures === 0;
    const next: Bake = isSame ? bake : { ...bake, endsAt, failures: 0 };
    const milliseconds = Math.min(health.intervalMilliseconds, endsAt - at);
    const watched = isSame ? kept : { ...kept, bake: next };
    return { releases: { ...releases, kept: watched }, actions: [arm("health", milliseconds)] };
  }
  // Its rollout may not know of the failure yet, and must not go on before it does.
  if (isCandidate && running.state === "failed") {
    return { releases, actions: [arm("health", health.intervalMilliseconds)] };
  }
  const news = running.state === "healthy"
    ? []
    : [report({ kind: "healthy", release: { ...running, state: "healthy" } })];
  const watched = isCandidate ? { ...bake, failures: 0 } : null;
  return {
    releases: { ...releases, kept: judged({ ...kept, bake: watched }, "healthy") },
    actions: isCandidate ? [...news, arm("health", health.intervalMilliseconds)] : news,
  };
}

interface Watched {
  readonly bake: Bake;
  readonly running: Release;
  readonly health: HealthLimits;
}

function failedOnce(
  releases: Releases,
  { bake, running, health }: Watched,
  reason: string,
  at: number,
): ReleaseDecision {
  const { kept } = releases;
  const again = arm("health", health.intervalMilliseconds);
  const asked: Bake = { ...bake, ...asking(health) };
  if (running.state === "failed") {
    const isSame = bake.endsAt === null && bake.failures === asked.failures;
    return { releases: isSame ? releases : { ...releases, kept: { ...kept, bake: asked } }, actions: [again] };
  }
  const failures = bake.failures + 1;
  if (failures < health.failures) {
    const next: KeptReleases = { ...kept, bake: { ...bake, failures } };
    return { releases: { ...releases, kept: next }, actions: [again] };
  }
  const failed: Releases = { ...releases, kept: judged({ ...kept, bake: asked }, "failed") };
  const release: Release = { ...running, state: "failed" };
  const target = targetOf(failed.kept, null);
  const why = isKeptByHold(kept, running, at)
    ? "a hold keeps everything as it is"
    : haltOf({ bake, running, health }, target.ok ? null : target.reason);
  const news = report({ kind: "unhealthy", release, reason, halted: why });
  if (why !== null || !target.ok) {
    const next = why === null ? failed : { ...failed, kept: halted(failed.kept, why) };
    return { releases: next, actions: [news, again] };
  }
  const to = target.release.hash;
  const rollback: Rollback = { to, cause: "health", scope: "host", author: null, reason: `unhealthy: ${reason}` };
  const { releases: next, actions } = rollBack(failed, rollback, at);
  return { releases: next, actions: [news, ...actions] };
}

/** Why a failed release is not rolled back; null: it is. */
function haltOf({ bake, running, health }: Watched, noTarget: string | null): string | null {
  if (health.onFailure === "halt") return "Health:OnFailure is halt";
  if (bake.wasHealthy === true && !bake.isBlamed) return "it was healthy until a value of the environment changed";
  if (isRollback(running.cause)) return "a rollback put it in force";
  if (noTarget !== null || bake.isBlamed) return noTarget;
  return "the servers were not healthy before it, or it was rolled back once already";
}

/**
 * Takes in the skips of the fleet, as the store has them. Those that this host still has to announce stay.
 *
 * @param owed the hashes that the current announcement takes back.
 */
export function withFleetSkips(releases: Releases, stored: readonly Skip[], owed: readonly string[]): Releases {
  const { kept } = releases;
  const unannounced = [...owed, ...kept.pinned?.undoes ?? []];
  const fleet = stored
    .filter((skip) => !kept.overruled.some((one) => one.hash === skip.hash && one.at === skip.at))
    .map((skip): ScopedSkip => ({ ...skip, scope: "fleet" }));
  const own = kept.skips.filter(({ scope, hash }) =>
    (scope === "host" || unannounced.includes(hash)) && !fleet.some((one) => one.hash === hash)
  );
  // The announcement puts those of the fleet behind the stored ones too.
  const skips = boundedSkips([...fleet, ...own]);
  const isSame = skips.length === kept.skips.length &&
    skips.every((one) => {
      const before = skipOf(kept, one.hash);
      return before?.scope === one.scope && before.by === one.by && before.at === one.at;
    });
  return isSame ? releases : { ...releases, kept: { ...kept, skips } };
}

/**
 * Takes in that the cluster judged the announcement of a rollback. If it was refused, the others moved on without the
 * rollback, so it concerns only this host.
 */
export function withJudgedRollback(releases: Releases, to: string, isRefused: boolean): Releases {
  const { kept } = releases;
  const { pinned } = kept;
  if (pinned === null || pinned.hash !== to || pinned.undoes.length === 0) return releases;
  const skips = isRefused ? localised(kept.skips, pinned.undoes) : kept.skips;
  return { ...releases, kept: { ...kept, skips, pinned: { ...pinned, undoes: [] } } };
}

/** Whether the baseline of an activation lets its release be blamed for a failure. */
export function withBaseline(kept: KeptReleases, baseline: "healthy" | "sick" | null): KeptReleases {
  if (kept.bake === null || baseline !== "sick") return kept;
  return { ...kept, bake: { ...kept.bake, isBlamed: false } };
}

/** Arms the timers of a release that came into force. */
export function timersOf(kept: KeptReleases, at: number): readonly ArmRelease[] {
  return kept.confirmation === null ? [] : [armDeadline("confirmation", kept.confirmation.deadline - at)];
}

function armDeadline(timer: ReleaseTimer, milliseconds: number): ArmRelease {
  return arm(timer, Math.min(milliseconds, COMPARE_MILLISECONDS));
}

function arm(timer: ReleaseTimer, milliseconds: number): ArmRelease {
  return { kind: "arm-release", timer, milliseconds: Math.max(0, milliseconds) };
}

function disarm(timer: ReleaseTimer): ReleaseAction {
  return { kind: "disarm-release", timer };
}

function report(one: ReleaseReport): ReleaseAction {
  return { kind: "report", report: one };
}
