// The list of releases: the entry that an activation adds. It is written before the snapshot's rename, so the list at a
// start may have an entry that never came into force.
import { MAX_SKIP_REASON_LENGTH } from "../agreement/skip.ts";
import { oneLine } from "../agreement/one_line.ts";
import {
  type Bake,
  type ChangeCounts,
  type Confirmation,
  isRollback,
  type KeptReleases,
  lastGood,
  type Release,
  type ReleaseCause,
  type ReleaseLimits,
  type Releases,
  runningRelease,
  skipOf,
  SOME_PERSON,
  type Terms,
  type TextFormat,
} from "./release.ts";

/** A config that is about to be put in force. */
export interface Incoming {
  readonly hash: string;
  readonly format: TextFormat;
  /** SHA-256 of the source's bytes, in hex; null: they are not known. */
  readonly digest: string | null;
  readonly cause: ReleaseCause;
  /** Null: no person gave details. */
  readonly terms: Terms | null;
  /** Why a rollback led to it; null: none did. */
  readonly reason: string | null;
  readonly author: string | null;
  /** In milliseconds since 1970. */
  readonly at: number;
  /**
   * Whether the release before it is a candidate that the fleet never agreed on: nothing goes back to it. Default
   * false.
   */
  readonly leavesCandidate?: boolean;
}

/**
 * Adds the release of a hash that is about to come into force. The hash in force gets no second entry: its file was
 * damaged, or only a secret changed.
 */
export function withRelease(kept: KeptReleases, incoming: Incoming, limits: ReleaseLimits): KeptReleases {
  const running = runningRelease(kept);
  const { hash, format, digest, cause, terms, at } = incoming;
  if (running?.hash === hash) return kept;
  const time = new Date(at).toISOString();
  const release: Release = {
    number: kept.nextNumber,
    hash,
    format,
    digest,
    at: time,
    until: null,
    cause,
    author: incoming.author ?? terms?.author ?? null,
    reason: incoming.reason ?? terms?.reason ?? null,
    state: "running",
    changes: null,
  };
  const { leavesCandidate = false } = incoming;
  const list = kept.list.map((one): Release => one === running ? ended(kept, one, time, leavesCandidate) : one);
  const confirmMilliseconds = terms?.confirmMilliseconds ?? null;
  return bounded({
    ...kept,
    list: [...list, release],
    nextNumber: kept.nextNumber + 1,
    bake: bakeOf(kept, release, limits),
    confirmation: confirmMilliseconds === null || running === null
      ? null
      : confirmationOf(hash, at, confirmMilliseconds, terms?.author ?? null),
  }, limits);
}

/** The watch over a release that nobody judged; null: nothing checks it. */
function bakeOf({ list, undone }: KeptReleases, { hash, cause }: Release, { health }: ReleaseLimits): Bake | null {
  if (health === null) return null;
  // Nobody asked the checks before the first one, nor before a rollback, which the next does not take back.
  const isFirst = list.every((one) => one.hash === hash);
  const isBlamed = !isFirst && !isRollback(cause) && !undone.includes(hash);
  return { hash, phase: "hooks", endsAt: null, failures: 0, isBlamed };
}

const WATCHED: ReadonlySet<Release["state"]> = new Set<Release["state"]>(["running", "baking", "healthy"]);

/**
 * The watch over the release in force after another content of its hash: a value of the environment changed. A failed
 * one is asked about already, and one that was taken back stays so.
 */
export function rebaked(kept: KeptReleases, { health }: ReleaseLimits): KeptReleases {
  const running = runningRelease(kept);
  if (health === null || running === null || !WATCHED.has(running.state)) return kept;
  const { isBlamed = false } = kept.bake ?? {};
  const bake: Bake = { hash: running.hash, phase: "hooks", endsAt: null, failures: 0, isBlamed };
  return { ...kept, bake: running.state === "healthy" ? { ...bake, wasHealthy: true } : bake };
}

function ended(kept: KeptReleases, release: Release, time: string, wasCandidate: boolean): Release {
  const { hash, state } = release;
  if (skipOf(kept, hash) !== null && state !== "failed") return { ...release, until: time, state: "rolled-back" };
  if (state === "failed" && isBlameless(kept, hash)) {
    const { halted: _, ...rest } = release;
    return { ...rest, until: time, state: kept.bake?.wasHealthy === true ? "healthy" : "replaced" };
  }
  const isUnjudged = state === "running" || state === "baking" || (state === "healthy" && wasCandidate);
  return { ...release, until: time, state: isUnjudged ? "replaced" : state };
}

/** Whether a failure of the release in force says nothing about it: the servers were not healthy before it either. */
function isBlameless({ bake, undone }: KeptReleases, hash: string): boolean {
  return bake?.hash === hash && !bake.isBlamed && !undone.includes(hash);
}

/**
 * Drops the earliest entries beyond the limit, but neither the one in force nor a last good one nor the pinned one. The
 * one in force may be good only because an earlier release with its hash was.
 */
