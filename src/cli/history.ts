// `honua-configd history`: the releases of this host, the newest first. It ends with 0 if they were shown, with 3 if
// neither the daemon nor the disk has them.
import * as z from "zod";
import { isHash } from "../agreement/head.ts";
import { jsonLine } from "../diagnostic/terminal_text.ts";
import { listedRelease } from "../releases/history_list.ts";
import { causeText, changesText, stateText } from "../releases/release_text.ts";
import { durationText } from "../time/elapsed_text.ts";
import { unavailable, unexpectedAnswer } from "./admin_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { reachHistory } from "./history_reach.ts";
import type { StatePlaceRequest } from "./state_place.ts";
import { renderTable, shortHash } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export interface HistoryRequest extends StatePlaceRequest {
  /** The newest releases, at most this many. */
  readonly limit: number;
  readonly format: "text" | "json";
}

const HEADINGS = ["", "RELEASE", "HASH", "IN FORCE SINCE", "FOR", "STATE", "BY", "CHANGES", "REASON"];

const count = z.number();
const releaseSchema = z.object({
  number: count,
  hash: z.custom<string>(isHash),
  at: z.string(),
  until: z.string().nullable(),
  cause: z.string(),
  author: z.string().nullable(),
  reason: z.string().nullable(),
  state: z.string(),
  changes: z.object({ added: count, removed: count, changed: count }).nullable(),
  isRunning: z.boolean(),
  isSkipped: z.boolean(),
});
const historySchema = z.object({ releases: z.array(releaseSchema) });

type Listed = z.infer<typeof releaseSchema>;

/** Shows the releases. */
export async function history(request: HistoryRequest, terminal: Terminal): Promise<ExitCode> {
  const { limit, format } = request;
  const show = (releases: readonly Listed[], whole: unknown): ExitCode => {
    terminal.out(format === "json" ? jsonLine(whole) : historyText(releases, Date.now()));
    return EXIT.done;
  };
  return await reachHistory(request, terminal, {
    async ask(client) {
      const answer = await client.ask({ path: `admin/releases?limit=${limit}` });
      if (!answer.ok) return { noAnswer: answer.message };
      if (answer.status !== 200) return { code: unavailable(client.refusal(answer), terminal) };
      const parsed = historySchema.safeParse(answer.body);
      if (!parsed.success) return { code: unavailable(unexpectedAnswer(client), terminal) };
      return { code: show(parsed.data.releases, answer.body) };
    },
    read({ kept }) {
      const releases = kept.list.slice(-limit).reverse().map((one) => listedRelease(one, kept));
      return Promise.resolve(show(releases, { releases }));
    },
  });
}

function historyText(releases: readonly Listed[], now: number): string {
  if (releases.length === 0) return "No release was put in force yet\n";
  const rows = releases.map(({ number, hash, at, until, state, changes, reason, isRunning, ...one }) => [
    isRunning ? "*" : "",
    String(number),
    shortHash(hash),
    timeText(at),
    durationText((until === null ? now : Date.parse(until)) - Date.parse(at)),
    stateText(state, one.isSkipped),
    causeText(one),
    changesText(changes),
    reason ?? "",
  ]);
  return renderTable(HEADINGS, rows);
}

/** An absolute time, because people remember the hour of a change: `2026-01-31 12:00:00Z`. */
function timeText(at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? "?" : time.toISOString().replace("T", " ").replace(/\.\d+Z$/, "Z");
}
