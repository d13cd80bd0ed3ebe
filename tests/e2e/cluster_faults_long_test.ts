// Through any fault of Redis a daemon serves and reloads by itself, reports each change of state once, comes back by
// itself, announces its owed change, and agrees again. No generation that a status shows goes backwards meanwhile.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type ClusterInstance, commonHash, openClusterInstance, reloadBySignal } from "../support/cluster_instance.ts";
import { eventually } from "../support/eventually.ts";
import { redisCli, type RedisServer, startRedis, startSentinels } from "../support/redis_server.ts";
import { openTcpProxy } from "../support/tcp_proxy.ts";

/** A server that loses nothing that it has answered, also when it is killed. */
const startDurableRedis = () => startRedis({ config: ["appendonly yes", "appendfsync always"] });

const HEAD = "{honua:config:changes}:head";
const DOWN = "Redis connection failed: ";

/** An instance that edits, and one that hears of its edits only over Redis. */
interface Pair extends AsyncDisposable {
  readonly editor: ClusterInstance;
  readonly follower: ClusterInstance;
  readonly both: readonly ClusterInstance[];
  /**
   * Waits until both agree in a generation from `least` on, and run the same; resolves with the editor's generation.
   */
  agree(least?: number): Promise<number>;
  /** Edits and sees that the editor's snapshot follows, and the other's after a signal, while Redis is away. */
  editAlone(title: string): Promise<void>;
  /** Edits and sees that both snapshots follow, and that both agree on a later generation than before. */
  editTogether(title: string): Promise<number>;
  /** How many times each said that the link was lost. */
  losses(): number[];
}

async function openPair(redis: string): Promise<Pair> {
  const editor = await openClusterInstance({ name: "editor", redis });
  const follower = await openClusterInstance({ name: "follower", redis, follows: editor });
  const both = [editor, follower];
  const agree = async (least?: number) => {
    const [of] = await Promise.all(both.map((one) => one.agrees(least)));
    await commonHash(both);
    return of!.generation!;
  };
  return {
    editor,
    follower,
    both,
    agree,
    async editAlone(title) {
      await editor.edit(title);
      await editor.runs(title);
      await reloadBySignal(follower);
      await follower.runs(title);
    },
    async editTogether(title) {
      const { generation } = await editor.status();
      await editor.edit(title);
      await Promise.all(both.map((one) => one.runs(title)));
      return await agree((generation ?? 0) + 1);
    },
    losses: () => both.map((one) => one.entriesOf(DOWN).length),
    async [Symbol.asyncDispose]() {
      await Promise.all(both.map((one) => one[Symbol.asyncDispose]()));
    },
  };
}

const addressOf = ({ host, port }: { readonly host: string; readonly port: number }) => `${host}:${port}`;

Deno.test("while Redis is away at the start, two daemons serve and reload without it; when it comes, they agree", async () => {
  await using redis = await startDurableRedis();
  await redis.kill();
  await using pair = await openPair(addressOf(redis));
  await Promise.all(pair.both.map((one) => one.runs("first")));
  await Promise.all(pair.both.map((one) => one.daemon.logged(DOWN)));
  await pair.editAlone("second");
  const alone = await pair.editor.status();
  assertEquals([alone.redis.state, alone.generation, alone.announcementOwed], ["down", null, true]);
  assertStringIncludes(alone.redis.reason ?? "", "connection refused");
  await redis.restart();
  assertEquals(await pair.agree(), 1);
  assertEquals(await pair.editTogether("third"), 2);
  assertEquals(pair.losses(), [1, 1]);
  const [line] = pair.editor.entriesOf(DOWN);
  assertEquals([line!.level, line!.next, line!.connection], ["warning", "it is tried again", addressOf(redis)]);
});

