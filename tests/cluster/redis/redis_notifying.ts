// Instances over a real Redis, as the tests of the Redis notifier open them.
import type { Message } from "../../../src/cluster/announcement.ts";
import type { Link, Notifier } from "../../../src/cluster/notifier.ts";
import type { PeerRecord } from "../../../src/cluster/peer_record.ts";
import type { RedisServers } from "../../../src/cluster/redis/connection_string.ts";
import type { RedisConnection, RedisConnectionSettings } from "../../../src/cluster/redis/redis_connection.ts";
import { openRedisNotifier, type RedisNotifierOptions } from "../../../src/cluster/redis/redis_notifier.ts";
import { incarnationOf } from "../../support/incarnation.ts";
import { eventually } from "../../support/eventually.ts";

/** The channel that these tests use unless they say otherwise. */
export const CHANNEL = "honua:config:changes";

/** Three hashes. */
export const [A, B, C] = ["a", "b", "c"].map((digit) => digit.repeat(64)) as [string, string, string];

/** A connection without password, TLS and name. */
export function connectionTo(servers: RedisServers, more: Partial<RedisConnectionSettings> = {}): RedisConnection {
  const settings: RedisConnectionSettings = {
    user: null,
    password: null,
    database: 0,
    tls: null,
    clientName: null,
    connectTimeoutMilliseconds: 5_000,
  };
  return { ...servers, ...settings, ...more };
}

/** A connection to one server. */
export function singleTo(
  { host, port }: { readonly host: string; readonly port: number },
  more: Partial<RedisConnectionSettings> = {},
): RedisConnection {
  return connectionTo({ kind: "single", endpoint: { host, port } }, more);
}

/** A notifier that is watched, and all its reports. */
export interface Instance extends AsyncDisposable {
  readonly notifier: Notifier;
  readonly heard: Message[];
  readonly links: Link[];
  /** Waits until it is up. */
  up(): Promise<void>;
  /** Waits until it is down, and resolves with the reason. */
  down(): Promise<string>;
  /** Waits for an announcement of this generation. */
  hears(generation: number): Promise<void>;
}

/** Opens a notifier that tries again quickly, and watches it. */
export function openInstance(
  connection: RedisConnection,
  options: Partial<RedisNotifierOptions> = {},
): Instance {
  const { instance = "edge-1", incarnation = incarnationOf(instance) } = options;
  const notifier = openRedisNotifier({
    connection,
    channel: CHANNEL,
    instance,
    incarnation,
    backoffMilliseconds: () => 20,
    ...options,
  });
  const heard: Message[] = [];
  const links: Link[] = [];
  notifier.watch({ heard: (message) => heard.push(message), linked: (link) => links.push(link) });
  return {
    notifier,
    heard,
    links,
    async up() {
      await eventually(`the link to be up, and not ${JSON.stringify(notifier.link())}`, () => {
        return notifier.link().state === "up";
      }, 30_000);
    },
    async down() {
      return await eventually("the link to be down", () => {
        const link = notifier.link();
        return link.state === "down" ? link.reason : null;
      }, 30_000);
    },
    async hears(generation) {
      await eventually(`generation ${generation}`, () => {
        return heard.some((message) => message.kind === "announcement" && message.generation === generation);
      });
    },
    [Symbol.asyncDispose]: () => notifier[Symbol.asyncDispose](),
  };
}

/** Opens one and waits until it is up. */
export async function openUp(
  connection: RedisConnection,
  options: Partial<RedisNotifierOptions> = {},
): Promise<Instance> {
  const instance = openInstance(connection, options);
  await instance.up();
  return instance;
}

/** A record of an instance that agrees. */
export function peerRecord(instance: string, more: Partial<PeerRecord> = {}): PeerRecord {
  return {
    instance,
    incarnation: incarnationOf(instance),
    version: "1.0.0",
    hash: A,
    generation: 1,
    standing: "agreed",
    rejected: null,
    at: "2026-01-02T03:04:05.000Z",
    ...more,
  };
}
