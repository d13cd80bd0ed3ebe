// `honua-configd journal` shows the host's journal, and `journal verify` verifies it. Both read the files, so they work
// while the daemon is down. They end with 0, with 1 if the journal was altered, with 3 if it cannot be read.
import { join } from "node:path";
import * as z from "zod";
import { jsonLine, terminalText } from "../diagnostic/terminal_text.ts";
import { adviceFor, errorCode } from "../host/atomic_write.ts";
import { type ComparedNotes, compareTail, type JournalNote } from "../releases/compare_tail.ts";
import type { JournalLine } from "../releases/journal_line.ts";
import { readJournal } from "../releases/read_journal.ts";
import { type JournalVerdict, verifyJournal } from "../releases/verify_journal.ts";
import { pause } from "../time/pause.ts";
import { askFor, unavailable, withAdminClient } from "./admin_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { findStatePlace, type StatePlace, type StatePlaceRequest } from "./state_place.ts";
import { painted, shortHash } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export interface JournalRequest extends StatePlaceRequest {
  readonly format: "text" | "json";
}

export interface ShowRequest extends JournalRequest {
  readonly follow: boolean;
  /** In milliseconds since 1970; null: from the beginning. */
  readonly since: number | null;
  /** The newest lines, at most this many. */
  readonly limit: number;
}

export interface VerifyRequest extends JournalRequest {
  /** Whether to ask the daemon for the notes of other instances. */
  readonly peers: boolean;
}

const FOLLOW_MILLISECONDS = 500;

/** Shows the lines; with `follow` until `stop` is aborted. */
export async function showJournal(
  request: ShowRequest,
  terminal: Terminal,
  stop: AbortSignal,
): Promise<ExitCode> {
  const place = await placeOf(request, terminal);
  if (!place.ok) return place.code;
  const { directory } = place;
  const since = request.since ?? -Infinity;
  let [after, limit, unreadable, seen] = [0, request.limit, 0, ""];
  try {
    if (!request.follow && await stateOf(directory) === "") return none(directory, terminal);
    for (;;) {
      const state = await stateOf(directory);
      if (state !== seen) {
        const read = await readJournal(directory, { since, after, limit });
        for (const line of read.lines) terminal.out(request.format === "json" ? jsonLine(line) : `${textOf(line)}\n`);
        [after, limit, seen, unreadable] = [read.lines.at(-1)?.n ?? after, Infinity, state, read.unreadable];
      }
      if (!request.follow || stop.aborted || terminal.isUnread()) break;
      await pause(FOLLOW_MILLISECONDS, stop);
    }
  } catch (error) {
    return unreadableJournal(directory, error, terminal);
  }
  if (unreadable > 0) terminal.error(`${unreadable} of the lines cannot be read: \`journal verify\` names the first\n`);
  return EXIT.done;
}

const stateSchema = z.object({ stateDirectory: z.string() });

/** A socket by itself does not say in which directory its daemon keeps its state, so the daemon is asked. */
async function placeOf(request: JournalRequest, terminal: Terminal): Promise<StatePlace> {
  const { address, set } = request;
  if (address.socket === null || set.length > 0) return await findStatePlace(request, terminal);
  let directory: string | null = null;
  const code = await withAdminClient(address, terminal, async (client) => {
    const answer = await askFor(client, "admin/status", stateSchema, terminal);
    if (!answer.ok) return answer.code;
    directory = answer.value.stateDirectory;
    return EXIT.done;
  });
  if (directory === null) return { ok: false, code };
  return { ok: true, directory, address, environment: terminal.environment, environmentFiles: [], keyFile: null };
}

/** Shows the lines until SIGINT or SIGTERM. */
export async function showJournalUntilInterrupted(request: ShowRequest, terminal: Terminal): Promise<ExitCode> {
  const stop = new AbortController();
  const end = () => stop.abort();
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) Deno.addSignalListener(signal, end);
  try {
    return await showJournal(request, terminal, stop.signal);
  } finally {
    for (const signal of signals) Deno.removeSignalListener(signal, end);
  }
}

/** Verifies the chain, and with `peers` also against the notes of other instances. */
export async function verify(request: VerifyRequest, terminal: Terminal): Promise<ExitCode> {
  const place = await placeOf(request, terminal);
  if (!place.ok) return place.code;
  const { directory, address } = place;
  if (!request.peers) return judged(directory, await verifyJournal(directory), null, request, terminal);
  return await withAdminClient(address, terminal, async (client) => {
    // Before the journal is read: it may grow meanwhile.
    const answer = await askFor(client, "admin/peers", peersSchema, terminal);
    if (!answer.ok) return answer.code;
    const notes = answer.value.peers.find(({ self }) => self)?.journalNoted;
    if (notes === undefined) return unavailable(`${client.name} does not list the notes of other instances`, terminal);
    const wanted = new Set(notes.map(({ n }) => n));
    return judged(directory, await verifyJournal(directory, { wanted }), notes, request, terminal);
  });
}

