// The notifier over Redis: a single server, one behind Sentinels, or a cluster. Every call ends in time with an answer,
// and disposing of the notifier leaves nothing open. ioredis makes only single connections. This folder chooses the
// server, decides when to try again, and defines a loss, so that no timer or queue is hidden in ioredis.
import type { AnnounceAnswer, Announcement } from "../../agreement/announcing.ts";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { AbstractConnector, Redis } from "ioredis";
import { parseMessage } from "../announcement.ts";
import { type Attempt, openAttempts } from "./attempts.ts";
import { isId } from "../../agreement/head.ts";
import { textToStore } from "../../agreement/moving.ts";
import { markOf, type StoredRollout } from "../../agreement/rollout.ts";
import { skipsText } from "../../agreement/skip.ts";
import { keepLink, type LinkKeeper } from "../link_keeper.ts";
import type { Link, Listener, Notifier, StoredHead } from "../notifier.ts";
import { ownEchoes } from "../own_echoes.ts";
import {
  encodePeer,
  MAX_PEERS,
  MAX_RECORD_BYTES,
  parsePeer,
  type Peer,
  peerId,
  type PeerRecord,
} from "../peer_record.ts";
import type { RedisEndpoint } from "./connection_string.ts";
import { nameOf, type RedisConnection } from "./redis_connection.ts";
import { ANSWER_LIMITS, MESSAGE_LIMITS, replyGuard, type ReplyLimits, SOURCE_LIMITS, UNASKED } from "./reply_guard.ts";
import {
  ANNOUNCE,
  HISTORY_LENGTH,
  type Keys,
  keysOf,
  LEAVE,
  MOVE,
  parseAnnounceReply,
  parseHeadReply,
  parseMoveReply,
  PEERS,
  READ,
  WRITE_RECORD,
} from "./redis_scripts.ts";
import { approvalsIn } from "./redis_approvals.ts";
import type { Dial, Wire } from "./redis_servers.ts";
import { sourcesIn } from "./redis_sources.ts";
import { openSession, type Session, withoutSelf } from "./redis_session.ts";
import { connectStream, guardStream } from "./redis_stream.ts";
import { NO_REDIS, reasonOf, RedisTrouble, replyCode, unaskedReason } from "./redis_trouble.ts";
import { type Backoff, backoffMilliseconds } from "../../time/backoff.ts";
import { withinLimit } from "../../time/limit.ts";

export interface RedisNotifierOptions {
  readonly connection: RedisConnection;
  /** Returns the parameters of the next connection, with the present content of their files. Default: `connection`. */
  readonly renew?: (unwanted: AbortSignal) => Promise<RedisConnection>;
  /** `HighAvailability:ConfigurationChannel`; it is a part of each key's name. */
  readonly channel: string;
  readonly instance: string;
  /** Of this process, by `newIncarnation`. */
  readonly incarnation: string;
  /** The {@linkcode peerId} of the process before this one, which is no peer any more; default: none. */
  readonly formerPeer?: string | null;
  /**
   * `HighAvailability:AutoReconnect`. False: a lost connection is not opened again, and a first one is not tried for
   * longer than the limit of connecting. Default: true.
   */
  readonly autoReconnect?: boolean;
  /** The limit of a command. Default: 5 s. */
  readonly commandTimeoutMilliseconds?: number;
  /** The limit of transferring a source. Default: 30 s, in which the largest one takes 4.5 Mbit/s. */
  readonly transferTimeoutMilliseconds?: number;
  /** The interval at which both connections are tested. Default: 10 s. */
  readonly heartbeatMilliseconds?: number;
  /** The lifetime of a record that `writeRecord` wrote. Default: 90 s. */
  readonly peerLifeMilliseconds?: number;
  /** The longest wait before the next connection. Default: that of {@linkcode RECONNECT_BACKOFF}, which caps it. */
  readonly longestPauseMilliseconds?: number;
  /** In [0, 1), for the backoff. Default: `Math.random`. */
  readonly random?: () => number;
  /** The wait after the `attempt`-th failure in a row, from 1 on. Default: {@linkcode RECONNECT_BACKOFF}. */
  readonly backoffMilliseconds?: (attempt: number) => number;
}

