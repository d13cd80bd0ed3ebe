// A way in that is opened late, hangs or is taken away while it does: openings that a test ends by hand.
import { assert, assertEquals } from "@std/assert";
import {
  type Entrance,
  type ListenerOpening,
  type ListenerRefusal,
  type LookResult,
  openEntrance,
} from "../../src/admin/entrance.ts";
import { turn, withFakeTimeouts } from "../support/fake_clock.ts";

/** An entrance whose openings a test answers. */
function openLateEntrance() {
  const openings: PromiseWithResolvers<ListenerOpening>[] = [];
  const log: string[] = [];
  let removing: () => Promise<void> = () => Promise.resolve();
  let looking: () => Promise<LookResult | null> = () => Promise.resolve(null);
  const listener = (name: string): ListenerOpening => ({
    ok: true,
    listener: {
      accept: () => new Promise<Deno.Conn>(() => {}),
      close: () => log.push(`close ${name}`),
    },
    authorize: null,
    address: name,
    warnings: [],
    look: () => {
      log.push(`look ${name}`);
      return looking();
    },
    remove: () => {
      log.push(`remove ${name}`);
      return removing();
    },
  });
  const opening = openEntrance({
    open: () => {
      openings.push(Promise.withResolvers());
      return openings.at(-1)!.promise;
    },
    serve: ({ address }) => ({ close: () => Promise.resolve(void log.push(`end ${address}`)) }),
    onOpen: ({ address }) => log.push(`open ${address}`),
    onLook: ({ level, message }) => log.push(`${level} ${message}`),
    onTrouble: (message) => log.push(`trouble ${message}`),
    random: () => 0,
  });
  const entrance = async (): Promise<Entrance> => {
    const opened = await opening;
    assert(opened.ok);
    return opened.entrance;
  };
  return {
    opening,
    entrance,
    openings,
    listener,
    log: () => log.splice(0),
    onRemove: (remove: () => Promise<void>) => removing = remove,
    onLook: (look: () => Promise<LookResult | null>) => looking = look,
  };
}

const refusal = (message: string, isOption = false): ListenerRefusal => ({ ok: false, message, isOption });
const HANGS = "trouble A file system that it needs (of its socket, token or certificate) does not answer";

Deno.test("the first opening is waited for two seconds, and opens the entrance whenever it ends", async () => {
  await withFakeTimeouts(async (timers) => {
    const { opening, entrance, openings, listener, log } = openLateEntrance();
    let isThere = false;
    opening.then(() => isThere = true);
    timers.tick(1_999);
    await turn();
    assertEquals([isThere, log()], [false, []]);
    timers.tick(1);
    const { address, [Symbol.asyncDispose]: close } = await entrance();
    assertEquals([address(), log()], [null, [HANGS]]);
    openings[0]!.resolve(listener("a"));
    await turn();
    assertEquals([address(), log(), openings.length], ["a", ["open a"], 1]);
    await close();
    assertEquals(log(), ["remove a", "end a"]);
    await close();
    assertEquals(log(), []);
  });
});

