// Searches secrets in all output: each text is kept with its place, and all texts are searched at the end.
import { assert } from "@std/assert";
import type { RedisServer } from "./redis_server.ts";

/** All texts seen so far, with their places. */
export type Seen = { readonly where: string; readonly text: string }[];

/** Adds all keys of Redis and their values. */
export async function lookIntoRedis(redis: RedisServer, seen: Seen): Promise<void> {
  const keys = (await redis.cli("--scan")).split("\n").filter((key) => key !== "");
  seen.push({ where: "the keys of Redis", text: keys.join("\n") });
  for (const key of keys) {
    const commands = {
      hash: ["hgetall", key],
      stream: ["xrange", key, "-", "+"],
      string: ["get", key],
      zset: ["zrange", key, "0", "-1", "withscores"],
    };
    const type = await redis.cli("type", key);
    const command = commands[type as keyof typeof commands];
    // A record may have ended meanwhile.
    if (type === "none") continue;
    assert(command !== undefined, `${key} is of the type ${type}`);
    seen.push({ where: key, text: `${await redis.cli(...command)}\n${await redis.cli("--no-raw", "dump", key)}` });
  }
}

/** Fails if one of the texts contains one of the traces. */
export function search(seen: Seen, traces: readonly string[]): void {
  for (const { where, text } of seen) {
    for (const trace of traces) {
      const at = text.indexOf(trace);
      assert(at < 0, `${where} shows ${trace}: …${text.slice(Math.max(0, at - 200), at + 200)}…`);
    }
  }
}
