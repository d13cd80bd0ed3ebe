import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { NO_CONNECTION_STRING } from "../../src/cluster/isolation.ts";
import type { RedisFacts } from "../../src/cluster/redis/redis_probe.ts";
import { accessRules } from "../../src/cluster/redis/redis_scripts.ts";
import { examine } from "../../src/doctor/examination.ts";
import { redis } from "../../src/doctor/redis.ts";
import { startRedis } from "../support/redis_server.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { findingsAbout, levels, subjectWith } from "./subject.ts";

const CHANNEL = "honua:config:changes";
const ASKED = { where: "redis:6379", channel: CHANNEL, user: null };
const WELL: RedisFacts = {
  server: "redis:6379",
  mode: "standalone",
  version: "7.2.4",
  pingMilliseconds: [1, 2, 300],
  lacking: { commands: [], keys: false, channel: false, unknown: [] },
  clock: { aheadMilliseconds: 1, withinMilliseconds: 2 },
  memory: { policy: "noeviction", limitBytes: 0 },
  isFull: false,
};

function judgeRedis(facts: RedisFacts, asked: { where: string; channel: string; user: string | null }) {
  return findingsAbout(redis, { ...asked, warnings: [], probe: { ok: true, facts } });
}

function judged(facts: Partial<RedisFacts>): string[] {
  return levels(judgeRedis({ ...WELL, ...facts }, ASKED)).filter((one) => !one.startsWith("ok"));
}

Deno.test("the findings of a Redis that is well have its version and the median of its answers", () => {
  const found = judgeRedis(WELL, ASKED);
  assertEquals(levels(found).every((one) => one.startsWith("ok ")), true);
  assertEquals(found[0]?.what, "redis:6379 answers, version 7.2.4");
  assertEquals(
    found.find(({ check }) => check === "redis/latency")?.what,
    "A PING takes 2.0 ms (median of 3)",
  );
});

Deno.test("each trouble of Redis has its level", () => {
  assertEquals(judged({ version: "6.2.0" }), ["warning redis/connection"]);
  assertEquals(judged({ pingMilliseconds: [99] }), []);
  assertEquals(judged({ pingMilliseconds: [150] }), ["warning redis/latency"]);
  assertEquals(judged({ memory: null }), []);
  const limited = (policy: string) => judged({ memory: { policy, limitBytes: 1e8 } });
  assertEquals([limited("noeviction"), limited("volatile-lru"), limited("allkeys-lru")], [
    [],
    [],
    ["warning redis/memory"],
  ]);
  assertEquals(judged({ isFull: true }), ["error redis/memory"]);
  assertEquals(judged({ isFull: true, memory: null }), ["error redis/memory"]);
  assertEquals(judged({ clock: null }), []);
  const clock = (aheadMilliseconds: number, withinMilliseconds = 0) =>
    judged({ clock: { aheadMilliseconds, withinMilliseconds } });
  assertEquals([clock(60_000), clock(-60_000), clock(6_000, 4_000)], [
    ["warning clock/redis"],
    ["warning clock/redis"],
    [],
  ]);
});

Deno.test("missing rights are reported as the rules that grant them", () => {
  const lacking = { commands: ["zadd", "publish"], keys: true, channel: true, unknown: [] };
  const asked = { ...ASKED, channel: "a*b", user: "edge" };
  const found = judgeRedis({ ...WELL, lacking }, asked).find(({ check }) => check === "redis/rights");
  assertEquals([found?.level, found?.todo], ["error", "ACL SETUSER edge +zadd +publish ~{a\\*b}:* &a\\*b"]);
  const unknown = { commands: [], keys: false, channel: false, unknown: ["publish"] };
  const [, rights] = judgeRedis({ ...WELL, lacking: unknown }, ASKED);
  assertEquals([rights?.level, rights?.what], [
    "ok",
    "The user default may do all that is needed (not known: publish)",
  ]);
});

Deno.test("an instance without High Availability needs no Redis", async () => {
  const found = await examine([redis], subjectWith({}), { limitMilliseconds: 5_000, secrets: [] });
  assertEquals(levels(found), ["note redis/connection"]);
});

Deno.test("High Availability without a connection string is an error that names the options to set", async () => {
  const subject = subjectWith({ "HighAvailability:Enabled": "true" });
  const [found] = await examine([redis], subject, { limitMilliseconds: 5_000, secrets: [] });
  assertEquals([found?.level, found?.what], ["error", NO_CONNECTION_STRING]);
});

Deno.test("over a real Redis, the right that its user lacks is named, and its password never", async () => {
  await using server = await startRedis();
  await using directory = await temporaryDirectory();
  const rules = accessRules(CHANNEL).filter((rule) => rule !== "+zadd");
  await server.cli("acl", "setuser", "edge", "on", ">hush-hush", ...rules);
  await directory.write("redis-password", "hush-hush\n");
  const settings = {
    "HighAvailability:Enabled": "true",
    "HighAvailability:RedisConnectionString": `127.0.0.1:${server.port},user=edge`,
    "HighAvailability:RedisPasswordFile": "redis-password",
  };
  const subject = subjectWith(settings, { credentialDirectories: ["/nonexistent", directory.path] });
  const limits = { limitMilliseconds: 20_000, secrets: [] };
  const found = await examine([redis], subject, limits);
  assertEquals(levels(found).slice(0, 2), ["ok redis/connection", "error redis/rights"]);
  assertEquals(found[1]!.todo, "ACL SETUSER edge +zadd");
  await directory.write("redis-password", "wrong-one\n");
  const [refused] = await examine([redis], subject, limits);
  assertEquals(refused?.level, "error");
  assertMatch(refused!.what, /refuses the user name or the password/);
  assertStringIncludes(refused!.todo ?? "", "password of Redis' user edge by HighAvailability:RedisPasswordFile");
  await server.cli("acl", "setuser", "default", "resetpass", ">hush-hush");
  const open = subjectWith({
    "HighAvailability:Enabled": "true",
    "HighAvailability:RedisConnectionString": `127.0.0.1:${server.port}`,
  });
  const [missing] = await examine([redis], open, limits);
  assertMatch(missing!.what, /asks for a password and none is configured/);
  assertStringIncludes(missing!.todo ?? "", "password of Redis' user default by HighAvailability:RedisPasswordFile");
  assertEquals(/hush-hush|wrong-one/.test(JSON.stringify([found, refused])), false);
});

Deno.test("a connection string that is wrong and a password that is not there are errors that quote neither", async () => {
  const limits = { limitMilliseconds: 5_000, secrets: [] };
  const judgedWith = async (settings: Readonly<Record<string, string>>) => {
    const subject = subjectWith({ "HighAvailability:Enabled": "true", ...settings });
    return (await examine([redis], subject, limits))[0];
  };
  const wrong = await judgedWith({ "ConnectionStrings:Redis": "redis:port-9,password=hush-hush" });
  assertEquals([wrong?.level, wrong?.what.includes("hush-hush")], ["error", false]);
  const missing = await judgedWith({
    "ConnectionStrings:Redis": "127.0.0.1:1",
    "HighAvailability:RedisPasswordFile": "/nonexistent/password",
  });
  assertStringIncludes(missing!.what, "/nonexistent/password does not exist");
});
