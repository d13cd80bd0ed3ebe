// The limit of connecting, the end of a connection that comes too late, the function of Deno that makes it, and the
// bytes that pass the guard. The function is replaced, because no network hangs when a test wants it to.
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { RedisEndpoint } from "../../../src/cluster/redis/connection_string.ts";
import type { RedisTls } from "../../../src/cluster/redis/redis_connection.ts";
import { connectStream, guardStream } from "../../../src/cluster/redis/redis_stream.ts";
import { countedSignal } from "../../support/counted_signal.ts";
import { makeAuthority } from "../../support/certificates.ts";
import { turn, withFakeTimeouts } from "../../support/fake_clock.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const HERE = { host: "h", port: 1 };
const LATE = "No connection to Redis (h:1) within 1000 ms";

/** Replaces some of Deno's functions while the body runs. */
async function replacing(functions: Record<string, unknown>, body: () => Promise<void>): Promise<void> {
  const deno = Deno as unknown as Record<string, unknown>;
  const before = Object.keys(functions).map((name) => [name, deno[name]] as const);
  Object.assign(deno, functions);
  try {
    await body();
  } finally {
    for (const [name, original] of before) deno[name] = original;
  }
}

/** A connection that says nothing, and the calls on it. */
function silent(more: Record<string, unknown> = {}) {
  const calls: string[] = [];
  const connection = {
    setNoDelay: (on: boolean) => calls.push(`no delay ${on}`),
    read: () => new Promise(() => {}),
    close: () => calls.push("closed"),
    ...more,
  };
  return { calls, connection };
}

/** An attempt within a second, with how it ended so far. */
function connecting(signal = countedSignal().signal, tls: RedisTls | null = null, endpoint: RedisEndpoint = HERE) {
  const state = { outcome: "waiting" };
  const attempt = connectStream(endpoint, { tls, limitMilliseconds: 1_000, signal });
  const ended = attempt.then((stream) => {
    state.outcome = "connected";
    stream.destroy();
  }, (error) => void (state.outcome = (error as Error).message));
  return { state, ended };
}

Deno.test("connecting is given up at its limit, and an unwanted attempt is waited for a fifth of a second", async () => {
  await withFakeTimeouts(async (timers) => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    await replacing({ connect: () => promise }, async () => {
      const { signal, listeners } = countedSignal();
      const { state, ended } = connecting(signal);
      const outcomes: string[] = [];
      for (const step of [999, 1, 199, 1]) {
        timers.tick(step);
        await turn();
        outcomes.push(state.outcome);
      }
      assertEquals(outcomes, ["waiting", "waiting", "waiting", LATE]);
      await ended;
      assertEquals([timers.countTimers(), listeners()], [0, 0]);
      const { connection, calls } = silent();
      resolve(connection);
      await turn();
      assertEquals(calls, ["closed"]);
    });
  });
});

Deno.test("the stream of an attempt that was given up is closed, and its failure has no effect", async () => {
  await withFakeTimeouts(async (timers) => {
    const { connection, calls } = silent();
    const late: ((coming: PromiseWithResolvers<unknown>) => void)[] = [
      ({ resolve }) => resolve(connection),
      ({ reject }) => reject(new Error("too late")),
    ];
    for (const come of late) {
      const coming = Promise.withResolvers<unknown>();
      await replacing({ connect: () => coming.promise }, async () => {
        const { signal, abort, listeners } = countedSignal();
        const { state, ended } = connecting(signal);
        abort();
        await turn();
        assertEquals(state.outcome, "waiting");
        come(coming);
        await ended;
        assertEquals([state.outcome, timers.countTimers(), listeners()], ["The notifier is closed", 0, 0]);
      });
    }
    assertEquals(calls, ["closed"]);
  });
});

Deno.test("an attempt that is refused, or that nobody wants from the start, ends at once", async () => {
  await withFakeTimeouts(async (timers) => {
    await replacing({ connect: () => Promise.reject(new Error("refused")) }, async () => {
      const { state, ended } = connecting();
      await ended;
      assertEquals([state.outcome, timers.countTimers()], ["refused", 0]);
    });
    await replacing({ connect: () => new Promise(() => {}) }, async () => {
      const { signal, abort } = countedSignal();
      abort();
      const unwanted = connecting(signal);
      await turn();
      timers.tick(200);
      await unwanted.ended;
      assertEquals([unwanted.state.outcome, timers.countTimers()], ["The notifier is closed", 0]);
    });
  });
});

Deno.test("a connection sends without delay, ends with its stream, and leaves neither timer nor listener", async () => {
  await withFakeTimeouts(async (timers) => {
    const { connection, calls } = silent();
    await replacing({ connect: () => Promise.resolve(connection) }, async () => {
      const { signal, listeners } = countedSignal();
      const { state, ended } = connecting(signal);
      await ended;
      await turn();
      assertEquals([state.outcome, calls], ["connected", ["no delay true", "closed"]]);
      assertEquals([timers.countTimers(), listeners()], [0, 0]);
    });
  });
});

const PLAIN: RedisTls = { host: null, ca: null, certificate: null, key: null };
const CLIENT = { certificate: "CERTIFICATE", key: "KEY" };

