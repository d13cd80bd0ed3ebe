// The notifier over Redis: a single server, one behind Sentinels, or a cluster. Every call ends in time with an answer,
// and nothing is left open when it is disposed of. ioredis makes single connections only; who is talked to, when to try
// again and what a loss is are decided in this room, so that no timer or queue is hidden in it.
import type { AnnounceAnswer, Announcement } from "../agreement/announcing.ts";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { AbstractConnector, Redis } from "ioredis";
import { parseMessage } from "./announcement.ts";
import { type Attempt, openAttempts } from "./attempts.ts";
import { isId } from "../agreement/head.ts";
import { keepLink, type LinkKeeper } from "./link_keeper.ts";
import type { Link, Listener, Notifier, StoredHead } from "./notifier.ts";
import { ownEchoes } from "./own_echoes.ts";
import { encodePeer, MAX_RECORD_BYTES, parsePeer, type Peer, peerId, type PeerRecord } from "./peers.ts";
import { nameOf, type RedisConnection, type RedisEndpoint } from "./redis_connection.ts";
import { ANSWER_LIMITS, MESSAGE_LIMITS, replyGuard, UNASKED } from "./reply_guard.ts";
import {
  ANNOUNCE,
  HISTORY_LENGTH,
  type Keys,
  keysOf,
  LEAVE,
  MAX_PEERS,
  parseAnnounceReply,
  parseHeadReply,
  PEERS,
  READ,
  TELL,
} from "./redis_scripts.ts";
import type { Dial, Wire } from "./redis_servers.ts";
import { openSession, type Session, withoutSelf } from "./redis_session.ts";
import { connectStream, guardStream } from "./redis_stream.ts";
import { NO_REDIS, reasonOf, RedisTrouble, replyCode, unaskedReason } from "./redis_trouble.ts";
import { type Backoff, backoffMilliseconds } from "../time/backoff.ts";
import { withinLimit } from "../time/limit.ts";

/** What `openRedisNotifier` takes. */
export interface RedisNotifierOptions {
  /** Where Redis is, and as whom to speak to it. */
  readonly connection: RedisConnection;
  /** Returns the connection for the next session, with the present content of its files. Default: `connection`. */
  readonly renew?: (unwanted: AbortSignal) => Promise<RedisConnection>;
  /** `HighAvailability:ConfigurationChannel`; the keys' names are made of it. */
  readonly channel: string;
  /** The instance's name. */
  readonly instance: string;
  /** The process's, by `newIncarnation`. */
  readonly incarnation: string;
  /** The id under which the process before this one told, which is no peer any more; default: none did. */
  readonly formerPeer?: string | null;
  /**
   * `HighAvailability:AutoReconnect`. False: a connection that is lost is given up, and so is a first one that does not
   * come about within the time that connecting may take. Default: true.
   */
  readonly autoReconnect?: boolean;
  /** How long a command may take. Default: 5 s. */
  readonly commandTimeoutMilliseconds?: number;
  /** How often both connections are proven to be alive. Default: 10 s. */
  readonly heartbeatMilliseconds?: number;
  /** How long what `tell` wrote lives. Default: 90 s. */
  readonly peerLifeMilliseconds?: number;
  /** In [0, 1), for the backoff. Default: `Math.random`. */
  readonly random?: () => number;
  /** The wait after the `attempt`-th failure in a row, from 1 on. Default: {@linkcode RECONNECT_BACKOFF}. */
  readonly backoffMilliseconds?: (attempt: number) => number;
}

/** How long disposing may take to remove the instance's record, which ends by itself in any case. */
const LEAVE_LIMIT_MILLISECONDS = 500;
/** How long a command may take unless the options say another time. */
const COMMAND_LIMIT_MILLISECONDS = 5_000;
const CLOSED = "The notifier is closed";

/** Before the next connection: those who lost one Redis do not come back to it at one moment. */
export const RECONNECT_BACKOFF: Backoff = { firstMilliseconds: 100, capMilliseconds: 10_000 };

