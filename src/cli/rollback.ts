// `honua-configd rollback`: puts an earlier release in force again, or ends a rollout. It ends with 0 when that is
// done, with 1 if the daemon refuses, with 3 if nothing answers or it could not be done.
import * as z from "zod";
import { isHash } from "../agreement/head.ts";
import { jsonLine, terminalText } from "../diagnostic/terminal_text.ts";
import type { AdminFlags } from "./admin_address.ts";
import { type AdminClient, unavailable, unexpectedAnswer, withAdminClient } from "./admin_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { refusedOrder } from "./order.ts";
import { personOf } from "./person.ts";
import { abortRollout, rolloutUnderWay } from "./rollout.ts";
import { posixQuoted } from "./shell_quote.ts";
import { shortHash } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export interface RollbackCommandRequest {
  readonly address: AdminFlags;
  readonly format: "text" | "json";
  /** Null: ends the rollout that is under way, else the newest release before the one in force that was healthy. */
  readonly number: number | null;
  readonly reason: string;
  /** Null: the user. */
  readonly author: string | null;
  /** Only this host. */
  readonly local: boolean;
  /** Also a release that was rolled back. */
  readonly force: boolean;
}

/** The daemon gives a rollback 60 s; the rest is for its answer to arrive. */
const ROLLBACK_LIMIT_MILLISECONDS = 65_000;

const doneSchema = z.object({
  from: z.number(),
  to: z.number(),
  release: z.number(),
  hash: z.custom<string>(isHash),
  instancesNotified: z.number(),
  notNotified: z.string().nullable(),
});

type Done = z.infer<typeof doneSchema>;

/** Requests the rollback and reports its result. */
export async function rollback(request: RollbackCommandRequest, terminal: Terminal): Promise<ExitCode> {
  const { address, format, number, reason, local, force } = request;
  return await withAdminClient(address, terminal, async (client) => {
    const asked = number === null && !local ? await rolloutUnderWay(client) : { isUnderWay: false, why: null };
    if (asked.isUnderWay) return await abortRollout(request, client, terminal);
    const author = personOf(request.author, terminal.environment);
    const answer = await client.ask({
      method: "POST",
      path: "admin/rollback",
      // An older daemon knows no such member.
      json: { number, reason, author, local, ...force && { force } },
      limitMilliseconds: ROLLBACK_LIMIT_MILLISECONDS,
    });
    if (!answer.ok) return unavailable(answer.message, terminal);
    if (asked.why !== null) terminal.error(`Whether a rollout is under way is not known: ${asked.why}\n`);
    if (answer.status !== 200) return refusedOrder("Not rolled back", answer, client, terminal);
    const parsed = doneSchema.safeParse(answer.body);
    if (!parsed.success) return unavailable(unexpectedAnswer(client), terminal);
    terminal.out(format === "json" ? jsonLine(answer.body) : doneText(parsed.data, local, await sourceOf(client)));
    return EXIT.done;
  });
}

/** @param source the file for a command line; null: this host has none. */
function doneText(
  { from, to, release, hash, instancesNotified, notNotified }: Done,
  local: boolean,
  source: string | null,
): string {
  const others = local
    ? "Only this host went back (--local)"
    : notNotified !== null
    ? `The other instances do not follow yet: ${terminalText(notNotified)}`
    : instancesNotified === 0
    ? "No other instance was notified"
    : `Announced to ${instancesNotified} other ${instancesNotified === 1 ? "instance" : "instances"}: ` +
      "honua-configd peers shows which of them run it";
  return [
    `In force again: ${shortHash(hash)}, the configuration of release ${to}${
      release === to ? "" : `, now release ${release}`
    }`,
    from === to
      ? "Nothing was taken back"
      : `Taken back: release ${from}${from - to > 1 ? " and the releases between" : ""}`,
    others,
    ...source === null
      ? []
      : [`The file was not touched: honua-configd show ${release} --output ${source} brings it in line`],
  ].map((line) => `${line}\n`).join("");
}

const sourceSchema = z.object({ source: z.string().nullable() });

/** The daemon's file for a command line, else a placeholder: the rollback is done, and it is only advice. */
async function sourceOf(client: AdminClient): Promise<string | null> {
  const answer = await client.ask({ path: "admin/status" });
  const parsed = sourceSchema.safeParse(answer.ok ? answer.body : null);
  if (!parsed.success) return "FILE";
  const { source } = parsed.data;
  return source === null ? null : terminalText(posixQuoted(source));
}
