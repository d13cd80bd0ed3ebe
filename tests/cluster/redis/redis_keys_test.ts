// The keys in Redis and the messages on its channel: exactly the documented ones, even if others have written there
// before.
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { incarnationOf } from "../../support/incarnation.ts";
import { accessRules, ALLOWED_COMMANDS, HISTORY_LENGTH, keysOf } from "../../../src/cluster/redis/redis_scripts.ts";
import { eventually } from "../../support/eventually.ts";
import { type RedisServer, startRedis } from "../../support/redis_server.ts";
import type { PeerRecord } from "../../../src/cluster/peer_record.ts";
import { A, B, C, CHANNEL, openInstance, openUp, peerRecord, singleTo } from "./redis_notifying.ts";
import { announcementOf } from "../../support/announcement_of.ts";
import { peersOf } from "../watched_process.ts";
import { moveOf, rolloutOver } from "../../support/move_of.ts";
import { MAX_GENERATION } from "../../../src/agreement/head.ts";

const KEYS = keysOf(CHANNEL);
const ID = incarnationOf("edge-1");

/** redis-cli as a subscriber: all that it wrote so far. */
async function subscriber(server: RedisServer): Promise<AsyncDisposable & { text(): string }> {
  const args = ["-h", server.host, "-p", `${server.port}`, "subscribe", CHANNEL];
  const process = new Deno.Command("redis-cli", { args, stdout: "piped", stderr: "null" }).spawn();
  let text = "";
  const reading = (async () => {
    for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) text += chunk;
  })();
  await eventually("the subscription", () => text.includes("subscribe"));
  return {
    text: () => text,
    async [Symbol.asyncDispose]() {
      process.kill("SIGKILL");
      await Promise.all([process.status, reading]);
    },
  };
}

/** Writes a record, which Redis must accept. */
async function write(one: Awaited<ReturnType<typeof openUp>>, record: PeerRecord): Promise<void> {
  const written = await one.notifier.writeRecord(record);
  assert(written.ok, JSON.stringify(written));
}

async function ageOf({ notifier }: Awaited<ReturnType<typeof openUp>>): Promise<number> {
  const answer = await notifier.peers();
  assert(answer.ok, JSON.stringify(answer));
  return answer.ageMilliseconds!;
}

Deno.test("a change is one message of at most 100 bytes, in any generation, and one entry of the history", async () => {
  await using server = await startRedis();
  await using listener = await subscriber(server);
  await using one = await openUp(singleTo(server));
  const last = MAX_GENERATION;
  await one.notifier.announce(announcementOf(A));
  await one.notifier.announce(announcementOf(A, A));
  await one.notifier.announce(announcementOf(B));
  await one.notifier.announce(announcementOf(C, A, { floor: last - 1 }));
  await eventually("the last message", () => listener.text().includes(`${last}`));
  const messages = listener.text().split("\n").filter((line) => line.startsWith("v1 "));
  assertEquals(messages, [`v1 1 ${A} ${ID}`, `v1 ${last} ${C} ${ID}`]);
  for (const message of messages) assert(new TextEncoder().encode(message).length <= 100, message);
  assertEquals(await server.cli("xlen", KEYS.history), "2");
  const beyond = await one.notifier.announce(announcementOf(B, C, { floor: last }));
  assertEquals(beyond.kind === "accepted" && beyond.head.generation, last);
});

Deno.test("the keys are those of the channel, and have the documented content", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await one.notifier.announce(announcementOf(A));
  await write(one, peerRecord("edge-1"));
  const keys = (await server.cli("keys", "*")).split("\n").sort();
  const record = `${KEYS.peerPrefix}edge-1:${ID}`;
  assertEquals(keys, [KEYS.head, KEYS.history, `${KEYS.namePrefix}edge-1`, record, KEYS.peers, KEYS.peersSince]);
  const [hash, generation, by, at] = (await server.cli("hmget", KEYS.head, "hash", "generation", "by", "at")).split(
    "\n",
  );
  assertEquals([hash, generation, by], [A, "1", ID]);
  const [seconds] = (await server.cli("time")).split("\n");
  assert(Math.abs(Number(at) / 1000 - Number(seconds)) < 60, at);
  for (const key of [record, `${KEYS.namePrefix}edge-1`]) {
    const life = Number(await server.cli("pttl", key));
    assert(life > 60_000 && life <= 90_000, `${life}`);
  }
  const life = Number(await server.cli("pttl", KEYS.peersSince));
  assert(life > 30_000 && life <= 45_000, `${life}`);
});

