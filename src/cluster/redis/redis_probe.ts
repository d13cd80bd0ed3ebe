// Finds out about Redis without a change in it: whether it can be reached, how quickly it answers, and whether the user
// has all rights of an instance. The probe writes, publishes and subscribes to nothing; Redis records each denied
// command in its ACL LOG.
import { nameOf, type RedisConnection } from "./redis_connection.ts";
import { dial } from "./redis_notifier.ts";
import { ALLOWED_COMMANDS, type Keys, keysOf, READ } from "./redis_scripts.ts";
import { type Dial, fieldOf, findServer, greet, type GreetedServer, type Wire } from "./redis_servers.ts";
import { endpointOf, MAX_REDIRECTIONS } from "./redis_session.ts";
import { isLoginTrouble, reasonOf, redirectionIn, replyCode } from "./redis_trouble.ts";

export interface RedisProbeOptions {
  readonly connection: RedisConnection;
  /** `HighAvailability:ConfigurationChannel`. */
  readonly channel: string;
  readonly instance: string;
  /** Closes all connections. */
  readonly signal: AbortSignal;
  /** The limit of a command. */
  readonly commandMilliseconds: number;
}

/** The rights of an instance that the user lacks. */
export interface LackingRights {
  /** Denied commands, by their names in ACL rules. */
  readonly commands: readonly string[];
  readonly keys: boolean;
  readonly channel: boolean;
  /** Commands of which it is not known whether they are denied, because another right is missing. */
  readonly unknown: readonly string[];
}

/** The result of a probe. */
export interface RedisFacts {
  /** The server that counts: the primary, or the node of the channel's slot. */
  readonly server: string;
  /** `standalone` or `cluster`. */
  readonly mode: string;
  /** Null: the server does not say it. */
  readonly version: string | null;
  /** One for each of several PINGs. */
  readonly pingMilliseconds: readonly number[];
  readonly lacking: LackingRights;
  /**
   * The server's clock minus this host's, with an error of half of `within` at most; null: the server does not say it.
   */
  readonly clock: { readonly aheadMilliseconds: number; readonly withinMilliseconds: number } | null;
  /** The server's policy when its memory is full; null: the user may not read it. */
  readonly memory: { readonly policy: string; readonly limitBytes: number } | null;
  /** Whether the server refuses to write because its memory is full. */
  readonly isFull: boolean;
}

/** The facts, or the reason why there are none: one line without secrets. */
export type RedisProbe =
  | { readonly ok: true; readonly facts: RedisFacts }
  /** `isLogin`: the user name or the password is refused, or a password is missing. */
  | { readonly ok: false; readonly reason: string; readonly isLogin: boolean };

const PINGS = 9;

/**
 * Returns the commands that are denied, by `redis.acl_check_cmd` of Redis 7.0 on: it judges keys and channels too and
 * runs nothing. Keys: none. Arguments: commands, each as JSON.
 */
const FIND_DENIED = `
local denied = {}
for _, trial in ipairs(ARGV) do
  if not redis.acl_check_cmd(unpack(cjson.decode(trial))) then denied[#denied + 1] = trial end
end
return denied
`;

/** Connects as an instance does and finds out the facts. Never rejects, and leaves no connection open. */
export async function probeRedis(options: RedisProbeOptions): Promise<RedisProbe> {
  const closing = new AbortController();
  const signal = AbortSignal.any([options.signal, closing.signal]);
  const { connection, commandMilliseconds } = options;
  const dialOnce: Dial = (endpoint, heard) => dial(endpoint, { connection, signal, commandMilliseconds, heard });
  try {
    const server = await findOwner({ dial: dialOnce, connection }, keysOf(options.channel));
    return { ok: true, facts: await factsOf(server, options) };
  } catch (error) {
    return { ok: false, reason: reasonOf(error), isLogin: isLoginTrouble(error) };
  } finally {
    closing.abort();
  }
}

