// A stream of events read piece by piece, by clocks that a test turns: when it shows a sign of life, when it is given
// up, and that it leaves nothing behind.
import { assertEquals } from "@std/assert";
import { maskedAnswers } from "../../src/admin/problem.ts";
import { eventsRoutes } from "../../src/admin/events_route.ts";
import { ADMIN_LIMITS, type AdminLimits } from "../../src/admin/limits.ts";
import { countedSignal } from "../support/counted_signal.ts";
import { turn, withFakeTimeouts } from "../support/fake_clock.ts";
import { fakeDaemonApi } from "./fake_daemon_api.ts";

/** The route by itself. */
function streaming(limits: Partial<AdminLimits> = {}) {
  const api = fakeDaemonApi();
  const closing = countedSignal();
  let cuts = 0;
  const [first] = eventsRoutes(
    api,
    maskedAnswers((text) => api.mask(text)),
    { ...ADMIN_LIMITS, ...limits },
    closing.signal,
    () => Promise.resolve(true),
  );
  const route = (request: Request) => first!.answer(request, { authorize: null, cut: () => void cuts++ });
  const ask = (lastEventId?: string) => {
    const headers = lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId };
    return route(new Request("http://x/admin/events", { headers }));
  };
  /** Reads one piece. */
  const piece = async (reader: ReadableStreamDefaultReader<Uint8Array>) => {
    const { done, value } = await reader.read();
    return done ? null : new TextDecoder().decode(value);
  };
  return { api, closing, route, ask, piece, cuts: () => cuts };
}

Deno.test("a quiet stream shows a sign of life every fifteen seconds, and none before", async () => {
  await withFakeTimeouts(async (timers) => {
    const { ask, piece } = streaming();
    const reader = (await ask()).body!.getReader();
    assertEquals(await piece(reader), "retry: 2000\nid: 5eed-0\n\n");
    for (let time = 0; time < 3; time++) {
      let read: string | null = null;
      const reading = piece(reader).then((text) => read = text);
      await turn();
      timers.tick(14_999);
      await turn();
      assertEquals(read, null);
      timers.tick(1);
      assertEquals(await reading, ":\n\n");
    }
    await reader.cancel();
    assertEquals(timers.countTimers(), 0);
  });
});

Deno.test("an event ends the wait for a sign of life", async () => {
  await withFakeTimeouts(async (timers) => {
    const { ask, piece, api } = streaming();
    const reader = (await ask()).body!.getReader();
    await piece(reader);
    const reading = piece(reader);
    await turn();
    api.events.add("agreed", { generation: 1 });
    assertEquals((await reading)?.startsWith("id: 5eed-1\nevent: agreed\n"), true);
    // Only the limit on reading it.
    assertEquals(timers.countTimers(), 1);
    await reader.cancel();
  });
});

Deno.test("a follower that does not read for thirty seconds is cut, and one that reads just before is not", async () => {
  await withFakeTimeouts(async (timers) => {
    const { ask, piece, api, cuts } = streaming();
    const reader = (await ask()).body!.getReader();
    timers.tick(29_999);
    await piece(reader);
    timers.tick(29_999);
    assertEquals([cuts(), api.events.followers()], [0, 1]);
    timers.tick(1);
    assertEquals([cuts(), api.events.followers(), timers.countTimers()], [1, 0, 0]);
    assertEquals(await piece(reader), null);
    assertEquals(cuts(), 1);
  });
});

Deno.test("the answer to HEAD is that to GET without a stream, and takes nobody's place", async () => {
  const { api, route } = streaming({ maxFollowers: 0 });
  const response = await route(new Request("http://x/admin/events", { method: "HEAD" }));
  assertEquals([response.status, response.headers.get("Content-Type"), response.body], [
    200,
    "text/event-stream",
    null,
  ]);
  assertEquals(api.events.followers(), 0);
});

Deno.test("events go out fifty at a time", async () => {
  await withFakeTimeouts(async () => {
    const { ask, piece, api } = streaming();
    for (let count = 0; count < 101; count++) api.events.add("agreed", {});
    const reader = (await ask("5eed-0")).body!.getReader();
    const counts: number[] = [];
    for (let time = 0; time < 3; time++) counts.push((await piece(reader))!.match(/event: agreed/g)!.length);
    assertEquals(counts, [50, 50, 1]);
    await reader.cancel();
  });
});

Deno.test("a stream that has ended, however, leaves no listener and frees its place, once", async () => {
  await withFakeTimeouts(async (timers) => {
    const { ask, piece, api, closing } = streaming({ maxFollowers: 1 });
    const reader = (await ask()).body!.getReader();
    assertEquals([closing.listeners(), api.events.followers()], [1, 1]);
    const full = await ask();
    assertEquals([full.status, full.headers.get("Retry-After")], [503, "5"]);
    const { code, detail } = await full.json();
    assertEquals([code, detail], ["admin/too-many", "1 clients follow the events already"]);
    await reader.cancel();
    assertEquals([closing.listeners(), api.events.followers(), timers.countTimers()], [0, 0, 0]);
    const other = (await ask()).body!.getReader();
    await piece(other);
    const reading = piece(other);
    await turn();
    closing.abort();
    assertEquals(await reading, null);
    assertEquals([api.events.followers(), timers.countTimers()], [0, 0]);
    const stopping = await ask();
    assertEquals([stopping.status, (await stopping.json()).code], [503, "admin/stopping"]);
  });
});

Deno.test("an id is resumed up to the latest event, and one beyond it, or longer than a number may be, is none", async () => {
  await withFakeTimeouts(async () => {
    const { ask, piece, api } = streaming();
    for (let count = 0; count < 3; count++) api.events.add("agreed", {});
    const isReset = async (id: string) => {
      const reader = (await ask(id)).body!.getReader();
      const text = await piece(reader);
      await reader.cancel();
      return text!.includes("event: reset");
    };
    assertEquals(await Promise.all(["5eed-3", "5eed-0", `5eed-${"3".padStart(15, "0")}`].map(isReset)), [
      false,
      false,
      false,
    ]);
    const wrong = ["5eed-4", "beef-3", `5eed-${"3".padStart(16, "0")}`, "5eed-3x", "5eed-x3", "5eed3", "x5eed-3"];
    assertEquals(await Promise.all(wrong.map(isReset)), wrong.map(() => true));
  });
});
