// Redis as an instance needs it: there, quick, with the rights and the memory that agreement asks for, and with a clock
// that is not far from this host's.
import { isolationOf } from "../cluster/isolation.ts";
import { probeRedis, type RedisFacts } from "../cluster/redis_probe.ts";
import { describeConnection, resolveConnection } from "../cluster/redis_connection.ts";
import { instanceName } from "../options/instance_name.ts";
import { secretValues } from "../options/option_schema.ts";
import type { Check, Subject } from "./examination.ts";
import { error, type Finding, note, ok, warning } from "./finding.ts";

/** How long a network may take without being worth a word, there and back. */
const SLOW_MILLISECONDS = 100;
/** Beyond this the times in logs and answers of two hosts cannot be compared. */
const CLOCK_MILLISECONDS = 5_000;
/** Of a check's limit, what one command may take: what hangs is said in Redis' own words. */
const COMMAND_SHARE = 0.4;

/** All about Redis, over one connection. */
export const redisCheck: Check = {
  id: "redis/connection",
  about: "Redis",
  async examine(subject, { signal, limitMilliseconds, hide }) {
    const { highAvailability } = subject.options;
    if (!highAvailability.enabled) {
      return [note("redis/connection", "Redis is not used: HighAvailability:Enabled is false")];
    }
    const isolation = isolationOf(subject.options);
    if (isolation !== null) {
      return [error("redis/connection", isolation, "If it is to run alone, set HighAvailability:Enabled to false")];
    }
    const reached = await connectionOf(subject);
    if (!reached.ok) {
      hide(secretValues(subject.options));
      return [error("redis/connection", reached.message, "Mend the option or the file that it names")];
    }
    hide(reached.secrets);
    const odd = reached.warnings.map((one) => warning("redis/connection", one.summary, one.suggestion));
    const commandMilliseconds = Math.max(500, limitMilliseconds * COMMAND_SHARE);
    const limit = Math.min(reached.connection.connectTimeoutMilliseconds, commandMilliseconds);
    const connection = { ...reached.connection, connectTimeoutMilliseconds: limit };
    const channel = highAvailability.configurationChannel;
    const instance = instanceName(subject.options, Deno.hostname());
    const probed = await probeRedis({ connection, channel, instance, signal, commandMilliseconds });
    const where = describeConnection(connection);
    if (!probed.ok) return [...odd, error("redis/connection", `${where}: ${probed.reason}`, REACH)];
    return [...odd, ...judgeRedis(probed.facts, { where, channel, user: connection.user })];
  },
};

const REACH = "Look at Redis' log and the network between; redis-cli with the same address, user and TLS tells more";

/** A password's file may be a credential, which is somewhere else for the unit than for who asks. */
async function connectionOf({ options, environment, credentialDirectories }: Subject) {
  const directories = credentialDirectories.length > 0 ? credentialDirectories : [undefined];
  let first: Awaited<ReturnType<typeof resolveConnection>> | null = null;
  for (const directory of directories) {
    const { CREDENTIALS_DIRECTORY: _, ...others } = environment;
    const given = directory === undefined ? others : { ...others, CREDENTIALS_DIRECTORY: directory };
    const resolved = await resolveConnection(options, given);
    if (resolved.ok) return resolved;
    first ??= resolved;
  }
  return first!;
}

/** What the judgement is about. */
export interface RedisAsked {
  /** The connection as it is described. */
  readonly where: string;
  /** `HighAvailability:ConfigurationChannel`. */
  readonly channel: string;
  /** The ACL user; null: the default one. */
  readonly user: string | null;
}

/** Judges what was found out about Redis. */
export function judgeRedis(facts: RedisFacts, asked: RedisAsked): Finding[] {
  const { server, mode, version } = facts;
  const what = `${asked.where} answers${asked.where.includes(server) ? "" : ` by ${server}`}` +
    `${mode === "cluster" ? " as a cluster" : ""}${version === null ? "" : `, version ${version}`}`;
  const isOld = version !== null && Number(version.split(".")[0]) < 7;
  return [
    isOld ? warning("redis/connection", `${what}; it is tested with 7`, "Upgrade Redis") : ok("redis/connection", what),
    judgeRights(facts, asked),
    judgeLatency(facts),
    judgeMemory(facts),
    judgeRedisClock(facts),
  ];
}

function judgeRights({ lacking }: RedisFacts, { user, channel }: RedisAsked): Finding {
  const check = "redis/rights";
  const { commands, keys, channel: noChannel, unknown } = lacking;
  const rules = [
    ...commands.map((command) => `+${command}`),
    ...(keys ? [`~{${globbed(channel)}}:*`] : []),
    ...(noChannel ? [`&${globbed(channel)}`] : []),
  ];
  const name = user ?? "default";
  if (rules.length > 0) {
    const rest = unknown.length === 0 ? "" : ` (not known: ${unknown.join(", ")})`;
    const todo = `ACL SETUSER ${name} ${rules.join(" ")}`;
    return error(check, `Redis does not allow its user ${name}: ${rules.join(" ")}${rest}`, todo);
  }
  if (unknown.length === 0) return ok(check, `The user ${name} may do all that is needed`);
  return note(
    check,
    `The user ${name} may do what is needed, as far as can be told (not known: ${unknown.join(", ")})`,
  );
}

/** In an ACL rule a channel's name is a pattern. */
function globbed(channel: string): string {
  return channel.replace(/[\\*?[\]]/g, "\\$&");
}

function judgeLatency({ pingMilliseconds }: RedisFacts): Finding {
  const sorted = pingMilliseconds.toSorted((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const text = (milliseconds: number) => `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
  const range = `${text(sorted[0] ?? 0)} to ${text(sorted.at(-1) ?? 0)}`;
  const what = `A PING takes ${text(median)} (median of ${sorted.length}, ${range})`;
  if (median < SLOW_MILLISECONDS) return ok("redis/latency", what);
  return warning("redis/latency", what, "Look at Redis' SLOWLOG and LATENCY DOCTOR, and at the network between");
}

function judgeMemory({ memory }: RedisFacts): Finding {
  const check = "redis/memory";
  if (memory === null) {
    return note(check, "It is not known what Redis does when its memory is full: its user may not run INFO");
  }
  const { policy, limitBytes } = memory;
  const limit = limitBytes === 0 ? "no maxmemory" : `maxmemory ${Math.round(limitBytes / 1024 / 1024)} MiB`;
  const what = `maxmemory-policy is ${policy}, with ${limit}`;
  // Without a limit nothing is evicted.
  if (limitBytes === 0 || policy === "noeviction") return ok(check, what);
  if (policy.startsWith("volatile")) {
    return note(check, `${what}: the instances' records may be evicted, and are written again`);
  }
  const todo = "Set maxmemory-policy to noeviction or volatile-lru, or give the instances a Redis of their own";
  return warning(check, `${what}: what was agreed on may be evicted`, todo);
}

function judgeRedisClock({ clock }: RedisFacts): Finding {
  const check = "clock/redis";
  if (clock === null) return note(check, "Redis does not tell its time");
  const { aheadMilliseconds, withinMilliseconds } = clock;
  const apart = Math.max(0, Math.abs(aheadMilliseconds) - withinMilliseconds / 2);
  const side = aheadMilliseconds > 0 ? "ahead of" : "behind";
  if (apart < CLOCK_MILLISECONDS) return ok(check, "Redis' clock and this host's agree");
  const what = `Redis' clock is ${(apart / 1000).toFixed(0)} s ${side} this host's`;
  return warning(check, what, "Let both hosts take their time from the network (NTP)");
}
