import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { openJournal } from "../../src/admin/journal.ts";
import type { DaemonEvent } from "../../src/admin/daemon_api.ts";

const ids = (events: readonly DaemonEvent[]): number[] => events.map((event) => event.id);
const bytesOf = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;

Deno.test("an empty journal has no latest event and none after any id", () => {
  const journal = openJournal();
  assertEquals(journal.latest(), 0);
  assertEquals(journal.after(0), []);
  assertEquals(journal.after(-1), []);
});

Deno.test("events have ids from 1 on without gaps, the time of the clock that was given, and a copy of their data", () => {
  let now = Date.UTC(2026, 0, 2, 3, 4, 5);
  const journal = openJournal({ now: () => now });
  const data = { hash: "abc", generation: 7 };
  journal.add("activated", data);
  data.generation = 8;
  now += 1_500;
  journal.add("diverged", { generation: null });
  assertEquals(journal.after(0), [
    { id: 1, kind: "activated", at: "2026-01-02T03:04:05.000Z", data: { hash: "abc", generation: 7 } },
    { id: 2, kind: "diverged", at: "2026-01-02T03:04:06.500Z", data: { generation: null } },
  ]);
  assertEquals(journal.latest(), 2);
});

Deno.test("each journal has an epoch of its own, unless one is given", () => {
  assertNotEquals(openJournal().epoch, openJournal().epoch);
  assertEquals(openJournal({ epoch: "e" }).epoch, "e");
});

Deno.test("a journal keeps the last thousand events, and forgets none before", () => {
  const journal = openJournal();
  for (let count = 0; count < 1_000; count++) journal.add("agreed", {});
  assertEquals(journal.after(0)[0]!.id, 1);
  journal.add("agreed", {});
  assertEquals(journal.after(0).length, 1_000);
  assertEquals(journal.after(0)[0]!.id, 2);
  assertEquals(ids(journal.after(999)), [1_000, 1_001]);
});

Deno.test("whatever was added, what is kept is all of the newest that fits both bounds, and the latest in any case", () => {
  const texts = fc.array(fc.string({ unit: "binary", maxLength: 400 }), { maxLength: 40 });
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 20 }), fc.integer({ min: -1, max: 41 }), (all, capacity, id) => {
      const maxBytes = 2_000;
      const unbounded = openJournal({ now: () => 0 });
      const journal = openJournal({ now: () => 0, capacity, maxBytes });
      for (const reason of all) {
        unbounded.add("rejected", { reason });
        journal.add("rejected", { reason });
      }
      const expected: DaemonEvent[] = [];
      let size = 0;
      for (const event of unbounded.after(0).toReversed()) {
        size += bytesOf(event);
        if (expected.length > 0 && (expected.length === capacity || size > maxBytes)) break;
        expected.unshift(event);
      }
      assertEquals(journal.after(0), expected);
      assertEquals(journal.after(id), expected.filter((event) => event.id > id));
      assertEquals(journal.latest(), all.length);
    }),
  );
});

Deno.test("a long text is cut to 300 units, and not in the middle of a character", () => {
  const journal = openJournal();
  journal.add("rejected", { reason: "x".repeat(300) });
  journal.add("rejected", { reason: "x".repeat(1 << 20) });
  journal.add("rejected", { reason: `${"x".repeat(298)}${"\u{1F30B}".repeat(9)}` });
  const reasons = journal.after(0).map((event) => event.data.reason);
  assertEquals(reasons, ["x".repeat(300), `${"x".repeat(299)}…`, `${"x".repeat(298)}…`]);
});

Deno.test("a hostile name in the data stays a name", () => {
  const journal = openJournal();
  journal.add("rejected", JSON.parse('{"__proto__": "a", "constructor": "b"}'));
  assertEquals(JSON.stringify(journal.after(0)[0]!.data), '{"__proto__":"a","constructor":"b"}');
});

Deno.test("nobody who gets an event can change it for the others", () => {
  const journal = openJournal();
  journal.add("agreed", { generation: 1 });
  const [event] = journal.after(0);
  assert(Object.isFrozen(event) && Object.isFrozen(event!.data));
});

