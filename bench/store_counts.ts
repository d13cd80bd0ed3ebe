// The counts of Redis itself: commands, bytes, and the requests of instances. The scripts are recognised by the
// commands that they run, because Redis counts these too, and all scripts as one.
import type { RedisServer } from "../tests/support/redis_server.ts";

/** Counts since the server's start, or between two moments. */
export interface StoreCounts {
  /** Runs of scripts. */
  readonly scripts: number;
  /** All commands, with those inside of scripts. */
  readonly commands: number;
  /** Answers with the records of all instances. */
  readonly peersRead: number;
  /** Answers with the head and its rollout, and announcements and moves that were refused. */
  readonly headsRead: number;
  /** Records that instances wrote about themselves. */
  readonly records: number;
  /** Moves of the rollout that were made. */
  readonly moves: number;
  /** Announcements that were accepted. */
  readonly announcements: number;
  /** Messages to all instances. */
  readonly messages: number;
  /** Sent to the server. */
  readonly bytesIn: number;
  /** Sent by the server. */
  readonly bytesOut: number;
  /** The server's time in scripts, in milliseconds. */
  readonly scriptMilliseconds: number;
}

const NOTHING: StoreCounts = {
  scripts: 0,
  commands: 0,
  peersRead: 0,
  headsRead: 0,
  records: 0,
  moves: 0,
  announcements: 0,
  messages: 0,
  bytesIn: 0,
  bytesOut: 0,
  scriptMilliseconds: 0,
};

/** Reads the counts out of the text of `INFO all`. */
export function countsIn(info: string): StoreCounts {
  // A script that Redis does not have yet is run once more by its text; the failed run has run nothing.
  const calls = (command: string) => commandOf(info, command).calls - commandOf(info, command).failed;
  // An accepted announcement, and a move that was made, read the head twice and write it once; only the former add to
  // the stream.
  const [written, announcements] = [calls("hset"), calls("xadd")];
  return {
    scripts: calls("evalsha") + calls("eval"),
    commands: statOf(info, "total_commands_processed"),
    peersRead: calls("zrangebyscore"),
    headsRead: calls("hmget") - 2 * written,
    records: calls("zadd"),
    moves: written - announcements,
    announcements,
    messages: calls("publish"),
    bytesIn: statOf(info, "total_net_input_bytes"),
    bytesOut: statOf(info, "total_net_output_bytes"),
    scriptMilliseconds: (commandOf(info, "evalsha").usec + commandOf(info, "eval").usec) / 1000,
  };
}

function countsBetween(before: StoreCounts, after: StoreCounts): StoreCounts {
  const names = Object.keys(before) as (keyof StoreCounts)[];
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as unknown as StoreCounts;
}

/** Counts from now on until the function that it resolves with is called, without the cost of reading the counts. */
export async function countStore(redis: RedisServer): Promise<() => Promise<StoreCounts>> {
  const read = () => redis.cli("info", "all");
  const first = await read();
  const [before, own] = [countsIn(first), costOfReading(first)];
  return async () => countsBetween(own, countsBetween(before, countsIn(await read())));
}

/** Redis counts a reading only after it was answered, so that the first one counts and the second does not. */
function costOfReading(info: string): StoreCounts {
  const request = "*2\r\n$4\r\ninfo\r\n$3\r\nall\r\n";
  // redis-cli leaves the last newline out.
  const answer = `$${info.length + 1}\r\n${info}\n\r\n`;
  return { ...NOTHING, commands: 1, bytesIn: request.length, bytesOut: answer.length };
}

function statOf(info: string, name: string): number {
  const found = new RegExp(`^${name}:(\\d+)\\r?$`, "m").exec(info);
  if (found === null) throw new Error(`Redis counts no ${name}`);
  return Number(found[1]);
}

function commandOf(info: string, name: string) {
  const form = `^cmdstat_${name}:calls=(\\d+),usec=(\\d+),.*failed_calls=(\\d+)`;
  const [calls = 0, usec = 0, failed = 0] = new RegExp(form, "m").exec(info)?.slice(1).map(Number) ?? [];
  return { calls, usec, failed };
}
