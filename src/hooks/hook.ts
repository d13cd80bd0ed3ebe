// Carries out one hook once. It always ends soon after its time limit or the daemon's stop, and no process of it
// continues. When and how often a hook runs is decided elsewhere.
import { commandEnvironment, runCommand } from "./command.ts";
import { failed, type HookEnding, type HookLimit, openLimit } from "./ending.ts";
import { type HookRequest, makeRequest } from "./http_request.ts";
import { askOnce, awaitReadiness, type Readiness } from "./readiness.ts";
import { type HookPayload, payloadEnvironment, payloadJson } from "./hook_payload.ts";
import { type HookHost, PROCESS_HOST } from "./hook_host.ts";
import { changeUnit, checkUnit, type UnitAction } from "./systemd_unit.ts";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { readSmallFile } from "../host/small_file.ts";

/** The action of a hook. */
export type HookAction =
  | {
    readonly kind: "command";
    /** A program and its arguments; no shell. */
    readonly command: readonly string[];
  }
  | ({ readonly kind: "http" } & HookRequest)
  | {
    readonly kind: "signal";
    readonly signal: Deno.Signal;
    readonly pidFile: string;
  }
  | {
    readonly kind: "systemd-unit";
    /** The unit's name with its type. */
    readonly unit: string;
    /** `is-active` changes nothing, and fails if the unit is in any other state. */
    readonly does: UnitAction | "is-active";
  };

/** A hook as it is carried out. */
export interface RunnableHook {
  /** For the payload. */
  readonly name: string;
  readonly action: HookAction;
  /** Of the action, without the readiness. */
  readonly timeoutMilliseconds: number;
  /** How to ask afterwards whether its server is ready; null: not at all. */
  readonly readiness: Readiness | null;
  /**
   * Whether a run for the same payload carried out the action, and only the readiness failed. If the server is ready by
   * now, the action is not repeated.
   */
  readonly isCarriedOut: boolean;
}

/**
 * Carries a hook out and never rejects.
 *
 * @param signal its abort ends the hook, with SIGTERM and, half a second later, SIGKILL.
 * @param surroundings a missing member is that of this process.
 *
 * @example
 * ```ts
 * const action = { kind: "command", command: ["nginx", "-s", "reload"] };
 * const hook = { name: "reload", action, timeoutMilliseconds: 5_000, readiness: null, isCarriedOut: false };
 * const ending = await runHook(hook, payload, stopping.signal, {});
 * // { ok: false, reason: "exited with 1", output: "nginx: [error] …" }
 * ```
 */
export async function runHook(
  hook: RunnableHook,
  payload: HookPayload,
  signal: AbortSignal,
  surroundings: Partial<HookHost>,
): Promise<HookEnding> {
  const { name, readiness } = hook;
  const question = {
    hook: name,
    payload,
    stopping: signal,
    surroundings: { ...PROCESS_HOST, ...surroundings },
  };
  try {
    if (readiness !== null && hook.isCarriedOut) {
      const answer = await askOnce(readiness, question);
      if (answer.ok) return answer;
    }
    const ending = await carryOutInTime(hook, payload, signal, question.surroundings);
    if (!ending.ok || readiness === null) return ending;
    const answer = await awaitReadiness(readiness, question);
    if (answer.ok) return ending;
    return { ...answer, output: [ending.output, answer.output].filter((one) => one !== "").join("\n") };
  } catch (error) {
    // A bug, whose text may quote anything: it goes into the output, which the caller masks.
    return failed("could not be carried out: an internal error", error instanceof Error ? error.message : "");
  }
}

async function carryOutInTime(
  hook: RunnableHook,
  payload: HookPayload,
  signal: AbortSignal,
  surroundings: HookHost,
): Promise<HookEnding> {
  using limit = openLimit(hook.timeoutMilliseconds, signal);
  return signal.aborted ? failed(limit.reason()) : await carryOut(hook, payload, limit, surroundings);
}

function carryOut(
  { name, action }: RunnableHook,
  payload: HookPayload,
  limit: HookLimit,
  surroundings: HookHost,
): Promise<HookEnding> {
  switch (action.kind) {
    case "command": {
      const env = commandEnvironment(payloadEnvironment(name, payload), surroundings.environment);
      return runCommand(action.command, env, limit, surroundings);
    }
    case "http":
      return makeRequest(action, payloadJson(name, payload), limit, surroundings);
    case "signal":
      return signalPidFile(action.pidFile, action.signal);
    case "systemd-unit":
      return action.does === "is-active"
        ? checkUnit(action.unit, limit, surroundings)
        : changeUnit(action.unit, action.does, limit, surroundings);
  }
}

// A signal to the process that a pid file names. The number is judged first: a number that means every process, the
// first process or the daemon itself is never signalled.

/** Sends a signal, and throws as `Deno.kill` does. */
export type SendSignal = (pid: number, signal: Deno.Signal) => void;

/**
 * Signals the process whose number is the first line of a file, as daemons write it.
 *
 * @param send the operating system's, unless a test replaces it.
 */
export async function signalPidFile(
  pidFile: string,
  signal: Deno.Signal,
  send: SendSignal = Deno.kill,
): Promise<HookEnding> {
  const file = terminalText(pidFile);
  const read = await readSmallFile(pidFile);
  if (!read.ok) return failed(`has no process to signal: ${read.reason}`);
  const digits = /^[ \t]*(\d{1,10})[ \t\r]*(?:\n|$)/.exec(read.text)?.[1];
  if (digits === undefined) {
    return failed(`has no process to signal: ${file} does not begin with a process's number`);
  }
  const pid = Number(digits);
  // kill(2): 0 is the sender's own group; 1 is the first process, which no pid file of a server names.
  if (pid <= 1 || pid > 0x7fff_ffff || pid === Deno.pid) {
    return failed(`signals no process ${pid}, which ${file} names: it is not a server's`);
  }
  try {
    send(pid, signal);
    return { ok: true, output: "" };
  } catch (error) {
    return failed(refusal(error, pid, file));
  }
}

function refusal(error: unknown, pid: number, file: string): string {
  if (error instanceof Deno.errors.NotFound) {
    return `found no process ${pid}, which ${file} names: the file is out of date, or the server does not run`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `may not signal process ${pid} of another user: give the daemon's unit CAP_KILL in a drop-in, or use SystemdUnit`;
  }
  return `could not signal process ${pid}: ${error instanceof Error ? error.name : "an unknown error"}`;
}