/**
 * Readies a notifier; it connects when it is watched. `delivered` counts those who are subscribed at the server that is
 * published on: in a Redis Cluster that is the node of the channel's slot, where every instance subscribes, while others
 * may hear the message at any node and are not counted.
 */
export function openRedisNotifier(options: RedisNotifierOptions): Notifier {
  const { channel, incarnation: id } = options;
  const keys = keysOf(channel);
  /** There is one before anything is heard. */
  let listener: Listener | null = null;
  let closing: Promise<void> | null = null;
  const echoes = ownEchoes(options.commandTimeoutMilliseconds ?? COMMAND_LIMIT_MILLISECONDS);

  const keeper = keepRedisLink(options, keys, {
    heard: (bytes) => {
      if (closing === null) listener!.heard(echoes.recognise(parseMessage(bytes, id)));
    },
    linked: (link) => {
      if (link.state !== "up") {
        echoes.forget();
        attempts.forget();
      }
      if (closing === null) listener!.linked(link);
    },
  });
  const link = (): Link => {
    if (closing !== null) return { state: "down", reason: CLOSED, final: true };
    const now = keeper.link();
    const refuses = attempts.refused();
    return now.state === "up" && refuses !== null ? { ...now, refuses } : now;
  };
  const attempts = openAttempts(() => closing === null ? keeper.session() : null, link);
  const { attempt } = attempts;
  const presence = presenceOf(options, keys, attempt);
  return {
    watch(to) {
      if (listener !== null || closing !== null) throw new Error("a notifier is watched once, before it is closed");
      listener = to;
      keeper.start();
    },
    link,
    announce: async (request) => {
      const { hash, base, unanswered, since, floor, restores, force } = request;
      const flags = [restores, force].map(Number);
      const args = [hash, base ?? "", unanswered.join(","), since, floor, ...flags, id, channel, HISTORY_LENGTH];
      const outcome = await attempt(
        "writes",
        async (session) => readAnnounceAnswer(await session.run(ANNOUNCE, [keys.head, keys.history], args), request),
        // The script writes nothing before any other answer.
        ({ kind }) => kind === "accepted",
      );
      return outcome.ok ? outcome.value : { kind: "failed", reason: outcome.reason };
    },
    head: async () => {
      const outcome = await attempt("reads", async (session) => readHead(await session.run(READ, [keys.head], [])));
      return outcome.ok ? { ok: true, head: outcome.value } : outcome;
    },
    lookAgain: async (path) => {
      const outcome = await attempt("reads", (session) => {
        // Before it is sent: it may be heard before its answer is.
        echoes.expect(path);
        return session.publish(path);
      });
      return outcome.ok ? { ok: true, delivered: outcome.value } : outcome;
    },
    tell: presence.tell,
    peers: presence.peers,
    // What leaves is asked before anything else is refused.
    [Symbol.asyncDispose]: () => closing ??= presence.leave().finally(() => keeper[Symbol.asyncDispose]()),
  };
}

/** The link, whose sessions are made of connections that this room can count: none is left when it is disposed of. */
function keepRedisLink(
  options: RedisNotifierOptions,
  keys: Keys,
  { heard, linked }: { heard(bytes: Uint8Array): void; linked(link: Link): void },
): LinkKeeper<Session> {
  const { connection: first, channel, random = Math.random, renew = () => Promise.resolve(first) } = options;
  const { heartbeatMilliseconds = 10_000 } = options;
  const { commandTimeoutMilliseconds: commandMilliseconds = COMMAND_LIMIT_MILLISECONDS } = options;
  const open = new Set<Promise<unknown>>();
  const dialFor = (connection: RedisConnection, signal: AbortSignal): Dial => (endpoint, hears) => {
    const dialling = dial(endpoint, { connection, signal, heard: hears, commandMilliseconds });
    const gone = dialling.then(({ closed }) => closed, () => {}).finally(() => open.delete(gone));
    open.add(gone);
    return dialling;
  };
  return keepLink<Session>({
    open: async (signal) => {
      const connection = await renew(signal);
      return await openSession({
        dial: dialFor(connection, signal),
        connection,
        channel,
        keys,
        signal,
        heartbeatMilliseconds,
        heard,
        resubscribed: () => linked({ state: "up" }),
      });
    },
    closed: async () => {
      while (open.size > 0) await Promise.all(open);
    },
    linked,
    autoReconnect: options.autoReconnect ?? true,
    firstConnectionMilliseconds: first.connectTimeoutMilliseconds,
    backoffMilliseconds: options.backoffMilliseconds ??
      ((attempt) => backoffMilliseconds(attempt, random(), RECONNECT_BACKOFF)),
  });
}

