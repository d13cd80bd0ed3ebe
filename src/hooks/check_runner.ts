// Shows a snapshot to the check hooks before it is in force: one that any of them does not accept never is. In order, or
// together where they say so; what they want to say is told in a diagnostic, without a secret.
import { setTimeout as delay } from "node:timers/promises";
import { type Diagnostic, errorDiagnostic } from "../diagnostic/diagnostic.ts";
import { terminalText } from "../diagnostic/terminal_text.ts";
import type { HookEnding } from "./hook.ts";
import type { HookOptions } from "../options/options.ts";
import { type Backoff, backoffMilliseconds } from "../time/backoff.ts";
import type { HookReport } from "./hook_loop.ts";

/** However long the backoff of a hook has grown. */
const LONGEST_BACKOFF_MILLISECONDS = 5 * 60_000;

/** The backoff that a hook's options ask for. */
export function backoffOf({ retry }: HookOptions): Backoff {
  const firstMilliseconds = retry.backoffSeconds * 1000;
  return { firstMilliseconds, capMilliseconds: Math.max(firstMilliseconds, LONGEST_BACKOFF_MILLISECONDS) };
}

/** What checking needs. */
export interface CheckTools {
  /** Runs a hook once, and masks what it wrote; ends soon after the signal. */
  run(hook: HookOptions, signal: AbortSignal): Promise<HookEnding>;
  /** Is told what each try came to. */
  report(report: HookReport): void;
  /** In [0, 1). */
  random(): number;
}

/**
 * Runs the hooks that what changed concerns, until a first one does not accept it; none runs once the signal is aborted.
 * Resolves with why it was refused, empty where it was accepted.
 */
export async function runChecks(
  hooks: readonly HookOptions[],
  changed: readonly string[],
  tools: CheckTools,
  signal: AbortSignal,
): Promise<readonly Diagnostic[]> {
  const concerned = hooks.filter(({ only }) => only.length === 0 || only.some((part) => changed.includes(part)));
  for (const together of groupsOf(concerned)) {
    // One refusal decides: what its neighbours would say is not waited for.
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

/** Each hook alone, neighbours that are parallel together. */
function groupsOf(hooks: readonly HookOptions[]): HookOptions[][] {
  const groups: HookOptions[][] = [];
  for (const hook of hooks) {
    const last = groups.at(-1);
    if (hook.parallel && last?.every((one) => one.parallel)) last.push(hook);
    else groups.push([hook]);
  }
  return groups;
}

/** Runs one hook until it accepts, or has no more tries. */
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

/** The last thing that a program says is what was wrong. */
function refusal(name: string, { reason, output }: Extract<HookEnding, { ok: false }>): Diagnostic {
  const last = output.split("\n").map((line) => line.trim()).filter((line) => line !== "").at(-1);
  const said = last === undefined ? "" : `, and said: ${terminalText(last, MAX_QUOTED_CHARACTERS)}`;
  return errorDiagnostic(
    "hook/check-failed",
    `The check hook ${name} did not accept the configuration: ${reason}${said}`,
    {
      suggestion: "Correct the source, or the hook",
    },
  );
}

const MAX_QUOTED_CHARACTERS = 200;
