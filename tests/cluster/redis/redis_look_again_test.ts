// Messages that make all look again are paths, which do not name their sender: an instance knows its own anyway,
// and takes no other message for one.
import { assertEquals } from "@std/assert";
import { eventually } from "../../support/eventually.ts";
import { startRedis } from "../../support/redis_server.ts";
import { HELLO_OF_A_PRIMARY, startLyingRedis } from "../../support/lying_redis.ts";
import { CHANNEL, type Instance, openUp, singleTo } from "./redis_notifying.ts";

const PATH = "/etc/honua/config.hcl";

/** Of each path that was heard, whether it counted as an own one. */
const owns = ({ heard }: Instance) => heard.flatMap((message) => message.kind === "look-again" ? [message.own] : []);

Deno.test("a path that an instance sent is its own, once, and another's for everybody else", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server), { instance: "edge-1" });
  await using other = await openUp(singleTo(server), { instance: "edge-2" });
  assertEquals(await one.notifier.lookAgain(PATH), { ok: true, delivered: 1 });
  await eventually("the own path", () => owns(one).length === 1 && owns(other).length === 1);
  await server.cli("publish", CHANNEL, PATH);
  assertEquals(await other.notifier.lookAgain(PATH), { ok: true, delivered: 1 });
  await eventually("two more", () => owns(one).length === 3 && owns(other).length === 3);
  assertEquals(owns(one), [true, false, false]);
  assertEquals(owns(other).filter((own) => own).length, 1);
});

Deno.test("a path other than the one that was sent is another's", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await server.cli("publish", CHANNEL, "/etc/honua/other.hcl");
  await one.notifier.lookAgain(PATH);
  await eventually("both", () => owns(one).length === 2);
  assertEquals(owns(one), [false, true]);
});

Deno.test("a request that was not sent is not waited for", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await server.kill();
  await one.down();
  assertEquals((await one.notifier.lookAgain(PATH)).ok, false);
  await server.restart();
  await one.up();
  await server.cli("publish", CHANNEL, PATH);
  await eventually("the path", () => owns(one).length === 1);
  assertEquals(owns(one), [false]);
});

Deno.test("an own path that was lost with the link is not waited for on the next one", async () => {
  let isLost = false;
  let subscriptions = 0;
  const subscribed = `*3\r\n$9\r\nsubscribe\r\n$${CHANNEL.length}\r\n${CHANNEL}\r\n:1\r\n`;
  const message = `*3\r\n$7\r\nmessage\r\n$${CHANNEL.length}\r\n${CHANNEL}\r\n$${PATH.length}\r\n${PATH}\r\n`;
  await using liar = startLyingRedis(([command]) => {
    if (command === "hello") return HELLO_OF_A_PRIMARY;
    if (command === "publish") return ":1\r\n";
    if (command === "ping") return "*2\r\n$4\r\npong\r\n$0\r\n\r\n";
    // The message that a second subscriber hears is another's.
    if (command === "subscribe") return ++subscriptions === 1 ? subscribed : subscribed + message;
    return isLost ? ":7\r\n" : "*0\r\n";
  });
  await using one = await openUp(singleTo(liar), { heartbeatMilliseconds: 20, commandTimeoutMilliseconds: 60_000 });
  assertEquals((await one.notifier.lookAgain(PATH)).ok, true);
  isLost = true;
  await one.down();
  isLost = false;
  await eventually("the path", () => owns(one).length === 1);
  assertEquals(owns(one), [false]);
});