Deno.test("the records are as old as the first of them without a gap, for each reader", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await using other = await openUp(singleTo(server), { instance: "edge-2" });
  assertEquals(await ageOf(other), 0);
  await write(one, peerRecord("edge-1"));
  // A minute passes.
  const earlier = "redis.call('SET', KEYS[1], tonumber(redis.call('GET', KEYS[1])) - 60000)";
  await server.cli("eval", earlier, "1", KEYS.peersSince);
  await write(other, peerRecord("edge-2"));
  for (const reader of [one, other]) {
    const age = await ageOf(reader);
    assert(age >= 60_000 && age < 120_000, `${age}`);
  }
  await server.cli("flushall");
  assertEquals(await ageOf(other), 0);
  await write(one, peerRecord("edge-1"));
  assert(await ageOf(other) < 60_000);
});

Deno.test("a moment of the records that is none, or is to come, is replaced by the next record", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  const spoils = [["set", "x"], ["set", ""], ["set", "9007199254740991"], ["set", "1".repeat(1_000)], ["rpush", "1"]];
  for (const [command, ...value] of spoils) {
    await server.cli("del", KEYS.peersSince);
    await server.cli(command!, KEYS.peersSince, ...value);
    assertEquals(await ageOf(one), 0);
    await write(one, peerRecord("edge-1"));
    const since = Number(await server.cli("get", KEYS.peersSince));
    const [seconds] = (await server.cli("time")).split("\n");
    assert(Math.abs(since / 1000 - Number(seconds)) < 60, `${since}`);
  }
});

Deno.test("the history is capped", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  for (let base = 0; base < 20; base++) {
    await one.notifier.announce(announcementOf([A, B][base % 2]!, [B, A][base % 2]!));
  }
  const fill = `for i = 1, ${HISTORY_LENGTH * 2} do redis.call('XADD', KEYS[1], '*', 'generation', i) end`;
  await server.cli("eval", fill, "1", KEYS.history);
  await one.notifier.announce(announcementOf(C, B));
  // Redis trims by whole nodes of a hundred entries.
  assert(Number(await server.cli("xlen", KEYS.history)) < HISTORY_LENGTH + 200);
});

Deno.test("a hash counts as an earlier head as far back as the last thousand announcements", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  const fill = `redis.call('DEL', KEYS[2])
    redis.call('XADD', KEYS[2], '*', 'generation', 2, 'hash', ARGV[1], 'by', ARGV[3])
    for i = 1, ARGV[4] do redis.call('XADD', KEYS[2], '*', 'generation', i + 2, 'hash', ARGV[2], 'by', ARGV[3]) end
    redis.call('HSET', KEYS[1], 'hash', ARGV[2], 'generation', 5000, 'by', ARGV[3], 'at', 1)`;
  const announced = async (later: number) => {
    await server.cli("eval", fill, "2", KEYS.head, KEYS.history, B, A, ID, `${later}`);
    return (await one.notifier.announce(announcementOf(B, A, { since: 1 }))).kind;
  };
  assertEquals([await announced(999), await announced(1_000)], ["refused", "accepted"]);
});

