// What can be found out about Redis and changes nothing in it: whether it is there, how quickly it answers, and whether
// its user may do all that an instance does. Nothing is written, published or subscribed to; what is denied stands in
// Redis' ACL LOG.
import { nameOf, type RedisConnection } from "./redis_connection.ts";
import { dial } from "./redis_notifier.ts";
import { ALLOWED_COMMANDS, type Keys, keysOf, READ } from "./redis_scripts.ts";
import { type Dial, fieldOf, findServer, greet, type Greeted, type Wire } from "./redis_servers.ts";
import { endpointOf, MAX_REDIRECTIONS } from "./redis_session.ts";
import { reasonOf, redirectionIn, replyCode } from "./redis_trouble.ts";

/** What `probeRedis` takes. */
export interface RedisProbeOptions {
  /** Where Redis is, and as whom to speak to it. */
  readonly connection: RedisConnection;
  /** `HighAvailability:ConfigurationChannel`. */
  readonly channel: string;
  /** The instance's name. */
  readonly instance: string;
  /** Ends all that is open. */
  readonly signal: AbortSignal;
  /** How long a command may take. */
  readonly commandMilliseconds: number;
}

/** What the user lacks to be an instance. */
export interface LackingRights {
  /** Commands that it may not run at all, as ACL rules name them. */
  readonly commands: readonly string[];
  /** Whether the channel's keys are denied. */
  readonly keys: boolean;
  /** Whether the channel is denied. */
  readonly channel: boolean;
  /** What could not be found out, because another right lacks. */
  readonly unknown: readonly string[];
}

/** What was found out. */
export interface RedisFacts {
  /** The server that counts: the primary, or the node of the channel's slot. */
  readonly server: string;
  /** `standalone` or `cluster`. */
  readonly mode: string;
  /** Of the server; null: not told. */
  readonly version: string | null;
  /** How long each of several PINGs took. */
  readonly pingMilliseconds: readonly number[];
  /** What its user may not do. */
  readonly lacking: LackingRights;
  /** The server's clock minus this host's, give or take half of `within`; null: not told. */
  readonly clock: { readonly aheadMilliseconds: number; readonly withinMilliseconds: number } | null;
  /** What the server does when its memory is full; null where its user may not know. */
  readonly memory: { readonly policy: string; readonly limitBytes: number } | null;
}

/** What was found out, or in one line without secrets why nothing was. */
export type RedisProbe =
  | { readonly ok: true; readonly facts: RedisFacts }
  | { readonly ok: false; readonly reason: string };

const PINGS = 9;

/**
 * Whether each command may be run, by `redis.acl_check_cmd` of Redis 7.0 on: it judges keys and channels too and runs
 * nothing. Keys: none. Arguments: commands, each as JSON. Answers with those that are denied.
 */
const MAY = `
local denied = {}
for _, trial in ipairs(ARGV) do
  if not redis.acl_check_cmd(unpack(cjson.decode(trial))) then denied[#denied + 1] = trial end
end
return denied
`;

/** Connects as an instance does, and asks. Never rejects; whatever it opened is closed when it is done. */
export async function probeRedis(options: RedisProbeOptions): Promise<RedisProbe> {
  const closing = new AbortController();
  const signal = AbortSignal.any([options.signal, closing.signal]);
  const { connection, commandMilliseconds } = options;
  const dialling: Dial = (endpoint, heard) => dial(endpoint, { connection, signal, commandMilliseconds, heard });
  try {
    const server = await findOwner({ dial: dialling, connection }, keysOf(options.channel));
    return { ok: true, facts: await factsOf(server, options) };
  } catch (error) {
    return { ok: false, reason: reasonOf(error) };
  } finally {
    closing.abort();
  }
}

/** The primary, or of a cluster the node that has the channel's slot. */
async function findOwner(caller: Parameters<typeof findServer>[0], { head }: Keys): Promise<Greeted> {
  let server = await findServer(caller);
  for (let redirections = 0; server.mode === "cluster" && redirections < MAX_REDIRECTIONS; redirections++) {
    const answer = await server.wire.call("hmget", head, "hash").catch((error: unknown) => error);
    const target = redirectionIn(answer);
    if (target === null || target.kind !== "MOVED") break;
    server = await greet(caller, endpointOf(target, server.wire));
  }
  return server;
}

async function factsOf({ wire, mode }: Greeted, options: RedisProbeOptions): Promise<RedisFacts> {
  const pings = await measurePings(wire);
  const { lacking, mayInform } = await rightsLacking(wire, options, mode);
  return {
    server: nameOf(wire.endpoint),
    mode,
    version: await versionOf(wire),
    pingMilliseconds: pings,
    lacking,
    clock: await clockOf(wire),
    memory: mayInform ? await memoryOf(wire) : null,
  };
}

