import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc, { anyCharacter } from "fast-check";
import { openEventFeed } from "../../src/admin/event_feed.ts";
import type { DaemonEvent } from "../../src/admin/daemon_api.ts";

const ids = (events: readonly DaemonEvent[]): number[] => events.map((event) => event.id);
const bytesOf = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;

Deno.test("an empty feed has no latest event and none after any id", () => {
  const feed = openEventFeed();
  assertEquals(feed.latest(), 0);
  assertEquals(feed.after(0), []);
  assertEquals(feed.after(-1), []);
});

Deno.test("events have ids from 1 on without gaps, the time of the clock that was given, and a copy of their data", () => {
  let now = Date.UTC(2026, 0, 2, 3, 4, 5);
  const feed = openEventFeed({ now: () => now });
  const data = { hash: "abc", generation: 7 };
  feed.add("activated", data);
  data.generation = 8;
  now += 1_500;
  feed.add("diverged", { generation: null });
  assertEquals(feed.after(0), [
    { id: 1, kind: "activated", at: "2026-01-02T03:04:05.000Z", data: { hash: "abc", generation: 7 } },
    { id: 2, kind: "diverged", at: "2026-01-02T03:04:06.500Z", data: { generation: null } },
  ]);
  assertEquals(feed.latest(), 2);
});

Deno.test("each feed has its own epoch, unless one is given", () => {
  assertNotEquals(openEventFeed().epoch, openEventFeed().epoch);
  assertEquals(openEventFeed({ epoch: "e" }).epoch, "e");
});

Deno.test("a feed keeps the last thousand events, and forgets none before", () => {
  const feed = openEventFeed();
  for (let count = 0; count < 1_000; count++) feed.add("agreed", {});
  assertEquals(feed.after(0)[0]!.id, 1);
  feed.add("agreed", {});
  assertEquals(feed.after(0).length, 1_000);
  assertEquals(feed.after(0)[0]!.id, 2);
  assertEquals(ids(feed.after(999)), [1_000, 1_001]);
});

Deno.test("the journal keeps all of the newest events that fit both bounds, and the latest in any case", () => {
  const texts = fc.array(fc.string({ unit: anyCharacter, maxLength: 400 }), { maxLength: 40 });
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 20 }), fc.integer({ min: -1, max: 41 }), (all, capacity, id) => {
      const maxBytes = 2_000;
      const unbounded = openEventFeed({ now: () => 0 });
      const feed = openEventFeed({ now: () => 0, capacity, maxBytes });
      for (const reason of all) {
        unbounded.add("rejected", { reason });
        feed.add("rejected", { reason });
      }
      const expected: DaemonEvent[] = [];
      let size = 0;
      for (const event of unbounded.after(0).toReversed()) {
        size += bytesOf(event);
        if (expected.length > 0 && (expected.length === capacity || size > maxBytes)) break;
        expected.unshift(event);
      }
      assertEquals(feed.after(0), expected);
      assertEquals(feed.after(id), expected.filter((event) => event.id > id));
      assertEquals(feed.latest(), all.length);
    }),
  );
});

Deno.test("a long text is cut to 300 units, and not in the middle of a character", () => {
  const feed = openEventFeed();
  feed.add("rejected", { reason: "x".repeat(300) });
  feed.add("rejected", { reason: "x".repeat(1 << 20) });
  feed.add("rejected", { reason: `${"x".repeat(298)}${"\u{1F30B}".repeat(9)}` });
  const reasons = feed.after(0).map((event) => event.data.reason);
  assertEquals(reasons, ["x".repeat(300), `${"x".repeat(299)}…`, `${"x".repeat(298)}…`]);
});

Deno.test("a hostile name in the data stays a name", () => {
  const feed = openEventFeed();
  feed.add("rejected", JSON.parse('{"__proto__": "a", "constructor": "b"}'));
  assertEquals(JSON.stringify(feed.after(0)[0]!.data), '{"__proto__":"a","constructor":"b"}');
});

Deno.test("a follower that gets an event cannot change it for the others", () => {
  const feed = openEventFeed();
  feed.add("agreed", { generation: 1 });
  const [event] = feed.after(0);
  assert(Object.isFrozen(event) && Object.isFrozen(event!.data));
});

