// The answers of a fake Redis cost agreement for as long as it runs: afterwards instances of one source agree, nobody
// announces without end, and the state kept for the next start is whole.
import { assert, assertEquals } from "@std/assert";
import { commonHash, openClusterInstance } from "../support/cluster_instance.ts";
import { eventually } from "../support/eventually.ts";
import { HELLO_OF_A_PRIMARY, startLyingRedis } from "../support/lying_redis.ts";
import { type RedisServer, startRedis } from "../support/redis_server.ts";
import { openTcpProxy } from "../support/tcp_proxy.ts";

const HISTORY = "{honua:config:changes}:history";

/** RESP 2. */
const arrayOf = (...words: readonly string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;

/** A server that gives this answer to every script; `asked` counts them. */
function startFake(answer: string) {
  let asked = 0;
  const server = startLyingRedis(([command = ""]) => {
    if (command === "hello") return HELLO_OF_A_PRIMARY;
    if (command === "subscribe") return "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n";
    if (command !== "evalsha") return "+PONG\r\n";
    asked++;
    return answer;
  });
  return { ...server, asked: () => asked };
}

/** Beyond any real count. */
const LIE = arrayOf("head", "9007199254740991", "f".repeat(64), "0123456789ab", "0", "0", "");

Deno.test("after a fake Redis said a generation out of bounds, two instances agree on the honest one, and its count rests", async () => {
  await using honest = await startRedis();
  await using fake = startFake(LIE);
  const target = { host: honest.host, port: honest.port };
  await using proxy = openTcpProxy(target);
  const redis = `${proxy.host}:${proxy.port}`;
  await using editor = await openClusterInstance({ name: "editor", redis });
  await using follower = await openClusterInstance({ name: "follower", redis, follows: editor });
  const both = [editor, follower];
  await Promise.all(both.map((one) => one.agrees()));
  const meet = ({ host, port }: { readonly host: string; readonly port: number }) => {
    Object.assign(target, { host, port });
    proxy.cut();
  };
  meet(fake);
  await eventually("both have asked the fake one", () => fake.asked() > 6);
  await editor.edit("second");
  await editor.runs("second");
  meet(honest);
  await Promise.all(both.map((one) => one.agrees(2)));
  await commonHash(both);
  const announced = await honest.cli("xlen", HISTORY);
  await asksOftener(honest, 6);
  assertEquals(await honest.cli("xlen", HISTORY), announced);
  await follower.kill();
  const kept = JSON.parse(await Deno.readTextFile(`${follower.directory}/snapshot/honua-configd.state.json`));
  assert(kept.seen <= 2 ** 52, `${kept.seen}`);
  follower.restart();
  await follower.agrees();
  assertEquals(follower.entriesOf("The previous state does not count"), []);
});

/**
 * Waits until the server has run this many scripts more: heads are read at every reconciliation and every heartbeat.
 */
async function asksOftener(server: RedisServer, times: number): Promise<void> {
  const count = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await server.cli("info", "commandstats"))?.[1]);
  const from = await count();
  await eventually("more scripts", async () => await count() >= from + times, 30_000);
}
