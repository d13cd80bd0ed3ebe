// The way back: the release that a rollback leads to, and the hashes that it takes back.
import { MAX_SKIPS, skipFor } from "../agreement/skip.ts";
import { forced } from "./admission.ts";
import {
  boundedSkips,
  isRollback,
  type KeptReleases,
  lastBefore,
  lastGood,
  lastToRun,
  type Release,
  type RollbackCause,
  runningRelease,
  type Scope,
  type ScopedSkip,
  skipOf,
  SOME_PERSON,
} from "./release.ts";

/** A rollback that was decided on. */
export interface Rollback {
  /** The hash to put in force. */
  readonly to: string;
  readonly cause: RollbackCause;
  readonly scope: Scope;
  /** Null: it is automatic. */
  readonly author: string | null;
  /** One line. */
  readonly reason: string;
  /** Whether a person wants the hash although a rollback took it back: its skip ends. Default false. */
  readonly isForced?: boolean;
}

/** The rollback that a target is for. */
export interface TargetOptions {
  /**
   * Whether it concerns other hosts too. If this host went back by itself, its release is the target then: the others
   * are to follow. Default false.
   */
  readonly isForFleet?: boolean;
  /** Whether a release counts that a rollback took back. Default false. */
  readonly isForced?: boolean;
  /** Whether the snapshot was lost: the release that was in force last is a target too. Default false. */
  readonly isLost?: boolean;
}

/** The release to go back to, or the reason why there is none, in one line with advice. */
export type Target = { readonly ok: true; readonly release: Release } | { readonly ok: false; readonly reason: string };

/** Finds the release of a number; null: the newest one before the release in force that was healthy. */
export function targetOf(
  kept: KeptReleases,
  number: number | null,
  { isForFleet = false, isForced = false, isLost = false }: TargetOptions = {},
): Target {
  const running = runningRelease(kept);
  if (running === null) return { ok: false, reason: "No release is in force, so there is nothing to take back" };
  if (isLost && number === null) {
    const release = lastToRun(kept);
    return release === null ? { ok: false, reason: noTargetText(kept, null) } : { ok: true, release };
  }
  const isMeant = number === null || kept.list.some((one) => one.number === number && one.hash === running.hash);
  if (isForFleet && isMeant && wentBackOnlyHere(kept, running.hash)) return { ok: true, release: running };
  if (number === null) return lastTarget(kept, running);
  const release = kept.list.findLast((one) => one.number === number);
  if (release === undefined) {
    const first = kept.list[0]?.number ?? number;
    return { ok: false, reason: `There is no release ${number}: the history has ${first} to ${running.number}` };
  }
  if (release.hash === running.hash && !isLost) {
    return {
      ok: false,
      reason: `Release ${number} has the configuration that is in force as release ${running.number}`,
    };
  }
  const skip = skipOf(kept, release.hash);
  if (skip !== null && !isForced) {
    const advice = `honua-configd rollback ${number} --force --reason TEXT puts it in force again`;
    return { ok: false, reason: `${skip.by} rolled release ${number} back: ${skip.reason}; ${advice}` };
  }
  return { ok: true, release };
}

/** A release that a rollback put in force is left only for one with a number: two persons may act at once. */
function lastTarget(kept: KeptReleases, running: Release): Target {
  const { number, cause, author } = running;
  if (isRollback(cause) || followedRollback(kept, running.hash)) {
    const by = author === null ? "" : ` by ${author}`;
    const advice = "to go further back, name the release, from honua-configd history";
    return { ok: false, reason: `Release ${number} was put in force by a rollback already${by}; ${advice}` };
  }
  const good = lastGood(kept) ?? lastBefore(kept, () => true);
  if (good !== null) return { ok: true, release: good };
  return { ok: false, reason: noTargetText(kept, running) };
}

/**
 * Names the newest release that a person can still put in force, if there is one.
 *
 * @param running null: nothing is in force.
 */
function noTargetText(kept: KeptReleases, running: Release | null): string {
  const others = kept.list.filter((one) => one.hash !== running?.hash);
  const other = others.findLast((one) => skipOf(kept, one.hash) === null) ?? others.at(-1);
  if (other === undefined) {
    return kept.list.length === 1
      ? `Release ${running?.number} is the only one in the history: nothing is before it`
      : `All releases of the history have the configuration of release ${running?.number}`;
  }
  const force = skipOf(kept, other.hash) === null ? "" : " --force";
  const what = running === null
    ? "Each release of the history was taken back, or failed"
    : `No release before ${running.number} has another configuration that was not taken back`;
  return `${what}: honua-configd rollback ${other.number}${force} --reason TEXT puts release ${other.number} in force ` +
    "again";
}

