// `honua-configd pending`: lists the configurations that wait for approval. It ends with 0 if there are none, with 1 if
// there are some, with 3 if nothing answers.
import * as z from "zod";
import { isHash } from "../agreement/head.ts";
import { jsonLine, terminalText } from "../diagnostic/terminal_text.ts";
import { agoText } from "../time/elapsed_text.ts";
import type { AdminFlags } from "./admin_address.ts";
import { type AdminClient, type Answered, askFor, withAdminClient } from "./admin_client.ts";
import { renderTable, shortHash } from "./table.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import type { Terminal } from "./terminal.ts";

export interface PendingRequest {
  readonly address: AdminFlags;
  readonly format: "text" | "json";
}

const pendingSchema = z.object({
  required: z.number(),
  channel: z.string(),
  pending: z.array(z.object({
    hash: z.custom<string>(isHash),
    author: z.string().nullable(),
    reason: z.string().nullable(),
    at: z.string().nullable(),
    have: z.number(),
    need: z.number(),
    signers: z.array(z.object({ principal: z.string(), key: z.string() })),
    refused: z.array(z.string()),
    trouble: z.string().nullable(),
  })),
});

export type Waiting = z.infer<typeof pendingSchema>;

/** The daemon's list; or the exit code if there is none. */
export function askPending(client: AdminClient, terminal: Terminal): Promise<Answered<Waiting>> {
  return askFor(client, "admin/approvals", pendingSchema, terminal);
}

/** Asks for the list and shows it. */
export async function pending({ address, format }: PendingRequest, terminal: Terminal): Promise<ExitCode> {
  return await withAdminClient(address, terminal, async (client) => {
    const asked = await askPending(client, terminal);
    if (!asked.ok) return asked.code;
    terminal.out(format === "json" ? jsonLine(asked.body) : pendingText(asked.value, Date.now()));
    return asked.value.pending.length === 0 ? EXIT.done : EXIT.invalid;
  });
}

const HEADINGS = ["HASH", "AUTHOR", "PROPOSED", "APPROVED", "BY", "REASON"];

function pendingText({ required, pending }: Waiting, now: number): string {
  if (required === 0) return "No approval is required on this host\n";
  if (pending.length === 0) return "Nothing waits for approval\n";
  const rows = pending.map(({ hash, author, at, have, need, signers, reason }) => [
    shortHash(hash),
    author ?? "-",
    at === null ? "-" : agoText(at, now),
    `${have} of ${need}`,
    signers.map(({ principal }) => principal).join(", ") || "-",
    reason ?? "-",
  ]);
  const remarks = pending.flatMap(({ hash, refused, trouble }) => [
    ...refused.map((why) => `${shortHash(hash)}: a signature does not count: ${terminalText(why)}\n`),
    ...trouble === null ? [] : [`${shortHash(hash)}: not everything is known: ${terminalText(trouble)}\n`],
  ]);
  const advice = "To approve: honua-configd approve HASH --key FILE\n";
  return [renderTable(HEADINGS, rows), ...remarks, advice].join("");
}
