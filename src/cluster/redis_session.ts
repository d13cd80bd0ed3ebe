// One stay with Redis, from the first connection to the loss of any: two connections to the one server that counts,
// found anew for each stay. Nothing of it is reconnected: what is lost is left and opened again as a whole.
import type { RedisEndpoint } from "./redis_connection.ts";
import { type Keys, parseHeadReply, READ, type Script } from "./redis_scripts.ts";
import { type Caller, findServer, greet, type Wire } from "./redis_servers.ts";
import {
  isLoss,
  NO_REDIS,
  reasonOf,
  type Redirection,
  redirectionIn,
  RedisTrouble,
  replyCode,
} from "./redis_trouble.ts";

/** What `openSession` takes. */
export interface SessionOptions extends Caller {
  /** What to subscribe to and publish on. */
  readonly channel: string;
  /** The channel's. */
  readonly keys: Keys;
  /** How often both connections are proven to be alive. */
  readonly heartbeatMilliseconds: number;
  /** A message's bytes. Must not throw. */
  readonly heard: (message: Uint8Array) => void;
  /** The subscription was made anew on another node: messages may have been missed. */
  readonly resubscribed: () => void;
  /** Ends the session; the connections that `dial` makes end by it too. */
  readonly signal: AbortSignal;
}

/** A publisher that answers and a subscriber that listens. */
export interface Session {
  /** Runs a script where its keys are; rejects with a reason for people. */
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Publishes on the channel; resolves with how many got it, this instance not among them. */
  publish(message: string): Promise<number>;
  /** Resolves with the reason once the session is of no use any more; never rejects. */
  readonly lost: Promise<string>;
}

/** Both on one node, so that the publisher's count of receivers holds the subscriber. */
interface Pair {
  readonly publisher: Wire;
  readonly subscriber: Wire;
}

interface Stay {
  readonly options: SessionOptions;
  pair: Pair;
  /** Goes on while the slot's new node is being joined. */
  moving: Promise<void> | null;
  readonly lose: (reason: string) => void;
}

/** So many nodes may send us on to another one before that counts as a failure. */
export const MAX_REDIRECTIONS = 5;

/** Finds the server, connects twice and subscribes. What a failure leaves open ends with the signal. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const pair = await findServer(options).then(({ wire }) => openPair(options, wire)).catch((error) => {
    throw new RedisTrouble(reasonOf(error), { cause: error });
  });
  const { promise: lost, resolve: lose } = Promise.withResolvers<string>();
  const stay: Stay = { options, pair, moving: null, lose };
  notice(stay, pair);
  beatFrom(stay);
  return {
    lost,
    run: (script, keys, args) => orLose(stay, () => run(stay, script, keys, args)),
    publish: (message) =>
      orLose(
        stay,
        async () => withoutSelf(Number(await stay.pair.publisher.call("publish", options.channel, message))),
      ),
  };
}

/** How many of those that PUBLISH counted are others. */
export function withoutSelf(receivers: number): number {
  return Number.isSafeInteger(receivers) ? Math.max(0, receivers - 1) : 0;
}

/** Reading the head proves what a ping would not: that the keys may be used, are here, and are loaded. */
async function openPair(options: SessionOptions, first: Wire): Promise<Pair> {
  let publisher = first;
  for (let redirections = 0;; redirections++) {
    try {
      await proveUsable(options, publisher);
      break;
    } catch (error) {
      const target = redirectionIn(error);
      await publisher.close();
      if (target === null || redirections === MAX_REDIRECTIONS) throw error;
      publisher = (await greet(options, endpointOf(target, publisher))).wire;
    }
  }
  const { wire: subscriber } = await greet(options, publisher.endpoint, options.heard);
  await subscriber.call("subscribe", options.channel);
  return { publisher, subscriber };
}