const GARBAGE: readonly (readonly [string, readonly string[]])[] = [
  ["a string", ["set", KEYS.head, "x"]],
  ["a list", ["rpush", KEYS.head, "x"]],
  ["no generation", ["hset", KEYS.head, "hash", A, "by", ID, "at", "1"]],
  ["a generation of 0", ["hset", KEYS.head, "hash", A, "generation", "0", "by", ID, "at", "1"]],
  ["a negative generation", ["hset", KEYS.head, "hash", A, "generation", "-3", "by", ID, "at", "1"]],
  ["a generation with an exponent", ["hset", KEYS.head, "hash", A, "generation", "1e3", "by", ID, "at", "1"]],
  ["a generation in hex", ["hset", KEYS.head, "hash", A, "generation", "0x10", "by", ID, "at", "1"]],
  ["too large a generation", ["hset", KEYS.head, "hash", A, "generation", "4503599627370497", "by", ID, "at", "1"]],
  ["a hash in capitals", ["hset", KEYS.head, "hash", A.toUpperCase(), "generation", "7", "by", ID, "at", "1"]],
  ["a short hash", ["hset", KEYS.head, "hash", "aa", "generation", "7", "by", ID, "at", "1"]],
  ...[A.slice(1), `${A}a`, `${A.slice(1)}g`, `${A.slice(1)}A`].map((hash) =>
    [`the hash ${hash}`, ["hset", KEYS.head, "hash", hash, "generation", "7", "by", ID, "at", "1"]] as const
  ),
  ["no author", ["hset", KEYS.head, "hash", A, "generation", "7", "at", "1"]],
  ...[ID.slice(1), `${ID}0`, `${ID.slice(1)}g`, `${ID.slice(1)}A`, "edge-1234567"].map((by) =>
    [`the author ${by}`, ["hset", KEYS.head, "hash", A, "generation", "7", "by", by, "at", "1"]] as const
  ),
  ...["0", "07", "-1", "1.5", "x1", "1x", " 1", "9007199254740992", "10000000000000000", "9".repeat(400)].map((count) =>
    [`the time ${count}`, ["hset", KEYS.head, "hash", A, "generation", "7", "by", ID, "at", count]] as const
  ),
  ...["07", "1.5", "x1", "1x", "10000000000000000", "9".repeat(400)].map((count) =>
    [`the generation ${count}`, ["hset", KEYS.head, "hash", A, "generation", count, "by", ID, "at", "1"]] as const
  ),
  ["no time", ["hset", KEYS.head, "hash", A, "generation", "7", "by", ID]],
];

Deno.test("a head that is garbage is no head, and the next announcement writes over it", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  for (const [what, command] of GARBAGE) {
    await server.cli("flushall");
    await server.cli(...command);
    assertEquals(await one.notifier.head(), { ok: true, head: null }, what);
    const answer = await one.notifier.announce(announcementOf(A, C, { floor: 4 }));
    assertEquals(answer.kind === "accepted" && answer.head.generation, 5, what);
    const head = await one.notifier.head();
    assertEquals(head.ok && head.head?.generation, 5, what);
  }
});

Deno.test("a head from the future is of age 0", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await server.cli("hset", KEYS.head, "hash", A, "generation", "7", "by", ID, "at", "9007199254740991");
  const answer = await one.notifier.head();
  assertEquals(answer.ok && answer.head, {
    hash: A,
    generation: 7,
    by: ID,
    ageMilliseconds: 0,
    skips: [],
    rollout: null,
    rolloutMark: null,
  });
});

Deno.test("keys of other types, in the place of the history and the peers, are taken over", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await server.cli("set", KEYS.history, "x");
  await server.cli("set", KEYS.peers, "x");
  await server.cli("rpush", `${KEYS.peerPrefix}edge-1:${ID}`, "x");
  await server.cli("rpush", `${KEYS.namePrefix}edge-1`, "x");
  assertEquals(await peersOf(one), []);
  assertEquals((await one.notifier.announce(announcementOf(A))).kind, "accepted");
  assertEquals(await one.notifier.writeRecord(peerRecord("edge-1")), { ok: true, namesake: false });
  const seen = await one.notifier.peers();
  assertEquals(seen.ok && seen.peers.map(({ instance }) => instance), ["edge-1"]);
});

