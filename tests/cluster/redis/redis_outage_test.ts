// The link while Redis is away, frozen, slow, emptied or unwilling: it says so once, tries again, and comes back by
// itself. The sanitizers of Deno.test prove that nothing is left open.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Link } from "../../../src/cluster/notifier.ts";
import { accessRules } from "../../../src/cluster/redis/redis_scripts.ts";
import { eventually } from "../../support/eventually.ts";
import { HELLO_OF_A_PRIMARY, startLyingRedis } from "../../support/lying_redis.ts";
import { startRedis } from "../../support/redis_server.ts";
import { openTcpProxy } from "../../support/tcp_proxy.ts";
import { A, B, CHANNEL, connectionTo, openInstance, openUp, peerRecord, singleTo } from "./redis_notifying.ts";
import { announcementOf } from "../../support/announcement_of.ts";

/** The changes; that a link is down for a reason other than before is none. */
const states = (links: readonly Link[]) =>
  links.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1]);

/** Notices in tenths of a second an outage that takes seconds by default. */
const WATCHFUL = { heartbeatMilliseconds: 50, commandTimeoutMilliseconds: 300 };

Deno.test("a Redis that is killed and started again is reported to be down once and up once, and works again", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await server.kill();
  assertStringIncludes(await one.down(), `127.0.0.1:${server.port}`);
  const answer = await one.notifier.announce(announcementOf(A));
  assert(answer.kind === "failed" && answer.reason !== "", JSON.stringify(answer));
  await eventually("several attempts", () => {
    const link = one.notifier.link();
    return link.state === "down" && link.reason.includes("connection refused");
  });
  await server.restart();
  await one.up();
  assertEquals(states(one.links), ["up", "down", "up"]);
  assertEquals((await one.notifier.announce(announcementOf(A))).kind, "accepted");
  await one.hears(1);
});

Deno.test("a Redis that is away at the start is found when it comes", async () => {
  await using server = await startRedis();
  await server.kill();
  await using one = openInstance(singleTo(server));
  assertEquals(await one.down(), `No connection to Redis (127.0.0.1:${server.port}): connection refused`);
  await server.restart();
  await one.up();
  assertEquals(states(one.links), ["down", "up"]);
});

Deno.test("a Redis that freezes is noticed by both heartbeats and by commands, and found again when it runs on", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server), WATCHFUL);
  server.freeze();
  assertEquals(await one.down(), "Redis does not answer");
  server.thaw();
  await one.up();
  assertEquals(states(one.links), ["up", "down", "up"]);
  // Without heartbeats it is the command that notices.
  await using other = await openUp(singleTo(server), {
    ...WATCHFUL,
    heartbeatMilliseconds: 60_000,
    instance: "edge-2",
  });
  server.freeze();
  assertEquals(await other.notifier.head(), { ok: false, reason: "Redis does not answer" });
  await other.down();
  server.thaw();
  await other.up();
});

Deno.test("a Redis that is frozen from the start is down, and up when it runs on", async () => {
  await using server = await startRedis();
  server.freeze();
  await using one = openInstance(singleTo(server), WATCHFUL);
  assertEquals(await one.down(), `Redis does not answer (127.0.0.1:${server.port})`);
  server.thaw();
  await one.up();
});

Deno.test("a Redis that comes back empty has no head, and takes one above the highest seen", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await one.notifier.announce(announcementOf(A, null, { floor: 41 }));
  await server.kill();
  await one.down();
  await server.restart({ empty: true });
  await one.up();
  assertEquals(await one.notifier.head(), { ok: true, head: null });
  const answer = await one.notifier.announce(announcementOf(A, null, { floor: 42 }));
  assertEquals(answer.kind === "accepted" && answer.head.generation, 43);
});

Deno.test("a network that is cut, held back or too slow is noticed, and the link comes back with it", async () => {
  await using server = await startRedis();
  await using proxy = openTcpProxy(server);
  await using one = await openUp(singleTo(proxy), WATCHFUL);
  const afterwards = async (count: number) => {
    await eventually(
      "the link to come back",
      () => states(one.links).filter((state) => state === "up").length === count,
    );
    assertEquals((await one.notifier.head()).ok, true);
  };
  proxy.cut();
  await afterwards(2);
  proxy.holdBack();
  await one.down();
  proxy.letThrough();
  await afterwards(3);
  proxy.slowDown(400);
  await one.down();
  proxy.slowDown(0);
  await afterwards(4);
  proxy.slowDown(20);
  assertEquals((await one.notifier.head()).ok, true);
  assertEquals(states(one.links), ["up", "down", "up", "down", "up", "down", "up"]);
});