/** The instance among its peers. */
function presenceOf(
  { instance, incarnation, formerPeer = null, peerLifeMilliseconds = 90_000 }: RedisNotifierOptions,
  keys: Keys,
  attempt: Attempt,
): Pick<Notifier, "tell" | "peers"> & { leave(): Promise<void> } {
  const ownId = peerId({ instance, incarnation });
  const names = [`${keys.peerPrefix}${ownId}`, keys.peers, `${keys.namePrefix}${instance}`];
  let former = formerPeer;
  /** The own record as it was told last, also if Redis did not take it; null before the first one. */
  let latest: PeerRecord | null = null;
  let hasTold = false;
  return {
    tell: async (record) => {
      const text = encodePeer(record);
      latest = parsePeer(text);
      const args = [ownId, text, peerLifeMilliseconds, incarnation, former ?? ""];
      const outcome = await attempt("writes", (session) => session.run(TELL, names, args));
      if (!outcome.ok) return outcome;
      // A process that told before this one may have ended since; one that told after it lives.
      const namesake = hasTold && isId(outcome.value) && outcome.value !== incarnation;
      hasTold = true;
      former = null;
      return { ok: true, namesake };
    },
    peers: async () => {
      const args = [keys.peerPrefix, MAX_PEERS, MAX_RECORD_BYTES];
      const outcome = await attempt("reads", (session) => session.run(PEERS, [keys.peers], args));
      return outcome.ok ? { ok: true, peers: withOwn(latest, readPeers(outcome.value, ownId)) } : outcome;
    },
    leave: async () => {
      if (latest === null) return;
      const left = attempt("writes", (session) => session.run(LEAVE, names, [ownId, incarnation]));
      await withinLimit(left, LEAVE_LIMIT_MILLISECONDS);
    },
  };
}

function readAnnounceAnswer(reply: unknown, request: Announcement): AnnounceAnswer<StoredHead> {
  const answer = parseAnnounceReply(reply, request);
  if (answer === null) return { kind: "failed", reason: NO_REDIS };
  return answer.kind === "accepted" ? { ...answer, delivered: withoutSelf(answer.delivered) } : answer;
}

function readHead(reply: unknown): StoredHead | null {
  const parsed = parseHeadReply(reply);
  if (parsed?.kind !== "head" && parsed?.kind !== "none") throw new RedisTrouble(NO_REDIS);
  return parsed.head;
}

function readPeers(reply: unknown, ownId: string): Peer[] {
  const words = Array.isArray(reply) ? reply.map(String) : [];
  const peers: Peer[] = [];
  for (let index = 0; index + 1 < words.length; index += 2) {
    const id = words[index]!;
    const record = parsePeer(words[index + 1]!, id);
    if (record !== null) peers.push({ ...record, self: id === ownId });
  }
  return peers;
}

/**
 * Sorts by name, and puts the own record in place of the one in Redis, which others may have changed or crowded out.
 */
function withOwn(own: PeerRecord | null, found: readonly Peer[]): Peer[] {
  const peers = own === null ? [...found] : [...found.filter(({ self }) => !self), { ...own, self: true }];
  return peers.sort((a, b) => compareTexts(a.instance, b.instance) || compareTexts(a.incarnation, b.incarnation));
}

