// The probe of Redis from outside, over real servers and users with less than all rights.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type LackingRights, probeRedis, type RedisProbe } from "../../../src/cluster/redis/redis_probe.ts";
import type { RedisConnection } from "../../../src/cluster/redis/redis_connection.ts";
import { accessRules, ALLOWED_COMMANDS, keysOf } from "../../../src/cluster/redis/redis_scripts.ts";
import { eventually } from "../../support/eventually.ts";
import { withFakeDate } from "../../support/fake_clock.ts";
import { HELLO_OF_A_PRIMARY, type LyingRedis, startLyingRedis } from "../../support/lying_redis.ts";
import { type RedisServer, startRedis, startRedisCluster } from "../../support/redis_server.ts";
import { CHANNEL, connectionTo, singleTo } from "./redis_notifying.ts";

const PASSWORD = "hush-hush";
const NOTHING: LackingRights = { commands: [], keys: false, channel: false, unknown: [] };

async function probe(connection: RedisConnection): Promise<RedisProbe> {
  const signal = AbortSignal.timeout(20_000);
  return await probeRedis({ connection, channel: CHANNEL, instance: "edge-1", signal, commandMilliseconds: 5_000 });
}

async function lackingOf(server: RedisServer, rules: readonly string[]): Promise<LackingRights> {
  await server.cli("acl", "setuser", "edge", "reset", "on", `>${PASSWORD}`, ...rules);
  const probed = await probe(singleTo(server, { user: "edge", password: PASSWORD }));
  assert(probed.ok);
  return probed.facts.lacking;
}

Deno.test("the rights that are documented suffice, and nothing is left in Redis, no connection either", async () => {
  await using server = await startRedis();
  assertEquals(await lackingOf(server, accessRules(CHANNEL)), NOTHING);
  assertEquals(await server.cli("keys", "*"), "");
  assertEquals(await server.cli("acl", "log"), "");
  await eventually("no connection but redis-cli's", async () => {
    return (await server.cli("client", "list")).split("\n").length === 1;
  });
});

Deno.test("each right that is taken away is found, and no other", async () => {
  await using server = await startRedis();
  const rules = accessRules(CHANNEL);
  for (const command of ALLOWED_COMMANDS) {
    const lacking = await lackingOf(server, rules.filter((rule) => rule !== `+${command}`));
    // Without scripts nothing reports the rights that may not be tried.
    const unknown = command === "eval" ? ["subscribe", "publish"] : [];
    assertEquals(lacking, { ...NOTHING, commands: [command], unknown });
  }
  assertEquals(await server.cli("keys", "*"), "");
});

Deno.test("keys and channel are found to be denied, each by itself", async () => {
  await using server = await startRedis();
  const other = accessRules("other");
  const rules = accessRules(CHANNEL);
  const [keys, channel] = [rules[1]!, rules[3]!];
  assertEquals(await lackingOf(server, other), { ...NOTHING, keys: true, channel: true });
  assertEquals(await lackingOf(server, [...other, keys]), { ...NOTHING, channel: true });
  assertEquals(await lackingOf(server, [...other, channel]), { ...NOTHING, keys: true });
});

Deno.test("each key without rights is found", async () => {
  await using server = await startRedis();
  const rules = accessRules(CHANNEL).filter((rule) => !rule.startsWith("~"));
  const { head, history, peers, peerPrefix, namePrefix } = keysOf(CHANNEL);
  const patterns = [head, history, peers, `${peerPrefix}*`, `${namePrefix}*`].map((key) => `~${key}`);
  assertEquals(await lackingOf(server, [...rules, ...patterns]), NOTHING);
  for (const lacking of patterns) {
    const others = patterns.filter((pattern) => pattern !== lacking);
    assertEquals(await lackingOf(server, [...rules, ...others]), { ...NOTHING, keys: true }, lacking);
  }
  assertEquals(await server.cli("keys", "*"), "");
});

