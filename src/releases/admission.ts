// Whether a valid source may be put in force now, and which release runs in its place otherwise.
import { type Held, type KeptReleases, type Pinned, runningRelease, type ScopedSkip, skipOf } from "./release.ts";

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
  const { hold } = kept;
  if (hold !== null && isFrozen(kept, at) && hash !== runningRelease(kept)?.hash) return { kind: "frozen", hash, hold };
  const skip = skipOf(kept, hash);
  return skip === null ? null : { kind: "skipped", hash, skip, trouble: null };
}

/** Whether a hold keeps anything from being activated. */
export function isFrozen({ hold }: Pick<KeptReleases, "hold">, at: number): boolean {
  return hold !== null && at < hold.until;
}

/**
 * The release to run in place of a skipped source: the head of the cluster if the skip is the fleet's, otherwise the
 * pinned one. Null: none is known.
 *
 * @param head the cluster's hash; null: it is not known.
 */
export function substituteOf(kept: KeptReleases, skip: ScopedSkip, head: string | null): Pinned | null {
  const { pinned } = kept;
  const isFleet = skip.scope === "fleet" && pinned?.scope !== "host";
  if (!isFleet || head === null || head === pinned?.hash || skipOf(kept, head) !== null) return pinned;
  return { hash: head, scope: "fleet", undoes: [], cause: "cluster", author: skip.by, reason: skip.reason };
}

/** The releases after a person ordered a hash: it may run again, and nothing is pinned. */
export function forced(kept: KeptReleases, hash: string): KeptReleases {
  return unpinned(
    skipOf(kept, hash) === null ? kept : {
      ...kept,
      skips: kept.skips.filter((one) => one.hash !== hash),
    },
  );
}

/** The releases of a host whose source may run. */
export function unpinned(kept: KeptReleases): KeptReleases {
  return kept.pinned === null ? kept : { ...kept, pinned: null };
}