function bounded(kept: KeptReleases, { keep }: ReleaseLimits): KeptReleases {
  // The newest may never come into force: then the one before it is in force.
  const excess = kept.list.length - Math.max(2, keep);
  if (excess <= 0) return kept;
  const good = [
    lastGood(kept),
    kept.list.findLast((one) => one.state === "healthy" && skipOf(kept, one.hash) === null),
  ];
  const list = kept.list.filter((one, index) =>
    index >= excess || good.includes(one) || (one.hash === kept.pinned?.hash && index === lastIndexOf(kept, one.hash))
  );
  return list.length === kept.list.length ? kept : { ...kept, list };
}

function lastIndexOf({ list }: KeptReleases, hash: string): number {
  return list.findLastIndex((one) => one.hash === hash);
}

/** A change that came into force so short a time before a person's request is the change that the person means. */
const FRESH_MILLISECONDS = 60_000;

/**
 * Gives the details of a person to the release in force, which the watcher put there just before the person's request.
 * An older release keeps its own: nobody meant it.
 *
 * @param at in milliseconds since 1970.
 */
export function withLateTerms({ kept, terms }: Pick<Releases, "kept" | "terms">, at: number): KeptReleases {
  const running = runningRelease(kept);
  const age = running === null ? Infinity : at - Date.parse(running.at);
  const isFresh = running?.cause === "file" && age >= 0 && age <= FRESH_MILLISECONDS;
  if (terms === null || !isFresh) return kept;
  const { confirmMilliseconds } = terms;
  const author = running.author ?? terms.author;
  const release: Release = { ...running, author, reason: running.reason ?? terms.reason };
  const isConfirmed = confirmMilliseconds !== null && kept.list.length > 1;
  return {
    ...kept,
    list: [...kept.list.slice(0, -1), release],
    confirmation: isConfirmed ? confirmationOf(running.hash, at, confirmMilliseconds, author) : kept.confirmation,
  };
}

function confirmationOf(hash: string, at: number, waitMilliseconds: number, author: string | null): Confirmation {
  return { hash, deadline: at + waitMilliseconds, waitMilliseconds, author: author ?? SOME_PERSON };
}

/** Sets the counts of the release in force. */
export function withCounts(kept: KeptReleases, changes: ChangeCounts | null): KeptReleases {
  const running = runningRelease(kept);
  if (running === null || changes === null || running.changes !== null) return kept;
  return withRunning(kept, { ...running, changes });
}

/** Sets the state of the release in force. The reason why an earlier failure left it in force goes. */
export function judged(kept: KeptReleases, state: Release["state"]): KeptReleases {
  const running = runningRelease(kept);
  if (running === null || running.state === state) return kept;
  const { halted: _, ...release } = running;
  return withRunning(kept, { ...release, state });
}

/** Notes why the release in force stays although it failed. */
export function halted(kept: KeptReleases, why: string): KeptReleases {
  const running = runningRelease(kept);
  return running === null ? kept : withRunning(kept, { ...running, halted: oneLine(why, MAX_SKIP_REASON_LENGTH) });
}

function withRunning(kept: KeptReleases, release: Release): KeptReleases {
  return { ...kept, list: [...kept.list.slice(0, -1), release] };
}

/** Lets the release in force go on as the one `before`, which is the same for readers. */
export function inherited(kept: KeptReleases, before: KeptReleases): KeptReleases {
  const { state = "healthy", halted: why } = runningRelease(before) ?? {};
  const hash = runningRelease(kept)?.hash;
  if (state === "healthy") return judged({ ...kept, bake: null }, state);
  if ((state !== "baking" && state !== "failed") || before.bake === null || hash === undefined) return kept;
  const next = judged({ ...kept, bake: { ...before.bake, hash } }, state);
  return why === undefined ? next : halted(next, why);
}

/**
 * Brings the kept releases in line with the snapshot that a start found in force. A last entry that never came into
 * force goes, and a snapshot without an entry gets one.
 *
 * @param active the hash in force; null: there is none.
 * @param at in milliseconds since 1970.
 */
export function reconciled(
  kept: KeptReleases,
  active: { readonly hash: string; readonly format: TextFormat } | null,
  at: number,
  limits: ReleaseLimits,
): KeptReleases {
  const running = runningRelease(kept);
  if (active === null || running?.hash === active.hash) return kept;
  const before = kept.list.at(-2);
  if (running !== null && before?.hash === active.hash) {
    const state = before.state === "replaced" ? "running" : before.state;
    const list = [...kept.list.slice(0, -2), { ...before, until: null, state }];
    // The bake of the release that did not come into force took the place of this one's.
    const bake = state === "running" ? bakeOf(kept, before, limits) : null;
    return { ...kept, list, bake, confirmation: null };
  }
  const found = { hash: active.hash, format: active.format, digest: null, cause: "found" } as const;
  const added = withRelease(kept, { ...found, terms: null, reason: null, author: null, at }, limits);
  return { ...added, bake: null, confirmation: null };
}

/** The hashes of the texts that must stay in the history. */
export function protectedHashes(kept: KeptReleases): ReadonlySet<string> {
  const hashes = [runningRelease(kept)?.hash, lastGood(kept)?.hash, kept.pinned?.hash];
  return new Set(hashes.filter((hash) => hash !== undefined && skipOf(kept, hash) === null) as string[]);
}
