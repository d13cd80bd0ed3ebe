// Waits until what a hook restarted is ready: asked at once, then every second, until the time is over. Each ask has a
// limit of its own, so that a server that accepts and never answers does not use the whole time up.
import { type Clock, systemClock } from "../time/clock.ts";
import { pause } from "../time/pause.ts";
import { commandEnvironment, runCommand } from "./command.ts";
import { failed, type FailedEnding, type HookEnding, type HookLimit, openLimit } from "./ending.ts";
import { type HookRequest, makeRequest } from "./http_request.ts";
import { type HookPayload, payloadEnvironment } from "./hook_payload.ts";
import type { HookHost } from "./hook_host.ts";
import { checkUnit } from "./systemd_unit.ts";

/** How it is asked whether something is ready. */
export type ReadinessProbe =
  | {
    readonly kind: "command";
    /** A program and its arguments; ready if it exits with 0. */
    readonly command: readonly string[];
  }
  /** GET; ready if the answer is 200 to 299. */
  | ({ readonly kind: "http" } & Omit<HookRequest, "method">)
  | {
    readonly kind: "systemd-unit";
    /** Ready if it is active. */
    readonly unit: string;
  };

/** A question, and how long it is asked. */
export interface Readiness {
  /** How it is asked. */
  readonly probe: ReadinessProbe;
  /** From the first ask on. */
  readonly timeoutMilliseconds: number;
}

/** For whom it is asked. */
export interface ReadinessQuestion {
  /** The hook's name, for a command. */
  readonly hook: string;
  /** The same. */
  readonly payload: HookPayload;
  /** Ends the wait when aborted. */
  readonly stopping: AbortSignal;
  /** Where it is asked. */
  readonly surroundings: HookHost;
}

/** How often it is asked, and how long one ask may take. */
const PACE = { everyMilliseconds: 1_000, askMilliseconds: 5_000 };

/** Asks until it is ready or the time is over; the reason of a failure ends with the last answer. */
export async function awaitReadiness(
  readiness: Readiness,
  question: ReadinessQuestion,
  pace = PACE,
  clock: Clock = systemClock,
): Promise<HookEnding> {
  const { timeoutMilliseconds } = readiness;
  using limit = openLimit(timeoutMilliseconds, question.stopping);
  let last: FailedEnding = failed("no answer");
  while (!limit.signal.aborted) {
    const next = clock.now() + pace.everyMilliseconds;
    const answer = await askOnce(readiness, { ...question, stopping: limit.signal }, pace);
    if (answer.ok) return answer;
    // An answer that the end of the time cut off says less than the one before it.
    if (limit.signal.aborted) break;
    last = answer;
    await pause(next - clock.now(), limit.signal, clock);
  }
  if (question.stopping.aborted) return failed(limit.reason());
  const reason = `was not ready within ${timeoutMilliseconds / 1000} s: ${last.reason}`;
  return { ok: false, reason, output: last.output, isCarriedOut: true };
}

/** Asks once, without waiting for another answer. */
export async function askOnce(
  { probe }: Readiness,
  { hook, payload, stopping, surroundings }: ReadinessQuestion,
  { askMilliseconds } = PACE,
): Promise<HookEnding> {
  using limit = openLimit(askMilliseconds, stopping, `no answer within ${askMilliseconds / 1000} s`);
  return await ask(probe, () => payloadEnvironment(hook, payload), limit, surroundings);
}

function ask(
  probe: ReadinessProbe,
  variables: () => Record<string, string>,
  limit: HookLimit,
  surroundings: HookHost,
): Promise<HookEnding> {
  switch (probe.kind) {
    case "command":
      return runCommand(probe.command, commandEnvironment(variables(), surroundings.environment), limit, surroundings);
    case "http":
      return makeRequest({ ...probe, method: "GET" }, "", limit, surroundings);
    case "systemd-unit":
      return checkUnit(probe.unit, limit, surroundings);
  }
}
