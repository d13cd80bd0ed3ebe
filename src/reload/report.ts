// The result of a reload as a value: exactly one report for each look. Its receivers make log lines, counts and status
// of it; only `candidate` and `error` can hold a secret.
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { AgreementReport } from "../agreement/agree.ts";
import type { ReleaseReport } from "../releases/decide_releases.ts";
import type { Held, Release } from "../releases/release.ts";
import type { RolloutReport } from "../rollout/rollouts.ts";
import type { Change, HintReason, SnapshotId, Trouble } from "./state.ts";

/** The members of every report of a reload. */
export interface ReloadReport {
  /** The reasons of its hints, each once, the earliest first. */
  readonly reasons: readonly HintReason[];
  /** From the beginning of the look to the outcome, without debounce and backoff. */
  readonly durationMilliseconds: number;
}

/** A reload that leaves the host healthy. */
export interface HealthyReport<Candidate> extends ReloadReport, SnapshotId {
  /** The trouble that this reload ended; null: there was none. */
  readonly healed: Trouble["kind"] | null;
  /** For counts and warnings. */
  readonly candidate: Candidate;
}

/** A reload that failed; the snapshot in force remains. */
export interface FailureReport extends ReloadReport {
  /** Of the source that failed. */
  readonly fingerprint: string;
  /** One line without secrets. */
  readonly reason: string;
  /** The same source failed for the same reason before and no person asked: not worth a second line in a log. */
  readonly repeated: boolean;
}

/** A report about a reload, its loop, agreement, releases, or rollouts. */
export type Report<Candidate> = LoopReport<Candidate> | AgreementReport | ReleaseReport | RolloutReport;

/** The report that ends a reload. */
export type ReloadOutcome<Candidate> = Extract<LoopReport<Candidate>, ReloadReport>;

/** The outcome of one reload, or, for the last two kinds, trouble of the loop itself. */
export type LoopReport<Candidate> =
  /** A snapshot was written and is in force. */
  | (HealthyReport<Candidate> & {
    readonly kind: "activated";
    readonly change: Change;
    /** The new one; null: the hash was in force before. */
    readonly release: Release | null;
    /** Why it was put in force in place of the source; null: it is the source's. */
    readonly held: Held | null;
  })
  /** The source has the meaning of the active snapshot: no write. */
  | (HealthyReport<Candidate> & { readonly kind: "unchanged" })
  /** The source is valid, but is not to be run: the active snapshot stays. */
  | (ReloadReport & {
    readonly kind: "held";
    /** In force; null: nothing is. */
    readonly running: string | null;
    readonly held: Held;
    /** The same was reported before, and no person asked. */
    readonly repeated: boolean;
  })
  /** The source does not validate. */
  | (FailureReport & {
    readonly kind: "rejected";
    readonly diagnostics: readonly Diagnostic[];
    /** Whether no byte of the source could be read: it is missing, or may not be read. */
    readonly isUnread: boolean;
  })
  /** The source could not be read, or not in time; null: the retry timer of an earlier failure still runs. */
  | (FailureReport & { readonly kind: "unreadable"; readonly willRetryInMilliseconds: number | null })
  /** The snapshot could not be written. */
  | (FailureReport & { readonly kind: "write-failed"; readonly willRetryInMilliseconds: number | null })
  /**
   * The look found a source again. If its write failed before, it waits for the retry, so that hints do not undo the
   * backoff. If a check refused it, it waits for an edit or a person.
   */
  | (ReloadReport & { readonly kind: "awaiting-retry"; readonly fingerprint: string })
  /** A write outlasted its limit and was aborted. The loop waits for its end, because two writers are worse. */
  | { readonly kind: "write-stalled"; readonly limitMilliseconds: number }
  /** The work or request threw: a bug. It counts as failed and is tried again; `error` is not masked. */
  | {
    readonly kind: "internal-error";
    readonly during: "look" | "activate" | "read-head" | "announce" | "check-health" | "read-fleet" | "move-rollout";
    readonly error: unknown;
  };