Deno.test("records that are garbage, too long or dead are left out of the peers, and there is a limit to them", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await write(one, peerRecord("edge-1"));
  const put = async (name: string, text: string) => {
    await server.cli("set", `${KEYS.peerPrefix}${name}`, text);
    await server.cli("zadd", KEYS.peers, "9000000000000", name);
  };
  await put("garbage", "{");
  await put("__proto__", JSON.stringify(peerRecord("constructor")));
  await put("long", JSON.stringify({ ...peerRecord("long"), more: "x".repeat(10_000) }));
  await server.cli("zadd", KEYS.peers, "9000000000000", "expired");
  await server.cli("zadd", KEYS.peers, "1000", "past");
  await server.cli("set", `${KEYS.peerPrefix}past`, JSON.stringify(peerRecord("past")));
  await put("edge-0", JSON.stringify(peerRecord("edge-0")));
  const seen = await one.notifier.peers();
  assertEquals(seen.ok && seen.peers.map(({ instance, self }) => [instance, self]), [["edge-0", false], [
    "edge-1",
    true,
  ]]);
  // The dead one leaves the index when another instance writes its record.
  assertEquals(await one.notifier.writeRecord(peerRecord("edge-1")), { ok: true, namesake: false });
  assertEquals(await server.cli("zscore", KEYS.peers, "past"), "");
  await server.cli("flushall");
  assertEquals((await one.notifier.writeRecord(peerRecord("edge-1"))).ok, true);
  const many = `for i = 1, 3000 do redis.call('ZADD', KEYS[1], 9000000000000, 'n' .. i)
    redis.call('SET', ARGV[1] .. 'n' .. i, (string.gsub(ARGV[2], 'NAME', 'n' .. i))) end`;
  await server.cli("eval", many, "1", KEYS.peers, KEYS.peerPrefix, JSON.stringify(peerRecord("NAME")));
  const crowd = await one.notifier.peers();
  assertEquals(crowd.ok && crowd.peers.length, 1_000);
});

Deno.test("a history at its last possible id is begun again, and holds no announcement up", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await one.notifier.announce(announcementOf(A));
  await server.cli("xadd", KEYS.history, "18446744073709551615-18446744073709551615", "generation", "1");
  assertEquals((await one.notifier.announce(announcementOf(B, A))).kind, "accepted");
  assertEquals((await one.notifier.announce(announcementOf(C, B))).kind, "accepted");
  assertEquals(await server.cli("xlen", KEYS.history), "2");
});

Deno.test("names without a record leave the index, and crowd out no instance that has one", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  const fill = `local now = tonumber(redis.call('TIME')[1]) * 1000
    for i = 1, 4500 do redis.call('ZADD', KEYS[1], i % 3 == 0 and '+inf' or now + 20000, 'made-up-' .. i) end
    for _, length in ipairs({ 1024, 1025, 2000 }) do
      redis.call('ZADD', KEYS[1], now + 20000, string.rep('x', length))
      redis.call('SET', ARGV[1] .. string.rep('x', length), 'x')
    end
    redis.call('RPUSH', ARGV[1] .. 'made-up-1', 'x')`;
  await server.cli("eval", fill, "1", KEYS.peers, KEYS.peerPrefix);
  await using other = await openUp(singleTo(server), { instance: "edge-2" });
  await write(other, peerRecord("edge-2"));
  const seen = await one.notifier.peers();
  assertEquals(seen.ok && seen.peers.map(({ instance }) => instance), ["edge-2"]);
  assertEquals(await server.cli("zcard", KEYS.peers), "2");
  assertEquals(await server.cli("zscore", KEYS.peers, "x".repeat(1_025)), "");
});

Deno.test("one reading looks at ten thousand names of the index at the most", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  const fill = "for i = 1, 10500 do redis.call('ZADD', KEYS[1], '+inf', i) end";
  await server.cli("eval", fill, "1", KEYS.peers);
  assertEquals(await peersOf(one), []);
  assertEquals(await server.cli("zcard", KEYS.peers), "500");
});

