// Whether a valid source may be put in force now, and which release runs in its place otherwise.
import { MAX_SKIPS } from "../agreement/skip.ts";
import {
  type Held,
  isAutomatic,
  type KeptReleases,
  lastGood,
  MAX_HOLD_MILLISECONDS,
  type Pinned,
  type Release,
  runningRelease,
  type ScopedSkip,
  skipOf,
} from "./release.ts";

/** A source as it was judged. */
export interface Judged {
  readonly hash: string;
  /** Whether a person orders it in spite of a rollback or a hold. */
  readonly isForced: boolean;
  /** In milliseconds since 1970. */
  readonly at: number;
}

/** Returns why a valid source is not to be put in force; null: it may be. */
export function heldBack(kept: KeptReleases, { hash, isForced, at }: Judged): Held | null {
  if (isForced) return null;
  const skip = skipOf(kept, hash);
  if (skip !== null) return { kind: "skipped", hash, skip, trouble: null };
  const { hold } = kept;
  const isHeld = hold !== null && isFrozen(kept, at) && hash !== runningRelease(kept)?.hash;
  return isHeld ? { kind: "frozen", hash, hold } : null;
}

/** Whether a hold keeps anything from being activated. */
export function isFrozen({ hold }: Pick<KeptReleases, "hold">, at: number): boolean {
  // A clock that was set back makes no hold longer.
  return hold !== null && at < hold.until && hold.until - at <= MAX_HOLD_MILLISECONDS;
}

/**
 * The release to run in place of a skipped hash: the head of the cluster if the skip is the fleet's, otherwise the
 * pinned one. A rollback of this host comes first if it is only for this host, or still to be announced. If all of them
 * are skipped, and so is the active snapshot, it is the last good one. Null: none is known.
 *
 * @param head the cluster's hash; null: it is not known.
 */
export function substituteOf(kept: KeptReleases, skip: ScopedSkip, head: string | null): Pinned | null {
  const { pinned } = kept;
  const mayRun = pinned !== null && skipOf(kept, pinned.hash) === null;
  if (mayRun && (pinned.scope === "host" || pinned.undoes.length > 0)) return pinned;
  const mustGo = isTakenBack(kept);
  const follows = skip.scope === "fleet" || pinned?.scope === "fleet" || mustGo;
  if (follows && head !== null && head !== pinned?.hash && skipOf(kept, head) === null) {
    return following(head, skip);
  }
  if (mayRun) return pinned;
  const good = mustGo ? lastGood(kept) : null;
  return good === null ? null : following(good.hash, skip);
}

/** A release that is no change of this host, and not announced. The head's own author and reason are not known. */
function following(hash: string, skip: ScopedSkip): Pinned {
  const reason = replacementText(skip);
  return { hash, scope: "fleet", undoes: [], cause: "cluster", author: null, reason, isFollowed: false };
}

/** The reason of a release that runs in place of a skipped one. */
export function replacementText({ by, reason }: ScopedSkip): string {
  return `in place of a configuration that ${by} rolled back: ${reason}`;
}

/**
 * The release that is to be in force although nobody looked at the source: the pinned one, or the one in place of a
 * skipped hash in force. Null: the active snapshot may stay.
 *
 * @param active the hash in force.
 * @param head the cluster's hash; null: it is not known.
 */
export function owedBack(kept: KeptReleases, active: string, head: string | null): Pinned | null {
  const { pinned } = kept;
  const skip = skipOf(kept, active);
  const back = skip !== null ? substituteOf(kept, skip, head) : pinned;
  return back?.hash === active ? null : back;
}

/**
 * Whether a release may be put back now. During a hold a rollback counts, of this host or of another one that takes
 * back the release in force here; any other head of the cluster does not.
 */
export function mayGoBack(kept: KeptReleases, { cause }: Pinned, at: number): boolean {
  return !isFrozen(kept, at) || cause !== "cluster" || isTakenBack(kept);
}

/** Whether the release in force is not to run any more. */
export function isTakenBack(kept: Pick<KeptReleases, "list" | "skips">): boolean {
  const running = runningRelease(kept);
  return running !== null && skipOf(kept, running.hash) !== null;
}

/**
 * Whether a hold keeps the release in force from being taken back automatically: it was in force when the hold began.
 */
export function isKeptByHold(kept: KeptReleases, { at: since }: Release, at: number): boolean {
  return kept.hold !== null && isFrozen(kept, at) && Date.parse(since) < kept.hold.since;
}

/**
 * The releases after a person ordered a hash: it may run again. Until the others agree, the store's skips do not count.
 */
export function forced(kept: KeptReleases, hash: string): KeptReleases {
  const skip = skipOf(kept, hash);
  if (skip === null) return kept;
  const { scope: _, ...overruled } = skip;
  return {
    ...kept,
    skips: kept.skips.filter((one) => one.hash !== hash),
    overruled: [...kept.overruled.filter((one) => one.hash !== hash), overruled].slice(-MAX_SKIPS),
  };
}

/**
 * The releases of a host that runs its source, with the hash `active`. A rollback that is not announced yet becomes
 * this host's matter, unless the source was brought in line with it.
 */
export function unpinned(kept: KeptReleases, active: string): KeptReleases {
  const { pinned } = kept;
  if (pinned === null || (pinned.hash === active && pinned.undoes.length > 0)) return kept;
  return { ...kept, pinned: null, skips: localised(kept.skips, pinned.undoes) };
}

/**
 * The releases of a host that puts the release `back` in force for the fleet's sake. An automatic rollback that was
 * decided on during the write took back the release before it, which is not in force any more.
 */
export function pinnedTo(kept: KeptReleases, back: Pinned): KeptReleases {
  const { pinned } = kept;
  const isOther = pinned?.hash !== back.hash && runningRelease(kept)?.hash !== back.hash;
  const isOvertaken = pinned !== null && isOther && isAutomatic(pinned.cause) && skipOf(kept, back.hash) === null;
  if (!isOvertaken) return kept;
  return { ...kept, pinned: back, skips: localised(kept.skips, pinned.undoes) };
}

/** Makes the skips of these hashes this host's matter. */
export function localised(skips: readonly ScopedSkip[], hashes: readonly string[]): readonly ScopedSkip[] {
  return skips.map((one) => hashes.includes(one.hash) ? { ...one, scope: "host" } : one);
}
