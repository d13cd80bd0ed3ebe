// Each wait of a connection at its limit and one before it; it leaves nothing behind in any order of its ends.
import { assert, assertEquals } from "@std/assert";
import { ADMIN_LIMITS } from "../../src/admin/limits.ts";
import { turn, withFakeTimeouts } from "../support/fake_clock.ts";
import { listening, type Served } from "./moved_connections.ts";

const FULL = (count: number, what = "are refused") => `${count} connections are open, further ones ${what}`;

Deno.test("a refusal of accept is reported once, tried again ever more slowly up to a second, and reported again after a success", async () => {
  await withFakeTimeouts(async (timers) => {
    const { connections, accepts, troubles, connect, refuse, served } = listening();
    const waits: number[] = [];
    const failFor = async (times: number) => {
      for (let time = 0; time < times; time++) {
        await refuse(new Error("no descriptor is left"));
        const [count, before] = [accepts.length, timers.now];
        timers.next();
        await turn();
        waits.push(timers.now - before);
        assertEquals(accepts.length, count + 1);
      }
    };
    await failFor(12);
    waits.forEach((wait, at) => {
      const ceiling = Math.min(1_000, 10 * 2 ** at);
      assert(wait >= ceiling / 2 && wait <= ceiling, `${waits}`);
    });
    assertEquals(troubles, ["A connection cannot be accepted: no descriptor is left"]);
    await connect("one");
    await served[0]!.end();
    await failFor(1);
    assert(waits.at(-1)! <= 10);
    assertEquals(troubles.length, 2);
    await connect("two");
    await served[1]!.end();
    await refuse("a text");
    assertEquals(troubles.slice(2), ["A connection cannot be accepted: a text"]);
    const closing = connections.close();
    timers.next();
    await closing;
  });
});

Deno.test("too many connections are reported again only after there were less than half as many", async () => {
  await withFakeTimeouts(async () => {
    const { connections, troubles, closed, served, connect } = listening({ limits: { maxConnections: 6 } });
    const connectAll = async (names: string) => {
      for (const name of names) await connect(name);
    };
    await connectAll("abcdef");
    assertEquals([troubles, served.length], [[], 6]);
    await connectAll("gh");
    assertEquals([troubles, closed, served.length], [[FULL(6)], ["g", "h"], 6]);
    // Three are left, which is half: another one comes in no quiet time.
    for (const at of [0, 1, 2]) await served[at]!.end();
    await connectAll("ijkl");
    assertEquals([troubles.length, closed.at(-1), served.length], [1, "l", 9]);
    for (const at of [3, 4, 5, 6]) await served[at]!.end();
    await connectAll("mnopq");
    assertEquals([troubles.length, closed.at(-1), served.length], [2, "q", 13]);
    await connections.close();
    assertEquals(served.slice(7).map((one) => one.isCut()), Array(6).fill(true));
  });
});

Deno.test("the first head, the next request and an answer have a limit each, and at its end the connection is cut", async () => {
  await withFakeTimeouts(async (timers) => {
    const { connections, served, connect } = listening();
    const { headMilliseconds, idleMilliseconds, writeMilliseconds } = ADMIN_LIMITS;
    const cutAt = async (one: Served, milliseconds: number) => {
      timers.tick(milliseconds - 1);
      assertEquals(one.isCut(), false);
      timers.tick(1);
      assertEquals(one.isCut(), true);
      await turn();
      assertEquals(timers.countTimers(), 0);
    };
    await connect("head");
    await cutAt(served[0]!, headMilliseconds);
    await connect("idle");
    timers.tick(headMilliseconds - 1);
    const first = served[1]!.ask();
    await first.response;
    timers.tick(5);
    await first.complete();
    await cutAt(served[1]!, idleMilliseconds);
    await connect("write");
    await served[2]!.ask().response;
    await cutAt(served[2]!, writeMilliseconds);
    await connections.close();
  });
});