async function measurePings(wire: Wire): Promise<number[]> {
  const times: number[] = [];
  for (let count = 0; count < PINGS; count++) {
    const before = performance.now();
    // One that is not allowed is answered as quickly.
    await orRefused(wire.call("ping"));
    times.push(performance.now() - before);
  }
  return times;
}

/** A command and its arguments, of a kind that changes nothing where it is run after all. */
type Trial = readonly string[];

/**
 * Each command in a form that Redis understands well enough to ask for its rights and not well enough to run it: the
 * rights are judged first. Of PUBLISH and SUBSCRIBE there is no such form, so these are never sent.
 */
function trialsOf(channel: string, instance: string): ReadonlyMap<string, Trial> {
  const keys = keysOf(channel);
  const record = `${keys.peerPrefix}${instance}:`;
  const trials: Record<typeof ALLOWED_COMMANDS[number], Trial> = {
    ping: [],
    subscribe: [channel],
    publish: [channel, ""],
    evalsha: [READ.sha, "1", keys.head],
    eval: [READ.text, "1", keys.head],
    time: [],
    hmget: [keys.head, "hash"],
    hset: [keys.head, "hash", "", "without-value"],
    xadd: [keys.history, "no-id", "name", "value"],
    xrevrange: [keys.history, "+", "-", "COUNT", "1"],
    set: [`${keys.namePrefix}${instance}`, "", "GET", "no-option"],
    getrange: [record, "0", "0"],
    del: [`${record}\0`],
    zadd: [keys.peers, "no-number", instance],
    zrem: [keys.peers, "\0"],
    zrangebyscore: [keys.peers, "(0", "0"],
    zremrangebyscore: [keys.peers, "no-number", "no-number"],
  };
  return new Map(Object.entries(trials));
}

const NEVER_SENT = new Set(["publish", "subscribe"]);

/** Not needed, and asked all the same: a refusal of it would stand in the log that people look for refusals in. */
const INFORM: Trial = ["info", "memory"];

async function rightsLacking(
  wire: Wire,
  { channel, instance }: RedisProbeOptions,
  mode: string,
): Promise<{ readonly lacking: LackingRights; readonly mayInform: boolean }> {
  const trials = new Map(trialsOf(channel, instance));
  if (mode === "cluster") trials.set("asking", []);
  const asked = [...[...trials].map(([command, args]) => [command, ...args]), INFORM];
  const answer = await orRefused(wire.call("eval", MAY, 0, ...asked.map((trial) => JSON.stringify(trial))));
  // Without scripts, or before Redis 7, each is sent, in its form that does nothing.
  const denied = Array.isArray(answer)
    ? asked.filter((trial) => answer.includes(JSON.stringify(trial))).map(([command]) => command)
    : null;
  const lacking = { commands: [] as string[], keys: false, channel: false, unknown: [] as string[] };
  for (const [command, args] of trials) {
    if (denied !== null && !denied.includes(command)) continue;
    if (denied === null && NEVER_SENT.has(command)) {
      lacking.unknown.push(command);
      continue;
    }
    // What is denied for certain does nothing when it is sent, and the refusal says for want of what.
    const refusal = await orRefused(wire.call(command, ...args));
    if (replyCode(refusal) !== "NOPERM") continue;
    const { message } = refusal as Error;
    if (/permissions to run|can't run/.test(message)) lacking.commands.push(command);
    else if (/channel/.test(message)) lacking.channel = true;
    else lacking.keys = true;
  }
  return { lacking, mayInform: denied === null || !denied.includes(INFORM[0]!) };
}

/** The answer, or what Redis refused it with; a lost connection rejects. */
async function orRefused(asking: Promise<unknown>): Promise<unknown> {
  try {
    return await asking;
  } catch (error) {
    if (replyCode(error) === null) throw error;
    return error;
  }
}

async function versionOf(wire: Wire): Promise<string | null> {
  const version = fieldOf(await orRefused(wire.call("hello")), "version");
  return version !== null && /^[\w.-]{1,32}$/.test(version) ? version : null;
}

async function clockOf(wire: Wire): Promise<RedisFacts["clock"]> {
  const before = Date.now();
  const reply = await orRefused(wire.call("time"));
  const after = Date.now();
  const [seconds, micros] = Array.isArray(reply) ? reply.map(Number) : [];
  if (!Number.isFinite(seconds) || !Number.isFinite(micros)) return null;
  const told = seconds! * 1000 + micros! / 1000;
  return { aheadMilliseconds: told - (before + after) / 2, withinMilliseconds: after - before };
}

async function memoryOf(wire: Wire): Promise<RedisFacts["memory"]> {
  const reply = await orRefused(wire.call("info", "memory"));
  if (typeof reply !== "string") return null;
  const valueOf = (name: string) => new RegExp(`^${name}:([\\w-]{1,64})\\r?$`, "m").exec(reply)?.[1];
  const [policy, limit] = [valueOf("maxmemory_policy"), Number(valueOf("maxmemory"))];
  return policy === undefined || !Number.isFinite(limit) ? null : { policy, limitBytes: limit };
}