Deno.test("Redis is killed with -9 and comes back with its data, then without: edits of the meantime are announced", async () => {
  await using redis = await startDurableRedis();
  await using pair = await openPair(addressOf(redis));
  assertEquals(await pair.agree(), 1);
  const lose = async () => {
    await redis.kill();
    await Promise.all(pair.both.map((one) => one.shows("a lost link", (status) => status.redis.state === "down")));
  };
  await lose();
  await pair.editAlone("second");
  await redis.restart();
  assertEquals(await pair.agree(2), 2);
  await lose();
  await pair.editAlone("third");
  await redis.restart({ empty: true });
  const third = await pair.agree(3);
  // Nothing was edited this time: the agreed hash is written again, above all generations seen.
  await lose();
  await redis.restart({ empty: true });
  const again = await pair.agree(third + 1);
  assertEquals(await redis.cli("hget", HEAD, "generation"), `${again}`);
  await pair.editTogether("fourth");
  assertEquals(pair.losses(), [3, 3]);
  assertEquals(pair.editor.entriesOf("Redis connected again").length, 3);
  assertEquals(await pair.editor.metric("honua_configd_redis_reconnections_total"), 3);
});

Deno.test("Redis freezes: its silence is noticed, edits go on without it, and are announced when it thaws", async () => {
  await using redis = await startDurableRedis();
  await using pair = await openPair(addressOf(redis));
  await pair.agree();
  redis.freeze();
  await pair.editAlone("second");
  await Promise.all(pair.both.map((one) => one.shows("a lost link", (status) => status.redis.state === "down")));
  const { reason } = (await pair.editor.status()).redis;
  assertMatch(reason ?? "", /^Redis does not answer/);
  await pair.editAlone("third");
  redis.thaw();
  const generation = await pair.agree(2);
  // Requests in the frozen server's queue may have been taken as well: never more than one for each edit.
  assert(generation <= 3, `${generation}`);
  assertEquals(pair.losses(), [1, 1]);
  await pair.editTogether("fourth");
});

Deno.test("FLUSHALL loses the agreement: it is written again above all generations that were seen, and logged", async () => {
  await using redis = await startRedis();
  await using pair = await openPair(addressOf(redis));
  await pair.agree();
  const before = await pair.editTogether("second");
  await redis.cli("flushall");
  const after = await pair.agree(before + 1);
  assertEquals(await redis.cli("hmget", HEAD, "generation", "hash"), `${after}\n${await commonHash(pair.both)}`);
  assertEquals(pair.both.some((one) => one.entriesOf("Redis lost the agreement of the instances").length > 0), true);
  await pair.editTogether("third");
  assertEquals(pair.losses(), [0, 0]);
});

Deno.test("a Sentinel failover that loses the last announcement: it is made again above the generations that were seen", async () => {
  await using sentinels = await startSentinels();
  const { primary, replica, service } = sentinels;
  const addresses = sentinels.sentinels.map(addressOf).join(",");
  await using pair = await openPair(`${addresses},serviceName=${service}`);
  await pair.agree();
  const replicated = await pair.editTogether("second");
  await eventually("the replica has it", async () => {
    return await replica.cli("hget", HEAD, "generation") === `${replicated}`;
  });
  // From now on nothing reaches the replica: it cannot log in again.
  await primary.cli("acl", "setuser", "copier", "on", ">copy", "+psync", "+replconf", "+ping");
  await replica.cli("config", "set", "masterauth", "copy");
  await replica.cli("config", "set", "masteruser", "copier");
  await primary.cli("acl", "setuser", "copier", "off");
  await primary.cli("client", "kill", "type", "replica");
  const lost = await pair.editTogether("third");
  assertEquals(await replica.cli("hget", HEAD, "generation"), `${replicated}`);
  await primary.kill();
  const after = await pair.agree(lost + 1);
  assertEquals(await replica.cli("hmget", HEAD, "generation", "hash"), `${after}\n${await commonHash(pair.both)}`);
  await pair.editTogether("fourth");
  assertEquals(pair.losses(), [1, 1]);
});

