// The reports of a keeper, its retries, and reports that it never makes: sessions that a test opens and loses by hand,
// by a clock that it turns.
import { assertEquals } from "@std/assert";
import { type Keepable, keepLink, type LinkKeeperOptions } from "../../src/cluster/link_keeper.ts";
import type { Link } from "../../src/cluster/notifier.ts";
import { fakeClock, turn } from "../support/fake_clock.ts";

/** A session that is being opened, or is open. */
interface Opening {
  readonly signal: AbortSignal;
  /** Opens it; the returned function loses it. */
  succeed(): Promise<(reason: string) => Promise<void>>;
  /** Refuses it. */
  fail(reason: unknown): Promise<void>;
}

/** A keeper that was started. */
function keeping(options: Partial<LinkKeeperOptions<Keepable>> = {}) {
  const { clock, timers } = fakeClock();
  timers.tick(60_000);
  const openings: Opening[] = [];
  const links: Link[] = [];
  const attempts: number[] = [];
  let closed = 0;
  const keeper = keepLink<Keepable>({
    open: (signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<Keepable>();
      openings.push({
        signal,
        succeed: async () => {
          const lost = Promise.withResolvers<string>();
          resolve({ lost: lost.promise });
          await turn();
          return async (reason) => {
            lost.resolve(reason);
            await turn();
          };
        },
        fail: async (reason) => {
          reject(reason);
          await turn();
        },
      });
      return promise;
    },
    closed: () => Promise.resolve(void closed++),
    linked: (link) => links.push(link),
    autoReconnect: true,
    firstConnectionMilliseconds: 5_000,
    backoffMilliseconds: (attempt) => {
      attempts.push(attempt);
      return 1_000;
    },
    clock,
    ...options,
  });
  keeper.start();
  const wait = async (milliseconds: number) => {
    timers.tick(milliseconds);
    await turn();
  };
  return { keeper, openings, links, attempts, timers, wait, closed: () => closed };
}

const down = (reason: string, final = false): Link => ({ state: "down", reason, final });
const UP: Link = { state: "up" };

Deno.test("the next session is opened when the wait is over, after the one before is closed, and not sooner", async () => {
  const { keeper, openings, links, wait, closed, timers } = keeping();
  keeper.start();
  assertEquals([openings.length, keeper.link(), keeper.session()], [1, { state: "connecting" }, null]);
  const lose = await openings[0]!.succeed();
  assertEquals([keeper.link(), keeper.session() !== null, openings[0]!.signal.aborted], [UP, true, false]);
  await lose("gone");
  assertEquals([keeper.link(), keeper.session(), openings[0]!.signal.aborted], [down("gone"), null, true]);
  assertEquals(closed(), 1);
  await wait(999);
  assertEquals(openings.length, 1);
  await wait(1);
  assertEquals([openings.length, timers.countTimers()], [2, 0]);
  await openings[1]!.succeed();
  assertEquals(links, [UP, down("gone"), UP]);
  await keeper[Symbol.asyncDispose]();
  assertEquals([openings[1]!.signal.aborted, closed(), timers.countTimers()], [true, 2, 0]);
});

Deno.test("a loss is reported, and closing is over, when all that the session opened is closed", async () => {
  let closing = Promise.withResolvers<void>();
  const { keeper, openings, links, wait } = keeping({ closed: () => closing.promise });
  const lose = await openings[0]!.succeed();
  await lose("gone");
  assertEquals([links, keeper.session()], [[UP], null]);
  closing.resolve();
  await turn();
  assertEquals(links, [UP, down("gone")]);
  closing = Promise.withResolvers();
  await wait(1_000);
  await openings[1]!.succeed();
  let isOver = false;
  const over = Promise.resolve(keeper[Symbol.asyncDispose]()).then(() => isOver = true);
  await turn();
  assertEquals(isOver, false);
  closing.resolve();
  await over;
});

Deno.test("a session that lasted ten seconds makes its loss the first in a row, and a shorter one does not", async () => {
  const { keeper, openings, attempts, wait } = keeping();
  for (const lasted of [0, 9_999, 10_000, 9_999]) {
    const lose = await openings.at(-1)!.succeed();
    await wait(lasted);
    await lose("gone");
    await wait(1_000);
  }
  await openings.at(-1)!.fail(new Error("refused"));
  assertEquals(attempts, [1, 2, 1, 2, 3]);
  await keeper[Symbol.asyncDispose]();
});