Deno.test("a password that is refused is reported, never shown, and tried until it is the right one", async () => {
  await using server = await startRedis({
    config: ["requirepass another"],
    cli: ["-a", "another", "--no-auth-warning"],
  });
  await using one = openInstance(singleTo(server, { password: "hunter2" }));
  assertEquals(await one.down(), "Redis refuses the user name or the password");
  await using without = openInstance(singleTo(server), { instance: "edge-2" });
  assertEquals(await without.down(), `Redis asks for a password and none is configured (127.0.0.1:${server.port})`);
  await server.cli("config", "set", "requirepass", "hunter2");
  await one.up();
  assertEquals(states(one.links), ["down", "up"]);
  assert(!JSON.stringify(one.links).includes("hunter2"));
});

Deno.test("a server that echoes a password in its error does not bring it into a reason", async () => {
  await using liar = startLyingRedis((words) =>
    `-ERR unknown command, with args beginning with: ${words.join(" ")}\r\n`
  );
  await using one = openInstance(singleTo(liar, { user: "edge", password: "hunter2" }));
  assertEquals(await one.down(), "Redis refuses the user name or the password");
});

Deno.test("a password for a server that has none is no obstacle, and nothing is written to the terminal of it", async () => {
  await using server = await startRedis();
  const { warn } = console;
  const warnings: unknown[] = [];
  console.warn = (...words) => warnings.push(words);
  try {
    await using one = await openUp(singleTo(server, { password: "hunter2" }));
    assertEquals((await one.notifier.head()).ok, true);
  } finally {
    console.warn = warn;
  }
  assertEquals(warnings, []);
});

Deno.test("rights that are lacking are named, and enough when they are given", async () => {
  await using server = await startRedis();
  const set = (...rules: string[]) => server.cli("acl", "setuser", "edge", "on", ">secret", ...rules);
  await set(...accessRules(CHANNEL), "resetchannels");
  await using one = openInstance(singleTo(server, { user: "edge", password: "secret" }), WATCHFUL);
  assertStringIncludes(await one.down(), "does not allow its user the channel");
  await set(...accessRules(CHANNEL));
  await one.up();
  await set("-xadd");
  const refused = await one.notifier.announce(announcementOf(A));
  const reason = "Redis does not allow its user a command of the scripts, ACL LOG says which";
  assertEquals(refused, { kind: "failed", reason });
  assertEquals(one.notifier.link().state, "up");
  await set("+xadd", "-eval", "-evalsha");
  assertEquals(await one.down(), "Redis does not allow its user the command evalsha");
  await set(...accessRules(CHANNEL), "resetkeys");
  await eventually("the keys to be missed", () => {
    const link = one.notifier.link();
    return link.state === "down" && link.reason === "Redis does not allow its user the channel's keys";
  });
});

Deno.test("a Redis without memory refuses an announcement and keeps the link, which says so, and sends nothing", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await server.cli("config", "set", "maxmemory", "1");
  const answer = await one.notifier.announce(announcementOf(A));
  const reason = "Redis is out of memory and takes no writes: raise its maxmemory, or remove other keys";
  assertEquals(answer, { kind: "failed", reason });
  // Reading works, and is no sign of better times.
  assertEquals((await one.notifier.head()).ok, true);
  assertEquals(one.notifier.link(), { state: "up", refuses: reason });
  await server.cli("config", "set", "maxmemory", "0");
  assertEquals((await one.notifier.announce(announcementOf(B))).kind, "accepted");
  await one.hears(1);
  assertEquals(one.heard.length, 1);
  assertEquals(states(one.links), ["up"]);
  assertEquals(one.notifier.link(), { state: "up" });
});

for (
  const [what, refuse, recover, reason] of [
    ["too few replicas", ["config", "set", "min-replicas-to-write", "1"], [
      "config",
      "set",
      "min-replicas-to-write",
      "0",
    ], "too few replicas"],
    [
      "a user without the right",
      ["acl", "setuser", "default", "-set"],
      ["acl", "setuser", "default", "+set"],
      "ACL LOG",
    ],
  ] as const
) {
  Deno.test(`${what}: the link is up and has the refusal, until Redis takes a record`, async () => {
    await using server = await startRedis();
    await using one = await openUp(singleTo(server));
    await server.cli(...refuse);
    assertEquals((await one.notifier.writeRecord(peerRecord("edge-1"))).ok, false);
    const link = one.notifier.link();
    assertStringIncludes(link.state === "up" ? link.refuses ?? "" : "", reason);
    await server.cli(...recover);
    assertEquals((await one.notifier.writeRecord(peerRecord("edge-1"))).ok, true);
    assertEquals(one.notifier.link(), { state: "up" });
  });
}

