// Each wait of a connection at its limit and one before it, and what happens in an order that a real client seldom
// brings about: connections, requests and clocks that a test moves by hand.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Handler, openConnections, type ServeOnConnection } from "../../src/admin/connections.ts";
import { ADMIN_LIMITS, type AdminLimits } from "../../src/admin/limits.ts";
import { turn, withFakeTimeouts } from "../support/fake_clock.ts";

/** A connection that is served. */
interface Served {
  /** Sends a request; `complete` says that the client has read the answer, or is gone. */
  ask(): { readonly response: Promise<Response>; complete(error?: Error): Promise<void> };
  /** Ends it as its client does. */
  end(error?: Error): Promise<void>;
  /** Whether it was cut. */
  isCut(): boolean;
  /** Whether it was shut down after it had failed. */
  isShutDown(): boolean;
}

/** A listener, and all that came of it. */
function listening(
  settings: {
    limits?: Partial<AdminLimits>;
    handler?: Handler;
    /** Is called when a connection is cut, which ends it unless this throws or returns true. */
    onStop?: () => unknown;
    /** Is called when a connection is about to be served. */
    onServe?: () => void;
  } = {},
) {
  const limits = { ...ADMIN_LIMITS, ...settings.limits };
  const accepts: PromiseWithResolvers<Deno.Conn>[] = [];
  const [troubles, bugs, closed]: [string[], unknown[], string[]] = [[], [], []];
  const served: Served[] = [];
  const serveOnConnection: ServeOnConnection = (_connection, signal, handler) => {
    settings.onServe?.();
    const finished = Promise.withResolvers<void>();
    let [isCut, isShutDown] = [false, false];
    signal.addEventListener("abort", () => {
      isCut = true;
      if (settings.onStop?.() !== true) finished.resolve();
    });
    served.push({
      ask() {
        const completed = Promise.withResolvers<void>();
        const info = { completed: completed.promise } as Deno.ServeHandlerInfo;
        const response = handler(new Request("http://x/"), info);
        return {
          response,
          complete: async (error) => {
            if (error === undefined) completed.resolve();
            else completed.reject(error);
            await turn();
          },
        };
      },
      end: async (error) => {
        if (error === undefined) finished.resolve();
        else finished.reject(error);
        await turn();
      },
      isCut: () => isCut,
      isShutDown: () => isShutDown,
    });
    const shutdown = () => Promise.resolve(void (isShutDown = true));
    return { finished: finished.promise, shutdown };
  };
  const connections = openConnections({
    accept: () => {
      accepts.push(Promise.withResolvers());
      return accepts.at(-1)!.promise;
    },
    close: () => accepts.at(-1)!.reject(new Deno.errors.BadResource("closed")),
  }, {
    handler: settings.handler ?? (() => new Response("x")),
    authorize: null,
    limits,
    serveOnConnection,
    onTrouble: (message) => troubles.push(message),
    onBug: (error) => bugs.push(error),
  });
  const connect = async (name: string, more: object = {}) => {
    accepts.at(-1)!.resolve({ close: () => closed.push(name), ...more } as unknown as Deno.Conn);
    await turn();
  };
  const refuse = async (reason: unknown) => {
    accepts.at(-1)!.reject(reason);
    await turn();
  };
  return { connections, accepts, troubles, bugs, closed, served, connect, refuse };
}

/** A handshake that a test ends. */
function shaking() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { conn: { handshake: () => promise }, done: () => resolve(), fail: () => reject(new Error("no TLS")) };
}

const FULL = (count: number, what = "are refused") => `${count} connections are open, further ones ${what}`;

Deno.test("what accept refuses is told once, tried again ever more slowly up to a second, and anew after a success", async () => {
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
    await refuse("a text");
    assertEquals(troubles.length, 2);
    const closing = connections.close();
    timers.next();
    await closing;
  });
});

Deno.test("that there are too many is told again only after there were less than half as many", async () => {
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

Deno.test("what ends before its answer, or is told to be read after its end, leaves no timer", async () => {
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

Deno.test("closing lets answers end and tells their clients, cuts what waits, and takes what comes late no more", async () => {
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

Deno.test("over TLS a connection is served with what is left of its time when it has shaken hands, and not without", async () => {
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

Deno.test("over TLS what closes while it shakes hands is not served, and a request in flight ends", async () => {
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

Deno.test("closing waits for what was accepted, and after the grace as long again for what was cut", async () => {
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

Deno.test("what is thrown while a connection over TLS is begun is told as a bug, and frees its place", async () => {
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