Deno.test("the probe changes nothing in Redis, for any user", async () => {
  await using server = await startRedis();
  const keys = keysOf(CHANNEL);
  await server.cli("hset", keys.head, "hash", "a".repeat(64), "generation", "7", "by", "0".repeat(12), "at", "1");
  await server.cli("zadd", keys.peers, "9007199254740991", "edge-1");
  await server.cli("set", `${keys.peerPrefix}edge-1`, "{}");
  const before = await server.cli("eval", DUMP, "0");
  assertEquals(await lackingOf(server, ["+@all", "~*", "&*"]), NOTHING);
  await lackingOf(server, accessRules(CHANNEL).filter((rule) => rule !== "+eval"));
  assertEquals(await server.cli("eval", DUMP, "0"), before);
});

const DUMP = "local all = redis.call('KEYS', '*') table.sort(all) local out = {} " +
  "for _, key in ipairs(all) do out[#out + 1] = key .. redis.sha1hex(redis.call('DUMP', key)) end return out";

Deno.test("version, latency, clock and memory are reported if the user may know them", async () => {
  await using server = await startRedis({ config: ["maxmemory 64mb", "maxmemory-policy allkeys-lru"] });
  const before = performance.now();
  const probed = await probe(singleTo(server));
  const elapsed = performance.now() - before;
  assert(probed.ok);
  const { facts } = probed;
  assertMatch(facts.version ?? "", /^\d+\.\d+/);
  assertEquals([facts.mode, facts.server], ["standalone", `${server.host}:${server.port}`]);
  assertEquals(facts.memory, { policy: "allkeys-lru", limitBytes: 64 * 1024 * 1024 });
  const pings = facts.pingMilliseconds;
  assertEquals(pings.length, 9);
  assert(pings.every((one) => one >= 0) && pings.reduce((sum, one) => sum + one) <= elapsed, `${pings}`);
  assert(facts.clock !== null && Math.abs(facts.clock.aheadMilliseconds) < 60_000);
});

Deno.test("a server that has no memory for a write says so, and nothing is written", async () => {
  await using server = await startRedis();
  const rules = accessRules(CHANNEL);
  await server.cli("acl", "setuser", "edge", "reset", "on", `>${PASSWORD}`, ...rules);
  const isFull = async () => {
    const probed = await probe(singleTo(server, { user: "edge", password: PASSWORD }));
    return probed.ok && probed.facts.isFull;
  };
  assertEquals(await isFull(), false);
  await server.cli("config", "set", "maxmemory", "1");
  assertEquals(await isFull(), true);
  await server.cli("acl", "setuser", "edge", "-hset");
  assertEquals(await isFull(), false);
  assertEquals(await server.cli("keys", "*"), "");
});

Deno.test("a replica, a wrong password, a frozen server and none at all are reasons without the password", async () => {
  await using primary = await startRedis({ config: ["requirepass other"], cli: ["-a", "other", "--no-auth-warning"] });
  await using replica = await startRedis({ config: [`replicaof 127.0.0.1 ${primary.port}`, "masterauth other"] });
  const reasons = [
    await probe(singleTo(primary, { password: PASSWORD })),
    await probe(singleTo(primary)),
    await probe(singleTo(replica)),
    await probe(singleTo({ host: "127.0.0.1", port: 1 })),
  ].map((probed) => probed.ok ? "" : probed.reason);
  assertMatch(reasons[0]!, /refuses the user name or the password/);
  assertMatch(reasons[1]!, /asks for a password/);
  assertMatch(reasons[2]!, /is a replica, not a primary/);
  assertMatch(reasons[3]!, /connection refused/);
  assert(!reasons.join().includes(PASSWORD));
  primary.freeze();
  const options = { channel: CHANNEL, instance: "edge-1", signal: AbortSignal.timeout(20_000) };
  const frozen = await probeRedis({ ...options, connection: singleTo(primary), commandMilliseconds: 100 });
  assertMatch(frozen.ok ? "" : frozen.reason, /does not answer/);
  primary.thaw();
});

Deno.test("of a cluster the node of the channel's slot is asked, wherever one begins", async () => {
  await using cluster = await startRedisCluster();
  const owner = await cluster.ownerOf(keysOf(CHANNEL).head);
  for (const node of cluster.nodes) {
    const probed = await probe(connectionTo({ kind: "single", endpoint: { host: node.host, port: node.port } }));
    assert(probed.ok);
    const { server, mode, lacking } = probed.facts;
    assertEquals([server, mode, lacking], [`${owner.host}:${owner.port}`, "cluster", NOTHING]);
  }
  // The further rights of a cluster are asked of it, and of no single server.
  await owner.cli("acl", "setuser", "edge", "reset", "on", `>${PASSWORD}`, ...accessRules(CHANNEL));
  const probed = await probe(singleTo(owner, { user: "edge", password: PASSWORD }));
  assertEquals(probed.ok && probed.facts.lacking, { ...NOTHING, commands: ["asking"] });
});

