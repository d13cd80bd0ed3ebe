// Redis as an instance needs it: reachable, fast, with enough rights and memory for agreement, and with a clock near
// this host's.
import { isolationOf } from "../cluster/isolation.ts";
import { describeConnection, resolveConnection } from "../cluster/redis/redis_connection.ts";
import { probeRedis, type RedisFacts } from "../cluster/redis/redis_probe.ts";
import { instanceName } from "../options/instance_name.ts";
import { secretValues } from "../options/option_schema.ts";
import { type Judged, section, type Subject, type Within } from "./examination.ts";
import { diagnosed, error, note, ok, warning } from "./finding.ts";

/** There and back; a slower network is worth a warning. */
const SLOW_MILLISECONDS = 100;
/** Beyond this, times in logs and answers of two hosts cannot be compared. */
const CLOCK_MILLISECONDS = 5_000;
/** One command's share of the limit, so that a Redis that hangs is described in Redis' own words. */
const COMMAND_SHARE = 0.4;

/** Null: Redis is not used; a message: the reason why the connection cannot be resolved. */
async function probe(subject: Subject, within: Within) {
  const { options } = subject;
  if (!options.highAvailability.enabled || isolationOf(options) !== null) return null;
  const resolved = await connectionOf(subject);
  within.hide(resolved.ok ? resolved.secrets : secretValues(options));
  if (!resolved.ok) return resolved.message;
  const commandMilliseconds = Math.max(500, within.limitMilliseconds * COMMAND_SHARE);
  const limit = Math.min(resolved.connection.connectTimeoutMilliseconds, commandMilliseconds);
  const connection = { ...resolved.connection, connectTimeoutMilliseconds: limit };
  const channel = options.highAvailability.configurationChannel;
  const instance = instanceName(options, Deno.hostname());
  const probe = await probeRedis({ connection, channel, instance, signal: within.signal, commandMilliseconds });
  const { warnings } = resolved;
  return { warnings, where: describeConnection(connection), channel, user: connection.user, probe };
}

/** A password's file may be a credential, which has another path for the unit than for the doctor. */
async function connectionOf({ options, environment, credentialDirectories }: Subject) {
  let resolved = await resolveConnection(options, environment);
  for (const directory of credentialDirectories) {
    if (resolved.ok) break;
    resolved = await resolveConnection(options, { ...environment, CREDENTIALS_DIRECTORY: directory });
  }
  return resolved;
}

type Found = Awaited<ReturnType<typeof probe>>;
type Probed = Exclude<Found, string | null>;

/** Judges a Redis that answered. */
function ifAnswered(judge: (facts: RedisFacts, probed: Probed) => Judged) {
  return (found: Found) =>
    found !== null && typeof found !== "string" && found.probe.ok && judge(found.probe.facts, found);
}

export const redis = section("Redis", probe, {
  "redis/connection": (found, { options }) => {
    const isolation = isolationOf(options);
    if (isolation !== null) return error(isolation, "To run it without others, set HighAvailability:Enabled to false");
    if (found === null) return note("Redis is not used: HighAvailability:Enabled is false");
    if (typeof found === "string") return error(found, "Mend the option or the file that it names");
    const { where, probe, user, warnings } = found;
    const odd = warnings.map(diagnosed);
    if (!probe.ok) {
      const todo = probe.isLogin
        ? `Set the password of Redis' user ${user ?? "default"} by HighAvailability:RedisPasswordFile, or user= and ` +
          "password= in HighAvailability:RedisConnectionString"
        : "Look at Redis' log and the network between; redis-cli with the same address, user and TLS tells more";
      return [...odd, error(`${where}: ${probe.reason}`, todo)];
    }
    const { server, mode, version } = probe.facts;
    const what = `${where} answers${where.includes(server) ? "" : ` by ${server}`}` +
      `${mode === "cluster" ? " as a cluster" : ""}${version === null ? "" : `, version ${version}`}`;
    const isOld = version !== null && Number(version.split(".")[0]) < 7;
    return [...odd, isOld ? warning(`${what}; it is tested with 7`, "Upgrade Redis") : ok(what)];
  },
  "redis/rights": ifAnswered(({ lacking }, { user, channel }) => {
    // In an ACL rule a channel's name is a pattern.
    const pattern = channel.replace(/[\\*?[\]]/g, "\\$&");
    const rules = [
      ...lacking.commands.map((command) => `+${command}`),
      ...(lacking.keys ? [`~{${pattern}}:*`] : []),
      ...(lacking.channel ? [`&${pattern}`] : []),
    ].join(" ");
    const name = user ?? "default";
    const unknown = lacking.unknown.length === 0 ? "" : ` (not known: ${lacking.unknown.join(", ")})`;
    if (rules === "") return ok(`The user ${name} may do all that is needed${unknown}`);
    return error(`Redis does not allow its user ${name}: ${rules}${unknown}`, `ACL SETUSER ${name} ${rules}`);
  }),
  "redis/latency": ifAnswered(({ pingMilliseconds }) => {
    const sorted = pingMilliseconds.toSorted((one, other) => one - other);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    const what = `A PING takes ${median.toFixed(1)} ms (median of ${sorted.length})`;
    if (median < SLOW_MILLISECONDS) return ok(what);
    return warning(what, "Look at Redis' SLOWLOG and LATENCY DOCTOR, and at the network between");
  }),
  "redis/memory": ifAnswered(({ memory, isFull }) => {
    if (isFull) {
      const what = "Redis is out of memory and takes no writes: no edit comes to the other instances";
      return error(what, "Raise its maxmemory, remove other keys, or give the instances a Redis of their own");
    }
    if (memory === null) return null;
    const { policy, limitBytes } = memory;
    const limit = limitBytes === 0 ? "no maxmemory" : `maxmemory ${Math.round(limitBytes / 1024 / 1024)} MiB`;
    const what = `maxmemory-policy is ${policy}, with ${limit}`;
    // Without a limit nothing is evicted; the records of instances, which expire, are written again.
    if (limitBytes === 0 || policy === "noeviction" || policy.startsWith("volatile")) return ok(what);
    const todo = "Set maxmemory-policy to noeviction or volatile-lru, or give the instances a Redis of their own";
    return warning(`${what}: the agreement may be evicted`, todo);
  }),
  "clock/redis": ifAnswered(({ clock }) => {
    if (clock === null) return null;
    const { aheadMilliseconds, withinMilliseconds } = clock;
    const apart = Math.max(0, Math.abs(aheadMilliseconds) - withinMilliseconds / 2);
    if (apart < CLOCK_MILLISECONDS) return ok("Redis' clock and this host's agree");
    const side = aheadMilliseconds > 0 ? "ahead of" : "behind";
    const what = `Redis' clock is ${(apart / 1000).toFixed(0)} s ${side} this host's`;
    return warning(what, "Let both hosts take their time from the network (NTP)");
  }),
});