Deno.test("a Redis that answers slowly is waited for; one that is too slow is a lost link, reported once", async () => {
  await using redis = await startRedis();
  await using proxy = openTcpProxy(redis);
  await using pair = await openPair(addressOf(proxy));
  await pair.agree();
  proxy.slowDown(200);
  await pair.editTogether("second");
  assertEquals(pair.losses(), [0, 0]);
  proxy.slowDown(20_000);
  await pair.editAlone("third");
  await Promise.all(pair.both.map((one) => one.shows("a lost link", (status) => status.redis.state === "down")));
  proxy.slowDown(0);
  await pair.agree(3);
  assertEquals(pair.losses(), [1, 1]);
});

Deno.test("a Redis that refuses the password is tried until it takes it, and all that is reported about it is one line", async () => {
  await using redis = await startRedis({
    config: ["requirepass another"],
    cli: ["-a", "another", "--no-auth-warning"],
  });
  await using proxy = openTcpProxy(redis);
  await using pair = await openPair(`${addressOf(proxy)},password=right-in-the-end`);
  await Promise.all(pair.both.map((one) => one.runs("first")));
  await eventually("several tries", () => proxy.connections() >= 8, 60_000);
  await pair.editAlone("second");
  for (const one of pair.both) {
    const alarms = one.daemon.entries.filter(({ level }) => level === "warning" || level === "error");
    assertEquals(alarms.map(({ msg }) => msg), [`${DOWN}Redis refuses the user name or the password`]);
  }
  await redis.cli("config", "set", "requirepass", "right-in-the-end");
  await pair.agree();
  assertEquals(pair.losses(), [1, 1]);
});

Deno.test("without AutoReconnect the first loss is the last: it is logged, and the daemon goes on without Redis", async () => {
  await using redis = await startDurableRedis();
  await using other = await openClusterInstance({ name: "other", redis: addressOf(redis) });
  await using proxy = openTcpProxy(redis);
  const args = ["--set", "HighAvailability:AutoReconnect=false"];
  await using one = await openClusterInstance({ name: "one", redis: addressOf(proxy), follows: other, args });
  await Promise.all([one.agrees(), other.agrees()]);
  await redis.kill();
  const reported = await one.daemon.logged(DOWN);
  assertEquals(reported.next, "it is given up, as HighAvailability:AutoReconnect says");
  const connections = proxy.connections();
  await redis.restart();
  await other.agrees();
  await other.edit("second");
  await other.agrees(2);
  await reloadBySignal(one);
  await one.runs("second");
  const { redis: link, generation } = await one.status();
  assertEquals([link.state, generation, proxy.connections()], ["down", null, connections]);
  assertEquals(one.entriesOf(DOWN).length, 1);
});

Deno.test("a change that a daemon owes when it is killed or stopped is announced by the next one", async () => {
  await using redis = await startDurableRedis();
  await using pair = await openPair(addressOf(redis));
  await pair.agree();
  const { editor, follower } = pair;
  const owe = async (server: RedisServer, title: string) => {
    await server.kill();
    await editor.shows("a lost link", (status) => status.redis.state === "down");
    await editor.edit(title);
    await editor.runs(title);
  };
  await owe(redis, "second");
  await editor.kill();
  editor.restart();
  const restarted = await editor.shows("its owed announcement", ({ announcementOwed }) => announcementOwed);
  assertEquals([restarted.redis.state === "up", restarted.generation], [false, null]);
  await redis.restart();
  await follower.runs("second");
  assertEquals(await pair.agree(2), 2);
  await owe(redis, "third");
  await editor.daemon[Symbol.asyncDispose]();
  await redis.restart();
  editor.restart();
  await follower.runs("third");
  assertEquals(await pair.agree(3), 3);
  const history = await redisCli(["-p", `${redis.port}`, "xlen", "{honua:config:changes}:history"]);
  assertEquals(history, "3");
});
