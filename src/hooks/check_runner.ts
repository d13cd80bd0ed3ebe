// Runs the check hooks on a snapshot before it is in force: a snapshot that one of them refuses never comes into force.
// They run in order, or together if they are parallel. A diagnostic quotes the refusal, without a secret.
import { setTimeout as delay } from "node:timers/promises";
import { type Diagnostic, errorDiagnostic } from "../diagnostic/diagnostic.ts";
import { explained, type FailedEnding, type HookEnding } from "./ending.ts";
import type { HookOptions } from "../options/options.ts";
import { type Backoff, backoffMilliseconds } from "../time/backoff.ts";
import type { HookReport } from "./hook_loop.ts";

/** The bound for a backoff that has grown. */
const LONGEST_BACKOFF_MILLISECONDS = 5 * 60_000;

/** Returns the backoff of a hook's options. */
export function backoffOf({ retry }: HookOptions): Backoff {
  const firstMilliseconds = retry.backoffSeconds * 1000;
  return { firstMilliseconds, capMilliseconds: Math.max(firstMilliseconds, LONGEST_BACKOFF_MILLISECONDS) };
}

/** Carries out and reports the checks. */
export interface CheckTools {
  /** Runs a hook once, and masks its output; ends soon after the signal. */
  run(hook: HookOptions, signal: AbortSignal): Promise<HookEnding>;
  /** Receives the result of each try. */
  report(report: HookReport): void;
  /** In [0, 1). */
  random(): number;
}

/**
 * Runs the hooks that the changed parts concern, until one refuses; none begins after the signal is aborted. Resolves
 * with the refusals, empty if the snapshot is accepted.
 */
export async function runChecks(
  hooks: readonly HookOptions[],
  changed: readonly string[],
  tools: CheckTools,
  signal: AbortSignal,
): Promise<readonly Diagnostic[]> {
  const concerned = hooks.filter(({ only }) => only.length === 0 || only.some((part) => changed.includes(part)));
  for (const together of groupsOf(concerned)) {
    // One refusal decides, so the other hooks are aborted.
    const decided = new AbortController();
    const either = AbortSignal.any([signal, decided.signal]);
    const refusals: Diagnostic[] = [];
    await Promise.all(together.map(async (hook) => {
      const ending = await checkWith(hook, tools, either);
      if (ending.ok || decided.signal.aborted) return;
      refusals.push(refusal(hook.name, ending));
      decided.abort();
    }));
    if (refusals.length > 0) return refusals;
  }
  return [];
}

/** One group for each hook; parallel neighbours share one. */
function groupsOf(hooks: readonly HookOptions[]): HookOptions[][] {
  const groups: HookOptions[][] = [];
  for (const hook of hooks) {
    const last = groups.at(-1);
    if (hook.parallel && last?.every((one) => one.parallel)) last.push(hook);
    else groups.push([hook]);
  }
  return groups;
}

/** Runs one hook until it accepts or has no more tries. */
async function checkWith(hook: HookOptions, tools: CheckTools, signal: AbortSignal): Promise<HookEnding> {
  for (let attempt = 1;; attempt++) {
    if (signal.aborted) return { ok: false, reason: "was stopped", output: "" };
    const begun = performance.now();
    const ending = await tools.run(hook, signal);
    if (signal.aborted) return ending;
    const isLast = ending.ok || attempt > hook.retry.attempts;
    const wait = isLast ? null : backoffMilliseconds(attempt, tools.random(), backoffOf(hook));
    const { output, ...result } = ending;
    tools.report({
      hook: hook.name,
      result,
      output,
      durationMilliseconds: performance.now() - begun,
      willRetryInMilliseconds: wait,
      superseded: false,
      failures: ending.ok ? 0 : attempt,
      held: [],
    });
    if (wait === null) return ending;
    await delay(wait, undefined, { signal }).catch(() => {});
  }
}

function refusal(name: string, ending: FailedEnding): Diagnostic {
  return errorDiagnostic(
    "hook/check-failed",
    `The check hook ${name} did not accept the configuration: ${explained(ending)}`,
    {
      suggestion: "Correct the source, or the hook",
    },
  );
}
