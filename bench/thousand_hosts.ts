// The answers of a store with 1,000 hosts, without the hosts: their records and a rollout of all of them are put there,
// and one client reads them.
import { type Rollout, rolloutText } from "../src/agreement/rollout.ts";
import type { Notifier } from "../src/cluster/notifier.ts";
import { encodePeer, type PeerRecord } from "../src/cluster/peer_record.ts";
import { openRedisNotifier } from "../src/cluster/redis/redis_notifier.ts";
import { keysOf } from "../src/cluster/redis/redis_scripts.ts";
import { proposalOf } from "../src/rollout/moves.ts";
import { parseStep } from "../src/rollout/steps.ts";
import { announcementOf } from "../tests/support/announcement_of.ts";
import { eventually } from "../tests/support/eventually.ts";
import { CHANNEL } from "../tests/support/fleet.ts";
import { incarnationOf } from "../tests/support/incarnation.ts";
import { type RedisServer, startRedis } from "../tests/support/redis_server.ts";
import { countStore, type StoreCounts } from "./store_counts.ts";

const HOSTS = 1_000;
const KEYS = keysOf(CHANNEL);

/** The cost of one answer: bytes, and the server's time. */
export interface AnswerCost {
  readonly bytes: number;
  readonly milliseconds: number;
}

/** The readings of a store with this many hosts. */
export interface ThousandHosts {
  /** The text of a rollout of all of them. */
  readonly rolloutBytes: number;
  /** Of one record. */
  readonly recordBytes: number;
  /** The records of all. */
  readonly peers: AnswerCost;
  /** The head, by a client that does not know the rollout's text. */
  readonly newHead: AnswerCost;
  /** The head, by one that does. */
  readonly knownHead: AnswerCost;
}

/** Reads each `times` times, and takes the mean. */
export async function readThousandHosts(steps: readonly string[], times: number): Promise<ThousandHosts> {
  await using redis = await startRedis();
  await using writer = await openClient(redis, "edge-0001");
  const recordBytes = await putRecords(redis);
  const [base, hash] = ["a", "b"].map((digit) => digit.repeat(64)) as [string, string];
  const rollout = rolloutOfAll(hash, base, steps);
  const announced = await writer.announce(announcementOf(base));
  if (announced.kind !== "accepted") throw new Error(`the announcement was ${announced.kind}`);
  const move = { head: announced.head, mark: null, to: rollout, since: null, skips: [] };
  const moved = await writer.moveRollout(move);
  if (moved.kind !== "moved") throw new Error(`the move was ${moved.kind}`);
  // Connecting and the first text are over when the client has read once.
  const cost = async (read: () => Promise<unknown>): Promise<AnswerCost> => {
    const end = await countStore(redis);
    for (let time = 0; time < times; time++) await read();
    return costOf(await end(), times);
  };
  const found = await writer.peers();
  if (!found.ok || found.peers.length !== HOSTS) throw new Error("the records of all hosts were not read");
  return {
    rolloutBytes: rolloutText(rollout).length,
    recordBytes,
    peers: await cost(() => writer.peers()),
    newHead: await cost(async () => {
      // Another text for each reading, as after a move.
      await redis.cli("hset", KEYS.head, "rollout", rolloutText({ ...rollout, why: crypto.randomUUID() }));
      await writer.head();
    }),
    knownHead: await cost(() => writer.head()),
  };
}

function costOf({ bytesOut, scriptMilliseconds }: StoreCounts, times: number): AnswerCost {
  return { bytes: bytesOut / times, milliseconds: scriptMilliseconds / times };
}

async function openClient({ host, port }: RedisServer, instance: string): Promise<Notifier> {
  const notifier = openRedisNotifier({
    connection: {
      kind: "single",
      endpoint: { host, port },
      user: null,
      password: null,
      database: 0,
      tls: null,
      clientName: null,
      connectTimeoutMilliseconds: 5_000,
    },
    channel: CHANNEL,
    instance,
    incarnation: incarnationOf(instance),
  });
  notifier.watch({ heard: () => {}, linked: () => {} });
  await eventually("the link to be up", () => notifier.link().state === "up");
  return notifier;
}

/** As an instance writes it during a rollout, with all that it knows. */
function recordOf(instance: string): PeerRecord {
  const digest = "c".repeat(64);
  const noted = [1, 2, 3, 4].map((number) => ({ instance: `edge-${number}000`, n: 1_000, digest }));
  return {
    instance,
    incarnation: incarnationOf("edge"),
    version: "0.2.0",
    hash: "a".repeat(64),
    generation: 100,
    standing: "agreed",
    rejected: null,
    release: { number: 100, state: "healthy" },
    heldBack: "staged",
    since: "2026-01-02T03:04:05.678Z",
    hooks: { waiting: 0, failed: [] },
    stages: true,
    journal: { n: 1_000, digest },
    noted,
    at: "2026-01-02T03:04:05.678Z",
  };
}

/** Puts a record of each host there, which differ in their names; resolves with the bytes of one. */
export async function putRecords(redis: RedisServer): Promise<number> {
  const text = encodePeer(recordOf("edge-0000"));
  const script = `for number = 1, ${HOSTS} do
    local name = string.format('edge-%04d', number)
    local id = name .. ':' .. ARGV[2]
    redis.call('SET', ARGV[1] .. id, (string.gsub(ARGV[3], 'edge%-0000', name)))
    redis.call('ZADD', KEYS[1], '9999999999999', id)
  end`;
  await redis.cli("eval", script, "1", KEYS.peers, KEYS.peerPrefix, incarnationOf("edge"), text);
  return text.length;
}

function rolloutOfAll(hash: string, base: string, steps: readonly string[]): Rollout {
  const names = Array.from({ length: HOSTS }, (_, index) => `edge-${String(index + 1).padStart(4, "0")}`);
  return proposalOf({
    hash,
    instance: names[0]!,
    policy: {
      steps: steps.map((step) => parseStep(step)!),
      bakeSeconds: 300,
      deadlineSeconds: 900,
      onFailure: "rollback",
    },
    needsApproval: false,
    fleet: names.map((instance) => ({ instance, hash: base, state: "healthy", stages: true, canary: false })),
    base,
    stored: null,
    terms: { author: "ada", reason: "new tiles" },
    at: Date.now(),
  });
}
