// Carries out one hook once: whatever it does, there is an ending soon after its time limit or the daemon's stop, and
// nothing of it runs on. Which hook runs when, and how often, is decided elsewhere.
import { commandEnvironment, runCommand } from "./command.ts";
import { failed, type HookEnding, type HookLimit, openLimit } from "./ending.ts";
import { type HookRequest, makeRequest } from "./http_request.ts";
import { askOnce, awaitReadiness, type Readiness } from "./readiness.ts";
import { type Occasion, occasionEnvironment, occasionJson } from "./hook_payload.ts";
import { signalPidFile } from "./pid_file.ts";
import { type HookSurroundings, PROCESS_SURROUNDINGS } from "./surroundings.ts";
import { changeUnit, type UnitAction } from "./systemd_unit.ts";

export type { HookEnding } from "./ending.ts";
export type { Readiness } from "./readiness.ts";
export { type GroupOwner, killSessions } from "../host/process_group.ts";
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
    /** The action on it. */
    readonly does: UnitAction;
  };

/** A hook as far as carrying it out is concerned. */
export interface RunnableHook {
  /** For those who are told of the occasion. */
  readonly name: string;
  /** What it does. */
  readonly action: HookAction;
  /** How long that may take. */
  readonly timeoutMilliseconds: number;
  /** How to ask afterwards whether its server is ready; null: not at all. */
  readonly readiness: Readiness | null;
  /**
   * Whether a run for the same occasion carried it out, and the readiness failed. If what it changed is ready by now,
   * it is not carried out again.
   */
  readonly isCarriedOut: boolean;
}

/**
 * Carries a hook out and never rejects.
 *
 * @param signal when aborted, the hook is ended: with SIGTERM and, half a second later, SIGKILL.
 * @param surroundings those of this process for what is not given.
 *
 * @example
 * ```ts
 * const action = { kind: "command", command: ["nginx", "-s", "reload"] };
 * const hook = { name: "reload", action, timeoutMilliseconds: 5_000, readiness: null, isCarriedOut: false };
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
  const { name, readiness } = hook;
  const question = {
    hook: name,
    occasion,
    stopping: signal,
    surroundings: { ...PROCESS_SURROUNDINGS, ...surroundings },
  };
  try {
    if (readiness !== null && hook.isCarriedOut) {
      const answer = await askOnce(readiness, question);
      if (answer.ok) return answer;
    }
    const ending = await carryOutInTime(hook, occasion, signal, question.surroundings);
    if (!ending.ok || readiness === null) return ending;
    const answer = await awaitReadiness(readiness, question);
    if (answer.ok) return ending;
    return { ...answer, output: [ending.output, answer.output].filter((one) => one !== "").join("\n") };
  } catch (error) {
    // A bug, and its text may quote anything: it goes where the caller masks.
    return failed("could not be carried out: an internal error", error instanceof Error ? error.message : "");
  }
}

async function carryOutInTime(
  hook: RunnableHook,
  occasion: Occasion,
  signal: AbortSignal,
  surroundings: HookSurroundings,
): Promise<HookEnding> {
  using limit = openLimit(hook.timeoutMilliseconds, signal);
  return signal.aborted ? failed(limit.reason()) : await carryOut(hook, occasion, limit, surroundings);
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
      return changeUnit(action.unit, action.does, limit, surroundings);
  }
}
