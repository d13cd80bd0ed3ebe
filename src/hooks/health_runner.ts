// Asks the health hooks whether the servers work: all of them beside each other, each once and for its TimeoutSeconds
// at most. An answer is one line without secrets. When and how often they are asked is decided elsewhere.
import type { HookOptions } from "../options/options.ts";
import type { HookResult } from "./decide_hooks.ts";
import { explained, type HookEnding } from "./ending.ts";

/** Carries out and reports the questions. */
export interface HealthTools {
  /** Runs a hook once, and masks its output; ends soon after the signal. */
  run(hook: HookOptions, signal: AbortSignal): Promise<HookEnding>;
  /** Receives the answer of each hook. */
  report(answer: HealthAnswer): void;
}

/** The answer of one hook. */
export interface HealthAnswer {
  readonly hook: string;
  readonly ending: HookEnding;
  readonly durationMilliseconds: number;
}

/** Asks all hooks once; no hook is no failure. After the signal is aborted nothing is reported, and it is a failure. */
export async function checkHealth(
  hooks: readonly HookOptions[],
  tools: HealthTools,
  signal: AbortSignal,
): Promise<HookResult> {
  const stopped: HookResult = { ok: false, reason: "the health check was stopped" };
  if (signal.aborted) return stopped;
  const answers = await Promise.all(hooks.map(async (hook) => {
    const begun = performance.now();
    const ending = await tools.run(hook, signal);
    if (!signal.aborted) {
      tools.report({ hook: hook.name, ending, durationMilliseconds: performance.now() - begun });
    }
    return { name: hook.name, ending };
  }));
  if (signal.aborted) return stopped;
  const [first, ...others] = answers.flatMap(({ name, ending }) =>
    ending.ok ? [] : [`hook ${name} failed: ${explained(ending)}`]
  );
  if (first === undefined) return { ok: true };
  return { ok: false, reason: others.length === 0 ? first : `${first} (and ${others.length} more failed)` };
}
