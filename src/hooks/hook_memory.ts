// What the hooks came to: told as a line of the log, a metric and an event, and remembered for the status. What a hook
// wrote is masked before it comes here.
import type { Logger } from "../telemetry/log.ts";
import type { DaemonMetrics } from "../telemetry/metrics.ts";
import type { HookReport } from "./hook_loop.ts";
import type { HookState } from "./decide_hooks.ts";

/** One hook at one moment. */
export interface HookStatus {
  /** Its name in the options. */
  readonly name: string;
  /** When it runs: `check`, `activated`, `rejected` or `diverged`. */
  readonly on: string;
  /**
   * `done`: for the snapshot in force; `waiting`: for its turn, its random delay or `heldBy`; `retrying`: it failed and waits to be
   * tried again; `given-up`: it failed as often as it may; `idle`: nothing that concerns it happened yet.
   */
  readonly state: "idle" | "waiting" | "running" | "retrying" | "given-up" | "done";
  /** Failures in a row for what it is to be run for. */
  readonly failures: number;
  /** The hook that failed and, by its `StopOnFailure`, has to succeed first; null: none. */
  readonly heldBy: string | null;
  /** Null: it did not run since the start. */
  readonly lastRun: {
    /** How it ended. */
    readonly outcome: "succeeded" | "failed";
    /** When, in ISO 8601. */
    readonly at: string;
    /** From its beginning to its end. */
    readonly durationMilliseconds: number;
    /** Why it failed, in one line; null where it did not. */
    readonly reason: string | null;
  } | null;
}

/** Takes the events of hooks. */
export interface HookEvents {
  /** Adds an event without secrets. */
  add(kind: "hook-failed", data: { readonly hook: string; readonly reason: string }): void;
}

/** What telling needs. */
export interface HookMemorySettings {
  /** The log. */
  readonly log: Logger;
  /** What is counted. */
  readonly metrics: DaemonMetrics;
  /** The events. */
  readonly journal: HookEvents;
}

/** Tells and remembers. */
export interface HookMemory {
  /** Takes what a run came to. */
  ended(report: HookReport): void;
  /** Takes how many processes a hook had left, which were ended. */
  left(hook: string, processes: number): void;
  /** What the last run of a hook came to; null: it did not run since the start. */
  last(hook: string): HookStatus["lastRun"];
}

/** Opens the memory. */
export function rememberHooks({ log, metrics, journal }: HookMemorySettings): HookMemory {
  const lastRuns = new Map<string, NonNullable<HookStatus["lastRun"]>>();
  return {
    ended({ hook, result, durationMilliseconds, output, superseded, willRetryInMilliseconds, failures, held }) {
      const outcome = result.ok ? "succeeded" : "failed";
      metrics.hookRuns.add(1, { hook, outcome });
      metrics.hookDuration.observe(durationMilliseconds / 1000);
      const reason = result.ok ? null : result.reason;
      lastRuns.set(hook, { outcome, at: new Date().toISOString(), durationMilliseconds, reason });
      const fields = {
        durationMilliseconds: Math.round(durationMilliseconds),
        ...superseded && { next: "runs once more, for what came meanwhile" },
        ...(output !== "" && { output }),
        ...(held.length > 0 && { notRun: held }),
      };
      if (result.ok) return log.information(`Hook ${hook} succeeded`, fields);
      log.error(`Hook ${hook} failed: ${result.reason}`, { ...fields, failures, willRetryInMilliseconds });
      // A hook that stays broken fills the log, which has room for it, and not the events, which have not.
      if (failures <= 1) journal.add("hook-failed", { hook, reason: result.reason });
    },
    left(hook, processes) {
      const started = processes === 1 ? "a process that it started was" : `${processes} processes that it started were`;
      const advice = "If it is to go on, start it with setsid, or in a unit of its own with systemd-run";
      log.warning(`Hook ${hook}: ${started} ended with it. ${advice}`, { hook, processes });
    },
    last: (hook) => lastRuns.get(hook) ?? null,
  };
}

/** Where a hook stands, for people; undefined: one that only checks, and never waits for anything. */
export function hookStateOf(state: HookState<unknown> | undefined): Pick<HookStatus, "state" | "failures"> {
  if (state === undefined) return { state: "idle", failures: 0 };
  const { owed, running, waits, done, failures } = state;
  if (running !== null) return { state: "running", failures };
  if (waits === "retry") return { state: "retrying", failures };
  if (waits === "given-up") return { state: "given-up", failures };
  if (owed !== null) return { state: "waiting", failures };
  return { state: done === null ? "idle" : "done", failures };
}