async function proveUsable({ keys }: SessionOptions, wire: Wire): Promise<void> {
  try {
    const reply = await evaluate(wire, READ, [keys.head], []);
    if (parseHeadReply(reply) === null) throw new RedisTrouble(NO_REDIS);
  } catch (error) {
    // A slot that is on its way: the node is the right one still, or will say so.
    if (replyCode(error) !== "ASK" && replyCode(error) !== "TRYAGAIN") throw error;
  }
}

async function run(
  stay: Stay,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  for (let redirections = 0;; redirections++) {
    const { publisher } = stay.pair;
    try {
      return await evaluate(publisher, script, keys, args);
    } catch (error) {
      const target = redirectionIn(error);
      if (target === null || redirections === MAX_REDIRECTIONS) throw error;
      const endpoint = endpointOf(target, publisher);
      if (target.kind === "ASK") return await evaluateThere(stay.options, endpoint, script, keys, args);
      if (publisher === stay.pair.publisher) await (stay.moving ??= moveTo(stay, endpoint));
    }
  }
}

/** Leaves for another node with both connections; who publishes elsewhere is heard there too. */
async function moveTo(stay: Stay, endpoint: RedisEndpoint): Promise<void> {
  try {
    const { wire } = await greet(stay.options, endpoint);
    const old = stay.pair;
    stay.pair = await openPair(stay.options, wire);
    notice(stay, stay.pair);
    for (const left of [old.publisher, old.subscriber]) void leave(left);
  } finally {
    stay.moving = null;
  }
  stay.options.resubscribed();
}

/** Closes a connection after what was asked on it is answered: a server answers in order. */
async function leave(wire: Wire): Promise<void> {
  await wire.call("ping").catch(() => {});
  await wire.close();
}

/** One command on a node that will have the slot (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#ask-redirection). */
async function evaluateThere(
  options: SessionOptions,
  endpoint: RedisEndpoint,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const { wire } = await greet(options, endpoint);
  try {
    await wire.call("asking");
    return await wire.call("eval", script.text, keys.length, ...keys, ...args);
  } finally {
    await wire.close();
  }
}

async function evaluate(
  wire: Wire,
  { sha, text }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await wire.call("evalsha", sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (replyCode(error) !== "NOSCRIPT") throw error;
    return await wire.call("eval", text, keys.length, ...keys, ...args);
  }
}

/** A node that does not know its own name sends its clients to itself by an empty one. */
export function endpointOf({ host, port }: Redirection, from: Wire): RedisEndpoint {
  const own = "host" in from.endpoint ? from.endpoint.host : "127.0.0.1";
  return { host: host === "" || host === "?" ? own : host, port };
}

/** The session ends with either connection, unless it has moved on from them. */
function notice(stay: Stay, pair: Pair): void {
  for (const wire of [pair.publisher, pair.subscriber]) {
    wire.closed.then((reason) => {
      if (stay.pair === pair) stay.lose(reason);
    });
  }
}

async function orLose<T>(stay: Stay, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = reasonOf(error);
    if (isLoss(error)) stay.lose(reason);
    throw new RedisTrouble(reason, { cause: error });
  }
}

/** A server that froze and a network that was cut say nothing: only a question without an answer shows them. */
function beatFrom(stay: Stay): void {
  const { keys, heartbeatMilliseconds, signal } = stay.options;
  let timer: number | undefined;
  const beatLater = () => {
    if (!signal.aborted) timer = setTimeout(beat, heartbeatMilliseconds);
  };
  const beat = async () => {
    try {
      const [reply] = await Promise.all([run(stay, READ, [keys.head], []), stay.pair.subscriber.call("ping")]);
      if (parseHeadReply(reply) === null) stay.lose(NO_REDIS);
    } catch (error) {
      // Rights that were taken away show here too, and are as good as a loss: what comes after them is another link.
      if (isLoss(error) || replyCode(error) === "NOPERM") stay.lose(reasonOf(error));
    }
    beatLater();
  };
  beatLater();
  signal.addEventListener("abort", () => clearTimeout(timer));
}