/**
 * Whether the hash runs in place of one that was taken back. A rollout's release is pinned too, but in place of none.
 */
function followedRollback({ pinned, list, skips }: KeptReleases, hash: string): boolean {
  const before = list.findLast((one) => one.hash !== hash);
  return pinned?.hash === hash && before !== undefined && skipOf({ skips }, before.hash) !== null;
}

/** Whether this host went back to the hash, and the other hosts did not. */
function wentBackOnlyHere({ pinned, skips }: KeptReleases, hash: string): boolean {
  return pinned?.scope === "host" && pinned.hash === hash && skips.some((one) => one.scope === "host");
}

/**
 * The release that a rollback to the hash leaves. If the snapshot of the last one was lost it is that itself: nothing
 * is taken back. Null: there is none.
 */
export function leftBy(kept: KeptReleases, to: string): Release | null {
  const running = runningRelease(kept);
  // A host that went back by itself runs the target already.
  if (running?.hash === to && !wentBackOnlyHere(kept, to)) return running;
  return kept.list.findLast((one) => one.hash !== to) ?? null;
}

/** The words for a cause in place of a person's name. */
const ACTORS: Readonly<Record<RollbackCause, string>> = {
  rollback: SOME_PERSON,
  health: "a health check",
  confirmation: "a missing confirmation",
};

/**
 * Takes back all that came after the last release with the hash `to`: its hashes are skipped, and `to` is pinned.
 * Health checks take back only the release that they judged: one that an edit replaced before it was judged may be
 * good. The release itself becomes a new one when its text is in force again.
 *
 * @param at in milliseconds since 1970.
 */
export function takeBack(before: KeptReleases, rollback: Rollback, at: number): KeptReleases {
  const { to, cause, scope, author, reason, isForced = false } = rollback;
  const kept = isForced ? forced(before, to) : before;
  const from = kept.list.findLastIndex((one) => one.hash === to);
  const running = runningRelease(kept);
  const after = cause === "health" ? kept.list.filter((one) => one === running) : kept.list.slice(from + 1);
  const newer = after.map((one) => one.hash).filter((hash) => hash !== to);
  const own = scope === "fleet" && wentBackOnlyHere(kept, to) ? kept.skips.filter((one) => one.scope === "host") : [];
  const undoes = [...new Set([...own.map(({ hash }) => hash), ...newer])].slice(-MAX_SKIPS);
  const owed = scope === "fleet" ? [...undoes, ...isForced ? [to] : []].slice(-MAX_SKIPS) : [];
  const by = author ?? ACTORS[cause];
  const time = new Date(at).toISOString();
  const taken = undoes.map((hash): ScopedSkip => ({ ...skipFor({ hash, by, at: time, reason }), scope }));
  const list = kept.list.map((one, index): Release => {
    if (one === running && one.hash !== to) return { ...one, state: cause === "health" ? "failed" : "rolled-back" };
    const isTaken = index > from && undoes.includes(one.hash) && one.state !== "failed";
    return isTaken && one.state !== "rolled-back" ? { ...one, state: "skipped" } : one;
  });
  return {
    ...kept,
    list,
    skips: withSkips(kept.skips.filter((one) => one.hash !== to), taken),
    overruled: kept.overruled.filter((one) => !undoes.includes(one.hash)),
    pinned: { hash: to, scope, undoes: owed, cause, author, reason, isFollowed: false },
    bake: running?.hash === to ? kept.bake : null,
    confirmation: null,
    undone: cause === "rollback" || running === null ? kept.undone : withLast(kept.undone, running.hash),
  };
}

/** Adds skips; the newest of a hash counts. */
function withSkips(skips: readonly ScopedSkip[], added: readonly ScopedSkip[]): readonly ScopedSkip[] {
  if (added.length === 0) return skips;
  const others = skips.filter((one) => !added.some(({ hash }) => hash === one.hash));
  return boundedSkips([...others, ...added]);
}

/** Adds a text at the end, once. */
function withLast(texts: readonly string[], text: string): readonly string[] {
  return [...texts.filter((one) => one !== text), text].slice(-MAX_SKIPS);
}
