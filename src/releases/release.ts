// A host's releases: the configurations that were put in force, with cause and person, and the hashes that must not run
// again. Only `decideReleases` and the rules beside it replace these values. The part that survives a restart is
// `KeptReleases`.
import type { StagedWhy } from "../rollout/staging.ts";
import { MAX_SKIPS, type Skip } from "../agreement/skip.ts";

/**
 * `running`: in force, its hooks are not done yet; `baking`: the health checks watch it; `healthy`: they accepted it,
 * or its hooks are done and nothing checks; `failed`: the checks refused it; `rolled-back` and `skipped`: a rollback
 * took it back, as the one in force or as one before it; `replaced`: another release came before it was judged, or
 * before the fleet agreed on it.
 */
export type ReleaseState = "running" | "baking" | "healthy" | "failed" | "rolled-back" | "skipped" | "replaced";

/**
 * The cause of a release. `file`: an edit; `operator`: a request to reload; `force`: one that overruled a rollback, a
 * hold or the other hosts; `cluster`: another host announced it; `rollback`: a person; `health` and `confirmation`: an
 * automatic rollback; `found`: it was in force at the start.
 */
export type ReleaseCause =
  | "file"
  | "operator"
  | "force"
  | "cluster"
  | "rollback"
  | "health"
  | "confirmation"
  | "found";

/** The causes of rollbacks. */
export type RollbackCause = Extract<ReleaseCause, "rollback" | "health" | "confirmation">;

/** Whether a rollback put a release in force here. */
export function isRollback(cause: ReleaseCause): cause is RollbackCause {
  return cause === "rollback" || cause === "health" || cause === "confirmation";
}

/** Whether that was no person. */
export function isAutomatic(cause: ReleaseCause): boolean {
  return cause === "health" || cause === "confirmation";
}

/** The language of a source's text. */
export type TextFormat = "hcl" | "json";

