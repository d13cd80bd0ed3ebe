// `honua-configd rollout`: how far the fleet's rollout is. It ends with 0 if there is none, or it is under way or ended
// well; with 1 if it was rolled back or waits for a person; with 3 if that is not known. `promote` and `pause` move it.
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { jsonLine, terminalText } from "../diagnostic/terminal_text.ts";
import { endOf } from "../rollout/progress_text.ts";
import type { AdminFlags } from "./admin_address.ts";
import { type AdminAnswer, type AdminClient, unavailable, unexpectedAnswer, withAdminClient } from "./admin_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { refusedOrder } from "./order.ts";
import { personOf } from "./person.ts";
import { type Rollout, rolloutLine, rolloutPage, rolloutSchema, rolloutSummarySchema } from "./rollout_text.ts";
import { shortHash } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export interface RolloutRequest {
  readonly address: AdminFlags;
  readonly format: "text" | "json";
  /** Null: show it once; else follow it until it no longer goes on, for at most this many milliseconds. */
  readonly watchMilliseconds: number | null;
}

/** Waits and limits, shorter in tests. */
export interface WatchPace {
  /** Between two requests. */
  readonly pollMilliseconds: number;
  /** How long the daemon may give no answer, as while it is restarted. */
  readonly silenceMilliseconds: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The waits and limits of a command. */
export const PACE: WatchPace = { pollMilliseconds: 1_000, silenceMilliseconds: 60_000, now: Date.now };

const answerSchema = z.object({ rollout: rolloutSchema.nullable() });

/** The rollout, or in one line why it is not known; `isPassing`: it may be known later. */
export type AskedRollout =
  | { readonly ok: true; readonly rollout: Rollout | null; readonly body: unknown }
  | { readonly ok: false; readonly why: string; readonly isPassing: boolean };

/** Shows the rollout, or follows it. */
export async function rollout(
  request: RolloutRequest,
  terminal: Terminal,
  pace: WatchPace = PACE,
): Promise<ExitCode> {
  return await withAdminClient(request.address, terminal, async (client) => {
    if (request.watchMilliseconds !== null) {
      return await watch(client, request.format, request.watchMilliseconds, terminal, pace);
    }
    const asked = await askRollout(client);
    if (!asked.ok) return unavailable(asked.why, terminal);
    if (request.format === "json") terminal.out(jsonLine(asked.body));
    else if (asked.rollout === null) terminal.out("No rollout\n");
    else terminal.out(rolloutPage(asked.rollout, pace.now(), terminal.colourOut));
    return codeOf(asked.rollout);
  });
}

/** Asks the daemon for the rollout. */
export async function askRollout(client: AdminClient): Promise<AskedRollout> {
  const answer = await client.ask({ path: "admin/rollout" });
  if (!answer.ok) return { ok: false, why: answer.message, isPassing: true };
  if (answer.status !== 200) {
    const isPassing = answer.status === 429 || answer.status >= 500;
    return { ok: false, why: client.refusal(answer), isPassing };
  }
  return askedRollout(answer.body) ?? { ok: false, why: unexpectedAnswer(client), isPassing: false };
}

/** Reads the rollout of an answer; null: it has none of this form. */
export function askedRollout(body: unknown): Extract<AskedRollout, { ok: true }> | null {
  const parsed = answerSchema.safeParse(body);
  return parsed.success ? { ok: true, rollout: parsed.data.rollout, body } : null;
}

function codeOf(rollout: Rollout | null): ExitCode {
  const end = rollout === null ? "done" : endOf(rollout);
  return end === "waits" || end === "rolled back" ? EXIT.invalid : EXIT.done;
}

/** One line for each change, until the rollout does not go on by itself. */
async function watch(
  client: AdminClient,
  format: "text" | "json",
  limitMilliseconds: number,
  terminal: Terminal,
  { pollMilliseconds, silenceMilliseconds, now }: WatchPace,
): Promise<ExitCode> {
  const end = now() + limitMilliseconds;
  let shown: string | null = null;
  let known: string | null = null;
  let answeredAt = now();
  for (;;) {
    const asked = await askRollout(client);
    if (asked.ok) {
      answeredAt = now();
      const { rollout } = asked;
      const line = rollout === null ? "No rollout" : watchLine(rollout);
      if (line !== shown) {
        terminal.out(format === "json" ? jsonLine(asked.body) : `${new Date(now()).toISOString()} ${line}\n`);
      }
      shown = line;
      if (rollout === null && known !== null) {
        return unavailable(`The rollout of ${shortHash(known)} is not in the store any more`, terminal);
      }
      if (rollout === null || endOf(rollout) !== "under way") return codeOf(rollout);
      known = rollout.hash;
    } else {
      // At its start a mistake is more likely than a restart of the daemon.
      const isOver = shown === null || !asked.isPassing || now() - answeredAt >= silenceMilliseconds;
      if (isOver) return unavailable(asked.why, terminal);
    }
    if (terminal.isUnread()) return EXIT.done;
    if (now() >= end) return unavailable("The rollout is still under way", terminal);
    await delay(Math.min(pollMilliseconds, Math.max(1, end - now())));
  }
}

/** The hosts that are awaited are part of the line: it shows which host a rollout waits for. */
export function watchLine(rollout: Rollout): string {
  const [first, ...others] = rollout.waitsFor;
  if (first === undefined || endOf(rollout) !== "under way") return rolloutLine(rollout);
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  return `${rolloutLine(rollout)}; waits for ${terminalText(first)}${more}`;
}

export interface RolloutOrderRequest {
  readonly address: AdminFlags;
  readonly format: "text" | "json";
  readonly reason: string;
  /** Null: the user. */
  readonly author: string | null;
}

/** Lets the hosts of the next step in; `full`: all hosts. */
export async function promote(
  { full, ...request }: RolloutOrderRequest & { readonly full: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  return await withAdminClient(request.address, terminal, async (client) => {
    const order = { path: "promote", members: { full }, done: "Promoted", failed: "Not promoted" };
    return await orderRollout(order, request, client, terminal);
  });
}

/** Lets nobody else in until somebody promotes it. */
export async function pause(request: RolloutOrderRequest, terminal: Terminal): Promise<ExitCode> {
  return await withAdminClient(request.address, terminal, async (client) => {
    return await orderRollout(
      { path: "pause", members: {}, done: "Paused", failed: "Not paused" },
      request,
      client,
      terminal,
    );
  });
}

/** Whether a rollout is under way, for an order to end it; `why`: in one line why that is not known, else null. */
export async function rolloutUnderWay(
  client: AdminClient,
): Promise<{ readonly isUnderWay: boolean; readonly why: string | null }> {
  const asked = await askRollout(client);
  if (asked.ok) return { isUnderWay: asked.rollout?.isUnderWay ?? false, why: null };
  // An older daemon knows no rollouts.
  return { isUnderWay: false, why: asked.isPassing ? asked.why : null };
}

/** Ends the rollout: all hosts go back, and its configuration is not put in force again. */
export async function abortRollout(
  request: RolloutOrderRequest,
  client: AdminClient,
  terminal: Terminal,
): Promise<ExitCode> {
  const order = { path: "abort", members: {}, done: "Ended", failed: "Not rolled back" };
  return await orderRollout(order, request, client, terminal);
}

interface Order {
  readonly path: string;
  readonly members: Readonly<Record<string, unknown>>;
  readonly done: string;
  readonly failed: string;
}

const orderedSchema = z.object({ rollout: rolloutSummarySchema });

async function orderRollout(
  { path, members, done, failed }: Order,
  { format, author, reason }: RolloutOrderRequest,
  client: AdminClient,
  terminal: Terminal,
): Promise<ExitCode> {
  const json = { ...members, reason, author: personOf(author, terminal.environment) };
  const answer: AdminAnswer = await client.ask({ method: "POST", path: `admin/rollout/${path}`, json });
  if (!answer.ok) return unavailable(answer.message, terminal);
  if (answer.status !== 200) return refusedOrder(failed, answer, client, terminal);
  const parsed = orderedSchema.safeParse(answer.body);
  if (!parsed.success) return unavailable(unexpectedAnswer(client), terminal);
  terminal.out(format === "json" ? jsonLine(answer.body) : `${done}. ${rolloutLine(parsed.data.rollout)}\n`);
  return EXIT.done;
}