function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** What `dial` takes. */
export interface DialOptions {
  /** Of it TLS and the time that connecting may take count. */
  readonly connection: RedisConnection;
  /** Cuts the connection. */
  readonly signal: AbortSignal;
  /** How long a command may take. */
  readonly commandMilliseconds: number;
  /** Takes the bytes of each message. */
  readonly heard: ((message: Uint8Array) => void) | undefined;
}

/** Added to the reason if the connection ended before the first answer: a server that expects TLS closes it. */
const MUTE = ", before any answer: if it expects TLS, write ssl=true or rediss:// in the connection string";

/** One connection, without a password said yet. */
export async function dial(endpoint: RedisEndpoint, options: DialOptions): Promise<Wire> {
  const { connection: { tls, connectTimeoutMilliseconds: limitMilliseconds }, signal, heard } = options;
  const name = nameOf(endpoint);
  const stream = await connectStream(endpoint, { tls, limitMilliseconds, signal }).catch((error) => {
    throw new RedisTrouble(reasonOf(error, name), { cause: error });
  });
  let trouble: unknown = null;
  const lose = (error: unknown) => {
    trouble ??= error;
    stream.destroy();
  };
  stream.on("error", lose);
  const refuse = (what: string, cause?: unknown) => lose(new RedisTrouble(`Redis (${name}) sent ${what}`, { cause }));
  let hasAnswered = false;
  const scan = replyGuard(heard === undefined ? ANSWER_LIMITS : MESSAGE_LIMITS);
  guardStream(stream, (chunk) => {
    hasAnswered = true;
    return scan(chunk);
  }, refuse);
  const redis = clientOver(stream, options.commandMilliseconds);
  // ioredis does not reconnect, so every error ends the connection.
  redis.on("error", (error) => lose(unaskedReason(error, name) ?? error));
  const ended = new Promise<void>((resolve) => redis.once("end", resolve));
  const disconnect = () => {
    stream.destroy();
    redis.disconnect();
  };
  signal.addEventListener("abort", disconnect);
  if (signal.aborted) disconnect();
  const closed = ended.then(() => {
    signal.removeEventListener("abort", disconnect);
    const isMute = tls === null && !hasAnswered && !signal.aborted;
    return `${reasonOf(trouble, name)}${isMute ? MUTE : ""}`;
  });
  if (heard !== undefined) {
    redis.on("messageBuffer", (_channel: unknown, message: unknown) => {
      if (!(message instanceof Uint8Array)) return refuse(UNASKED);
      // Outside of the guard: an exception there is a bug of ours, not of the server.
      queueMicrotask(() => heard(message));
    });
  }
  // It fails only where the connection is lost at once, which whoever calls is told.
  await redis.connect().catch(() => {});
  return {
    endpoint,
    closed,
    async call(command, ...words) {
      try {
        return await redis.call(command, ...words);
      } catch (error) {
        if (replyCode(error) !== null || !stream.destroyed) throw error;
        // Why a connection was lost is known when it has ended, a moment after the failure of what was asked on it.
        throw new RedisTrouble(await closed, { cause: error });
      }
    },
    async close() {
      disconnect();
      await ended;
    },
  };
}

/**
 * A client on a stream that is there, which makes no other, asks for nothing by itself and queues nothing. It is not
 * given the password: of a server without one it would complain on standard error.
 */
function clientOver(stream: Duplex, commandTimeout: number): Redis {
  return new Redis({
    Connector: class extends AbstractConnector {
      constructor() {
        super(0);
      }
      override connect() {
        return Promise.resolve(Object.assign(stream, { setKeepAlive: () => stream }) as unknown as Socket);
      }
      // A connection that is left is cut: an orderly end would wait for a server that may not answer.
      override disconnect() {
        stream.destroy();
      }
    },
    commandTimeout,
    lazyConnect: true,
    noDelay: false,
    retryStrategy: null,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    disableClientInfo: true,
  });
}