Deno.test("an instance is its own peer by the record that it wrote last, for any content of Redis", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await using other = await openUp(singleTo(server), { instance: "edge-2" });
  await write(other, peerRecord("edge-2"));
  const seen = async () => {
    const answer = await one.notifier.peers();
    return answer.ok && answer.peers.map(({ instance, hash, self }) => [instance, hash, self]);
  };
  assertEquals(await seen(), [["edge-2", A, false]]);
  await write(one, peerRecord("edge-1", { hash: B }));
  const doubt = async () => {
    const answer = await one.notifier.peers();
    return answer.ok ? answer.doubt ?? null : null;
  };
  assertEquals(await doubt(), null);
  const key = `${KEYS.peerPrefix}edge-1:${ID}`;
  // The last one costs the name in the index, too.
  for (const spoil of [["set", key, JSON.stringify(peerRecord("edge-1"))], ["set", key, "{"], ["del", key]]) {
    await server.cli(...spoil);
    assertEquals(await seen(), [["edge-1", B, true], ["edge-2", A, false]], spoil.join(" "));
  }
  assertEquals(await doubt(), "Redis lost the record of this instance, and maybe those of others");
  // Also if Redis takes no record.
  await server.cli("config", "set", "maxmemory", "1");
  assertEquals((await one.notifier.writeRecord(peerRecord("edge-1", { hash: C }))).ok, false);
  assertEquals(await seen(), [["edge-1", C, true], ["edge-2", A, false]]);
  assertStringIncludes(await doubt() ?? "", "The record of this instance could not be written: Redis is out of memory");
  await server.cli("config", "set", "maxmemory", "0");
  await write(one, peerRecord("edge-1"));
  assertEquals(await doubt(), null);
});

Deno.test("an old value of any size under each key is overwritten, and costs the link nothing", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  const huge = "redis.call('HSET', KEYS[1], 'hash', string.rep('a', 20000000)) " +
    "for at = 2, 3 do redis.call('SETRANGE', KEYS[at], 20000000, 'x') end";
  const keys = [KEYS.head, `${KEYS.peerPrefix}edge-1:${ID}`, `${KEYS.namePrefix}edge-1`];
  await server.cli("eval", huge, "3", ...keys);
  assertEquals(await one.notifier.writeRecord(peerRecord("edge-1")), { ok: true, namesake: false });
  assertEquals(await one.notifier.head(), { ok: true, head: null });
  assertEquals((await one.notifier.announce(announcementOf(A))).kind, "accepted");
  assertEquals(one.links, [{ state: "up" }]);
});

Deno.test("a record ends with its life when nobody renews it", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await using other = await openUp(singleTo(server), { instance: "edge-2", peerLifeMilliseconds: 1 });
  await write(other, peerRecord("edge-2"));
  // The index keeps its name until a record is written again, which shows that there was one.
  assertEquals(await server.cli("zrange", KEYS.peers, "0", "-1"), `edge-2:${incarnationOf("edge-2")}`);
  await eventually("no peers", async () => {
    const seen = await one.notifier.peers();
    return seen.ok && seen.peers.length === 0;
  });
});

Deno.test("disposing removes the instance's own record, and leaves that of a namesake", async () => {
  await using server = await startRedis();
  const one = await openUp(singleTo(server));
  await write(one, peerRecord("edge-1"));
  const incarnation = incarnationOf("edge-1", 2);
  const two = await openUp(singleTo(server), { incarnation });
  await write(two, peerRecord("edge-1", { incarnation }));
  await one[Symbol.asyncDispose]();
  assertEquals(await server.cli("zrange", KEYS.peers, "0", "-1"), `edge-1:${incarnation}`);
  assertEquals(await server.cli("exists", `${KEYS.peerPrefix}edge-1:${incarnation}`), "1");
  await two[Symbol.asyncDispose]();
  assertEquals(await server.cli("keys", `${KEYS.peerPrefix}*`), "");
  assertEquals(await server.cli("zcard", KEYS.peers), "0");
});

Deno.test("records with only a name in their key, as version 0.1 writes them, are peers", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await write(one, peerRecord("edge-1"));
  for (const name of ["edge-1", "edge-2"]) {
    const old = peerRecord(name, { incarnation: "b6f7c1c2-5d0e-4a7a-9f7e-0d6a1d0b8f10" });
    await server.cli("set", `${KEYS.peerPrefix}${name}`, JSON.stringify(old));
    await server.cli("zadd", KEYS.peers, "9000000000000", name);
  }
  const seen = await one.notifier.peers();
  assert(seen.ok);
  const shown = seen.peers.map(({ instance, self }) => `${instance} ${self}`);
  assertEquals(shown.sort(), ["edge-1 false", "edge-1 true", "edge-2 false"]);
});

