// Sources in Redis: how long they stay, values of other clients, and the cost of a transfer for the link.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { MAX_SOURCE_BYTES, type StoredSource } from "../../../src/cluster/stored_source.ts";
import { keysOf } from "../../../src/cluster/redis/redis_scripts.ts";
import { eventually } from "../../support/eventually.ts";
import { HELLO_OF_A_PRIMARY, startLyingRedis } from "../../support/lying_redis.ts";
import { startRedis } from "../../support/redis_server.ts";
import { A, B, CHANNEL, openUp, singleTo } from "./redis_notifying.ts";

const KEY = `${keysOf(CHANNEL).sourcePrefix}${A}`;
const SOURCE: StoredSource = { format: "hcl", bytes: new Uint8Array([1, 2, 3]) };
const SUBSCRIBED = "*3\r\n$9\r\nsubscribe\r\n$20\r\nhonua:config:changes\r\n:1\r\n";

Deno.test("a source stays for thirty days after it was put last, and leaves no connection behind", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  assertEquals(await one.notifier.putSource(A, SOURCE), { ok: true });
  await server.cli("pexpire", KEY, "1000000");
  assertEquals(await one.notifier.putSource(A, SOURCE), { ok: true });
  const life = Number(await server.cli("pttl", KEY));
  assert(life > 29 * 86_400_000 && life <= 30 * 86_400_000, `${life}`);
  assertEquals(await one.notifier.source(A), { ok: true, source: SOURCE });
  await eventually("redis-cli and the two connections of the session", async () => {
    return (await server.cli("client", "list")).trim().split("\n").length === 3;
  });
});

Deno.test("the largest source passes, and its link stays up", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server), { heartbeatMilliseconds: 5 });
  const bytes = new Uint8Array(MAX_SOURCE_BYTES).fill(0xff);
  assertEquals(await one.notifier.putSource(A, { format: "json", bytes }), { ok: true });
  const read = await one.notifier.source(A);
  assertEquals(read.ok && [read.source?.format, read.source?.bytes.length], ["json", MAX_SOURCE_BYTES]);
  assertEquals(await server.cli("append", KEY, "x"), `${MAX_SOURCE_BYTES + 2}`);
  assertEquals(await one.notifier.source(A), { ok: true, source: null });
  assertEquals(one.links, [{ state: "up" }]);
});

Deno.test("a value of another form is no source, and a source takes its place", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  for (const command of [["set", KEY, ""], ["set", KEY, "xyz"], ["rpush", KEY, "h"], ["hset", KEY, "h", "h"]]) {
    await server.cli("del", KEY);
    await server.cli(...command);
    assertEquals(await one.notifier.source(A), { ok: true, source: null }, command.join(" "));
    assertEquals(await one.notifier.putSource(A, SOURCE), { ok: true });
    assertEquals(await one.notifier.source(A), { ok: true, source: SOURCE });
  }
});

Deno.test("a transfer uses the password that counts now, though the link is up with the one before", async () => {
  await using server = await startRedis();
  for (const password of ["old", "new"]) {
    await server.cli("acl", "setuser", "edge", "on", `>${password}`, "allcommands", "~*", "&*");
  }
  let password = "old";
  const renew = () => Promise.resolve(singleTo(server, { user: "edge", password }));
  await using one = await openUp(await renew(), { renew });
  password = "new";
  await server.cli("acl", "setuser", "edge", "<old");
  assertEquals(await one.notifier.putSource(A, SOURCE), { ok: true });
  assertEquals(one.links, [{ state: "up" }]);
});

Deno.test("a full Redis refuses a source with its reason, and still has the others", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await one.notifier.putSource(A, SOURCE);
  await server.cli("config", "set", "maxmemory", "1");
  const answer = await one.notifier.putSource(B, SOURCE);
  assertMatch(answer.ok ? "" : answer.reason, /out of memory/);
  assertEquals(await one.notifier.source(A), { ok: true, source: SOURCE });
});

Deno.test("a transfer that is answered by too much, by something else or not at all ends, and costs the link nothing", async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [`$${MAX_SOURCE_BYTES + 100}\r\n`, /sent a reply of more than \d+ bytes/],
    [":7\r\n", /The server is not Redis/],
    ["$-1\r\n", /The server is not Redis/],
    ["-NOPERM User x has no permissions to run the 'getrange' command\r\n", /does not allow its user the command/],
    ["", /does not answer/],
  ];
  for (const [answer, reason] of cases) {
    await using liar = startLyingRedis(([command = ""]) => {
      if (command === "hello") return HELLO_OF_A_PRIMARY;
      if (command === "subscribe") return SUBSCRIBED;
      return command === "set" || command === "getrange" ? answer : "*0\r\n";
    });
    await using one = await openUp(singleTo(liar), { transferTimeoutMilliseconds: 200 });
    for (const transfer of [one.notifier.source(A), one.notifier.putSource(A, SOURCE)]) {
      const answered = await transfer;
      assertMatch(answered.ok ? "" : answered.reason, reason);
    }
    assertEquals(one.links, [{ state: "up" }]);
  }
});