/** The limit for removing this instance's record while disposing; the record expires in any case. */
const LEAVE_LIMIT_MILLISECONDS = 500;
const COMMAND_LIMIT_MILLISECONDS = 5_000;
const TRANSFER_LIMIT_MILLISECONDS = 30_000;
const CLOSED = "The notifier is closed";

/** The wait before the next connection; random, so that the instances that lost a Redis do not return all at once. */
export const RECONNECT_BACKOFF: Backoff = { firstMilliseconds: 100, capMilliseconds: 10_000 };

/**
 * Makes a notifier; it connects when `watch` is called. `delivered` counts the subscribers at the server that
 * publishes. In a Redis Cluster that is the node of the channel's slot, at which every instance subscribes. Other
 * clients can hear the message at any node and are not counted.
 */
export function openRedisNotifier(options: RedisNotifierOptions): Notifier {
  const { incarnation: id } = options;
  const keys = keysOf(options.channel);
  // Set by `watch`, before anything can be heard.
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
    ...headIn(options, keys, attempt),
    lookAgain: async (path) => {
      const outcome = await attempt("reads", (session) => {
        // Before the sending: the message may arrive before the answer to its command.
        echoes.expect(path);
        return session.publish(path);
      });
      return outcome.ok ? { ok: true, delivered: outcome.value } : outcome;
    },
    ...sourcesIn(keys, attempt),
    ...approvalsIn(keys, attempt),
    writeRecord: presence.writeRecord,
    peers: presence.peers,
    // `leave` sends its command before `closing` is set, from when on requests are refused.
    [Symbol.asyncDispose]: () => closing ??= presence.leave().finally(() => keeper[Symbol.asyncDispose]()),
  };
}

/** Announces, moves the rollout and reads the head. The latest rollout is remembered, so that its text is sent once. */
function headIn(
  { incarnation: id, channel }: RedisNotifierOptions,
  keys: Keys,
  attempt: Attempt,
): Pick<Notifier, "announce" | "head" | "moveRollout"> {
  let known: StoredRollout | null = null;
  const learn = (head: StoredHead | null) => {
    known = head?.rollout ?? known;
  };
  const names = [keys.head, keys.history];
  return {
    async announce(request) {
      const { hash, base, unanswered, since, floor, restores, force, skips, undoes } = request;
      const flags = [restores, force].map(Number);
      const change = [hash, base ?? "", unanswered.join(","), since, floor, ...flags];
      const before = known;
      const args = [...change, id, channel, HISTORY_LENGTH, skipsText(skips), undoes.join(","), before?.mark ?? ""];
      const outcome = await attempt(
        "writes",
        async (session) => readAnnounceAnswer(await session.run(ANNOUNCE, names, args), request, before),
        // With any other answer the script has written nothing.
        ({ kind }) => kind === "accepted",
      );
      if (!outcome.ok) return { kind: "failed", reason: outcome.reason };
      if (outcome.value.kind !== "failed") learn(outcome.value.head);
      return outcome.value;
    },
    async moveRollout(move) {
      const { head, mark, since, skips } = move;
      const { text, rollout } = textToStore(move.to);
      const sent = { rollout, mark: markOf(text), ageMilliseconds: 0 };
      const before = known;
      const base = [head.generation, head.hash, mark ?? "", rollout.hash, since ?? ""];
      const args = [...base, text, skipsText(skips), id, channel, before?.mark ?? ""];
      const outcome = await attempt(
        "writes",
        async (session) => {
          const answer = parseMoveReply(await session.run(MOVE, names, args), move, sent, before);
          return answer ?? { kind: "failed" as const, reason: NO_REDIS };
        },
        ({ kind }) => kind === "moved",
      );
      if (!outcome.ok) return { kind: "failed", reason: outcome.reason };
      if (outcome.value.kind !== "failed") learn(outcome.value.head);
      return outcome.value;
    },
    async head() {
      const before = known;
      const outcome = await attempt(
        "reads",
        async (session) => readHead(await session.run(READ, [keys.head], [before?.mark ?? ""]), before),
      );
      if (!outcome.ok) return outcome;
      learn(outcome.value);
      return { ok: true, head: outcome.value };
    },
  };
}