const noteSchema = z.object({ by: z.string(), n: z.int().min(1), digest: z.string() });
const peersSchema = z.object({
  peers: z.array(z.object({ self: z.boolean(), journalNoted: z.array(noteSchema).optional() })),
});

function judged(
  directory: string,
  verdict: JournalVerdict,
  notes: readonly JournalNote[] | null,
  { format }: VerifyRequest,
  terminal: Terminal,
): ExitCode {
  if (!verdict.ok) {
    const { file, line, reason } = verdict;
    const where = join(directory, file) + (line === null ? "" : `:${line}`);
    if (line === null) {
      const advice = /EACCES|EPERM/.test(reason) ? ": ask as root, or as the user that the daemon runs as" : "";
      return unavailable(`${terminalText(where)} ${reason}${advice}`, terminal);
    }
    if (format === "json") terminal.out(jsonLine(verdict));
    else terminal.out(`${painted(`${terminalText(where)} ${reason}`, "trouble", terminal.colourOut)}\n`);
    return EXIT.invalid;
  }
  const { digests, ...sound } = verdict;
  if (sound.lines === 0 && (notes ?? []).length === 0) return none(directory, terminal);
  const compared = notes && compareTail((n) => digests.get(n) ?? null, sound.first ?? 1, notes);
  const isWell = compared === null || compared.contradictions.length === 0;
  if (format === "json") {
    terminal.out(jsonLine({ ...sound, ok: isWell, ...compared === null ? {} : { notes: compared } }));
  } else {
    const [lines, last] = [`${sound.lines} ${sound.lines === 1 ? "line" : "lines"}`, sound.newest?.n ?? 0];
    terminal.out(`${lines}, ${sound.first ?? 0} to ${last}: the chain is whole\n`);
    if (compared === null) terminal.out("If lines were cut off at its end, only --peers shows it\n");
    else terminal.out(notesText(compared, terminal.colourOut));
  }
  return isWell ? EXIT.done : EXIT.invalid;
}

function notesText({ contradictions, confirmed }: ComparedNotes, colour: boolean): string {
  const lines = contradictions.map(({ by, n, kind }) =>
    painted(
      `${terminalText(by)} noted line ${n}, which ${kind === "missing" ? "is missing here" : "is another line here"}`,
      "trouble",
      colour,
    )
  );
  if (confirmed > 0) lines.push(`${confirmed} ${confirmed === 1 ? "instance" : "instances"} noted lines that are here`);
  if (lines.length === 0) lines.push("No other instance noted a line of it yet");
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * Changes when a line is appended or the file is another one; empty: there is no journal. Rejects if it is not known.
 */
async function stateOf(directory: string): Promise<string> {
  const names = ["journal.jsonl", "journal.1.jsonl"];
  const states = await Promise.all(names.map(async (name) => {
    try {
      const { ino, size } = await Deno.stat(join(directory, name));
      return `${ino} ${size}`;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }));
  return states.join(" ").trim();
}

function none(directory: string, terminal: Terminal): ExitCode {
  return unavailable(
    `There is no journal in ${terminalText(directory)}: the daemon begins one when it starts, or with its next line`,
    terminal,
  );
}

function unreadableJournal(directory: string, error: unknown, terminal: Terminal): ExitCode {
  const code = errorCode(error);
  const isRefused = code === "EACCES" || code === "EPERM";
  const advice = isRefused ? "ask as root, or as the user that the daemon runs as" : adviceFor(code);
  return unavailable(`The journal in ${terminalText(directory)} cannot be read: ${code}: ${advice}`, terminal);
}

/** `2026-01-31T12:00:00.000Z rolled-back release 41 abcdef12 by ann: tiles are empty (done)`. */
function textOf({ at, kind, release, hash, who, why, outcome }: JournalLine): string {
  return [
    terminalText(at),
    kind,
    ...release === null ? [] : [`release ${release}`],
    ...hash === null ? [] : [shortHash(hash)],
    ...who === null ? [] : [`by ${terminalText(who)}`],
  ].join(" ") + (why === null ? "" : `: ${terminalText(why)}`) +
    (outcome === null ? "" : ` (${terminalText(outcome)})`);
}