Deno.test("a chunk stays as it was when the next one is read", async () => {
  const texts = ["first", "other"];
  const read = (into: Uint8Array) => {
    const text = texts.shift();
    return text === undefined ? new Promise(() => {}) : Promise.resolve(Buffer.from(into.buffer).write(text));
  };
  await replacing({ connect: () => Promise.resolve(silent({ read }).connection) }, async () => {
    const { signal } = countedSignal();
    const stream = await connectStream(HERE, { tls: null, limitMilliseconds: 1_000, signal });
    const { promise: all, resolve } = Promise.withResolvers<void>();
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => {
      if (chunks.push(chunk) === 2) resolve();
    });
    await all;
    assertEquals(chunks.map(String), ["first", "other"]);
    stream.destroy();
  });
});

Deno.test("TLS is asked for under the name that is wanted, with the authority and the certificate that there are", async () => {
  const asked: unknown[] = [];
  const ask = (name: string) => (...args: unknown[]) => {
    asked.push([name, args.at(-1)]);
    return Promise.reject(new Error("asked"));
  };
  const connect = () => Promise.resolve(silent().connection);
  await replacing({ connect, startTls: ask("start"), connectTls: ask("connect") }, async () => {
    const cases: readonly Partial<RedisTls>[] = [{}, { host: "n" }, { ca: "CA" }, CLIENT, { ...CLIENT, host: "h" }, {
      ...CLIENT,
      ca: "CA",
    }];
    for (const tls of cases) {
      const { state, ended } = connecting(undefined, { ...PLAIN, ...tls });
      await ended;
      assertEquals(state.outcome, "asked");
    }
    const { state, ended } = connecting(undefined, PLAIN, { path: "/run/redis.sock" });
    await ended;
    assertEquals(state.outcome, "TLS over a unix socket is not supported");
  });
  const identity = { hostname: "h", port: 1, cert: "CERTIFICATE", key: "KEY" };
  assertEquals(asked, [
    ["start", { hostname: "h" }],
    ["start", { hostname: "n" }],
    ["start", { hostname: "h", caCerts: ["CA"] }],
    ["connect", identity],
    ["connect", identity],
    ["connect", { ...identity, caCerts: ["CA"] }],
  ]);
});

Deno.test("a handshake that hangs ends with the limit or the signal, is closed, and differs from a missing connection", async () => {
  await withFakeTimeouts(async (timers) => {
    const { signal, abort, listeners } = countedSignal();
    const hanging = Promise.withResolvers<void>();
    const { connection, calls } = silent({
      handshake: () => hanging.promise,
      close: () => {
        calls.push("closed");
        hanging.reject(new Error("closed"));
      },
    });
    const connect = () => Promise.resolve(silent().connection);
    await replacing({ connect, startTls: () => Promise.resolve(connection) }, async () => {
      const overdue = connecting(signal, PLAIN);
      await turn();
      timers.tick(1_000);
      await overdue.ended;
      const mute = "it takes connections and does not answer: is it frozen, or does it expect no TLS there?";
      assertEquals(overdue.state.outcome, `No TLS connection to Redis (h:1) within 1000 ms: ${mute}`);
      assertEquals([calls.includes("closed"), timers.countTimers(), listeners()], [true, 0, 0]);
    });
    // The signal comes at the moment between connecting and the handshake, to which nobody listens.
    const unasked = silent({ handshake: () => new Promise(() => {}) });
    const startTls = () => {
      abort();
      return Promise.resolve(unasked.connection);
    };
    await replacing({ connect, startTls }, async () => {
      const { state, ended } = connecting(signal, PLAIN);
      await ended;
      assertEquals([state.outcome, unasked.calls], ["The notifier is closed", ["closed"]]);
    });
  });
});

// A socket of node:tls that is left while it shakes hands stays open in Deno.
Deno.test("a client certificate and another name: a refusal and a hang are reported", {
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  await using directory = await temporaryDirectory();
  const { certificate, key } = await makeAuthority(directory.path, "client");
  const tls: RedisTls = { host: "other", ca: null, certificate, key };
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { signal, abort } = countedSignal();
  const refused = connecting(signal, tls, { host: "127.0.0.1", port: 1 });
  await refused.ended;
  assertEquals(refused.state.outcome, "connect ECONNREFUSED 127.0.0.1:1");
  const hanging = connecting(signal, tls, { host: "127.0.0.1", port: listener.addr.port });
  using _accepted = await listener.accept();
  abort();
  await hanging.ended;
  assertEquals(hanging.state.outcome, "The notifier is closed");
});

Deno.test("the guard passes on scanned bytes, and cuts the stream at a refusal or an exception", () => {
  const stream = new Duplex({ read() {}, write() {} });
  const refusals: unknown[] = [];
  let isSound = true;
  guardStream(
    stream,
    (bytes) => isSound ? { ok: true, bytes: bytes.subarray(1) } : { ok: false, what: "a lie" },
    (what, cause) => refusals.push([what, cause]),
  );
  const seen: string[] = [];
  const thrown = new Error("a form that it does not know");
  stream.on("data", (bytes) => {
    seen.push(`${bytes}`);
    if (`${bytes}` === "bad") throw thrown;
  });
  const emit = (text: string) => stream.emit("data", Buffer.from(text));
  assertEquals([emit("xgood"), emit("x"), emit("xbad")], [true, true, false]);
  isSound = false;
  assertEquals([emit("xlie"), stream.emit("other")], [false, false]);
  stream.once("other", () => {});
  assertEquals(stream.emit("other"), true);
  isSound = true;
  stream.destroy();
  assertEquals(emit("xlate"), false);
  const unasked = "an answer that it was not asked for: is this address a Redis?";
  assertEquals([seen, refusals], [["good", "bad"], [[unasked, thrown], ["a lie", undefined]]]);
});
