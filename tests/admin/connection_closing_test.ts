// How the connections of a listener end with it, and those over TLS, which shake hands first.
import { assertEquals, assertRejects } from "@std/assert";
import { ADMIN_LIMITS } from "../../src/admin/limits.ts";
import { turn, withFakeTimeouts } from "../support/fake_clock.ts";
import { listening, shaking } from "./moved_connections.ts";

const FULL = (count: number, what = "are refused") => `${count} connections are open, further ones ${what}`;

Deno.test("closing lets answers end and tells their clients, cuts waiting requests, and takes no late ones", async () => {
  await withFakeTimeouts(async (timers) => {
    const answer = Promise.withResolvers<Response>();
    const { connections, served, connect, closed } = listening({ handler: () => answer.promise });
    await connect("busy");
    await connect("idle");
    const { response, complete } = served[0]!.ask();
    const closing = connections.close();
    assertEquals(served.map((one) => one.isCut()), [false, true]);
    answer.resolve(new Response("x"));
    assertEquals((await response).headers.get("Connection"), "close");
    await complete();
    timers.tick(ADMIN_LIMITS.graceMilliseconds - 1);
    await turn();
    assertEquals(served[0]!.isCut(), false);
    timers.tick(1);
    await closing;
    assertEquals([served[0]!.isCut(), closed, timers.countTimers()], [true, [], 0]);
  });
});

Deno.test("a connection that was accepted while the listener closed is closed", async () => {
  await withFakeTimeouts(async () => {
    const { connections, accepts, closed, served } = listening();
    await turn();
    accepts.at(-1)!.resolve({ close: () => closed.push("late") } as unknown as Deno.Conn);
    await connections.close();
    assertEquals([closed, served.length], [["late"], 0]);
  });
});

Deno.test("over TLS a connection is served in the time that its handshake left, and not without a handshake", async () => {
  await withFakeTimeouts(async () => {
    const { connections, served, connect, closed } = listening({ limits: { headMilliseconds: 0 } });
    const late = shaking();
    await connect("late", late.conn);
    late.done();
    await turn();
    assertEquals([served.length, closed], [0, ["late"]]);
    const other = shaking();
    await connect("no TLS", other.conn);
    other.fail();
    await turn();
    assertEquals([served.length, closed], [0, ["late", "no TLS"]]);
    await connections.close();
  });
});

Deno.test("over TLS a connection that closes during its handshake is not served, and a request in flight ends", async () => {
  await withFakeTimeouts(async (timers) => {
    const answer = Promise.withResolvers<Response>();
    const { connections, served, connect, closed } = listening({ handler: () => answer.promise });
    const [first, second] = [shaking(), shaking()];
    await connect("served", first.conn);
    first.done();
    await turn();
    await connect("shaking", second.conn);
    const { response, complete } = served[0]!.ask();
    const closing = connections.close();
    assertEquals([closed, served[0]!.isCut()], [["shaking"], false]);
    second.done();
    answer.resolve(new Response("x"));
    assertEquals((await response).headers.get("Connection"), "close");
    await complete();
    timers.tick(ADMIN_LIMITS.graceMilliseconds);
    await closing;
    assertEquals([served.length, served[0]!.isCut()], [1, true]);
  });
});

Deno.test("over TLS a connection that is one too many waits until there is room, and is closed with the interface", async () => {
  await withFakeTimeouts(async () => {
    const { connections, served, connect, closed, troubles, accepts } = listening({ limits: { maxConnections: 1 } });
    const open = () => ({ handshake: () => Promise.resolve() });
    await connect("one", open());
    const before = accepts.length;
    await connect("two", open());
    assertEquals([served.length, troubles, accepts.length], [1, [FULL(1, "have to wait")], before]);
    await served[0]!.end();
    assertEquals([served.length, accepts.length], [2, before + 1]);
    await connect("three", open());
    await connections.close();
    assertEquals([served.length, closed, troubles.length], [2, ["three"], 2]);
  });
});

Deno.test("closing waits for accepted connections, and after the grace as long again for those that were cut", async () => {
  await withFakeTimeouts(async (timers) => {
    const { connections, connect, served } = listening({ onStop: () => true });
    await connect("one");
    let isClosed = false;
    const closing = connections.close().then(() => isClosed = true);
    await turn();
    for (const step of [ADMIN_LIMITS.graceMilliseconds, ADMIN_LIMITS.graceMilliseconds - 1]) {
      timers.tick(step);
      await turn();
      assertEquals([served[0]!.isCut(), isClosed], [true, false]);
    }
    timers.tick(1);
    await closing;
    await served[0]!.end();
  });
});

Deno.test("closing does not wait for room for a connection over TLS that is one too many", async () => {
  await withFakeTimeouts(async (timers) => {
    const answer = Promise.withResolvers<Response>();
    const { connections, connect, served, closed } = listening({
      limits: { maxConnections: 1 },
      handler: () => answer.promise,
    });
    const open = () => ({ handshake: () => Promise.resolve() });
    await connect("one", open());
    const { response, complete } = served[0]!.ask();
    await connect("two", open());
    const closing = connections.close();
    await turn();
    assertEquals(closed, ["two"]);
    timers.tick(ADMIN_LIMITS.graceMilliseconds);
    await closing;
    assertEquals(served[0]!.isCut(), true);
    answer.resolve(new Response("x"));
    await response;
    await complete();
    timers.reset();
  });
});

Deno.test("closing waits until nothing is accepted any more", async () => {
  await withFakeTimeouts(async () => {
    const { connections, accepts, closed } = listening();
    const last = accepts.at(-1)!;
    const { reject } = last;
    last.reject = () => {};
    let isClosed = false;
    const closing = connections.close().then(() => isClosed = true);
    await turn();
    assertEquals(isClosed, false);
    reject(new Deno.errors.BadResource("closed"));
    await closing;
    assertEquals(closed, []);
  });
});

Deno.test("another error of cutting than that it is over is a bug, which is thrown", async () => {
  await withFakeTimeouts(async (timers) => {
    const { connections, connect, served } = listening({
      onStop: () => {
        throw new Error("unforeseen");
      },
    });
    await connect("one");
    await assertRejects(() => connections.close(), Error, "unforeseen");
    await served[0]!.end();
    assertEquals(timers.countTimers(), 0);
  });
});

Deno.test("an exception at the start of a connection over TLS is reported as a bug, and frees its place", async () => {
  await withFakeTimeouts(async () => {
    let isBroken = true;
    const { connections, connect, bugs, closed, served } = listening({
      limits: { maxConnections: 1 },
      onServe: () => {
        if (isBroken) throw new Error("no such thing");
      },
    });
    await connect("one", { handshake: () => Promise.resolve() });
    assertEquals([String(bugs), closed], ["Error: no such thing", ["one"]]);
    isBroken = false;
    await connect("two", { handshake: () => Promise.resolve() });
    assertEquals(served.length, 1);
    await connections.close();
    assertEquals(served[0]!.isCut(), true);
  });
});
