// A hostile server in place of Redis costs the link and no more: no exception reaches the process, the reason names the
// address, and the next try comes with backoff.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { probeRedis } from "../../../src/cluster/redis/redis_probe.ts";
import { eventually } from "../../support/eventually.ts";
import { HELLO_OF_A_PRIMARY, type LyingRedis, startLyingRedis } from "../../support/lying_redis.ts";
import { CHANNEL, connectionTo, openInstance, singleTo } from "./redis_notifying.ts";

const SUBSCRIBED = "*3\r\n$9\r\nsubscribe\r\n$20\r\nhonua:config:changes\r\n:1\r\n";

/** A primary that answers one command wrongly. */
function primaryBut(command: string, answer: string): LyingRedis {
  const answers: Record<string, string> = { hello: HELLO_OF_A_PRIMARY, evalsha: "*0\r\n", subscribe: SUBSCRIBED };
  return startLyingRedis(([asked = ""]) => asked === command ? answer : answers[asked] ?? "+PONG\r\n");
}

const HOSTILE: readonly (readonly [string, string, RegExp])[] = [
  ["nested arrays", "*1\r\n".repeat(4_000), /nested deeper than/],
  ["an array of four thousand million", "*4000000000\r\n", /more than \d+ elements/],
  ["an array too long for the language", "*99999999999\r\n", /more than \d+ elements/],
  ["a string of 8 GiB", "$8589934592\r\n", /more than \d+ bytes/],
  ["a line without end", `+${"x".repeat(100_000)}`, /a line of more than/],
  ["an invalid number", ":\r\n", /something else/],
  ["a negative length", "$-2\r\n", /something else/],
  ["RESP 3", "%1\r\n+mode\r\n+standalone\r\n", /something else/],
  ["TLS", "\x15\x03\x01\x00\x02\x02\x0a", /TLS: write ssl=true/],
  ["HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", /HTTP/],
];

for (const command of ["hello", "evalsha", "subscribe"]) {
  Deno.test(`a reply to ${command} that is over a limit or not RESP cuts the connection, and the reason describes it`, async () => {
    for (const [what, answer, reason] of HOSTILE) {
      // A connection that hears messages lets the rest of a string go, and waits for its end.
      if (command === "subscribe" && answer.startsWith("$8")) continue;
      await using liar = primaryBut(command, answer);
      await using one = openInstance(singleTo(liar));
      const reported = await one.down();
      assertStringIncludes(reported, `Redis (127.0.0.1:${liar.port}) sent `, what);
      assertMatch(reported, reason, what);
    }
  });
}

Deno.test("a reply of a wrong form, and one to no request, cut the connection", async () => {
  const cases: readonly (readonly [string, string])[] = [
    ["subscribe", "$-1\r\n"],
    ["subscribe", ":1\r\n"],
    ["subscribe", "*0\r\n"],
    ["subscribe", `${SUBSCRIBED}*0\r\n`],
    ["subscribe", `${SUBSCRIBED}*1\r\n$-1\r\n`],
    ["subscribe", `${SUBSCRIBED}*1\r\n$9\r\nsubscribe\r\n`],
    ["subscribe", `${SUBSCRIBED}*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n`],
    ["subscribe", `${SUBSCRIBED}*3\r\n$7\r\nmessage\r\n$-1\r\n$-1\r\n`],
    ["subscribe", `${SUBSCRIBED}*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n:5\r\n`],
    ["subscribe", `${SUBSCRIBED}*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n*1\r\n:5\r\n`],
    ["hello", `${HELLO_OF_A_PRIMARY}$-1\r\n`],
    ["hello", HELLO_OF_A_PRIMARY + "+OK\r\n".repeat(50_000)],
  ];
  for (const [command, answer] of cases) {
    await using liar = primaryBut(command, answer);
    // ioredis forgets the command at whose answer it failed, which then ends by its limit.
    await using one = openInstance(singleTo(liar), { commandTimeoutMilliseconds: 200 });
    assertStringIncludes(await one.down(), "sent an answer that it was not asked for", JSON.stringify(answer));
  }
  for (const hello of ["*0\r\n", "+OK\r\n", "*2\r\n$4\r\nmode\r\n$-1\r\n"]) {
    await using liar = primaryBut("hello", hello);
    await using one = openInstance(singleTo(liar));
    assertEquals(await one.down(), `The server at 127.0.0.1:${liar.port} is not Redis`);
  }
});

Deno.test("each try at a hostile server counts as a failure in a row, and closes its connections", async () => {
  await using liar = primaryBut("hello", "*1\r\n".repeat(4_000));
  const attempts: number[] = [];
  await using one = openInstance(singleTo(liar), {
    backoffMilliseconds: (attempt) => {
      attempts.push(attempt);
      return 10;
    },
  });
  await eventually("five tries", () => attempts.length >= 5);
  assertEquals(attempts.slice(0, 5), [1, 2, 3, 4, 5]);
  assertEquals(one.links.length, 1);
});

