// Hooks and a payload for tests, and the process groups of hooks by proc(5).
import type { HookEnding } from "../../src/hooks/ending.ts";
import { type HookAction, runHook } from "../../src/hooks/hook.ts";
import type { HookHost } from "../../src/hooks/hook_host.ts";
import type { Readiness } from "../../src/hooks/readiness.ts";
import type { HookPayload } from "../../src/hooks/hook_payload.ts";

/** An activation in which everything is known that it can tell. */
export const ACTIVATED: HookPayload = {
  event: "activated",
  instance: "edge-1",
  source: "/etc/honua/config.hcl",
  snapshot: "/var/lib/honua-configd/config.snapshot.json",
  serverPath: "/var/lib/honua-configd/config.snapshot.honua",
  hash: "ab".repeat(32),
  previousHash: "cd".repeat(32),
  generation: 7,
  candidate: null,
  serverCandidate: null,
  changed: ["layers", "caches"],
  reason: null,
  agreedHash: null,
};

/** The arguments of {@linkcode run} beside the action. */
export interface RunOptions {
  /** Ten seconds unless given. */
  readonly timeoutMilliseconds?: number;
  /** Never aborted unless given. */
  readonly signal?: AbortSignal;
  /** The process's own for absent members. */
  readonly surroundings?: Partial<HookHost>;
  /** {@linkcode ACTIVATED} unless given. */
  readonly payload?: HookPayload;
  /** Nothing unless given. */
  readonly readiness?: Readiness;
  /** False unless given. */
  readonly isCarriedOut?: boolean;
}

/** Carries out one action as a hook. */
export function run(action: HookAction, options: RunOptions = {}): Promise<HookEnding> {
  const { timeoutMilliseconds = 10_000, signal = new AbortController().signal, surroundings = {} } = options;
  const { readiness = null, isCarriedOut = false } = options;
  const hook = { name: "sample", action, timeoutMilliseconds, readiness, isCarriedOut };
  return runHook(hook, options.payload ?? ACTIVATED, signal, surroundings);
}

/** Carries out a command of sh(1). */
export function runShell(script: string, options: RunOptions = {}): Promise<HookEnding> {
  return run({ kind: "command", command: ["sh", "-c", script] }, options);
}

/** The processes of a group that run. */
export async function runningInGroup(group: number): Promise<number[]> {
  const running: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
    const [state, , of] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (of === String(group) && state !== "Z") running.push(Number(name));
  }
  return running;
}

/** The number that a command wrote as the first line of its output: `echo $$` writes that of its group. */
export function firstNumber(output: string): number {
  const number = Number(/^\d+/.exec(output)?.[0]);
  if (!(number > 1)) throw new Error(`no process's number at the beginning of: ${output}`);
  return number;
}
