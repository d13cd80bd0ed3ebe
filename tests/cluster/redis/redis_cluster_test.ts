// Setups in which the server that counts is not the named one: a cluster's nodes, a primary behind Sentinels, one of
// several hosts. Redirections and failovers end with the instance at the right one.
import { assert, assertEquals } from "@std/assert";
import { keysOf } from "../../../src/cluster/redis/redis_scripts.ts";
import { eventually } from "../../support/eventually.ts";
import {
  type RedisCluster,
  type RedisServer,
  startRedis,
  startRedisCluster,
  startSentinels,
} from "../../support/redis_server.ts";
import { A, B, C, CHANNEL, connectionTo, openInstance, openUp, peerRecord, singleTo } from "./redis_notifying.ts";
import { announcementOf } from "../../support/announcement_of.ts";

const KEYS = keysOf(CHANNEL);
const WATCHFUL = { heartbeatMilliseconds: 50, commandTimeoutMilliseconds: 500 };

/** All tests share one cluster, since it takes seconds to start; the last one leaves a node ended. */
const ON_A_CLUSTER: readonly [string, (cluster: RedisCluster) => Promise<void>][] = [
  ["a message is heard at every node of a cluster", async (cluster) => {
    await using one = await openUp(connectionTo({ kind: "several", endpoints: cluster.nodes }));
    for (const node of cluster.nodes) {
      const before = one.heard.length;
      await node.cli("publish", CHANNEL, "/etc/honua/config.hcl");
      await eventually("the message", () => one.heard.length > before);
    }
  }],
  ["after the slot moved to another node its commands follow, and so does the subscription", async (cluster) => {
    const connection = connectionTo({ kind: "several", endpoints: cluster.nodes });
    await using one = await openUp(connection, { heartbeatMilliseconds: 60_000 });
    await using other = await openUp(connection, { heartbeatMilliseconds: 60_000, instance: "edge-2" });
    await one.notifier.announce(announcementOf(A));
    const owner = await cluster.ownerOf(KEYS.head);
    const next = cluster.nodes.find((node) => node !== owner)!;
    await cluster.move(KEYS.head, next);
    const answers = await Promise.all([
      one.notifier.announce(announcementOf(B, A)),
      one.notifier.head(),
      one.notifier.peers(),
    ]);
    assertEquals(answers[0].kind === "accepted" && answers[0].head.generation, 2);
    assert(answers[1].ok && answers[2].ok);
    await other.hears(2);
    // It says that messages may have been missed, and was never down.
    assertEquals(one.links.map(({ state }) => state), ["up", "up"]);
    assertEquals((await other.notifier.head()).ok, true);
    const counted = await one.notifier.announce(announcementOf(C, B));
    assertEquals(counted.kind === "accepted" && counted.delivered, 1);
    await eventually("both to have left the old node", async () => {
      return await owner.cli("pubsub", "numsub", CHANNEL) === `${CHANNEL}\n0`;
    });
  }],
  ["while the slot moves a command is sent to the next node of its keys", async (cluster) => {
    await using one = await openUp(connectionTo({ kind: "several", endpoints: cluster.nodes }), {
      heartbeatMilliseconds: 60_000,
    });
    const from = await cluster.ownerOf(KEYS.head);
    const to = cluster.nodes.find((node) => node !== from)!;
    const slot = await to.cli("cluster", "keyslot", KEYS.head);
    await to.cli("cluster", "setslot", slot, "importing", await from.cli("cluster", "myid"));
    await from.cli("cluster", "setslot", slot, "migrating", await to.cli("cluster", "myid"));
    assertEquals(await one.notifier.head(), { ok: true, head: null });
    // Of several keys that are not there the new node can know none yet: it says so, and the link stays.
    const answer = await one.notifier.announce(announcementOf(A));
    const reason = "The channel's slot moves between nodes of the Redis Cluster";
    assertEquals(answer, { kind: "failed", reason });
    await using late = await openUp(singleTo(from), { instance: "edge-2" });
    assertEquals(late.notifier.link().state, "up");
    for (const node of [to, ...cluster.nodes]) {
      await node.cli("cluster", "setslot", slot, "node", await to.cli("cluster", "myid"));
    }
    assertEquals((await one.notifier.announce(announcementOf(A))).kind, "accepted");
  }],
  ["a cluster's node that freezes takes the link down, and brings it back", async (cluster) => {
    await using one = await openUp(connectionTo({ kind: "several", endpoints: cluster.nodes }), WATCHFUL);
    const owner = await cluster.ownerOf(KEYS.head);
    owner.freeze();
    await one.down();
    owner.thaw();
    await one.up();
  }],
  [
    "any node of a cluster, also as the only one named, leads to the one that has the channel's slot",
    async (cluster) => {
      for (const [index, node] of cluster.nodes.entries()) {
        await using one = await openUp(singleTo(node));
        const answer = await one.notifier.announce(announcementOf([A, B, C][index]!, [null, A, B][index]!));
        assertEquals(answer.kind === "accepted" && answer.head.generation, index + 1);
        await one.hears(index + 1);
        assertEquals((await one.notifier.writeRecord(peerRecord("edge-1"))).ok, true);
        const seen = await one.notifier.peers();
        assertEquals(seen.ok && seen.peers.length, 1);
      }
      // Of two named nodes the first may be away.
      const owner = await cluster.ownerOf(KEYS.head);
      const [away, here] = [cluster.nodes.find((node) => node !== owner)!, owner];
      await away.kill();
      await using one = await openUp(connectionTo({ kind: "several", endpoints: [away, here] }));
      assertEquals((await one.notifier.head()).ok, true);
    },
  ],
];

