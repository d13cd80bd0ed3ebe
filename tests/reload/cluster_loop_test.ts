// The loop with a cluster under the test's control: its requests and their times, a bug of the access, and the state
// after a stop.
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import type { AnnounceAnswer } from "../../src/agreement/announcing.ts";
import type { Announcement } from "../../src/agreement/announcing.ts";
import type { Head } from "../../src/agreement/head.ts";
import { type Ledger, NEW_LEDGER } from "../../src/agreement/agreement.ts";
import type { ClusterAccess, HeadReading } from "../../src/reload/cluster_access.ts";
import type { LookOutcome } from "../../src/reload/events.ts";
import { AGREED, type ControlledLoop, controlledLoop, turn } from "./controlled_loop.ts";
import { snapshotIdOf } from "./transcript.ts";

/** A loop with all that it asked of its cluster, the latest last. */
interface ClusteredLoop extends ControlledLoop {
  readonly readings: PromiseWithResolvers<HeadReading>[];
  readonly announcements: (PromiseWithResolvers<AnnounceAnswer> & { readonly announcement: Announcement })[];
  readonly kept: Ledger[];
}

/** A loop with `1/1` in force; jitter takes nothing away from a backoff, and a quarter from a reconcile interval. */
function clusteredLoop(ledger: Ledger = AGREED, access: Partial<ClusterAccess> = {}): ClusteredLoop {
  const readings: ClusteredLoop["readings"] = [];
  const announcements: ClusteredLoop["announcements"] = [];
  const kept: Ledger[] = [];
  const cluster: ClusterAccess = {
    ledger,
    limits: { settleMilliseconds: 1_000, reconcileMilliseconds: 40_000 },
    readHead() {
      const reading = Promise.withResolvers<HeadReading>();
      readings.push(reading);
      return reading.promise;
    },
    announce(announcement) {
      const answer = { ...Promise.withResolvers<AnnounceAnswer>(), announcement };
      announcements.push(answer);
      return answer.promise;
    },
    readFleet: () => Promise.reject(new Error("no rollout")),
    moveRollout: () => Promise.reject(new Error("no rollout")),
    keep: (one) => kept.push(one),
    ...access,
  };
  const controlled = controlledLoop(snapshotIdOf("1/1"), { cluster });
  return { ...controlled, readings, announcements, kept };
}

/** The reading of a store without skips and rollout. */
function readingOf(head: Head | null): HeadReading {
  return { ok: true, head, skips: [], rollout: null, rolloutMark: null };
}

function candidate(id: string, stored = "1/1"): LookOutcome<string> {
  return {
    kind: "candidate",
    ...snapshotIdOf(id)!,
    fingerprint: id,
    candidate: id,
    text: { format: "hcl", digest: id },
    stored: snapshotIdOf(stored),
  };
}

function thrower(bug: Error): () => never {
  return () => {
    throw bug;
  };
}

/** Lets the present look find a snapshot, and writes it if it differs. */
async function find({ loop, looks, writes }: ClusteredLoop, id: string): Promise<void> {
  const { active } = loop.state();
  looks.at(-1)!.end(candidate(id, `${active?.hash}/${active?.contentHash}`));
  const count = writes.length;
  await turn();
  if (writes.length > count) writes.at(-1)!.end({ kind: "written" });
  await turn();
}

/** Linked, looked, and agreed with the head at generation 1. */
async function agree(clustered: ClusteredLoop): Promise<void> {
  const { loop, readings } = clustered;
  loop.hint("start");
  loop.link("linked");
  await find(clustered, "1/1");
  // The look that was under way when the link came up is followed by another.
  await find(clustered, "1/1");
  for (let read = 0; read < 2; read++) {
    readings[read]!.resolve(readingOf({ generation: 1, hash: "1" }));
    await turn();
  }
  assertEquals([loop.state().agreement?.syncState.kind, readings.length], ["agreed", 2]);
}

Deno.test("a written change is announced once, and its result is kept", async () => {
  const clustered = clusteredLoop();
  const { loop, announcements, kept, reports } = clustered;
  await agree(clustered);
  loop.hint("file");
  await find(clustered, "2/2");
  assertEquals(announcements.map((one) => one.announcement), [{
    hash: "2",
    base: "1",
    unanswered: [],
    since: 1,
    floor: 1,
    restores: true,
    force: false,
    skips: [],
    undoes: [],
  }]);
  assertEquals(kept.at(-1)?.owed, { hash: "2", base: "1" });
  announcements[0]!.resolve({ kind: "accepted", head: { generation: 2, hash: "2" }, delivered: 3 });
  await turn();
  assertEquals(kept.at(-1), {
    seen: 2,
    agreed: { generation: 2, hash: "2" },
    diverged: null,
    concluded: "2",
    unanswered: [],
    owed: null,
  });
  assertEquals(reports.slice(-2).map(({ kind }) => kind), ["announced", "agreed"]);
});

Deno.test("a cluster that does not answer delays no reload, and is asked one thing at a time", async () => {
  const clustered = clusteredLoop();
  const { loop, announcements, readings } = clustered;
  await agree(clustered);
  for (const id of ["2/2", "3/3", "4/4"]) {
    loop.hint("file");
    loop.link("heard");
    await find(clustered, id);
    assertEquals(loop.state().active, snapshotIdOf(id));
  }
  assertEquals([announcements.length, readings.length], [0, 3]);
  readings[2]!.resolve(readingOf({ generation: 1, hash: "1" }));
  await turn();
  assertEquals(announcements.map((one) => one.announcement.hash), ["4"]);
});

