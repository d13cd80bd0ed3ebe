// The lines of the journal that reports lead to. Texts are masked by the caller.
import type { Report } from "../reload/report.ts";
import { heldText } from "../reload/narration.ts";
import { SOME_PERSON } from "../releases/release.ts";
import type { JournalEntry } from "../releases/journal_line.ts";
import type { Candidate } from "./look_compiler.ts";

/** The facts that a line needs beside a report. */
export interface JournalFacts {
  /** Of the release in force; null: none. */
  readonly running: { readonly number: number; readonly hash: string } | null;
  /** The name of the source that was rejected last. */
  readonly rejectedHash: string | null;
}

/** Returns the line for a report; null: none. A repeated failure is in the journal already. */
export function journalEntryOf(
  report: Report<Candidate>,
  { running, rejectedHash }: JournalFacts,
): JournalEntry | null {
  switch (report.kind) {
    case "activated": {
      const { release, change, reasons } = report;
      const isForced = reasons.includes("force");
      return {
        kind: isForced ? "forced" : "activated",
        release: release?.number ?? running?.number ?? null,
        hash: report.hash,
        who: release?.author ?? (release?.cause === "rollback" ? SOME_PERSON : release?.cause) ?? null,
        why: release?.reason ?? reasons.join(" "),
        outcome: change,
      };
    }
    case "rejected":
      if (report.repeated) return null;
      return report.isUnread
        ? { kind: "rejected", why: report.reason, outcome: "unreadable" }
        : { kind: "rejected", hash: rejectedHash, why: report.reason };
    case "held":
      return report.repeated ? null : { kind: "held", hash: report.held.hash, why: heldText(report.held) };
    case "rolling-back": {
      const { from, to, rollback: { author, cause, reason, scope, isForced = false } } = report;
      const outcome = `${scope}, to ${to.slice(0, 12)}${isForced ? ", by force" : ""}`;
      return {
        kind: "rolled-back",
        release: from.number,
        hash: from.hash,
        who: author ?? (cause === "rollback" ? SOME_PERSON : cause),
        why: reason,
        outcome,
      };
    }
    case "baking":
    case "healthy":
      return { kind: report.kind, release: report.release.number, hash: report.release.hash };
    case "unhealthy": {
      const { release: { number, hash }, reason, halted } = report;
      return { kind: "unhealthy", release: number, hash, why: reason, outcome: halted ?? "rolled back" };
    }
    case "confirmed":
      return { kind: "confirmed", release: report.release.number, hash: report.release.hash, who: report.author };
    case "hold-begun": {
      const { author, reason, until } = report.hold;
      return { kind: "hold", who: author, why: reason, outcome: `until ${new Date(until).toISOString()}` };
    }
    case "hold-ended":
      return {
        kind: "hold-released",
        who: report.by,
        outcome: report.by === null ? "its time is over" : "by a person",
      };
    case "rollout-proposed": {
      const { hash, author, reason } = report.rollout;
      return { kind: "proposed", hash, who: author, why: reason };
    }
    case "rollout-moved": {
      const { hash, phase, step, counts, why } = report.rollout;
      return { kind: "rollout", hash, why, outcome: `${phase}, step ${step + 1} of ${counts.length}` };
    }
    case "rollout-done":
      return { kind: "rollout", hash: report.rollout.hash, outcome: "done" };
    default:
      return null;
  }
}

/** The line for a configuration that a person does not approve, and that no instance is to run. */
export function refusalEntry(hash: string, author: string | null, reason: string): JournalEntry {
  return { kind: "rejected", hash, who: author ?? SOME_PERSON, why: reason, outcome: "by a person" };
}

/** The line for a person's request to run the source without the approvals that it needs. */
export function emergencyEntry(author: string | null, reason: string | null): JournalEntry {
  return { kind: "emergency", who: author ?? SOME_PERSON, why: reason, outcome: "without approval" };
}

/** Replaces secrets in the texts of a line. */
export function maskedEntry(entry: JournalEntry, mask: (text: string) => string): JournalEntry {
  const { who = null, why = null } = entry;
  return { ...entry, who: who && mask(who), why: why && mask(why) };
}