const HELLO_OF_A_NODE = "*4\r\n$4\r\nmode\r\n$7\r\ncluster\r\n$4\r\nrole\r\n$6\r\nmaster\r\n";

/** A primary that grants every right, and answers some commands in its own way. */
function lyingRedisWith(answers: Readonly<Record<string, string | (() => string)>>): LyingRedis {
  return startLyingRedis(([command = ""]) => {
    const answer = answers[command] ?? { hello: HELLO_OF_A_PRIMARY, eval: "*0\r\n" }[command] ?? "+OK\r\n";
    return typeof answer === "string" ? answer : answer();
  });
}

const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;

Deno.test("nodes that send the doctor on are followed five times, one that hands a slot over and a single server never", async () => {
  for (
    const [hello, kind, times] of [[HELLO_OF_A_NODE, "MOVED", 5], [HELLO_OF_A_NODE, "ASK", 1], [
      HELLO_OF_A_PRIMARY,
      "MOVED",
      0,
    ]] as const
  ) {
    let asked = 0;
    await using liar: LyingRedis = lyingRedisWith({
      hello,
      hmget: () => (asked++, `-${kind} 1 127.0.0.1:${liar.port}\r\n`),
    });
    assert((await probe(singleTo(liar))).ok);
    assertEquals(asked, times, kind);
  }
});

Deno.test("a connection that is lost at any question of the doctor is the reason, and no fact", async () => {
  for (const command of ["hello", "ping", "eval", "time", "info"]) {
    await using liar = lyingRedisWith({ [command]: "%1\r\n" });
    const probed = await probe(singleTo(liar));
    assertMatch(probed.ok ? "" : probed.reason, /sent something else than its protocol/, command);
  }
});

Deno.test("a version is reported if it looks like one, at its bounds too", async () => {
  const reported = async (version: string) => {
    const hello = HELLO_OF_A_PRIMARY.replace("*4", "*6") + bulk("version") + bulk(version);
    await using liar = lyingRedisWith({ hello });
    const probed = await probe(singleTo(liar));
    return probed.ok && probed.facts.version;
  };
  for (const version of ["7", "7.4.2-rc_1", "1".repeat(32)]) assertEquals(await reported(version), version);
  for (const version of ["", "1".repeat(33), " 7", "7 ", "7\n", "7;"]) {
    assertEquals(await reported(version), null, version);
  }
});

Deno.test("the server's clock is compared with the middle between question and answer", async () => {
  await withFakeDate(async (set) => {
    set(1_000_000);
    const answer = `*2\r\n${bulk("1005")}${bulk("250000")}`;
    await using liar = lyingRedisWith({ time: () => (set(1_000_100), answer) });
    const probed = await probe(singleTo(liar));
    assertEquals(probed.ok && probed.facts.clock, { aheadMilliseconds: 5_200, withinMilliseconds: 100 });
  });
  for (const time of ["*2\r\n$1\r\nx\r\n$1\r\n0\r\n", "*2\r\n$1\r\n1\r\n$1\r\nx\r\n", "*1\r\n:1\r\n", "+OK\r\n"]) {
    await using liar = lyingRedisWith({ time });
    const probed = await probe(singleTo(liar));
    assertEquals(probed.ok && probed.facts.clock, null, time);
  }
});

Deno.test("the policy for a full memory is reported if both its words are there", async () => {
  const [limit, policy] = ["maxmemory:7\r\n", "maxmemory_policy:noeviction\r\n"];
  for (
    const [text, reported] of [
      [`# Memory\r\n${limit}${policy}`, { policy: "noeviction", limitBytes: 7 }],
      [limit, null],
      [policy, null],
      ["", null],
    ] as const
  ) {
    await using liar = lyingRedisWith({ info: bulk(text) });
    const probed = await probe(singleTo(liar));
    assertEquals(probed.ok && probed.facts.memory, reported, text);
  }
});
