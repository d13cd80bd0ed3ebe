// Waits until the server that a hook restarted is ready: a probe at once, then one every second, until the time is
// over. Each probe has its own limit, so that a server that accepts and never answers does not use the whole time
// up.
import { type Clock, systemClock } from "../time/clock.ts";
import { pause } from "../time/pause.ts";
import { commandEnvironment, runCommand } from "./command.ts";
import { failed, type FailedEnding, type HookEnding, type HookLimit, openLimit } from "./ending.ts";
import { type HookRequest, makeRequest } from "./http_request.ts";
import { type HookPayload, payloadEnvironment } from "./hook_payload.ts";
import type { HookHost } from "./hook_host.ts";
import { checkUnit } from "./systemd_unit.ts";

/** A way to ask whether a server is ready. */
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

/** A probe, and how long it is repeated. */
export interface Readiness {
  readonly probe: ReadinessProbe;
  /** From the first probe on. */
  readonly timeoutMilliseconds: number;
}

/** The hook that asks, and its surroundings. */
export interface ReadinessQuestion {
  /** For the variables of a command. */
  readonly hook: string;
  /** For the variables of a command. */
  readonly payload: HookPayload;
  /** Ends the wait when aborted. */
  readonly stopping: AbortSignal;
  readonly surroundings: HookHost;
}

/** The interval of the probes, and the limit of each. */
const PACE = { everyMilliseconds: 1_000, askMilliseconds: 5_000 };

/** Asks until the server is ready or the time is over; the reason of a failure ends with the last answer. */
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
    // If the end of the time cut off the last probe, the answer before it says more.
    if (limit.signal.aborted) break;
    last = answer;
    await pause(next - clock.now(), limit.signal, clock);
  }
  if (question.stopping.aborted) return failed(limit.reason());
  const reason = `was not ready within ${timeoutMilliseconds / 1000} s: ${last.reason}`;
  return { ok: false, reason, output: last.output, isCarriedOut: true };
}

/** Asks once. */
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