Deno.test("a flood of messages is one reading under way and one after it", async () => {
  const clustered = clusteredLoop();
  const { loop, readings } = clustered;
  await agree(clustered);
  for (let count = 0; count < 10_000; count++) loop.link("heard");
  assertEquals(readings.length, 3);
  readings[2]!.resolve(readingOf({ generation: 1, hash: "1" }));
  await turn();
  assertEquals(readings.length, 4);
  readings[3]!.resolve(readingOf({ generation: 1, hash: "1" }));
  await turn();
  assertEquals(readings.length, 4);
});

Deno.test("the head is read each interval while there is a link, and not without", async () => {
  const clustered = clusteredLoop();
  const { loop, clock, readings } = clustered;
  await agree(clustered);
  for (let interval = 1; interval <= 3; interval++) {
    clock.advance(30_000);
    assertEquals(readings.length, 2 + interval);
    readings.at(-1)!.resolve(readingOf({ generation: 1, hash: "1" }));
    await turn();
  }
  loop.link("unlinked");
  clock.advance(300_000);
  assertEquals([readings.length, clock.running()], [5, 0]);
  loop.link("linked");
  assertEquals(readings.length, 6);
});

Deno.test("another head is looked for again until its settle time is over, and then no timer but the interval's runs", async () => {
  const clustered = clusteredLoop();
  const { loop, clock, looks, readings, reports } = clustered;
  await agree(clustered);
  loop.link("heard");
  readings.at(-1)!.resolve(readingOf({ generation: 2, hash: "2" }));
  await turn();
  const waits: number[] = [];
  while (loop.state().agreement?.syncState.kind === "settling" && waits.length < 10) {
    await find(clustered, "1/1");
    const [begun, count] = [clock.now(), looks.length];
    while (looks.length === count && clock.now() < begun + 1_000) clock.advance(1);
    if (looks.length > count) waits.push(clock.now() - begun);
  }
  assertEquals(waits, [250, 500, 250]);
  assertEquals(reports.at(-1)?.kind, "diverged");
  assertEquals(clock.running(), 1);
});

Deno.test("a bug of the access is reported, counts as an outage, and is tried again after a backoff", async () => {
  const bug = new TypeError("x is undefined");
  for (const throws of [() => Promise.reject(bug), thrower(bug)]) {
    const clustered = clusteredLoop(AGREED, { readHead: throws });
    const { loop, clock, reports } = clustered;
    loop.link("linked");
    await turn();
    const [internal, unreadable] = reports;
    assert(internal?.kind === "internal-error" && internal.during === "read-head");
    assertStrictEquals(internal.error, bug);
    assertEquals(unreadable, { kind: "head-unreadable", reason: "an internal error", repeated: false });
    clock.advance(999);
    await turn();
    assertEquals(reports.length, 2);
    clock.advance(1);
    await turn();
    assertEquals(reports.length, 4);
  }
});

Deno.test("a bug in announcing leaves the change owed", async () => {
  const bug = new TypeError("x is undefined");
  const clustered = clusteredLoop(AGREED, { announce: () => Promise.reject(bug) });
  const { loop, kept, reports } = clustered;
  await agree(clustered);
  loop.hint("file");
  await find(clustered, "2/2");
  assertEquals(reports.slice(-2).map(({ kind }) => kind), ["internal-error", "announcement-failed"]);
  assertEquals(kept.at(-1)?.owed, { hash: "2", base: "1" });
});

Deno.test("an instance that never agreed keeps its owed change until there is a link", async () => {
  const clustered = clusteredLoop(NEW_LEDGER);
  const { loop, readings, announcements, kept } = clustered;
  loop.hint("start");
  await find(clustered, "1/1");
  assertEquals([announcements.length, kept.at(-1)?.owed], [0, { hash: "1", base: null }]);
  loop.link("linked");
  readings.at(-1)!.resolve(readingOf(null));
  await find(clustered, "1/1");
  assertEquals(announcements.map((one) => one.announcement), [{
    hash: "1",
    base: null,
    unanswered: [],
    since: 0,
    floor: 0,
    restores: true,
    force: false,
    skips: [],
    undoes: [],
  }]);
});

Deno.test("a stop leaves no timer and passes over the answers that come after it", async () => {
  const clustered = clusteredLoop();
  const { loop, clock, looks, readings, announcements, kept, reports } = clustered;
  await agree(clustered);
  loop.hint("file");
  await find(clustered, "2/2");
  const before = [kept.length, reports.length, readings.length, looks.length];
  await loop.stop();
  assertEquals(clock.running(), 0);
  announcements[0]!.resolve({ kind: "accepted", head: { generation: 2, hash: "2" }, delivered: 0 });
  for (const event of ["linked", "heard", "unlinked"] as const) loop.link(event);
  await turn();
  clock.advance(600_000);
  assertEquals([kept.length, reports.length, readings.length, looks.length], before);
});

Deno.test("a stop while the source settles leaves no timer", async () => {
  const clustered = clusteredLoop();
  const { loop, clock, readings } = clustered;
  await agree(clustered);
  loop.link("heard");
  readings.at(-1)!.resolve(readingOf({ generation: 2, hash: "2" }));
  await turn();
  await find(clustered, "1/1");
  assertEquals(clock.running(), 2);
  await loop.stop();
  assertEquals(clock.running(), 0);
});
