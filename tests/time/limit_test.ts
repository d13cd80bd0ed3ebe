import { assertEquals, assertRejects } from "@std/assert";
import { type Timely, withinLimit } from "../../src/time/limit.ts";
import { countedSignal } from "../support/counted_signal.ts";
import { turn, withFakeTimeouts } from "../support/fake_clock.ts";

Deno.test("a value within the limit is returned, and the limit's timer and listener end with it", async () => {
  await withFakeTimeouts(async (timers) => {
    const { signal, listeners } = countedSignal();
    for (const unwanted of [undefined, signal]) {
      const { promise, resolve } = Promise.withResolvers<string>();
      const waiting = withinLimit(promise, 1_000, unwanted);
      assertEquals(listeners(), unwanted === undefined ? 0 : 1);
      timers.tick(999);
      resolve("value");
      assertEquals(await waiting, { ok: true, value: "value" });
      assertEquals([timers.countTimers(), listeners()], [0, 0]);
    }
  });
});

Deno.test("the wait ends at its limit and not before, or as soon as nobody wants to know", async () => {
  await withFakeTimeouts(async (timers) => {
    const { signal, abort, listeners } = countedSignal();
    const endings: Timely<string>[] = [];
    const wait = () => void withinLimit(new Promise<string>(() => {}), 1_000, signal).then((end) => endings.push(end));
    wait();
    timers.tick(999);
    await turn();
    assertEquals(endings, []);
    timers.tick(1);
    await turn();
    assertEquals([endings.splice(0), listeners()], [[{ ok: false }], 0]);
    wait();
    abort();
    await turn();
    assertEquals([endings.splice(0), timers.countTimers(), listeners()], [[{ ok: false }], 0, 0]);
    wait();
    await turn();
    assertEquals([endings, timers.countTimers(), listeners()], [[{ ok: false }], 0, 0]);
  });
});

Deno.test("a rejection is passed on while it is waited for, and passed over later", async () => {
  await withFakeTimeouts(async (timers) => {
    await assertRejects(() => withinLimit(Promise.reject(new Error("refused")), 1_000), Error, "refused");
    assertEquals(timers.countTimers(), 0);
    const { promise, reject } = Promise.withResolvers<string>();
    const waiting = withinLimit(promise, 1_000);
    timers.tick(1_000);
    assertEquals(await waiting, { ok: false });
    reject(new Error("too late"));
    await turn();
  });
});
