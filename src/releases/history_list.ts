// The history as people see it: its entries, and the one that a reference names.
import { type KeptReleases, type Release, runningRelease, skipOf } from "./release.ts";

/** An entry of the history, with what the others say of it. */
export interface ListedRelease extends Release {
  /** Whether it is in force. */
  readonly isRunning: boolean;
  /** Whether its hash may not run, because it was rolled back. */
  readonly isSkipped: boolean;
}

/** The shortest beginning of a hash that names a release. */
const MIN_HASH_LENGTH = 8;

/** Returns the entry of a release. */
export function listedRelease(release: Release, kept: KeptReleases): ListedRelease {
  const isRunning = release === runningRelease(kept);
  return { ...release, isRunning, isSkipped: skipOf(kept, release.hash) !== null };
}

/** Finds a release by its number, its hash, or a beginning of it; null: there is none, or there are several. */
export function findRelease({ list }: Pick<KeptReleases, "list">, reference: string): Release | null {
  if (/^[1-9]\d*$/.test(reference) && reference.length < MIN_HASH_LENGTH) {
    return list.findLast((one) => one.number === Number(reference)) ?? null;
  }
  if (!/^[0-9a-f]{8,64}$/.test(reference)) return null;
  const found = list.filter((one) => one.hash.startsWith(reference));
  return new Set(found.map((one) => one.hash)).size === 1 ? found.at(-1)! : null;
}