Deno.test("a listener is called before add returns, with every event since it follows and none after it ended", () => {
  const feed = openEventFeed();
  feed.add("agreed", {});
  const heard: number[] = [];
  const end = feed.follow((event) => heard.push(event.id));
  feed.add("diverged", {});
  assertEquals(heard, [2]);
  feed.add("agreed", {});
  end();
  end();
  feed.add("diverged", {});
  assertEquals(heard, [2, 3]);
});

Deno.test("one function that follows twice is called twice, and ending one leaves the other", () => {
  const feed = openEventFeed();
  const heard: number[] = [];
  const listener = (event: DaemonEvent) => void heard.push(event.id);
  const end = feed.follow(listener);
  feed.follow(listener);
  feed.add("agreed", {});
  end();
  feed.add("agreed", {});
  assertEquals(heard, [1, 1, 2]);
});

Deno.test("a listener that throws affects neither the others nor the caller, and its error is reported", () => {
  const errors: unknown[] = [];
  const feed = openEventFeed({ onListenerError: (error) => errors.push(error) });
  const heard: number[] = [];
  const bug = new Error("a bug");
  feed.follow(() => {
    throw bug;
  });
  feed.follow((event) => heard.push(event.id));
  feed.add("redis-down", {});
  feed.add("redis-up", {});
  assertEquals(heard, [1, 2]);
  assertEquals(errors, [bug, bug]);
});

Deno.test("an event that a listener adds comes to all after the one it answers", () => {
  const feed = openEventFeed();
  const heard: string[] = [];
  feed.follow((event) => {
    if (event.kind === "diverged") feed.add("agreed", {});
  });
  feed.follow((event) => heard.push(`${event.id} ${event.kind}`));
  feed.add("diverged", {});
  assertEquals(heard, ["1 diverged", "2 agreed"]);
});

Deno.test("a follower that begins or ends during an event misses none of its own and gets no other", () => {
  const feed = openEventFeed();
  const late: number[] = [];
  const ended: number[] = [];
  let endOther = () => {};
  const endFirst = feed.follow((event) => {
    endFirst();
    endOther();
    feed.add("agreed", {});
    assertEquals(ids(feed.after(event.id)), [2]);
    feed.follow((later) => late.push(later.id));
  });
  endOther = feed.follow((event) => ended.push(event.id));
  feed.add("diverged", {});
  feed.add("diverged", {});
  assertEquals(late, [3]);
  assertEquals(ended, []);
});

Deno.test("the kept events may weigh exactly their bound, which is 1 MiB unless another is given", () => {
  const feed = (maxBytes?: number) => openEventFeed({ now: () => 0, ...maxBytes === undefined ? {} : { maxBytes } });
  const one = bytesOf({ id: 1, kind: "agreed", at: new Date(0).toISOString(), data: {} });
  const kept = (maxBytes: number) => {
    const events = feed(maxBytes);
    for (let count = 0; count < 3; count++) events.add("agreed", {});
    return ids(events.after(0));
  };
  assertEquals([kept(3 * one), kept(3 * one - 1), kept(1)], [[1, 2, 3], [2, 3], [3]]);
  const full = feed();
  const data = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`text${at}`, "x".repeat(300)]));
  while (full.after(0).length === full.latest()) full.add("rejected", data);
  const size = full.after(0).reduce((sum, event) => sum + bytesOf(event), 0);
  assert(size <= 2 ** 20 && size + bytesOf(full.after(0)[0]) > 2 ** 20, `${size}`);
});

Deno.test("a text of 300 units is kept whole, and one more is cut to as many with its ellipsis", () => {
  const feed = openEventFeed();
  const kept = (reason: string) => {
    feed.add("rejected", { reason });
    return feed.after(feed.latest() - 1)[0]!.data["reason"];
  };
  assertEquals([kept("x".repeat(300)), kept("x".repeat(301))], ["x".repeat(300), `${"x".repeat(299)}…`]);
  assertEquals(kept(`${"x".repeat(298)}😀x`), `${"x".repeat(298)}…`);
});
