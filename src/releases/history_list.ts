// The history as people see it: its entries, and the one that a reference names.
import { type KeptReleases, type Release, runningRelease, skipOf } from "./release.ts";
import { readReference } from "./source_reference.ts";

/** An entry of the history, with facts that follow from the others. */
export interface ListedRelease extends Release {
  /** Whether it is in force. */
  readonly isRunning: boolean;
  /** Whether its hash may not run, because it was rolled back. */
  readonly isSkipped: boolean;
}

/** Returns the entry of a release. */
export function listedRelease(release: Release, kept: KeptReleases): ListedRelease {
  const isRunning = release === runningRelease(kept);
  return { ...release, isRunning, isSkipped: skipOf(kept, release.hash) !== null };
}

/** Says that {@linkcode findRelease} found none. */
export function unknownRelease(text: string): string {
  return `No single release of the history is ${text}: honua-configd history lists them`;
}

/** Finds a release by its number, its hash, or a beginning of it; null: there is none, or there are several. */
export function findRelease({ list }: Pick<KeptReleases, "list">, text: string): Release | null {
  const reference = readReference(text);
  if (reference?.kind === "number") return list.findLast((one) => one.number === reference.number) ?? null;
  if (reference?.kind !== "hash") return null;
  const found = list.filter((one) => one.hash.startsWith(reference.prefix));
  return new Set(found.map((one) => one.hash)).size === 1 ? found.at(-1)! : null;
}
