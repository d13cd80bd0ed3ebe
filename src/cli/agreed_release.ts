// Follows a release that is agreed on without a rollout, as the first one in a store is: a host may still wait for its
// approvals. It ends with 0 if all living instances run it, with 3 if that is not known or takes too long.
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import { jsonLine, terminalText } from "../diagnostic/terminal_text.ts";
import { type AdminClient, unavailable, unexpectedAnswer } from "./admin_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import type { WatchPace } from "./rollout.ts";
import type { Terminal } from "./terminal.ts";

const answerSchema = z.object({
  peers: z.array(z.object({
    instance: z.string(),
    hash: z.string().nullable(),
    rejected: z.object({ hash: z.string(), why: z.string() }).nullable(),
    heldBack: z.string().nullable().default(null),
  })),
});

type Peer = z.infer<typeof answerSchema>["peers"][number];

/** The release to follow. */
export interface AgreedRelease {
  readonly hash: string;
  readonly format: "text" | "json";
  /** Null: as long as a daemon may be silent. */
  readonly limitMilliseconds: number | null;
}

/** One line for each change, until all living instances run the release. */
export async function followAgreed(
  { hash, format, limitMilliseconds }: AgreedRelease,
  client: AdminClient,
  terminal: Terminal,
  { pollMilliseconds, silenceMilliseconds, now }: WatchPace,
): Promise<ExitCode> {
  const end = now() + (limitMilliseconds ?? silenceMilliseconds);
  let shown: string | null = null;
  for (;;) {
    const answer = await client.ask({ path: "admin/peers" });
    let trouble = answer.ok ? client.refusal(answer) : answer.message;
    if (answer.ok && answer.status === 200) {
      const parsed = answerSchema.safeParse(answer.body);
      if (!parsed.success) return unavailable(unexpectedAnswer(client), terminal);
      const { peers } = parsed.data;
      const away = peers.filter((one) => one.hash !== hash);
      if (away.length === 0 && peers.length > 0) return EXIT.done;
      const line = waitsText(away, peers.length, hash);
      if (line !== shown) terminal.out(format === "json" ? jsonLine(answer.body) : `${line}\n`);
      shown = line;
      trouble = "Not all instances run it yet: honua-configd peers shows them";
    }
    const left = end - now();
    if (left <= 0) return unavailable(trouble, terminal);
    await delay(Math.min(pollMilliseconds, left));
  }
}

/** `It runs on 1 of 3 instances; waits for edge-2, which needs approvals, and 1 more`. */
function waitsText([first, ...others]: readonly Peer[], count: number, hash: string): string {
  if (first === undefined) return "No instance is known that could run it";
  const { instance, rejected, heldBack } = first;
  const why = rejected?.hash === hash
    ? `, which rejected it: ${terminalText(rejected.why)}`
    : heldBack === "unapproved"
    ? ", which waits for its approvals: honua-configd pending shows them"
    : "";
  const more = others.length === 0 ? "" : `; and for ${others.length} more`;
  const running = count - 1 - others.length;
  return `It runs on ${running} of ${count} instances; waits for ${terminalText(instance)}${why}${more}`;
}
