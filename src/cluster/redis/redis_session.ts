// One session with Redis, from the first connection to the loss of any: two connections to one server, which is found
// again for each session. No connection is opened again by itself: after a loss the caller opens a whole new session.
import type { Buffer } from "node:buffer";
import type { RedisEndpoint } from "./connection_string.ts";
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

export interface SessionOptions extends Caller {
  /** Returns the means of opening a connection for a transfer, with its limits and with the present secrets. */
  readonly transferCaller: () => Promise<Caller>;
  /** For the subscription and for publishing. */
  readonly channel: string;
  readonly keys: Keys;
  /** The interval at which both connections are tested. */
  readonly heartbeatMilliseconds: number;
  /** Receives the bytes of each message. Must not throw. */
  readonly heard: (message: Uint8Array) => void;
  /** Called after the subscription moved to another node: messages may have been missed. */
  readonly resubscribed: () => void;
  /** Ends the session, and the connections that `dial` opened. */
  readonly signal: AbortSignal;
}

/** A connection for commands and one for the subscription. */
export interface Session {
  /** Runs a script on the node of its keys; rejects with a reason for users. */
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Publishes on the channel; resolves with the number of receivers, without this instance. */
  publish(message: string): Promise<number>;
  /**
   * Runs a command with a large value, whose reply has bytes for strings, on the node of its key; rejects with a reason
   * for users. It has its own connection: behind the value other commands would wait until they seem unanswered.
   */
  transfer(command: string, ...words: readonly (string | number | Buffer)[]): Promise<unknown>;
  /** Resolves with the reason when the session is lost; never rejects. */
  readonly lost: Promise<string>;
}

/** Both connections are to one node, so that the publisher's count of receivers includes the subscriber. */
interface Pair {
  readonly publisher: Wire;
  readonly subscriber: Wire;
}

interface SessionState {
  readonly options: SessionOptions;
  pair: Pair;
  /** Null: no move to the slot's new node is in progress. */
  moving: Promise<void> | null;
  readonly lose: (reason: string) => void;
}

/** If more nodes in a row redirect to another one, that is a failure. */
export const MAX_REDIRECTIONS = 5;

/** Finds the server, connects twice and subscribes. A failure may leave connections open until the signal aborts. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const pair = await findServer(options).then(({ wire }) => openPair(options, wire)).catch((error) => {
    throw new RedisTrouble(reasonOf(error), { cause: error });
  });
  const { promise: lost, resolve: lose } = Promise.withResolvers<string>();
  const state: SessionState = { options, pair, moving: null, lose };
  watchPair(state, pair);
  startHeartbeat(state);
  return {
    lost,
    run: (script, keys, args) => orLose(state, () => run(state, script, keys, args)),
    transfer: (command, ...words) =>
      transfer(state, command, words).catch((error) => {
        throw new RedisTrouble(reasonOf(error), { cause: error });
      }),
    publish: (message) =>
      orLose(
        state,
        async () => withoutSelf(Number(await state.pair.publisher.call("publish", options.channel, message))),
      ),
  };
}

/** The receivers that PUBLISH counted, without this instance. */
export function withoutSelf(receivers: number): number {
  return Number.isSafeInteger(receivers) ? Math.max(0, receivers - 1) : 0;
}

/** Reading the head proves more than a ping: the keys may be used, are on this node, and are loaded. */
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
    // The slot is moving: this node still has it, or will redirect.
    if (replyCode(error) !== "ASK" && replyCode(error) !== "TRYAGAIN") throw error;
  }
}

async function run(
  state: SessionState,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  for (let redirections = 0;; redirections++) {
    const { publisher } = state.pair;
    try {
      return await evaluate(publisher, script, keys, args);
    } catch (error) {
      const target = redirectionIn(error);
      if (target === null || redirections === MAX_REDIRECTIONS) throw error;
      const endpoint = endpointOf(target, publisher);
      if (target.kind === "ASK") return await evaluateThere(state.options, endpoint, script, keys, args);
      if (publisher === state.pair.publisher) await (state.moving ??= moveTo(state, endpoint));
    }
  }
}

/** Moves both connections to another node; messages that are published at other nodes arrive there too. */
async function moveTo(state: SessionState, endpoint: RedisEndpoint): Promise<void> {
  try {
    const { wire: publisher } = await greet(state.options, endpoint);
    const old = state.pair;
    state.pair = await openPair(state.options, publisher);
    watchPair(state, state.pair);
    for (const wire of [old.publisher, old.subscriber]) void leave(wire);
  } finally {
    state.moving = null;
  }
  state.options.resubscribed();
}

/** Closes a connection after all its commands are answered: a server answers in order. */
async function leave(wire: Wire): Promise<void> {
  await wire.call("ping").catch(() => {});
  await wire.close();
}

/**
 * Runs one script on the node that will have the slot
 * (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#ask-redirection).
 */
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

async function transfer(
  { options, pair }: SessionState,
  command: string,
  words: readonly (string | number | Buffer)[],
): Promise<unknown> {
  const caller = await options.transferCaller();
  let { endpoint } = pair.publisher;
  let isAsking = false;
  for (let redirections = 0;; redirections++) {
    const { wire } = await greet(caller, endpoint);
    try {
      if (isAsking) await wire.call("asking");
      return await wire.callForBytes(command, ...words);
    } catch (error) {
      const target = redirectionIn(error);
      if (target === null || redirections === MAX_REDIRECTIONS) throw error;
      endpoint = endpointOf(target, wire);
      isAsking = target.kind === "ASK";
    } finally {
      await wire.close();
    }
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

/** A node that does not know its own name redirects with an empty one, which means the host that answered. */
export function endpointOf({ host, port }: Redirection, from: Wire): RedisEndpoint {
  const own = "host" in from.endpoint ? from.endpoint.host : "127.0.0.1";
  return { host: host === "" || host === "?" ? own : host, port };
}

/** The session ends with either connection, unless it has moved to other ones. */
function watchPair(state: SessionState, pair: Pair): void {
  for (const wire of [pair.publisher, pair.subscriber]) {
    wire.closed.then((reason) => {
      if (state.pair === pair) state.lose(reason);
    });
  }
}

async function orLose<T>(state: SessionState, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = reasonOf(error);
    if (isLoss(error)) state.lose(reason);
    throw new RedisTrouble(reason, { cause: error });
  }
}

/** Only a command without an answer shows that a server is frozen or a network is cut. */
function startHeartbeat(state: SessionState): void {
  const { keys, heartbeatMilliseconds, signal } = state.options;
  let timer: number | undefined;
  const beatLater = () => {
    if (!signal.aborted) timer = setTimeout(beat, heartbeatMilliseconds);
  };
  const beat = async () => {
    try {
      const [reply] = await Promise.all([run(state, READ, [keys.head], []), state.pair.subscriber.call("ping")]);
      if (parseHeadReply(reply) === null) state.lose(NO_REDIS);
    } catch (error) {
      // A right that was taken away also shows here and counts as a loss: the next session has other rights.
      if (isLoss(error) || replyCode(error) === "NOPERM") state.lose(reasonOf(error));
    }
    beatLater();
  };
  beatLater();
  signal.addEventListener("abort", () => clearTimeout(timer));
}