Deno.test("a message over the limit counts as an invalid one, and does not cut the connection", async () => {
  await using liar = primaryBut(
    "subscribe",
    `${SUBSCRIBED}*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$9000000\r\n${"/".repeat(9_000_000)}\r\n`,
  );
  await using one = openInstance(singleTo(liar));
  await eventually("the message", () => one.heard.length > 0);
  assertEquals(one.heard, [{ kind: "invalid", why: "It is too long" }]);
  assertEquals(one.links, [{ state: "up" }]);
});

Deno.test("Sentinels and the doctor are guarded as well", async () => {
  const options = { channel: CHANNEL, instance: "edge-1", signal: AbortSignal.timeout(20_000) };
  for (const [what, answer, reason] of HOSTILE) {
    await using liar = startLyingRedis(() => answer);
    const servers = { kind: "sentinel", serviceName: "edge", endpoints: [liar] } as const;
    await using one = openInstance(connectionTo(servers));
    assertMatch(await one.down(), reason, what);
    const probed = await probeRedis({ ...options, connection: singleTo(liar), commandMilliseconds: 5_000 });
    assertMatch(probed.ok ? "" : probed.reason, reason, what);
  }
  const address = "*2\r\n$10\r\nbad\u001b[31m;h\r\n$4\r\n6379\r\n";
  await using liar = startLyingRedis(() => address);
  await using one = openInstance(connectionTo({ kind: "sentinel", serviceName: "edge", endpoints: [liar] }));
  assertMatch(await one.down(), /^Sentinel at \S+ does not know the service$/);
});

Deno.test("garbage in reply to the doctor's requests leaves a fact unknown, and throws nothing", async () => {
  const options = { channel: CHANNEL, instance: "edge-1", signal: AbortSignal.timeout(20_000) };
  for (const garbage of ["*2\r\n$2\r\n[]\r\n:7\r\n", "*1\r\n*1\r\n$-1\r\n", "$-1\r\n", '$5\r\n{"a":\r\n']) {
    await using liar = startLyingRedis(([command]) => command === "hello" ? HELLO_OF_A_PRIMARY : garbage);
    const probed = await probeRedis({ ...options, connection: singleTo(liar), commandMilliseconds: 5_000 });
    assert(probed.ok, JSON.stringify(probed));
    assertEquals([probed.facts.version, probed.facts.memory], [null, null]);
  }
});

Deno.test("an error before any request is explained if it is known, and never quoted", async () => {
  const cases = [
    ["ERR max number of clients reached", "Redis takes no more connections: raise its maxclients (ADDRESS)"],
    ["ERR with args: hunter2", "Redis (ADDRESS) sent an answer that it was not asked for: is this address a Redis?"],
  ] as const;
  for (const [error, reason] of cases) {
    await using liar = primaryBut("auth", `+OK\r\n-${error}\r\n`);
    await using one = openInstance(singleTo(liar, { password: "hunter2" }));
    assertEquals(await one.down(), reason.replace("ADDRESS", `127.0.0.1:${liar.port}`));
  }
});

Deno.test("servers that send an instance on are followed five times, and no further", async () => {
  let asked = 0;
  let port = 0;
  await using liar = startLyingRedis(([command]) => {
    if (command === "hello") return HELLO_OF_A_PRIMARY;
    asked++;
    return `-MOVED 1 127.0.0.1:${port}\r\n`;
  });
  port = liar.port;
  await using one = openInstance(singleTo(liar), { backoffMilliseconds: () => 60_000 });
  await one.down();
  assertEquals(asked, 6);
});

Deno.test("both connections are proven to be alive again and again", async () => {
  let pings = 0;
  let reads = 0;
  await using liar = startLyingRedis(([command]) => {
    if (command === "hello") return HELLO_OF_A_PRIMARY;
    if (command === "subscribe") return SUBSCRIBED;
    if (command === "ping") pings++;
    else reads++;
    return command === "ping" ? "*2\r\n$4\r\npong\r\n$0\r\n\r\n" : "*0\r\n";
  });
  await using one = openInstance(singleTo(liar), { heartbeatMilliseconds: 5 });
  await eventually("several heartbeats", () => pings >= 4 && reads >= 5);
  assertEquals(one.links, [{ state: "up" }]);
});

Deno.test("a heartbeat that is refused for a moment costs the link nothing", async () => {
  let isBusy = false;
  let refusals = 0;
  await using liar = startLyingRedis(([command]) => {
    if (command === "hello") return HELLO_OF_A_PRIMARY;
    if (command === "subscribe") return SUBSCRIBED;
    if (command === "ping") return "*2\r\n$4\r\npong\r\n$0\r\n\r\n";
    if (!isBusy) return "*0\r\n";
    refusals++;
    return "-BUSY Redis is busy running a script.\r\n";
  });
  await using one = openInstance(singleTo(liar), { heartbeatMilliseconds: 5 });
  await one.up();
  isBusy = true;
  await eventually("several refusals", () => refusals >= 3);
  assertEquals(one.links, [{ state: "up" }]);
});
