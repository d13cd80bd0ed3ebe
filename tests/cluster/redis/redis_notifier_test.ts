// The default times of a notifier, by the process's timers turned by hand, and the reason with which a connection ends.
// The server answers as a test wants, over real connections.
import { assertEquals } from "@std/assert";
import { dial } from "../../../src/cluster/redis/redis_notifier.ts";
import type { RedisTls } from "../../../src/cluster/redis/redis_connection.ts";
import { turn, withFakeTimeouts } from "../../support/fake_clock.ts";
import { HELLO_OF_A_PRIMARY, type LyingRedis, startLyingRedis } from "../../support/lying_redis.ts";
import { CHANNEL, openInstance, openUp, peerRecord, singleTo } from "./redis_notifying.ts";

const ANSWERS: Readonly<Record<string, string>> = {
  hello: HELLO_OF_A_PRIMARY,
  subscribe: "*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n",
  ping: "*2\r\n$4\r\npong\r\n$0\r\n\r\n",
};

interface Primary extends LyingRedis {
  isMute: boolean;
  pings: number;
}

/** A primary without a head, which goes mute when a test wants it to. */
function startPrimary(): Primary {
  const state = { isMute: false, pings: 0 };
  const liar = startLyingRedis(([command = ""]) => {
    if (command === "ping") state.pings++;
    return state.isMute ? "" : ANSWERS[command] ?? "*0\r\n";
  });
  return Object.assign(state, liar);
}

/** Waits for work that needs no timer. */
async function until(what: string, isThere: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!isThere()) {
    if (performance.now() > deadline) throw new Error(`not within 10 s: ${what}`);
    await turn();
  }
}

/** Whether a promise has resolved one millisecond before a moment, and then. */
async function boundOf(
  promise: Promise<unknown>,
  timers: { tick(milliseconds: number): unknown },
  milliseconds: number,
): Promise<boolean> {
  let isOver = false;
  promise.then(() => isOver = true);
  timers.tick(milliseconds - 1);
  await turn();
  const wasOver = isOver;
  timers.tick(1);
  await until("the end", () => isOver);
  return wasOver;
}

Deno.test("connections are proven every ten seconds, a command may take five, and leaving half a second", async () => {
  await withFakeTimeouts(async (timers) => {
    await using server = startPrimary();
    const one = openInstance(singleTo(server));
    await until("the link", () => one.notifier.link().state === "up");
    await one.notifier.writeRecord(peerRecord("edge-1"));
    timers.tick(9_999);
    await turn();
    assertEquals(server.pings, 0);
    timers.tick(1);
    await until("a heartbeat", () => server.pings === 1);
    assertEquals((await one.notifier.head()).ok, true);
    server.isMute = true;
    const asking = one.notifier.head();
    assertEquals(await boundOf(asking, timers, 5_000), false);
    assertEquals(await asking, { ok: false, reason: "Redis does not answer" });
    await until("the loss", () => one.notifier.link().state === "down");
    server.isMute = false;
    timers.tick(20);
    await until("the link", () => one.notifier.link().state === "up");
    server.isMute = true;
    assertEquals(await boundOf(one.notifier[Symbol.asyncDispose]() as Promise<void>, timers, 500), false);
    assertEquals(timers.countTimers(), 0);
  });
});

Deno.test("the first wait between connections lasts fifty milliseconds and as much as chance adds", async () => {
  await withFakeTimeouts(async (timers) => {
    await using server = startPrimary();
    const connection = singleTo(server);
    let opened = 0;
    const refused = () => (opened++, Promise.reject(new Error("refused")));
    const one = openInstance(connection, { renew: refused, random: () => 0.5, backoffMilliseconds: undefined! });
    await until("the first failure", () => one.links.length === 1);
    await until("the wait", () => timers.countTimers() === 1);
    timers.tick(74);
    await turn();
    assertEquals(opened, 1);
    timers.tick(1);
    await until("the second attempt", () => opened === 2);
    await one.notifier[Symbol.asyncDispose]();
  });
});

Deno.test("only a plain connection that ended by itself before any answer hints at the server's expectation", async () => {
  const options = (signal: AbortSignal, tls: RedisTls | null = null) => ({
    connection: singleTo({ host: "127.0.0.1", port: 1 }, { tls }),
    signal,
    commandMilliseconds: 60_000,
    heard: undefined,
  });
  const closed = (port: number) => `The connection to Redis was closed (127.0.0.1:${port})`;
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const endpoint = { host: "127.0.0.1", port: listener.addr.port };
  const mute = await dial(endpoint, options(new AbortController().signal));
  (await listener.accept()).close();
  const advice = ", before any answer: if it expects TLS, write ssl=true or rediss:// in the connection string";
  assertEquals(await mute.closed, closed(endpoint.port) + advice);
  const ending = new AbortController();
  const unwanted = await dial(endpoint, options(ending.signal));
  using _accepted = await listener.accept();
  ending.abort();
  assertEquals(await unwanted.closed, closed(endpoint.port));
  // A handshake that is over is an answer.
  const { startTls } = Deno;
  const secure = { handshake: () => Promise.resolve(), read: () => Promise.resolve(null), close: () => {} };
  (Deno as { startTls: unknown }).startTls = (plain: Deno.TcpConn) => (plain.close(), Promise.resolve(secure));
  try {
    const tls: RedisTls = { host: null, ca: null, certificate: null, key: null };
    const over = await dial(endpoint, options(new AbortController().signal, tls));
    assertEquals(await over.closed, closed(endpoint.port));
  } finally {
    (Deno as { startTls: unknown }).startTls = startTls;
  }
});

Deno.test("a server is asked only for the needs of an instance", async () => {
  const asked: string[] = [];
  await using server = startLyingRedis(([command = "", ...words]) => {
    // Of a script how many keys it has and, if it writes a record, for how many milliseconds.
    asked.push([command, ...command === "evalsha" ? [words[1], words[8]] : words].join(" ").trim());
    return ANSWERS[command] ?? "*0\r\n";
  });
  await using one = await openUp(singleTo(server));
  await one.notifier.writeRecord(peerRecord("edge-1"));
  const wanted = ["hello", "hello", `subscribe ${CHANNEL}`, "evalsha 1", "evalsha 4 90000"];
  assertEquals(asked.sort(), wanted.sort());
});
