// The life of a notifier: one that may not reconnect gives up and says so. One that is closed at any moment leaves no
// timer and no socket behind, as the sanitizers of Deno.test prove.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { openRedisNotifier, RECONNECT_BACKOFF } from "../../../src/cluster/redis/redis_notifier.ts";
import { backoffMilliseconds } from "../../../src/time/backoff.ts";
import { withinLimit } from "../../../src/time/limit.ts";
import { eventually } from "../../support/eventually.ts";
import { randomFrom } from "../../support/random.ts";
import { startRedis } from "../../support/redis_server.ts";
import { openTcpProxy } from "../../support/tcp_proxy.ts";
import { A, CHANNEL, connectionTo, openInstance, openUp, peerRecord, singleTo } from "./redis_notifying.ts";
import { announcementOf } from "../../support/announcement_of.ts";

Deno.test("without AutoReconnect a loss is final, reported once, and nothing is tried after it", async () => {
  await using server = await startRedis();
  await using proxy = openTcpProxy(server);
  await using one = await openUp(singleTo(proxy), { autoReconnect: false });
  const connections = proxy.connections();
  proxy.cut();
  await one.down();
  const reason = `The connection to Redis was closed (127.0.0.1:${proxy.port})`;
  assertEquals(one.links, [{ state: "up" }, { state: "down", reason, final: true }]);
  assertEquals(await one.notifier.head(), { ok: false, reason });
  // Of one that does reconnect several attempts would have been made by the time that another instance came up.
  await using _other = await openUp(singleTo(server), { instance: "edge-2" });
  assertEquals(proxy.connections(), connections);
});

Deno.test("without AutoReconnect the first connection is tried for as long as connecting may take", async () => {
  await using server = await startRedis();
  await server.kill();
  await using patient = openInstance(singleTo(server, { connectTimeoutMilliseconds: 20_000 }), {
    autoReconnect: false,
  });
  await using hasty = openInstance(singleTo(server, { connectTimeoutMilliseconds: 60 }), {
    autoReconnect: false,
    instance: "edge-2",
  });
  await patient.down();
  await eventually("the hasty one to give up", () => {
    const link = hasty.notifier.link();
    return link.state === "down" && link.final;
  });
  await server.restart();
  await patient.up();
  assertEquals(hasty.notifier.link().state, "down");
  assertEquals(hasty.links.map((link) => link.state === "down" && link.final), [false, true]);
});

Deno.test("closing at any moment of a connection leaves nothing behind", async () => {
  await using server = await startRedis();
  await using gone = await startRedis();
  await gone.kill();
  await using frozen = await startRedis();
  frozen.freeze();
  await using proxy = openTcpProxy(server);
  await using silent = openTcpProxy(server);
  silent.holdBack();
  const random = randomFrom(11);
  const limits = { connectTimeoutMilliseconds: 150 };
  const endpoints = [server, gone, frozen, proxy, silent, { host: "no-such-host.invalid", port: 1 }];
  const closeSoon = async (round: number) => {
    const endpoint = random.pick(endpoints);
    const servers = random.pick(
      [
        { kind: "single", endpoint },
        { kind: "several", endpoints: [endpoint, server] },
        { kind: "sentinel", serviceName: "edge", endpoints: [endpoint] },
      ] as const,
    );
    await using one = openInstance(connectionTo(servers, limits), {
      commandTimeoutMilliseconds: 150,
      instance: `edge-${round}`,
      heartbeatMilliseconds: 1 + random.below(10),
      backoffMilliseconds: () => random.below(10),
    });
    const calls = [one.notifier.writeRecord(peerRecord(`edge-${round}`)), one.notifier.head()];
    if (random.below(4) === 0) await eventually("some state", () => one.links.length > 0, 6_000);
    else await new Promise((resolve) => setTimeout(resolve, random.below(30)));
    if (random.below(4) === 0) proxy.cut();
    calls.push(one.notifier.writeRecord(peerRecord(`edge-${round}`)));
    await one.notifier[Symbol.asyncDispose]();
    await Promise.all(calls);
  };
  for (let round = 0; round < 60; round++) await closeSoon(round);
});

Deno.test("closing does not wait for a Redis that froze until a command is given up", async () => {
  await using server = await startRedis();
  // By its own commands the link would see it after a minute.
  const one = await openUp(singleTo(server), { commandTimeoutMilliseconds: 60_000, heartbeatMilliseconds: 60_000 });
  await one.notifier.writeRecord(peerRecord("edge-1"));
  server.freeze();
  const call = one.notifier.announce(announcementOf(A));
  assertEquals((await withinLimit(one.notifier[Symbol.asyncDispose]() as Promise<void>, 10_000)).ok, true);
  assertEquals(await call, { kind: "failed", reason: "The notifier is closed" });
});

Deno.test("a question before the link is watched or up fails at once, and a closed link is not watched", async () => {
  const notifier = openRedisNotifier({
    connection: singleTo({ host: "127.0.0.1", port: 1 }),
    channel: CHANNEL,
    instance: "edge-1",
    incarnation: "0123456789ab",
  });
  assertEquals(notifier.link(), { state: "connecting" });
  assertEquals(await notifier.head(), { ok: false, reason: "Redis is not connected yet" });
  await notifier[Symbol.asyncDispose]();
  assertThrows(() => notifier.watch({ heard() {}, linked() {} }), Error);
});

Deno.test("the waits between connections double up to ten seconds, half of each left to chance", () => {
  assertEquals([1, 2, 3].map((attempt) => backoffMilliseconds(attempt, 0, RECONNECT_BACKOFF)), [50, 100, 200]);
  assertEquals([1, 2, 3].map((attempt) => backoffMilliseconds(attempt, 1, RECONNECT_BACKOFF)), [100, 200, 400]);
  assertEquals([8, 40, 5_000].map((attempt) => backoffMilliseconds(attempt, 1, RECONNECT_BACKOFF)), [
    10_000,
    10_000,
    10_000,
  ]);
});

Deno.test("connections that are lost as soon as they are made are tried ever more rarely", async () => {
  await using server = await startRedis();
  await using proxy = openTcpProxy(server);
  const attempts: number[] = [];
  await using one = openInstance(singleTo(proxy), {
    backoffMilliseconds: (attempt) => {
      attempts.push(attempt);
      return 1;
    },
  });
  for (let ups = 1; ups <= 4; ups++) {
    await eventually("another connection", () => one.links.filter(({ state }) => state === "up").length >= ups);
    proxy.cut();
  }
  await eventually("four waits", () => attempts.length >= 4);
  assert(attempts.every((attempt, index) => attempt === index + 1), `${attempts}`);
});