Deno.test("on a cluster", async (t) => {
  await using cluster = await startRedisCluster();
  for (const [name, run] of ON_A_CLUSTER) {
    await t.step(name, async () => {
      for (const node of cluster.nodes) await node.cli("flushall");
      await run(cluster);
    });
  }
});

Deno.test("of several hosts that are no cluster the first primary is used, and looked for at every connection", async () => {
  await using primary = await startRedis();
  await using replica = await startRedis({ config: [`replicaof ${primary.host} ${primary.port}`] });
  await using away = await startRedis();
  await away.kill();
  const endpoints = [away, replica, primary];
  await using one = await openUp(connectionTo({ kind: "several", endpoints }));
  await one.notifier.announce(announcementOf(A));
  assertEquals(await primary.cli("hget", KEYS.head, "generation"), "1");
  await eventually("the replica to have it", async () => await replica.cli("hget", KEYS.head, "generation") === "1");
  await primary.kill();
  await one.down();
  await replica.cli("replicaof", "no", "one");
  await one.up();
  const answer = await one.notifier.announce(announcementOf(B, A));
  assertEquals(answer.kind === "accepted" && answer.head.generation, 2);
});

Deno.test("if none of several hosts is a primary, the link is down with the first one's reason", async () => {
  await using away = await startRedis();
  await away.kill();
  await using replica = await startRedis({ config: [`replicaof ${away.host} ${away.port}`] });
  await using one = openInstance(connectionTo({ kind: "several", endpoints: [replica, away] }));
  assertEquals(await one.down(), `Redis at ${replica.host}:${replica.port} is a replica, not a primary`);
});

Deno.test("after a failover by Sentinel, and with a Sentinel lost, announcements work again", async () => {
  await using redis = await startSentinels();
  const { service: serviceName, sentinels, primary, replica } = redis;
  const connection = connectionTo({ kind: "sentinel", serviceName, endpoints: sentinels });
  await using one = await openUp(connection, WATCHFUL);
  await one.notifier.announce(announcementOf(A));
  await eventually("the replica to have it", async () => await replica.cli("hget", KEYS.head, "generation") === "1");
  await primary.kill();
  await one.down();
  await one.up();
  const answer = await one.notifier.announce(announcementOf(B, A));
  assertEquals(answer.kind === "accepted" && answer.head.generation, 2);
  assertEquals(await replica.cli("hget", KEYS.head, "generation"), "2");
  await (sentinels[0] as RedisServer).kill();
  await using late = await openUp(connection, { instance: "edge-2" });
  assertEquals((await late.notifier.head()).ok, true);
});

Deno.test("Sentinels that do not know the service, or are not there, are named", async () => {
  await using sentinel = await startRedis({ sentinel: true });
  const endpoints = [sentinel];
  await using one = openInstance(connectionTo({ kind: "sentinel", serviceName: "edge", endpoints }));
  assertEquals(await one.down(), `Sentinel at 127.0.0.1:${sentinel.port} does not know the service`);
  await sentinel.kill();
  await using other = openInstance(connectionTo({ kind: "sentinel", serviceName: "edge", endpoints }));
  assertEquals(await other.down(), `No connection to Redis (127.0.0.1:${sentinel.port}): connection refused`);
});

Deno.test("a Sentinel that asks for a password is given Redis' own", async () => {
  await using server = await startRedis({ config: ["requirepass secret"] });
  const config = ["requirepass secret", `sentinel monitor edge ${server.host} ${server.port} 1`];
  await using sentinel = await startRedis({ sentinel: true, config });
  const servers = { kind: "sentinel", serviceName: "edge", endpoints: [sentinel] } as const;
  await using one = await openUp(connectionTo(servers, { password: "secret" }));
  assertEquals((await one.notifier.head()).ok, true);
});

Deno.test("a Sentinel that has a password other than Redis is named", async () => {
  await using sentinel = await startRedis({ sentinel: true, config: ["requirepass another"] });
  const servers = { kind: "sentinel", serviceName: "edge", endpoints: [sentinel] } as const;
  await using one = openInstance(connectionTo(servers, { password: "secret" }));
  const reason = `Sentinel at 127.0.0.1:${sentinel.port} refuses the user name or the password: it gets those of Redis`;
  assertEquals(await one.down(), reason);
});