/** The number of blocks that a release adds, removes and changes. */
export interface ChangeCounts {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/** One entry of a host's history. */
export interface Release {
  /** Counts the releases of this host, from 1. */
  readonly number: number;
  /** SHA-256 of the portable config, in hex. */
  readonly hash: string;
  readonly format: TextFormat;
  /** SHA-256 of the source's bytes, in hex; null: they are not in the history. */
  readonly digest: string | null;
  /** When it came into force, in ISO 8601. */
  readonly at: string;
  /** When the next one came into force; null: it is in force. */
  readonly until: string | null;
  readonly cause: ReleaseCause;
  /** The person; null: not known. */
  readonly author: string | null;
  /** One line; null: none was given. */
  readonly reason: string | null;
  readonly state: ReleaseState;
  /** Why it was not rolled back although it `failed`, in one line; absent: it was, or that is not known. */
  readonly halted?: string;
  /** Null: not known. */
  readonly changes: ChangeCounts | null;
}

/** How far a rollback goes. */
export type Scope = "host" | "fleet";

/** A hash that is not to be run, here or in the whole fleet. */
export interface ScopedSkip extends Skip {
  readonly scope: Scope;
}

/** The release that this host runs in place of its source. */
export interface Pinned {
  readonly hash: string;
  readonly scope: Scope;
  /**
   * The hashes that this host's own rollback takes back and still has to announce; empty: there is nothing to announce.
   * Its own hash is among them if a person forced it: the others no longer skip it.
   */
  readonly undoes: readonly string[];
  readonly cause: ReleaseCause;
  /** Null: it is automatic, or not known. */
  readonly author: string | null;
  readonly reason: string;
  /** Whether it runs only because the fleet runs it, so that the fleet's next release takes its place. */
  readonly isFollowed: boolean;
}

/** The longest hold. */
export const MAX_HOLD_MILLISECONDS = 7 * 24 * 3_600_000;

/** In place of a person's name that is not known. */
export const SOME_PERSON = "a person";

/** Nothing is activated until a time. */
export interface Hold {
  /** In milliseconds since 1970. */
  readonly until: number;
  /** In milliseconds since 1970. */
  readonly since: number;
  readonly author: string;
  readonly reason: string;
}

/** The watch over the newest release. */
export interface Bake {
  readonly hash: string;
  /** `hooks`: it waits for the hooks of the activation; `checking`: the health checks run. */
  readonly phase: "hooks" | "checking";
  /** When the checks end, in milliseconds since 1970; null: they have not begun. */
  readonly endsAt: number | null;
  /** Failures in a row. */
  readonly failures: number;
  /**
   * Whether a failure may be the release's fault: the checks succeeded before it, and it was not rolled back before.
   */
  readonly isBlamed: boolean;
  /** Whether the release was healthy before, and another value of the environment came. Absent: no. */
  readonly wasHealthy?: boolean;
}

/** A change that goes back unless a person confirms it. */
export interface Confirmation {
  readonly hash: string;
  /** In milliseconds since 1970. */
  readonly deadline: number;
  /** The longest wait that the person asked for; absent: an earlier version wrote it. */
  readonly waitMilliseconds?: number;
  readonly author: string;
}

/** The part of the releases that survives a restart. */
export interface KeptReleases {
  /** The earliest first. */
  readonly list: readonly Release[];
  readonly nextNumber: number;
  /** The earliest first. */
  readonly skips: readonly ScopedSkip[];
  /** Skips that a person overruled on this host by force: the store's skips of these hashes do not count here. */
  readonly overruled: readonly Skip[];
  /** Null: the source is to be run. */
  readonly pinned: Pinned | null;
  readonly hold: Hold | null;
  readonly bake: Bake | null;
  readonly confirmation: Confirmation | null;
  /** Hashes that were rolled back automatically, the latest last; none is a second time. */
  readonly undone: readonly string[];
}

/** The releases of a host that never had one. */
export const NO_RELEASES: KeptReleases = {
  list: [],
  nextNumber: 1,
  skips: [],
  overruled: [],
  pinned: null,
  hold: null,
  bake: null,
  confirmation: null,
  undone: [],
};

/** From the options. */
export interface ReleaseLimits {
  /** Releases beyond this number leave the list, but never the one in force and the last good one. */
  readonly keep: number;
  /** Null: no hook checks the health. */
  readonly health: HealthLimits | null;
}

export interface HealthLimits {
  readonly bakeMilliseconds: number;
  readonly intervalMilliseconds: number;
  /** A release fails after this many failures in a row. */
  readonly failures: number;
  readonly onFailure: "rollback" | "halt";
}

/** Why the source's own config is not in force although it is valid. */
export type Held =
  | {
    readonly kind: "skipped";
    /** Of the source. */
    readonly hash: string;
    readonly skip: ScopedSkip;
    /** Why the pinned release cannot be compiled now; null: it can. */
    readonly trouble: string | null;
  }
  | { readonly kind: "frozen"; readonly hash: string; readonly hold: Hold }
  | {
    readonly kind: "staged";
    /** Of the source. */
    readonly hash: string;
    readonly why: StagedWhy;
    /** More in one line: why a change cannot be proposed, or why the release in its place cannot be had. */
    readonly detail: string | null;
  }
  | {
    readonly kind: "unapproved";
    readonly hash: string;
    readonly approval: Approval;
  };

/** The approvals of a hash, as a host found them. */
export interface Approval {
  readonly isApproved: boolean;
  /** Signatures that count. */
  readonly have: number;
  readonly need: number;
  /** Why none could be verified, in one line; null: they could. */
  readonly trouble: string | null;
}

/** The details that a person gave with a request to reload, for the release that it leads to. */
export interface Terms {
  readonly author: string | null;
  readonly reason: string | null;
  /** Go back after this time unless the change is confirmed; null: no. */
  readonly confirmMilliseconds: number | null;
}

/** All that an instance knows of its releases. */
export interface Releases {
  readonly limits: ReleaseLimits;
  readonly kept: KeptReleases;
  /** Null: the source is in force, or it is not valid, or was not looked at yet. */
  readonly held: Held | null;
  /** For the next activation; null: none. */
  readonly terms: Terms | null;
  /** The number of the release that the health check under way asks about; null: none is under way. */
  readonly checked: number | null;
}

/** The releases at the start. */
export function initialReleases(limits: ReleaseLimits, kept: KeptReleases = NO_RELEASES): Releases {
  return { limits, kept, held: null, terms: null, checked: null };
}

/** The release in force; null: none is known. */
export function runningRelease({ list }: Pick<KeptReleases, "list">): Release | null {
  const last = list.at(-1);
  return last === undefined || last.until !== null ? null : last;
}

/** The skip of a hash; null: it may run. */
export function skipOf({ skips }: Pick<KeptReleases, "skips">, hash: string): ScopedSkip | null {
  return skips.find((one) => one.hash === hash) ?? null;
}

/** The newest skips of the host and of the fleet, as many of each as the store keeps: none is in the way of the others. */
export function boundedSkips(skips: readonly ScopedSkip[]): readonly ScopedSkip[] {
  const newest = (["host", "fleet"] as const).flatMap((scope) =>
    skips.filter((one) => one.scope === scope).slice(-MAX_SKIPS)
  );
  return newest.length === skips.length ? skips : skips.filter((one) => newest.includes(one));
}

/** The newest release before the one in force that was healthy and may run; null: there is none. */
export function lastGood(kept: Pick<KeptReleases, "list" | "skips">): Release | null {
  return lastBefore(kept, ({ state }) => state === "healthy");
}

/** The newest such release before the one in force, with another hash that may run; null: there is none. */
export function lastBefore(
  kept: Pick<KeptReleases, "list" | "skips">,
  isWanted: (release: Release) => boolean,
): Release | null {
  const running = runningRelease(kept);
  const before = running === null ? kept.list : kept.list.slice(0, -1);
  return before.findLast((one) =>
    isWanted(one) && one.hash !== running?.hash && skipOf(kept, one.hash) === null && !wasTakenBack(kept, one.hash)
  ) ?? null;
}

/** The newest release that was healthy and may run, or else the newest that may; null: there is none. */
export function lastToRun(kept: Pick<KeptReleases, "list" | "skips">): Release | null {
  const may = kept.list.filter(({ hash }) => skipOf(kept, hash) === null && !wasTakenBack(kept, hash));
  return may.findLast(({ state }) => state === "healthy") ?? may.at(-1) ?? null;
}

/** Whether a hash was taken back or failed when it was last judged: nothing chooses it by itself again. */
function wasTakenBack({ list }: Pick<KeptReleases, "list">, hash: string): boolean {
  const last = list.findLast((one) => one.hash === hash && one.state !== "replaced" && one.state !== "running");
  return last !== undefined && (last.state === "rolled-back" || last.state === "skipped" || last.state === "failed");
}
