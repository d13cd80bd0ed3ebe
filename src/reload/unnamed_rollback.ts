// The release that a rollback of all hosts leads to if a person names none. It takes back the release in force here, so
// it is refused if another one is what changed last in the fleet.
import type { Head } from "../agreement/head.ts";
import { type KeptReleases, runningRelease } from "../releases/release.ts";
import { type Target, targetOf } from "../releases/rolling_back.ts";
import { rollbackObjection } from "../rollout/going_back.ts";
import { runsCandidate } from "./staged.ts";
import type { State } from "./state.ts";

/** Finds the release, or the reason why a person must name one. */
export function unnamedTarget<C>(state: State<C>): Target {
  const { rollouts, agreement, active, releases: { kept } } = state;
  const objection = rollouts === null ? null : rollbackObjection(rollouts, active?.hash ?? null);
  if (objection !== null) return { ok: false, reason: objection };
  const target = targetOf(kept, null, { isForFleet: agreement !== null, isLost: active === null });
  // One to the release in force takes back only what the other hosts run.
  if (!target.ok || target.release.hash === active?.hash) return target;
  const later = laterRollback(kept);
  if (later !== null) return { ok: false, reason: later };
  const head = otherHead(state);
  // One to the head takes back only what the other hosts do not run.
  if (head === null || target.release.hash === head.hash) return target;
  const { hash, generation } = head;
  const agreed = `This host does not run the agreed configuration (${hash.slice(0, 8)}, generation ${generation})`;
  const advice = "run it on a host that does, see honua-configd peers, or name the release to go to, from " +
    "honua-configd history";
  return { ok: false, reason: `${agreed}: ${advice}` };
}

/** As {@linkcode unnamedTarget}, if the release may be what a person wants to undo now. */
export function proposedTarget<C>(state: State<C>): Target {
  const { trouble, agreement, active } = state;
  if (active === null) return unnamedTarget(state);
  if (trouble !== null) {
    const reason = "The source did not come into force, so there is nothing of it to undo: a rollback takes back the " +
      "configuration that is in force";
    return { ok: false, reason };
  }
  if (agreement !== null && agreement.syncState.kind === "unknown" && agreement.ledger.owed === null) {
    return { ok: false, reason: "It is not known whether the other hosts run the configuration of this one" };
  }
  const target = unnamedTarget(state);
  if (!target.ok || target.release !== runningRelease(state.releases.kept)) return target;
  return { ok: false, reason: "This host went back by itself already: a rollback makes the other hosts follow" };
}

/**
 * Why a second person must not take back the release that the other hosts went back to from a change that never ran
 * here; null: there was no such rollback.
 */
function laterRollback(kept: KeptReleases): string | null {
  const running = runningRelease(kept);
  if (running === null) return null;
  const since = Date.parse(running.at);
  const skip = kept.skips.findLast(({ scope, at }) => scope === "fleet" && Date.parse(at) > since);
  if (skip === undefined) return null;
  const what = `${skip.by} rolled another configuration back after release ${running.number} came into force`;
  return `${what}: ${skip.reason}; to go further back, name the release, from honua-configd history`;
}

/** The head that this host does not run; null: it runs it, changes it itself, or does not know it. */
function otherHead<C>(state: State<C>): Head | null {
  const { agreement } = state;
  if (agreement === null || agreement.ledger.owed !== null || runsCandidate(state)) return null;
  const { syncState } = agreement;
  return syncState.kind === "unknown" || syncState.kind === "agreed" ? null : syncState.against;
}
