// Records the results of hooks as a log line, a metric and an event, and remembers them for the status. The output of a
// hook is masked before it comes here.
import type { Logger } from "../telemetry/log.ts";
import type { DaemonMetrics } from "../telemetry/metrics.ts";
import type { HookReport } from "./hook_loop.ts";
import type { HookResult, HookState } from "./decide_hooks.ts";
import type { HealthAnswer } from "./health_runner.ts";

/** The status of one hook. */
export interface HookStatus {
  readonly name: string;
  /** When it runs: `check`, `activated`, `rejected`, `diverged` or `health`. */
  readonly on: string;
  /**
   * `done`: for the snapshot in force; `waiting`: for its turn, its random delay or `heldBy`; `retrying`: it failed and
   * waits for the next try; `given-up`: it failed as often as it may; `idle`: no trigger concerned it yet. Of a health
   * hook: its last answer, `healthy` or `failed`; `idle`: it was not asked yet.
   */
  readonly state: "idle" | "waiting" | "running" | "retrying" | "given-up" | "done" | "healthy" | "failed";
  /** Failures in a row for the trigger that is owed; 0 for check and health hooks, which owe nothing. */
  readonly failures: number;
  /** The hook that failed and, by its `StopOnFailure`, has to succeed first; null: none. */
  readonly heldBy: string | null;
  /** Null: it did not run since the start. */
  readonly lastRun: {
    readonly outcome: "succeeded" | "failed";
    /** The time of its end, in ISO 8601. */
    readonly at: string;
    readonly durationMilliseconds: number;
    /** Why it failed, in one line; null: it succeeded. */
    readonly reason: string | null;
    /** The end of its output or of the answer to it, at most 4 KiB, in lines; empty: nothing. */
    readonly output: string;
  } | null;
}

/** Receives the events of hooks. */
export interface HookEvents {
  /** Adds an event without secrets. */
  add(kind: "hook-failed", data: { readonly hook: string; readonly reason: string }): void;
}

/** The receivers of a hook's results. */
export interface HookMemorySettings {
  readonly log: Logger;
  readonly metrics: DaemonMetrics;
  readonly feed: HookEvents;
}

/** Records the results of hooks. */
export interface HookMemory {
  ended(report: HookReport): void;
  /** Records the answer of a health hook. The log has only those that differ from the one before. */
  answered(answer: HealthAnswer): void;
  /** Records the number of processes that a hook had left and that were ended with it. */
  left(hook: string, processes: number): void;
  /** The result of a hook's last run; null: it did not run since the start. */
  last(hook: string): HookStatus["lastRun"];
}

/** Of an output, in UTF-8. */
const MAX_OUTPUT_BYTES = 4_096;

/** Opens an empty memory. */
export function rememberHooks({ log, metrics, feed }: HookMemorySettings): HookMemory {
  const lastRuns = new Map<string, NonNullable<HookStatus["lastRun"]>>();
  const remember = (hook: string, result: HookResult, durationMilliseconds: number, output: string) => {
    const outcome = result.ok ? "succeeded" : "failed";
    metrics.hookRuns.add(1, { hook, outcome });
    metrics.hookDuration.observe(durationMilliseconds / 1000);
    const reason = result.ok ? null : result.reason;
    const at = new Date().toISOString();
    lastRuns.set(hook, { outcome, at, durationMilliseconds, reason, output: endOf(output) });
  };
  return {
    ended({ hook, result, durationMilliseconds, output, superseded, willRetryInMilliseconds, failures, held }) {
      remember(hook, result, durationMilliseconds, output);
      const fields = {
        durationMilliseconds: Math.round(durationMilliseconds),
        ...superseded && { next: "runs once more, for the changes meanwhile" },
        ...(output !== "" && { output }),
        ...(held.length > 0 && { notRun: held }),
      };
      if (result.ok) return log.information(`Hook ${hook} succeeded`, fields);
      log.error(`Hook ${hook} failed: ${result.reason}`, { ...fields, failures, willRetryInMilliseconds });
      // A hook that stays broken may fill the log, which has room, but not the events, which are few.
      if (failures <= 1) feed.add("hook-failed", { hook, reason: result.reason });
    },
    answered({ hook, ending, durationMilliseconds }) {
      const last = lastRuns.get(hook) ?? null;
      remember(hook, ending, durationMilliseconds, ending.output);
      if (last !== null && last.reason === (ending.ok ? null : ending.reason)) return;
      const { output } = ending;
      const fields = {
        durationMilliseconds: Math.round(durationMilliseconds),
        ...(!ending.ok && output !== "" && { output }),
      };
      if (ending.ok) return log.information(`Health hook ${hook}: healthy`, fields);
      log.warning(`Health hook ${hook} failed: ${ending.reason}`, fields);
      if (last?.outcome !== "failed") feed.add("hook-failed", { hook, reason: ending.reason });
    },
    left(hook, processes) {
      const started = processes === 1 ? "a process that it started was" : `${processes} processes that it started were`;
      const advice = "If it is to go on, start it with setsid, or in its own unit with systemd-run";
      log.warning(`Hook ${hook}: ${started} ended with it. ${advice}`, { hook, processes });
    },
    last: (hook) => lastRuns.get(hook) ?? null,
  };
}

/** The hooks that are not done. */
export interface UnfinishedHooks {
  /** How many run, or wait for their turn, and have not failed. */
  readonly waiting: number;
  /** The names of those that failed and have not succeeded since, also while they run again. */
  readonly failed: readonly string[];
}

/** Returns the hooks that are not done, in the order of the options. */
export function unfinishedHooks(hooks: readonly HookStatus[]): UnfinishedHooks {
  const hasFailed = ({ state, failures }: HookStatus) => failures > 0 || state === "failed" || state === "given-up";
  const waiting = hooks.filter((hook) => !hasFailed(hook) && (hook.state === "waiting" || hook.state === "running"));
  return { waiting: waiting.length, failed: hooks.filter(hasFailed).map(({ name }) => name) };
}

/** The last characters of an output that have room. */
function endOf(output: string): string {
  const bytes = new TextEncoder().encode(output);
  let start = Math.max(0, bytes.length - MAX_OUTPUT_BYTES);
  // The bytes 10xxxxxx continue a character (RFC 3629).
  while ((bytes[start]! & 0xc0) === 0x80) start++;
  return start === 0 ? output : new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(start));
}

/** The status of a health hook by its last run. */
export function healthStateOf(last: HookStatus["lastRun"]): Pick<HookStatus, "state" | "failures"> {
  return { state: last === null ? "idle" : last.outcome === "succeeded" ? "healthy" : "failed", failures: 0 };
}

/** The state of a hook as its status shows it; undefined: a check hook, which never waits. */
export function hookStateOf(state: HookState<unknown> | undefined): Pick<HookStatus, "state" | "failures"> {
  if (state === undefined) return { state: "idle", failures: 0 };
  const { owed, running, waits, done, failures } = state;
  if (running !== null) return { state: "running", failures };
  if (waits === "retry") return { state: "retrying", failures };
  if (waits === "given-up") return { state: "given-up", failures };
  if (owed !== null) return { state: "waiting", failures };
  return { state: done === null ? "idle" : "done", failures };
}
