// Carries out one hook once: whatever it does, there is an ending soon after its time limit or the daemon's stop, and
// nothing of it runs on. Which hook runs when, and how often, is decided elsewhere.
import { commandEnvironment, runCommand } from "./command.ts";
import { failed, type HookEnding, type HookLimit, openLimit } from "./ending.ts";
import { type HookRequest, makeRequest } from "./http_request.ts";
import { type Occasion, occasionEnvironment, occasionJson } from "./occasion.ts";
import { signalPidFile } from "./pid_file.ts";
import { type HookSurroundings, PROCESS_SURROUNDINGS } from "./surroundings.ts";
import { reloadUnit } from "./systemd_unit.ts";

export type { HookEnding } from "./ending.ts";
export { type GroupOwner, killSessions } from "./process_group.ts";
export type { HookSurroundings } from "./surroundings.ts";

/** What a hook does. */
export type HookAction =
  | {
    readonly kind: "command";
    /** A program and its arguments; no shell. */
    readonly command: readonly string[];
  }
  | ({ readonly kind: "http" } & HookRequest)
  | {
    readonly kind: "signal";
    /** What is sent. */
    readonly signal: Deno.Signal;
    /** Holds the process's number. */
    readonly pidFile: string;
  }
  | {
    readonly kind: "systemd-unit";
    /** The unit's name with its type. */
    readonly unit: string;
  };

/** A hook as far as carrying it out is concerned. */
export interface RunnableHook {
  /** For those who are told of the occasion. */
  readonly name: string;
  /** What it does. */
  readonly action: HookAction;
  /** How long it may take. */
  readonly timeoutMilliseconds: number;
}

/**
 * Carries a hook out and never rejects.
 *
 * @param signal when aborted, the hook is ended: with SIGTERM and, half a second later, SIGKILL.
 * @param surroundings those of this process for what is not given.
 *
 * @example
 * ```ts
 * const hook = { name: "reload", action: { kind: "command", command: ["nginx", "-s", "reload"] }, timeoutMilliseconds: 5_000 };
 * const ending = await runHook(hook, occasion, stopping.signal);
 * // { ok: false, reason: "exited with 1", output: "nginx: [error] …" }
 * ```
 */
export async function runHook(
  hook: RunnableHook,
  occasion: Occasion,
  signal: AbortSignal,
  surroundings: Partial<HookSurroundings> = {},
): Promise<HookEnding> {
  using limit = openLimit(hook.timeoutMilliseconds, signal);
  if (signal.aborted) return failed(limit.reason());
  try {
    return await carryOut(hook, occasion, limit, { ...PROCESS_SURROUNDINGS, ...surroundings });
  } catch (error) {
    // A bug, and its text may quote anything: it goes where the caller masks.
    return failed("could not be carried out: an internal error", error instanceof Error ? error.message : "");
  }
}

function carryOut(
  { name, action }: RunnableHook,
  occasion: Occasion,
  limit: HookLimit,
  surroundings: HookSurroundings,
): Promise<HookEnding> {
  switch (action.kind) {
    case "command": {
      const env = commandEnvironment(occasionEnvironment(name, occasion), surroundings.environment);
      return runCommand(action.command, env, limit, surroundings);
    }
    case "http":
      return makeRequest(action, occasionJson(name, occasion), limit, surroundings);
    case "signal":
      return signalPidFile(action.pidFile, action.signal);
    case "systemd-unit":
      return reloadUnit(action.unit, limit, surroundings);
  }
}
