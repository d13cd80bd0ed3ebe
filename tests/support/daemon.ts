// A daemon at work as a process of its own, and everything it says: its log is read as it is written, entry by entry.
// Disposing of it stops it, kills it where it does not stop, and reaps it.
import { type CommandSurroundings, programCommand } from "./command.ts";
import { eventually } from "./eventually.ts";

/** An entry of the log, as it stands in its JSON. */
export interface LogEntry {
  /** By Honua's names. */
  readonly level: string;
  /** One line. */
  readonly msg: string;
  /** What came of a reload; only the line of a reload has it. */
  readonly outcome?: string;
  /** What else there is. */
  readonly [field: string]: unknown;
}

/** What an entry is known by: the beginning of its message, or what it answers. */
export type EntryMatch = string | ((entry: LogEntry) => boolean);

/** A running daemon. */
export interface Daemon extends AsyncDisposable {
  /** Its process. */
  readonly pid: number;
  /** The entries so far. What the log holds beside them is in `output`. */
  readonly entries: readonly LogEntry[];
  /** The outcomes of the reloads so far. */
  outcomes(): string[];
  /** Every byte that it wrote to standard output and standard error so far, as text. */
  output(): string;
  /** Waits for an entry, at the earliest the one at the index `from`. */
  logged(match: EntryMatch, from?: number): Promise<LogEntry>;
  /** Sends a signal. */
  kill(signal: Deno.Signal): void;
  /** Resolves when it has ended and all that it wrote was read. */
  readonly ended: Promise<Deno.CommandStatus>;
}

/** How long stopping may take before a daemon is killed by the test; the daemon's own promise is 2,000. */
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

/** None where the line is no entry: what is said before there is a log, or a crash. */
function entryOf(line: string): LogEntry[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}
