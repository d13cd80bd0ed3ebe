// Makes one log line of each report, in the words that Honua's operators look for, with the outcome and its duration.
// Pure: it writes nothing.
import { renderLine } from "../diagnostic/render.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { AgreementReport } from "../agreement/agree.ts";
import type { ReleaseReport } from "../releases/decide_releases.ts";
import type { Held } from "../releases/release.ts";
import type { RolloutPhase } from "../agreement/rollout.ts";
import type { RolloutReport } from "../rollout/rollouts.ts";
import type { StagedWhy } from "../rollout/staging.ts";
import type { LoopReport, ReloadOutcome } from "./report.ts";
import type { HintReason } from "./state.ts";

/** A line of the log before it is written. */
export interface LogLine {
  /** By Honua's names. */
  readonly level: "debug" | "information" | "warning" | "error" | "critical";
  /** One line without secrets. */
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Reloads that no person and no file asked for: if they find nothing changed, they are not worth a line. */
const QUIET: ReadonlySet<HintReason> = new Set(["retry", "announcement", "link"]);

/** Diagnostics beyond this number are counted in a log line, but not listed. */
const MAX_LISTED = 20;

/** Makes the line of a reload. `describe` returns fields of a healthy candidate: its changes and counts. */
export function narrateReload<C>(report: LoopReport<C>, describe: (candidate: C) => Record<string, unknown>): LogLine {
  switch (report.kind) {
    case "activated":
      return {
        level: "information",
        message: "Configuration reloaded successfully",
        fields: { ...outcomeOf(report), hash: report.hash, change: report.change, ...describe(report.candidate) },
      };
    case "unchanged":
      return {
        level: report.healed || report.reasons.some((reason) => !QUIET.has(reason)) ? "information" : "debug",
        message: `Configuration reloaded successfully: ${report.healed ? "valid again, and unchanged" : "unchanged"}`,
        fields: { ...outcomeOf(report), hash: report.hash, healed: report.healed },
      };
    case "held":
      return {
        level: report.repeated ? "debug" : "warning",
        message: heldText(report.held),
        fields: { ...outcomeOf(report), hash: report.held.hash, running: report.running },
      };
    case "rejected":
      return {
        level: report.repeated ? "debug" : "warning",
        message: `Failed to reload configuration: ${report.reason}`,
        fields: { ...outcomeOf(report), ...listed("diagnostics", report.diagnostics) },
      };
    case "unreadable":
    case "write-failed":
      return {
        level: report.repeated ? "debug" : "warning",
        message: `Failed to reload configuration: ${report.reason}`,
        fields: { ...outcomeOf(report), willRetryInMilliseconds: report.willRetryInMilliseconds },
      };
    case "awaiting-retry":
      return { level: "debug", message: "The snapshot is still to be written, or accepted", fields: outcomeOf(report) };
    case "write-stalled": {
      const message = `Writing the snapshot takes more than ${report.limitMilliseconds} ms: is its file system there?`;
      return { level: "error", message, fields: {} };
    }
    case "internal-error": {
      const { error, during } = report;
      const message = `Failed to reload configuration: an internal error during ${during}: ${String(error)}`;
      return { level: "critical", message, fields: { stack: error instanceof Error ? error.stack : undefined } };
    }
  }
}

const STAGED_TEXTS: Readonly<Record<StagedWhy, string>> = {
  waiting: "The source is not put in force yet: its rollout has not let this host in",
  proposing: "The source is not put in force yet: it is a change that the fleet takes up in steps",
  refused: "The source is not put in force: its rollout cannot begin",
  ahead: "The source is not in force: the rollout let this host in, and its release is newer",
  late: "The source is not put in force: another change of the fleet took its place",
  "taken-back": "The fleet's release for this host does not run here",
  unlinked: "The source is not put in force: Redis does not say what the fleet runs",
};

/** Returns why a valid source is not in force, in one line. */
export function heldText(held: Held): string {
  if (held.kind === "frozen") {
    const { author, reason, until } = held.hold;
    return `The source is not put in force before ${new Date(until).toISOString()}: ${author} holds changes: ${reason}`;
  }
  if (held.kind === "unapproved") {
    const { have, need, trouble } = held.approval;
    const why = trouble === null ? "" : `: ${trouble}`;
    return `The source is not put in force: it has ${have} of ${need} approvals that count here${why}`;
  }
  if (held.kind === "staged") {
    return `${STAGED_TEXTS[held.why]}${held.detail === null ? "" : `: ${held.detail}`}`;
  }
  const { skip: { by, at, reason }, trouble } = held;
  const also = trouble === null ? "" : ` (the release in its place cannot be compiled now: ${trouble})`;
  return `The source is not put in force: ${by} rolled it back at ${at}: ${reason}${also}`;
}

/** Makes the line of a report about releases. */
export function narrateRelease(report: ReleaseReport): LogLine {
  switch (report.kind) {
    case "rolling-back": {
      const { from, to, rollback: { cause, scope, author, reason } } = report;
      const fields = { release: from.number, from: from.hash, to, cause, scope, author };
      const what = from.hash === to
        ? `Puts release ${from.number} in force again`
        : `Rolls release ${from.number} back`;
      return { level: "warning", message: `${what}: ${reason}`, fields };
    }
    case "baking": {
      const { release: { number, hash }, endsAt } = report;
      const message = `Release ${number} is watched by the health checks`;
      return {
        level: "information",
        message,
        fields: { release: number, hash, until: new Date(endsAt).toISOString() },
      };
    }
    case "healthy": {
      const { number, hash } = report.release;
      return { level: "information", message: `Release ${number} is healthy`, fields: { release: number, hash } };
    }
    case "unhealthy": {
      const { release: { number, hash }, reason, halted } = report;
      const fields = { release: number, hash, ...halted !== null && { halted } };
      const message = `Release ${number} failed its health checks: ${reason}${
        halted === null ? "" : `; it stays in force, because ${halted}`
      }`;
      return { level: "error", message, fields };
    }
    case "confirmed": {
      const { release: { number, hash }, author } = report;
      return {
        level: "information",
        message: `Release ${number} is confirmed`,
        fields: { release: number, hash, author },
      };
    }
    case "hold-begun": {
      const { until, author, reason } = report.hold;
      const fields = { until: new Date(until).toISOString(), author, reason };
      return { level: "warning", message: "Changes are held: nothing is put in force", fields };
    }
    case "hold-ended": {
      const message = report.by === null ? "The hold is over" : "The hold was ended";
      return { level: "information", message, fields: { by: report.by } };
    }
  }
}

/** Makes the line of a report about agreement. */
export function narrateAgreement(report: AgreementReport): LogLine {
  switch (report.kind) {
    case "agreed": {
      const { generation, hash, after } = report;
      return { level: "information", message: "Agrees with the other instances", fields: { generation, hash, after } };
    }
    case "diverged": {
      const { hash, head } = report;
      const message = "Diverged from the other instances: the source of this host is not the agreed one";
      return { level: "warning", message, fields: { hash, generation: head.generation, agreedHash: head.hash } };
    }
    case "announced": {
      const { generation, hash, delivered, purpose } = report;
      const fields = { generation, hash, instancesNotified: delivered, purpose };
      return { level: "information", message: "Announced to the other instances", fields };
    }
    case "announcement-refused": {
      const { hash, head } = report;
      const message = "The announcement was refused: the other instances have agreed on something else meanwhile";
      return { level: "warning", message, fields: { hash, generation: head.generation, agreedHash: head.hash } };
    }
    case "announcement-failed":
    case "head-unreadable": {
      const problem = report.kind === "head-unreadable"
        ? "The agreement of the instances could not be read"
        : (report.purpose === "force"
          ? "It is not known whether the announcement was made"
          : "It is not known whether the announcement was made, so it is tried again");
      return { level: report.repeated ? "debug" : "warning", message: `${problem}: ${report.reason}`, fields: {} };
    }
    case "head-lost": {
      const { head, seen } = report;
      const message = "Redis lost the agreement of the instances";
      return { level: "warning", message, fields: { seen, generation: head?.generation ?? null } };
    }
  }
}

function outcomeOf(report: ReloadOutcome<unknown>): Record<string, unknown> {
  const { reasons, durationMilliseconds } = report;
  return { outcome: outcomeName(report), durationMilliseconds: Math.round(durationMilliseconds * 10) / 10, reasons };
}

/** The outcome of a reload for people: a rejected source that could not be read is called unreadable. */
export function outcomeName<R extends ReloadOutcome<unknown>>(report: R): R["kind"] | "unreadable" {
  return report.kind === "rejected" && report.isUnread ? "unreadable" : report.kind;
}

/** Diagnostics as fields of a log line: their count, and one line for each of the first. */
export function listed(name: string, diagnostics: readonly Diagnostic[]): Record<string, unknown> {
  if (diagnostics.length === 0) return {};
  return { [`${name}Count`]: diagnostics.length, [name]: diagnostics.slice(0, MAX_LISTED).map(renderLine) };
}

/** Why a source was rejected: the first error in one line, with the number of further ones. */
export function reasonOf(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter((one) => one.severity === "error");
  const first = errors[0] ?? diagnostics[0];
  if (!first) return "no reason was given";
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return renderLine(first) + more;
}

/** Makes the line of a report about the fleet's rollout. */
export function narrateRollout(
  report: RolloutReport,
): LogLine & { readonly fields: Readonly<Record<string, string | number>> } {
  if (report.kind === "rollout-refused") {
    const { hash, reason } = report;
    return { level: "error", message: `The rollout of a change cannot begin: ${reason}`, fields: { hash } };
  }
  const { rollout: { hash, by, phase, step, counts, order, why } } = report;
  const fields = { hash, phase, step: step + 1, steps: counts.length, hosts: counts[step]!, of: order.length, by };
  if (report.kind === "rollout-done") {
    return { level: "information", message: "The rollout is done: all hosts run its release", fields };
  }
  if (report.kind === "rollout-proposed") {
    return { level: "information", message: `Begins a rollout in ${counts.length} steps`, fields };
  }
  const also = why === null ? "" : `: ${why}`;
  const isBad = phase === "halted" || phase === "rolled-back";
  return { level: isBad ? "error" : "information", message: `${PHASE_TEXTS[phase]}${also}`, fields };
}

const PHASE_TEXTS: Readonly<Record<RolloutPhase, string>> = {
  "awaiting-approval": "The rollout waits for approvals",
  admitting: "The rollout lets hosts in",
  baking: "The rollout watches the hosts that it let in",
  paused: "The rollout is paused",
  halted: "The rollout is halted",
  "rolled-back": "The rollout is rolled back",
  withdrawn: "The rollout is withdrawn",
};