for (
  const [code, reason] of [
    ["MISCONF Errors writing to the AOF file: No space left on device", "cannot save its data"],
    ["BUSY Redis is busy running a script.", "busy with a script"],
  ] as const
) {
  Deno.test(`an answer of ${code.split(" ")[0]} to a record leaves the link up, and is reported with an advice`, async () => {
    let isRefusing = false;
    await using liar = startLyingRedis(([command]) => {
      if (command === "hello") return HELLO_OF_A_PRIMARY;
      if (command === "subscribe") return "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n";
      return isRefusing ? `-${code}\r\n` : "*0\r\n";
    });
    await using one = await openUp(singleTo(liar));
    isRefusing = true;
    const reported = await one.notifier.writeRecord(peerRecord("edge-1"));
    assertStringIncludes(reported.ok ? "" : reported.reason, reason);
    assertEquals(one.notifier.link(), { state: "up", refuses: reported.ok ? "" : reported.reason });
  });
}

Deno.test("a replica is no place to announce: the link is down until it is a primary, and again when it stops being one", async () => {
  await using primary = await startRedis();
  await using server = await startRedis({ config: [`replicaof ${primary.host} ${primary.port}`] });
  await using one = openInstance(singleTo(server));
  assertEquals(await one.down(), `Redis at 127.0.0.1:${server.port} is a replica, not a primary`);
  await server.cli("replicaof", "no", "one");
  await one.up();
  await server.cli("replicaof", primary.host, `${primary.port}`);
  await one.notifier.announce(announcementOf(A));
  assertStringIncludes(await one.down(), "replica");
});

for (
  const [code, reason] of [
    ["LOADING Redis is loading the dataset in memory", "Redis is still loading its data"],
    ["MASTERDOWN Link with MASTER is down", "Redis is a replica that lost its primary"],
    ["READONLY You can't write against a read only replica.", "Redis is a replica, which takes no announcements"],
    ["CLUSTERDOWN Hash slot not served", "The Redis Cluster is down, or no node has the channel's slot"],
    ["FANCY \u001b[31mnews", "Redis answered: FANCY [31mnews"],
  ] as const
) {
  Deno.test(`an answer of ${code.split(" ")[0]} is a link that is down, in an operator's words`, async () => {
    await using liar = startLyingRedis(([command]) => command === "hello" ? HELLO_OF_A_PRIMARY : `-${code}\r\n`);
    await using one = openInstance(singleTo(liar));
    assertEquals(await one.down(), reason);
    await one.notifier[Symbol.asyncDispose]();
    assertEquals(states(one.links), ["down"]);
  });
}

Deno.test("a server that answers the scripts with other things is no Redis", async () => {
  await using liar = startLyingRedis(([command]) => command === "hello" ? HELLO_OF_A_PRIMARY : ":7\r\n");
  await using one = openInstance(singleTo(liar));
  assertEquals(await one.down(), "The server is not Redis");
});

Deno.test("a server that answers with an impossible head while the link is up is noticed by the heartbeat", async () => {
  let isLying = false;
  const lie = `*6\r\n$4\r\nhead\r\n$1\r\n0\r\n$1\r\nf\r\n$1\r\nx\r\n$1\r\n0\r\n:0\r\n`;
  await using liar = startLyingRedis(([command]) => {
    if (command === "hello") return HELLO_OF_A_PRIMARY;
    if (command === "subscribe") return "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n";
    if (command === "ping") return "*2\r\n$4\r\npong\r\n$0\r\n\r\n";
    return isLying ? lie : "*0\r\n";
  });
  await using one = await openUp(singleTo(liar), { heartbeatMilliseconds: 20 });
  isLying = true;
  assertEquals(await one.down(), "The server is not Redis");
  isLying = false;
  await one.up();
});

Deno.test("a Sentinel in the place of a Redis is recognised", async () => {
  await using server = await startRedis({ sentinel: true });
  await using one = openInstance(singleTo(server));
  assertEquals(await one.down(), `Redis at 127.0.0.1:${server.port} is a Sentinel, which needs a serviceName`);
});

Deno.test("a host name and a unix socket that are not there are reported by name", async () => {
  await using one = openInstance(singleTo({ host: "no-such-host.invalid", port: 6379 }));
  assertEquals(await one.down(), "No connection to Redis (no-such-host.invalid:6379): no such host");
  await using other = openInstance(connectionTo({ kind: "single", endpoint: { path: "/no/such.sock" } }));
  assertEquals(await other.down(), "No connection to Redis (/no/such.sock): no such socket");
});
