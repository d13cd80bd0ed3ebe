// A daemon as a process, with all its output: its log is read as it is written, entry by entry. Disposing of it stops
// it, kills it if it does not stop, and reaps it.
import { type CommandSurroundings, programCommand } from "./command.ts";
import { eventually } from "./eventually.ts";

/** An entry of the log, parsed. */
export interface LogEntry {
  /** By Honua's names. */
  readonly level: string;
  /** One line. */
  readonly msg: string;
  /** Of a reload; other entries have none. */
  readonly outcome?: string;
  readonly [field: string]: unknown;
}

/** Selects an entry: the beginning of its message, or a predicate. */
export type EntryMatch = string | ((entry: LogEntry) => boolean);

/** A running daemon. */
export interface Daemon extends AsyncDisposable {
  readonly pid: number;
  /** The entries so far; lines that are no entries are only in `output`. */
  readonly entries: readonly LogEntry[];
  /** The outcomes of the reloads so far. */
  outcomes(): string[];
  /** All that it wrote to standard output and standard error so far. */
  output(): string;
  /** Waits for an entry, at the earliest the one at the index `from`. */
  logged(match: EntryMatch, from?: number): Promise<LogEntry>;
  kill(signal: Deno.Signal): void;
  /** Resolves when it has ended and all its output was read. */
  readonly ended: Promise<Deno.CommandStatus>;
}

/** The limit of a stop, after which the test kills the daemon; the daemon promises 2,000. */
const STOP_LIMIT_MILLISECONDS = 5_000;

/** Starts `honua-configd run` with a log in JSON. */
export function startDaemon(args: readonly string[], surroundings: CommandSurroundings = {}): Daemon {
  const process = programCommand(["run", "--log-format", "json", ...args], surroundings).spawn();
  const entries: LogEntry[] = [];
  let written = "";
  let line = "";
  const takeLog = (text: string) => {
    const lines = (line + text).split("\n");
    line = lines.pop()!;
    entries.push(...lines.flatMap(entryOf));
  };
  const follow = (stream: ReadableStream<Uint8Array<ArrayBuffer>>, take: (text: string) => void) =>
    stream.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({
        write(text) {
          written += text;
          take(text);
        },
      }),
    );
  const streams = [process.stdin.close(), follow(process.stdout, () => {}), follow(process.stderr, takeLog)];
  const ended = Promise.all(streams).then(() => process.status);
  const kill = (signal: Deno.Signal) => {
    try {
      process.kill(signal);
    } catch {
      // It has ended.
    }
  };
  return {
    pid: process.pid,
    entries,
    outcomes: () => entries.flatMap(({ outcome }) => outcome === undefined ? [] : [outcome]),
    output: () => written,
    logged: async (match, from = 0) => await loggedIn(entries, match, from, () => written),
    kill,
    ended,
    async [Symbol.asyncDispose]() {
      const overdue = setTimeout(() => kill("SIGKILL"), STOP_LIMIT_MILLISECONDS);
      kill("SIGTERM");
      await ended;
      clearTimeout(overdue);
    },
  };
}

async function loggedIn(
  entries: readonly LogEntry[],
  match: EntryMatch,
  from: number,
  output: () => string,
): Promise<LogEntry> {
  const matches = typeof match === "string" ? (entry: LogEntry) => entry.msg.startsWith(match) : match;
  const what = typeof match === "string" ? JSON.stringify(match) : String(match);
  try {
    return await eventually(`the log says ${what}`, () => entries.slice(from).find(matches), 30_000);
  } catch (error) {
    throw new Error(`the daemon wrote:\n${output()}`, { cause: error });
  }
}

/** Parses a line; empty if it is no entry, such as a line before the log is open, or of a crash. */
function entryOf(line: string): LogEntry[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}