Deno.test("a late opening that fails is reported and tried again, the same reason once, and any error is a refusal", async () => {
  await withFakeTimeouts(async (timers) => {
    const { entrance, openings, listener, log } = openLateEntrance();
    timers.tick(2_000);
    const { address, lookAgain, [Symbol.asyncDispose]: close } = await entrance();
    log();
    const waits: number[] = [];
    const next = async () => {
      await turn();
      const [count, before] = [openings.length, timers.now];
      timers.next();
      await turn();
      waits.push(timers.now - before);
      assertEquals(openings.length, count + 1);
    };
    for (const message of ["full", "full", "other", "full"]) {
      openings.at(-1)!.resolve(refusal(message));
      await next();
    }
    assertEquals(log(), ["trouble full", "trouble other", "trouble full"]);
    openings.at(-1)!.reject(new Error("unforeseen"));
    await next();
    openings.at(-1)!.reject("a text");
    await next();
    // Later every fault is the host's.
    openings.at(-1)!.resolve(refusal("an option", true));
    await next();
    openings.at(-1)!.resolve(refusal("an option"));
    await next();
    assertEquals(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    assertEquals(log(), ["trouble unforeseen", "trouble a text", "trouble an option"]);
    openings.at(-1)!.resolve(listener("b"));
    await turn();
    assertEquals([address(), log()], ["b", ["open b"]]);
    await close();
    assertEquals([openings.length, timers.countTimers()], [9, 0]);
    log();
    lookAgain();
    assertEquals(log(), []);
  });
});

Deno.test("a wrong option is the answer, and nothing is tried after it", async () => {
  const { opening, openings, log } = openLateEntrance();
  openings[0]!.resolve(refusal("no address", true));
  assertEquals(await opening, refusal("no address", true));
  await turn();
  assertEquals([log(), openings.length], [[], 1]);
});

Deno.test("a socket that opens after the entrance was closed is removed and closed at once, and never reported", async () => {
  await withFakeTimeouts(async (timers) => {
    const { entrance, openings, listener, log } = openLateEntrance();
    timers.tick(2_000);
    const { address, lookAgain, [Symbol.asyncDispose]: close } = await entrance();
    log();
    const closing = close();
    openings[0]!.resolve(listener("late"));
    await closing;
    await turn();
    assertEquals([address(), log(), openings.length], [null, ["remove late", "close late"], 1]);
    lookAgain();
    assertEquals(log(), []);
  });
  await withFakeTimeouts(async (timers) => {
    const { entrance, openings, listener, log, onRemove } = openLateEntrance();
    timers.tick(2_000);
    const { [Symbol.asyncDispose]: close } = await entrance();
    log();
    const closing = close();
    // Closing it would hang on the main thread.
    onRemove(() => new Promise(() => {}));
    openings[0]!.resolve(listener("late"));
    await turn();
    timers.tick(500);
    await closing;
    await turn();
    assertEquals(log(), ["remove late"]);
  });
  await withFakeTimeouts(async (timers) => {
    const { entrance, openings, log } = openLateEntrance();
    timers.tick(2_000);
    const { [Symbol.asyncDispose]: close } = await entrance();
    log();
    const closing = close();
    openings[0]!.resolve(refusal("too late"));
    await closing;
    await turn();
    assertEquals([log(), openings.length], [[], 1]);
  });
});

Deno.test("an attempt that hangs is waited for half a second when the entrance closes, and no longer", async () => {
  await withFakeTimeouts(async (timers) => {
    const { entrance, log } = openLateEntrance();
    timers.tick(2_000);
    const { [Symbol.asyncDispose]: close } = await entrance();
    log();
    let isClosed = false;
    const closing = close().then(() => isClosed = true);
    await turn();
    timers.tick(499);
    await turn();
    assertEquals(isClosed, false);
    timers.tick(1);
    await closing;
    assertEquals(timers.countTimers(), 0);
  });
});

Deno.test("a name that cannot be removed in half a second is left with its listener to the end of the process", async () => {
  await withFakeTimeouts(async (timers) => {
    const { entrance, openings, listener, log, onRemove } = openLateEntrance();
    openings[0]!.resolve(listener("a"));
    const { withdraw, [Symbol.asyncDispose]: close } = await entrance();
    log();
    onRemove(() => new Promise(() => {}));
    let isWithdrawn = false;
    const withdrawing = withdraw().then(() => isWithdrawn = true);
    await turn();
    timers.tick(499);
    await turn();
    assertEquals(isWithdrawn, false);
    timers.tick(1);
    await withdrawing;
    await close();
    assertEquals(log(), ["remove a"]);
  });
});

Deno.test("a look that is under way is waited for, and a socket that it made is removed once more", async () => {
  await withFakeTimeouts(async (timers) => {
    const { entrance, openings, listener, log, onLook } = openLateEntrance();
    openings[0]!.resolve(listener("a"));
    const { lookAgain, withdraw, [Symbol.asyncDispose]: close } = await entrance();
    log();
    const hanging = Promise.withResolvers<LookResult | null>();
    onLook(() => hanging.promise);
    lookAgain();
    lookAgain();
    assertEquals(log(), ["look a"]);
    await withdraw();
    assertEquals(log(), ["remove a"]);
    const closing = close();
    // At once: answers of requests that the caller ends next are sent on connections that know of their end.
    assertEquals(log(), ["end a"]);
    hanging.resolve({ level: "warning", lasts: false, message: "it is there again" });
    await closing;
    assertEquals([log(), timers.countTimers()], [["remove a"], 0]);
  });
});

Deno.test("a look that hangs is waited for half a second when the entrance closes", async () => {
  await withFakeTimeouts(async (timers) => {
    const { entrance, openings, listener, log, onLook } = openLateEntrance();
    openings[0]!.resolve(listener("a"));
    const { lookAgain, [Symbol.asyncDispose]: close } = await entrance();
    onLook(() => new Promise(() => {}));
    lookAgain();
    log();
    const closing = close();
    await turn();
    assertEquals(log(), ["remove a", "end a"]);
    timers.tick(499);
    await turn();
    assertEquals(log(), []);
    timers.tick(1);
    await closing;
    assertEquals(log(), ["remove a"]);
  });
});

Deno.test("a look's lasting trouble is reported once until it changes or is over, and anything else each time", async () => {
  const { entrance, openings, listener, log, onLook } = openLateEntrance();
  openings[0]!.resolve(listener("a"));
  await using one = await entrance();
  log();
  const look = async (found: LookResult | null | Error) => {
    onLook(() => found instanceof Error ? Promise.reject(found) : Promise.resolve(found));
    one.lookAgain();
    await turn();
    return log().slice(1);
  };
  const lost: LookResult = { level: "error", lasts: true, message: "taken" };
  const back: LookResult = { level: "warning", lasts: false, message: "there again" };
  assertEquals([await look(null), one.trouble()], [[], null]);
  assertEquals([await look(lost), await look(lost), one.trouble()], [["error taken"], [], "taken"]);
  assertEquals([await look(null), await look(lost)], [[], ["error taken"]]);
  assertEquals([await look(back), await look(back)], [["warning there again"], ["warning there again"]]);
  assertEquals(one.trouble(), null);
  assertEquals(await look(lost), ["error taken"]);
  assertEquals([await look(new Error("a bug")), await look(new Error("a bug"))], [["error Error: a bug"], []]);
});

Deno.test("a way in that is refused at first is tried again by itself, and closing ends the wait for that", async () => {
  await withFakeTimeouts(async (timers) => {
    const { entrance, openings, log } = openLateEntrance();
    openings[0]!.resolve(refusal("taken"));
    const { address, trouble, [Symbol.asyncDispose]: close } = await entrance();
    await turn();
    assertEquals([address(), trouble(), log(), openings.length], [null, "taken", ["trouble taken"], 1]);
    timers.tick(499);
    await turn();
    assertEquals(openings.length, 1);
    timers.tick(1);
    await turn();
    assertEquals(openings.length, 2);
    openings[1]!.resolve(refusal("taken"));
    await turn();
    await close();
    assertEquals([openings.length, timers.countTimers(), log()], [2, 0, []]);
  });
});