Deno.test("while one of several answers is under way the connection is not idle", async () => {
  await withFakeTimeouts(async (timers) => {
    const answer = Promise.withResolvers<Response>();
    let count = 0;
    const { connections, served, connect } = listening({
      limits: { idleMilliseconds: 10 },
      handler: () => ++count === 1 ? answer.promise : new Response("x"),
    });
    await connect("one");
    const [slow, quick] = [served[0]!.ask(), served[0]!.ask()];
    await quick.response;
    await quick.complete();
    timers.tick(50_000);
    assertEquals([served[0]!.isCut(), timers.countTimers()], [false, 0]);
    answer.resolve(new Response("x"));
    await slow.response;
    await slow.complete();
    timers.tick(9);
    assertEquals(served[0]!.isCut(), false);
    timers.tick(1);
    assertEquals(served[0]!.isCut(), true);
    await connections.close();
  });
});

Deno.test("a stream of events has no limit on its answer", async () => {
  await withFakeTimeouts(async (timers) => {
    const { connections, served, connect } = listening({
      handler: () => new Response("x", { headers: { "Content-Type": "text/event-stream" } }),
    });
    await connect("one");
    const { response, complete } = served[0]!.ask();
    await response;
    assertEquals(timers.countTimers(), 0);
    await complete();
    await connections.close();
  });
});

Deno.test("after an answer that is the last one a client has only the grace to go", async () => {
  await withFakeTimeouts(async (timers) => {
    const { connections, served, connect } = listening({
      limits: { graceMilliseconds: 7 },
      handler: () => new Response("x", { headers: { "Connection": "close" } }),
    });
    await connect("one");
    const { response, complete } = served[0]!.ask();
    await response;
    await complete();
    timers.tick(6);
    assertEquals(served[0]!.isCut(), false);
    timers.tick(1);
    assertEquals(served[0]!.isCut(), true);
    await connections.close();
  });
});

Deno.test("a connection that ends before its answer, or is read after its end, leaves no timer", async () => {
  await withFakeTimeouts(async (timers) => {
    const answer = Promise.withResolvers<Response>();
    const { connections, served, connect } = listening({ handler: () => answer.promise });
    await connect("one");
    const early = served[0]!.ask();
    // The client went away: the connection is idle, however the answer turns out.
    await early.complete(new Error("gone"));
    assertEquals(timers.countTimers(), 1);
    answer.resolve(new Response("x"));
    await early.response;
    assertEquals(timers.countTimers(), 1);
    await served[0]!.end();
    assertEquals(timers.countTimers(), 0);
    await connect("two");
    const late = served[1]!.ask();
    await late.response;
    await served[1]!.end();
    await late.complete();
    assertEquals(timers.countTimers(), 0);
    await connections.close();
  });
});

Deno.test("a connection that fails is shut down, and counts until then", async () => {
  await withFakeTimeouts(async (timers) => {
    const { connections, served, connect, closed } = listening({ limits: { maxConnections: 1 } });
    await connect("one");
    await served[0]!.end(new Error("broken pipe"));
    assertEquals([served[0]!.isShutDown(), timers.countTimers()], [true, 0]);
    await connect("two");
    assertEquals([served.length, closed], [2, []]);
    await served[1]!.end();
    assertEquals(served[1]!.isShutDown(), false);
    await connections.close();
  });
});

Deno.test("that a connection ended by itself a moment before it is cut is no failure", async () => {
  await withFakeTimeouts(async (timers) => {
    const { connections, served, connect, bugs } = listening({
      onStop: () => {
        throw new Deno.errors.BadResource("ended");
      },
    });
    await connect("one");
    timers.tick(ADMIN_LIMITS.headMilliseconds);
    assertEquals(served[0]!.isCut(), true);
    await served[0]!.end();
    await connections.close();
    assertEquals(bugs, []);
  });
});

Deno.test("a handler can cut its connection, and one that has ended is not cut any more", async () => {
  await withFakeTimeouts(async () => {
    const cuts: (() => void)[] = [];
    const { connections, connect, served } = listening({
      handler: (_, { cut }) => {
        cuts.push(cut);
        return new Response("x");
      },
    });
    for (const name of "ab") await connect(name);
    const asked = served.map((one) => one.ask());
    for (const { response, complete } of asked) {
      await response;
      await complete();
    }
    await served[0]!.end();
    for (const cut of cuts) cut();
    assertEquals(served.map((one) => one.isCut()), [false, true]);
    await connections.close();
  });
});
