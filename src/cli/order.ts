// The orders of a person that the daemon carries out at once: `honua-configd hold`, `release-hold` and `confirm`. They
// end with 0 when that is done, with 1 if the daemon refuses, with 3 if nothing answers.
import * as z from "zod";
import { jsonLine, terminalText } from "../diagnostic/terminal_text.ts";
import type { AdminFlags } from "./admin_address.ts";
import { type AdminAnswer, type AdminClient, unavailable, withAdminClient } from "./admin_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { personOf } from "./person.ts";
import type { Terminal } from "./terminal.ts";

export interface OrderRequest {
  readonly address: AdminFlags;
  readonly format: "text" | "json";
  /** Null: the user. */
  readonly author: string | null;
}

export interface HoldCommandRequest extends OrderRequest {
  /** In milliseconds since 1970. */
  readonly until: number;
  readonly reason: string;
}

/** Holds changes until a time. */
export async function hold({ until, reason, ...request }: HoldCommandRequest, terminal: Terminal): Promise<ExitCode> {
  const end = new Date(until).toISOString();
  const done =
    `Held on this host: no other configuration is put in force before ${end}. honua-configd release-hold ends that earlier\n`;
  return await order({ path: "hold", members: { until: end, reason }, done, failed: "Not held" }, request, terminal);
}

/** Ends a hold. */
export async function releaseHold(request: OrderRequest, terminal: Terminal): Promise<ExitCode> {
  const done = "The hold is over: if an edit waited, it is put in force now\n";
  return await order({ path: "release-hold", members: {}, done, failed: "No hold was ended" }, request, terminal);
}

/** Confirms the change that would go back otherwise. */
export async function confirm(request: OrderRequest, terminal: Terminal): Promise<ExitCode> {
  const done = "Confirmed: the change stays in force\n";
  return await order({ path: "confirm", members: {}, done, failed: "Not confirmed" }, request, terminal);
}

interface Order {
  readonly path: string;
  readonly members: Readonly<Record<string, unknown>>;
  readonly done: string;
  readonly failed: string;
}

async function order(
  { path, members, done, failed }: Order,
  { address, format, author }: OrderRequest,
  terminal: Terminal,
): Promise<ExitCode> {
  return await withAdminClient(address, terminal, async (client) => {
    const json = { ...members, author: personOf(author, terminal.environment) };
    const answer = await client.ask({ method: "POST", path: `admin/${path}`, json });
    if (!answer.ok) return unavailable(answer.message, terminal);
    if (answer.status !== 200) return refusedOrder(failed, answer, client, terminal);
    terminal.out(format === "json" ? jsonLine(answer.body) : done);
    return EXIT.done;
  });
}

const refusalSchema = z.object({ detail: z.string() });

/** Reports a refusal: 1 if the daemon cannot do it now, 2 if it was asked for wrongly, 3 if it failed. */
export function refusedOrder(
  what: string,
  answer: Extract<AdminAnswer, { ok: true }>,
  client: AdminClient,
  terminal: Terminal,
): ExitCode {
  const { data } = refusalSchema.safeParse(answer.status === 409 ? answer.body : null);
  terminal.error(`${what}: ${data === undefined ? client.refusal(answer) : terminalText(data.detail)}\n`);
  const codes: Readonly<Record<number, ExitCode>> = { 409: EXIT.invalid, 422: EXIT.usage };
  return codes[answer.status] ?? EXIT.unavailable;
}