Deno.test("a listener is called before add returns, with every event since it follows and none after it ended", () => {
  const journal = openJournal();
  journal.add("agreed", {});
  const heard: number[] = [];
  const end = journal.follow((event) => heard.push(event.id));
  journal.add("diverged", {});
  assertEquals(heard, [2]);
  journal.add("agreed", {});
  end();
  end();
  journal.add("diverged", {});
  assertEquals(heard, [2, 3]);
});

Deno.test("one function that follows twice is called twice, and ending one leaves the other", () => {
  const journal = openJournal();
  const heard: number[] = [];
  const listener = (event: DaemonEvent) => void heard.push(event.id);
  const end = journal.follow(listener);
  journal.follow(listener);
  journal.add("agreed", {});
  end();
  journal.add("agreed", {});
  assertEquals(heard, [1, 1, 2]);
});

Deno.test("a listener that throws keeps nothing from the others nor from who added, and its error is told", () => {
  const errors: unknown[] = [];
  const journal = openJournal({ onListenerError: (error) => errors.push(error) });
  const heard: number[] = [];
  const bug = new Error("a bug");
  journal.follow(() => {
    throw bug;
  });
  journal.follow((event) => heard.push(event.id));
  journal.add("redis-down", {});
  journal.add("redis-up", {});
  assertEquals(heard, [1, 2]);
  assertEquals(errors, [bug, bug]);
});

Deno.test("an event that a listener adds comes to all after the one it answers", () => {
  const journal = openJournal();
  const heard: string[] = [];
  journal.follow((event) => {
    if (event.kind === "diverged") journal.add("agreed", {});
  });
  journal.follow((event) => heard.push(`${event.id} ${event.kind}`));
  journal.add("diverged", {});
  assertEquals(heard, ["1 diverged", "2 agreed"]);
});

Deno.test("who follows or ends while an event is told misses nothing of theirs and gets nothing that is not", () => {
  const journal = openJournal();
  const late: number[] = [];
  const ended: number[] = [];
  let endOther = () => {};
  const endFirst = journal.follow((event) => {
    endFirst();
    endOther();
    journal.add("agreed", {});
    assertEquals(ids(journal.after(event.id)), [2]);
    journal.follow((later) => late.push(later.id));
  });
  endOther = journal.follow((event) => ended.push(event.id));
  journal.add("diverged", {});
  journal.add("diverged", {});
  assertEquals(late, [3]);
  assertEquals(ended, []);
});

Deno.test("what is kept may weigh exactly its bound, which is 1 MiB unless another is given", () => {
  const journal = (maxBytes?: number) => openJournal({ now: () => 0, ...maxBytes === undefined ? {} : { maxBytes } });
  const one = bytesOf({ id: 1, kind: "agreed", at: new Date(0).toISOString(), data: {} });
  const kept = (maxBytes: number) => {
    const events = journal(maxBytes);
    for (let count = 0; count < 3; count++) events.add("agreed", {});
    return ids(events.after(0));
  };
  assertEquals([kept(3 * one), kept(3 * one - 1), kept(1)], [[1, 2, 3], [2, 3], [3]]);
  const full = journal();
  const data = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`text${at}`, "x".repeat(300)]));
  while (full.after(0).length === full.latest()) full.add("rejected", data);
  const size = full.after(0).reduce((sum, event) => sum + bytesOf(event), 0);
  assert(size <= 2 ** 20 && size + bytesOf(full.after(0)[0]) > 2 ** 20, `${size}`);
});

Deno.test("a text of 300 units is kept whole, and one more is cut to as many with its ellipsis", () => {
  const journal = openJournal();
  const kept = (reason: string) => {
    journal.add("rejected", { reason });
    return journal.after(journal.latest() - 1)[0]!.data["reason"];
  };
  assertEquals([kept("x".repeat(300)), kept("x".repeat(301))], ["x".repeat(300), `${"x".repeat(299)}…`]);
  assertEquals(kept(`${"x".repeat(298)}😀x`), `${"x".repeat(298)}…`);
});