Deno.test("of one outage eight reasons are reported, each once, and the latest is known; the next outage reports again", async () => {
  const { keeper, openings, links, wait } = keeping();
  const reasons = ["0", "1", "0", "2", "3", "4", "5", "6", "7", "8", "9"];
  for (const reason of reasons) {
    await openings.at(-1)!.fail(new Error(reason));
    assertEquals(keeper.link(), down(reason));
    await wait(1_000);
  }
  assertEquals(links, ["0", "1", "2", "3", "4", "5", "6", "7"].map((reason) => down(reason)));
  const lose = await openings.at(-1)!.succeed();
  await lose("0");
  assertEquals(links.slice(8), [UP, down("0")]);
  await keeper[Symbol.asyncDispose]();
});

Deno.test("any exception is the reason", async () => {
  const { keeper, openings, links } = keeping();
  await openings[0]!.fail("a text");
  assertEquals(links, [down("a text")]);
  await keeper[Symbol.asyncDispose]();
});

Deno.test("nothing is reported after closing has begun, of a session that opens, fails or is lost by then", async () => {
  const deeds: ((one: ReturnType<typeof keeping>) => Promise<unknown>)[] = [
    ({ openings }) => openings[0]!.succeed(),
    ({ openings }) => openings[0]!.fail(new Error("refused")),
  ];
  for (const deed of deeds) {
    const one = keeping();
    const closing = one.keeper[Symbol.asyncDispose]();
    assertEquals(one.openings[0]!.signal.aborted, true);
    await deed(one);
    await closing;
    assertEquals([one.links, one.openings.length, one.closed(), one.timers.countTimers()], [[], 1, 1, 0]);
  }
  const one = keeping();
  await one.openings[0]!.succeed();
  await one.keeper[Symbol.asyncDispose]();
  assertEquals([one.links, one.openings.length, one.closed()], [[UP], 1, 1]);
});

Deno.test("closing ends a wait at once, and a keeper that was closed before it is started opens nothing", async () => {
  const one = keeping();
  await one.openings[0]!.fail(new Error("refused"));
  assertEquals(one.timers.countTimers(), 1);
  await one.keeper[Symbol.asyncDispose]();
  assertEquals([one.openings.length, one.timers.countTimers()], [1, 0]);
  one.keeper.start();
  await turn();
  assertEquals(one.openings.length, 1);
  let opened = 0;
  const never = keepLink<Keepable>({
    open: () => {
      opened++;
      return new Promise(() => {});
    },
    closed: () => Promise.resolve(),
    linked: () => {},
    autoReconnect: true,
    firstConnectionMilliseconds: 1,
    backoffMilliseconds: () => 1,
  });
  await never[Symbol.asyncDispose]();
  never.start();
  assertEquals(opened, 0);
});

Deno.test("without reconnecting a loss is final, also with a reason that was reported", async () => {
  const { keeper, openings, links, wait } = keeping({ autoReconnect: false });
  await openings[0]!.fail(new Error("away"));
  await wait(1_000);
  const lose = await openings[1]!.succeed();
  await lose("away");
  assertEquals(links, [down("away"), UP, down("away", true)]);
  await wait(100_000);
  assertEquals(openings.length, 2);
  await keeper[Symbol.asyncDispose]();
});

Deno.test("without reconnecting the first connection is tried for the whole time of connecting, and reported in the end", async () => {
  for (const [failsAt, isFinal] of [[4_999, false], [5_000, true]] as const) {
    const { keeper, openings, links, wait } = keeping({ autoReconnect: false });
    await wait(failsAt - 1_000);
    await openings[0]!.fail(new Error("away"));
    await wait(1_000);
    await openings[1]!.fail(new Error("away"));
    assertEquals(links, isFinal ? [down("away"), down("away", true)] : [down("away")]);
    assertEquals(keeper.link(), down("away", isFinal));
    await wait(1_000);
    assertEquals(openings.length, isFinal ? 2 : 3);
    const closing = keeper[Symbol.asyncDispose]();
    await openings.at(-1)!.fail(new Error("closed"));
    await closing;
  }
});