/** Keeps the link and counts the connections of its sessions, so that disposing waits until none is left. */
function keepRedisLink(
  options: RedisNotifierOptions,
  keys: Keys,
  { heard, linked }: { heard(bytes: Uint8Array): void; linked(link: Link): void },
): LinkKeeper<Session> {
  const { connection: first, channel, random = Math.random, renew = () => Promise.resolve(first) } = options;
  const { heartbeatMilliseconds = 10_000, longestPauseMilliseconds = Infinity } = options;
  const { commandTimeoutMilliseconds = COMMAND_LIMIT_MILLISECONDS } = options;
  const { transferTimeoutMilliseconds = TRANSFER_LIMIT_MILLISECONDS } = options;
  const openConnections = new Set<Promise<unknown>>();
  const dialFor = (settings: Omit<DialOptions, "heard">): Dial => (endpoint, hears) => {
    const dialling = dial(endpoint, { ...settings, heard: hears });
    const gone = dialling.then(({ closed }) => closed, () => {}).finally(() => openConnections.delete(gone));
    openConnections.add(gone);
    return dialling;
  };
  return keepLink<Session>({
    open: async (signal) => {
      const connection = await renew(signal);
      return await openSession({
        dial: dialFor({ connection, signal, commandMilliseconds: commandTimeoutMilliseconds }),
        transferCaller: async () => {
          const connection = await renew(signal);
          if (signal.aborted) throw new RedisTrouble("The connection to Redis was closed");
          const limits = { commandMilliseconds: transferTimeoutMilliseconds, answerLimits: SOURCE_LIMITS };
          return { connection, dial: dialFor({ connection, signal, ...limits }) };
        },
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
      while (openConnections.size > 0) await Promise.all(openConnections);
    },
    linked,
    autoReconnect: options.autoReconnect ?? true,
    firstConnectionMilliseconds: first.connectTimeoutMilliseconds,
    backoffMilliseconds: options.backoffMilliseconds ??
      ((attempt) => Math.min(backoffMilliseconds(attempt, random(), RECONNECT_BACKOFF), longestPauseMilliseconds)),
  });
}

/** Writes this instance's record, reads those of the peers, and removes its own at the end. */
function presenceOf(
  { instance, incarnation, formerPeer = null, peerLifeMilliseconds = 90_000 }: RedisNotifierOptions,
  keys: Keys,
  attempt: Attempt,
): Pick<Notifier, "writeRecord" | "peers"> & { leave(): Promise<void> } {
  const ownId = peerId({ instance, incarnation });
  const names = [`${keys.peerPrefix}${ownId}`, keys.peers, `${keys.namePrefix}${instance}`, keys.peersSince];
  let former = formerPeer;
  /** This instance's latest record, even if Redis refused it; null before the first one. */
  let latest: PeerRecord | null = null;
  let hasWritten = false;
  /** Why the latest own record is not in Redis; null: it was written. */
  let refused: string | null = null;
  return {
    writeRecord: async (record) => {
      const text = encodePeer(record);
      latest = parsePeer(text);
      const args = [ownId, text, peerLifeMilliseconds, incarnation, former ?? ""];
      const outcome = await attempt("writes", (session) => session.run(WRITE_RECORD, names, args));
      refused = outcome.ok ? null : outcome.reason;
      if (!outcome.ok) return outcome;
      // A process that wrote before this one's first record may have ended since; one that wrote after it lives.
      const namesake = hasWritten && isId(outcome.value) && outcome.value !== incarnation;
      hasWritten = true;
      former = null;
      return { ok: true, namesake };
    },
    peers: async () => {
      const args = [keys.peerPrefix, MAX_PEERS, MAX_RECORD_BYTES];
      const outcome = await attempt("reads", (session) => session.run(PEERS, [keys.peers, keys.peersSince], args));
      if (!outcome.ok) return outcome;
      const { peers, ageMilliseconds } = readPeers(outcome.value, ownId);
      const isLost = latest !== null && !peers.some(({ self }) => self);
      const doubt = refused !== null
        ? `The record of this instance could not be written: ${refused}`
        : isLost
        ? "Redis lost the record of this instance, and maybe those of others"
        : null;
      return { ok: true, peers: withOwn(latest, peers), ageMilliseconds, ...doubt !== null && { doubt } };
    },
    leave: async () => {
      if (latest === null) return;
      const left = attempt("writes", (session) => session.run(LEAVE, names.slice(0, 3), [ownId, incarnation]));
      await withinLimit(left, LEAVE_LIMIT_MILLISECONDS);
    },
  };
}

function readAnnounceAnswer(
  reply: unknown,
  request: Announcement,
  known: StoredRollout | null,
): AnnounceAnswer<StoredHead> {
  const answer = parseAnnounceReply(reply, request, known);
  if (answer === null) return { kind: "failed", reason: NO_REDIS };
  return answer.kind === "accepted" ? { ...answer, delivered: withoutSelf(answer.delivered) } : answer;
}

function readHead(reply: unknown, known: StoredRollout | null): StoredHead | null {
  const parsed = parseHeadReply(reply, known);
  if (parsed?.kind !== "head" && parsed?.kind !== "none") throw new RedisTrouble(NO_REDIS);
  return parsed.head;
}

function readPeers(
  reply: unknown,
  ownId: string,
): { readonly peers: readonly Peer[]; readonly ageMilliseconds: number } {
  const [age = "", ...words] = Array.isArray(reply) ? reply.map(String) : [];
  const peers: Peer[] = [];
  for (let index = 0; index + 1 < words.length; index += 2) {
    const id = words[index]!;
    const record = parsePeer(words[index + 1]!, id);
    if (record !== null) peers.push({ ...record, self: id === ownId });
  }
  return { peers, ageMilliseconds: /^\d{1,15}$/.test(age) ? Number(age) : 0 };
}

/**
 * Sorts by name, and puts this instance's record in place of the one in Redis, which others may have changed or crowded
 * out.
 */
function withOwn(own: PeerRecord | null, found: readonly Peer[]): Peer[] {
  const peers = own === null ? [...found] : [...found.filter(({ self }) => !self), { ...own, self: true }];
  return peers.sort((a, b) => compareTexts(a.instance, b.instance) || compareTexts(a.incarnation, b.incarnation));
}

function compareTexts(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export interface DialOptions {
  /** Only TLS and the limit of connecting are used. */
  readonly connection: RedisConnection;
  readonly signal: AbortSignal;
  /** The limit of a command. */
  readonly commandMilliseconds: number;
  /** Receives the bytes of each message; undefined: the connection does not subscribe. */
  readonly heard: ((message: Uint8Array) => void) | undefined;
  /** The limits of its replies if it does not subscribe. Default: {@linkcode ANSWER_LIMITS}. */
  readonly answerLimits?: ReplyLimits;
}

/** Added to the reason if the connection ended before the first answer: a server that expects TLS closes it. */
const MUTE = ", before any answer: if it expects TLS, write ssl=true or rediss:// in the connection string";

/** Opens one connection. It sends no password: that is the caller's task. */
export async function dial(endpoint: RedisEndpoint, options: DialOptions): Promise<Wire> {
  const { connection: { tls, connectTimeoutMilliseconds: limitMilliseconds }, signal, heard, answerLimits } = options;
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
  const scan = replyGuard(heard === undefined ? answerLimits ?? ANSWER_LIMITS : MESSAGE_LIMITS);
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
      // Outside of the guard: an exception there is a bug of this program, not a fault of the server.
      queueMicrotask(() => heard(message));
    });
  }
  // It fails only if the connection is lost at once; `closed` and the first `call` report that.
  await redis.connect().catch(() => {});
  const answered = async (call: () => Promise<unknown>) => {
    try {
      return await call();
    } catch (error) {
      if (replyCode(error) !== null || !stream.destroyed) throw error;
      // The reason of a loss is known when the connection has ended, a moment after its commands failed.
      throw new RedisTrouble(await closed, { cause: error });
    }
  };
  return {
    endpoint,
    closed,
    call: (command, ...words) => answered(() => redis.call(command, ...words)),
    callForBytes: (command, ...words) => answered(() => redis.callBuffer(command, ...words)),
    async close() {
      disconnect();
      await ended;
    },
  };
}

/**
 * Makes a client on an open stream. The client opens no other stream, sends nothing by itself and queues nothing. It
 * does not get the password: about a server without one, ioredis would complain on standard error.
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
      // The connection is cut: an orderly end would wait for a server that may not answer.
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
