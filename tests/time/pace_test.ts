import { assertEquals, assertRejects } from "@std/assert";
import { openPace } from "../../src/time/pace.ts";

Deno.test("a turn is spent when its time is over, and after a rest another one begins", async () => {
  let now = 0;
  const schedule = (_milliseconds: number, callback: () => void) => {
    queueMicrotask(callback);
    return () => {};
  };
  const pace = openPace({ turnMilliseconds: 20, clock: { now: () => now, schedule } });
  assertEquals(pace.isSpent(), false);
  now = 20;
  assertEquals(pace.isSpent(), true);
  await pace.rest();
  assertEquals(pace.isSpent(), false);
});

Deno.test("by default a turn lasts twenty milliseconds and a rest one, and the next turn begins after the rest", async () => {
  let now = 1_000;
  const rests: number[] = [];
  const schedule = (milliseconds: number, callback: () => void) => {
    rests.push(milliseconds);
    queueMicrotask(() => {
      now += 500;
      callback();
    });
    return () => {};
  };
  const pace = openPace({ clock: { now: () => now, schedule } });
  for (let turn = 0; turn < 2; turn++) {
    const begun = now;
    const spent = [0, 19, 20, 21].map((passed) => {
      now = begun + passed;
      return pace.isSpent();
    });
    assertEquals(spent, [false, false, true, true]);
    await pace.rest();
  }
  assertEquals(rests, [1, 1]);
});

Deno.test("others are served during a rest", async () => {
  const pace = openPace();
  let served = false;
  setTimeout(() => served = true, 0);
  await pace.rest();
  assertEquals(served, true);
});

Deno.test("a request that takes many turns of the event loop is answered while the work goes on", async () => {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => new Response("alive"));
  const pace = openPace({ turnMilliseconds: 5 });
  let answer: string | null = null;
  const asked = fetch(`http://127.0.0.1:${server.addr.port}/`).then(async (response) => answer = await response.text());
  let turns = 0;
  while (answer === null && turns < 100) {
    if (!pace.isSpent()) continue;
    await pace.rest();
    turns++;
  }
  assertEquals(answer, "alive");
  await asked;
  await server.shutdown();
});

Deno.test("work that is not wanted any more ends at its next rest, with the reason", async () => {
  const controller = new AbortController();
  const pace = openPace({ signal: controller.signal });
  controller.abort(new Error("stopped"));
  await assertRejects(() => pace.rest(), Error, "stopped");
});