Deno.test("scripts that Redis has forgotten are sent to it again", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await one.notifier.announce(announcementOf(A));
  await server.cli("script", "flush");
  assertEquals((await one.notifier.announce(announcementOf(B, A))).kind, "accepted");
});

Deno.test("names and channels of any characters are kept apart", async () => {
  await using server = await startRedis();
  const names = ["edge-1", "edge 1", "*", "{x}", "ñandú", "\u{1f30d}", "__proto__"];
  const channel = "honua:[config]*?\\";
  await server.cli("acl", "setuser", "edge", "on", ">secret", ...accessRules(channel));
  const connection = singleTo(server, { user: "edge", password: "secret" });
  await using stack = new AsyncDisposableStack();
  for (const instance of names) {
    const one = stack.use(await openUp(connection, { instance, channel }));
    assertEquals(await one.notifier.writeRecord(peerRecord(instance)), { ok: true, namesake: false });
  }
  await using last = await openUp(connection, { instance: "last", channel });
  const seen = await last.notifier.peers();
  assertEquals(seen.ok && seen.peers.map(({ instance }) => instance), [...names].sort());
});

Deno.test("docs/cluster.md lists the rights that are tested here, for the default channel", async () => {
  const page = await Deno.readTextFile(new URL("../../../docs/cluster.md", import.meta.url));
  const line = `ACL SETUSER honua-configd on >PASSWORD ${accessRules("honua:config:changes").join(" ")}`;
  assert(page.split("\n").includes(line), line);
});

Deno.test("without any one of the rights that are documented something does not work", async () => {
  await using server = await startRedis();
  const failuresWith = async (...rules: string[]) => {
    for (const command of [["flushall"], ["script", "flush"], ["config", "resetstat"]]) await server.cli(...command);
    await server.cli("acl", "setuser", "edge", "on", ">secret", ...accessRules(CHANNEL), ...rules);
    return await failuresOf(server);
  };
  assertEquals(await failuresWith(), []);
  for (const command of ALLOWED_COMMANDS) {
    assertNotEquals(await failuresWith(`-${command}`), [], `nothing fails without ${command}`);
  }
});

/** Makes every request of an instance, as the user `edge`; returns those that failed. */
async function failuresOf(server: RedisServer): Promise<string[]> {
  const failed: string[] = [];
  const one = openInstance(singleTo(server, { user: "edge", password: "secret" }), { heartbeatMilliseconds: 10 });
  await eventually("an attempt", () => one.links.length > 0);
  const { notifier } = one;
  if ((await notifier.announce(announcementOf(A))).kind !== "accepted") failed.push("announce");
  const later = await notifier.announce(announcementOf(B, A, { since: 0 }));
  if (later.kind !== "accepted") failed.push("announce on a later generation");
  if (!(await notifier.lookAgain("/etc/honua/config.hcl")).ok) failed.push("look again");
  if (!(await notifier.head()).ok) failed.push("head");
  const move = moveOf({ generation: 2, hash: B }, null, rolloutOver(C, B), { since: 1 });
  if ((await notifier.moveRollout(move)).kind !== "moved") failed.push("move the rollout");
  if (!(await notifier.putApproval(C, "a signature")).ok) failed.push("approve");
  if (!(await notifier.approvals(C)).ok) failed.push("approvals");
  if (!(await notifier.writeRecord(peerRecord("edge-1"))).ok) failed.push("write a record");
  if (!(await notifier.peers()).ok) failed.push("peers");
  await eventually("a heartbeat, or a link that is down", async () => {
    return one.links.some(({ state }) => state === "down") ||
      /cmdstat_ping:calls=[1-9]\d*,usec=[1-9]/.test(await server.cli("info", "commandstats"));
  });
  // A refused one counts too, so it takes a moment more until that is known.
  await notifier.head();
  if (one.links.some(({ state }) => state === "down")) failed.push("link");
  await one[Symbol.asyncDispose]();
  if (await server.cli("zcard", KEYS.peers) !== "0") failed.push("leave");
  return failed;
}