/** Finds the primary or, in a cluster, the node that has the channel's slot. */
async function findOwner(caller: Parameters<typeof findServer>[0], { head }: Keys): Promise<GreetedServer> {
  let server = await findServer(caller);
  for (let redirections = 0; server.mode === "cluster" && redirections < MAX_REDIRECTIONS; redirections++) {
    const answer = await server.wire.call("hmget", head, "hash").catch((error: unknown) => error);
    const target = redirectionIn(answer);
    if (target === null || target.kind !== "MOVED") break;
    server = await greet(caller, endpointOf(target, server.wire));
  }
  return server;
}

async function factsOf({ wire, mode }: GreetedServer, options: RedisProbeOptions): Promise<RedisFacts> {
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
    isFull: !lacking.commands.includes("hset") && !lacking.keys && await isFull(wire, options),
  };
}

/** A full server refuses a command that could write before it looks at the arguments, with which it does nothing. */
async function isFull(wire: Wire, { channel, instance }: RedisProbeOptions): Promise<boolean> {
  const trial = trialsOf(channel, instance).get("hset")!;
  return replyCode(await orRefused(wire.call("hset", ...trial))) === "OOM";
}

async function measurePings(wire: Wire): Promise<number[]> {
  const times: number[] = [];
  for (let count = 0; count < PINGS; count++) {
    const before = performance.now();
    // If PING is denied, the refusal comes as quickly.
    await orRefused(wire.call("ping"));
    times.push(performance.now() - before);
  }
  return times;
}

/** The arguments of a command, with which it changes nothing even if it is run. */
type Trial = readonly string[];

/**
 * Each command with arguments that let Redis judge the rights, which it does first, and then make it refuse to run the
 * command. PUBLISH and SUBSCRIBE have no such arguments, so they are never sent.
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

/** Not needed, but its right is judged before it is sent: a refusal would be an entry of the ACL LOG that misleads. */
const INFORM: Trial = ["info", "memory"];

async function rightsLacking(
  wire: Wire,
  { channel, instance }: RedisProbeOptions,
  mode: string,
): Promise<{ readonly lacking: LackingRights; readonly mayInform: boolean }> {
  const trials = new Map(trialsOf(channel, instance));
  if (mode === "cluster") trials.set("asking", []);
  const asked = [...[...trials].map(([command, args]) => [command, ...args]), INFORM];
  const answer = await orRefused(wire.call("eval", FIND_DENIED, 0, ...asked.map((trial) => JSON.stringify(trial))));
  // Without scripts, or before Redis 7, each is sent with arguments with which it does nothing.
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
    // A denied command does nothing when it is sent, and the refusal names the missing right.
    const refusal = await orRefused(wire.call(command, ...args));
    if (replyCode(refusal) !== "NOPERM") continue;
    const { message } = refusal as Error;
    if (/permissions to run|can't run/.test(message)) lacking.commands.push(command);
    else if (/channel/.test(message)) lacking.channel = true;
    else lacking.keys = true;
  }
  return { lacking, mayInform: denied === null || !denied.includes(INFORM[0]!) };
}

/** The answer, or the error that Redis answered with; a lost connection rejects. */
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
  const serverTime = seconds! * 1000 + micros! / 1000;
  return { aheadMilliseconds: serverTime - (before + after) / 2, withinMilliseconds: after - before };
}

async function memoryOf(wire: Wire): Promise<RedisFacts["memory"]> {
  const reply = await orRefused(wire.call("info", "memory"));
  if (typeof reply !== "string") return null;
  const valueOf = (name: string) => new RegExp(`^${name}:([\\w-]{1,64})\\r?$`, "m").exec(reply)?.[1];
  const [policy, limit] = [valueOf("maxmemory_policy"), Number(valueOf("maxmemory"))];
  return policy === undefined || !Number.isFinite(limit) ? null : { policy, limitBytes: limit };
}
