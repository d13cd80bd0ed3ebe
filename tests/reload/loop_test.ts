// The loop with a clock, looks and writes under the test's control: calls that wait, calls that are aborted, and
// leftovers.
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import type { LookOutcome } from "../../src/reload/events.ts";
import { runLoop } from "../../src/reload/loop.ts";
import type { HintReason } from "../../src/reload/state.ts";
import { controlledLoop, turn } from "./controlled_loop.ts";
import { snapshotIdOf } from "./transcript.ts";

function candidate(id: string): LookOutcome<string> {
  return {
    kind: "candidate",
    ...snapshotIdOf(id)!,
    fingerprint: id,
    candidate: id,
    text: { format: "hcl", digest: id },
    stored: snapshotIdOf("1/1"),
  };
}

Deno.test("with real timers a hint becomes a written snapshot, and settled waits for it", async () => {
  const reports: string[] = [];
  await using loop = runLoop<string>({
    active: null,
    look: () => Promise.resolve(candidate("1/1")),
    activate: () => Promise.resolve({ kind: "written" }),
    report: (report) => reports.push(report.kind),
  });
  await loop.settled();
  loop.hint("start");
  await loop.settled();
  assertEquals(reports, ["activated"]);
  assertEquals(loop.state().active, snapshotIdOf("1/1"));
});

Deno.test("a duration is the look and the write, by the loop's own clock", async () => {
  const { loop, clock, looks, writes, reports } = controlledLoop(snapshotIdOf("1/1"));
  loop.hint("file");
  clock.advance(30);
  looks[0]!.end(candidate("2/2"));
  await turn();
  clock.advance(12);
  writes[0]!.end({ kind: "written" });
  await turn();
  const [report] = reports;
  assert(report?.kind === "activated");
  assertEquals(report.durationMilliseconds, 42);
});

Deno.test("hints during a reload make one more, and settled waits for that one too", async () => {
  const { loop, looks, reports } = controlledLoop(snapshotIdOf("1/1"));
  let settled = false;
  loop.hint("start");
  loop.settled().then(() => settled = true);
  for (let count = 0; count < 1_000; count++) loop.hint(count % 2 === 0 ? "file" : "poll");
  looks[0]!.end(candidate("1/1"));
  await turn();
  assertEquals([looks.length, settled], [2, false]);
  looks[1]!.end(candidate("1/1"));
  await turn();
  assertEquals([looks.length, settled, reports.length], [2, true, 2]);
});

Deno.test("a failed write is looked at again after its backoff, and settled does not wait for that", async () => {
  const { loop, clock, looks, writes } = controlledLoop(snapshotIdOf("1/1"));
  loop.hint("file");
  looks[0]!.end(candidate("2/2"));
  await turn();
  writes[0]!.end({ kind: "failed", reason: "ENOSPC" });
  await loop.settled();
  clock.advance(999);
  assertEquals(looks.length, 1);
  clock.advance(1);
  assertEquals(looks.length, 2);
  looks[1]!.end(candidate("3/3"));
  await turn();
  assertEquals(writes.map((write) => write.input), ["2/2", "3/3"]);
  writes[1]!.end({ kind: "written" });
  await loop.settled();
  assertEquals([loop.state().active, clock.running()], [snapshotIdOf("3/3"), 0]);
});

Deno.test("a bug in a look or a write is reported, and the loop carries on", async () => {
  const { loop, looks, writes, reports } = controlledLoop(snapshotIdOf("1/1"));
  const bug = new TypeError("x is undefined");
  loop.hint("file");
  looks[0]!.fail(bug);
  await loop.settled();
  const [report] = reports;
  assert(report?.kind === "internal-error");
  assertStrictEquals(report.error, bug);
  loop.hint("file");
  looks[1]!.end(candidate("2/2"));
  await turn();
  writes[0]!.fail(bug);
  await loop.settled();
  loop.hint("signal");
  looks[2]!.end(candidate("2/2"));
  await turn();
  writes[1]!.end({ kind: "written" });
  await loop.settled();
  assertEquals(reports.map((one) => one.kind), [
    "internal-error",
    "unreadable",
    "internal-error",
    "write-failed",
    "activated",
  ]);
  assertEquals(loop.state().trouble, null);
});

Deno.test("a look that throws before its first await is a bug like any other", async () => {
  const { loop, reports } = controlledLoop(null, {
    look() {
      throw new TypeError("not a promise");
    },
  });
  loop.hint("start");
  await loop.settled();
  assertEquals(reports.map((one) => one.kind), ["internal-error", "unreadable"]);
});

Deno.test("a receiver of reports that throws is the global handler's business and keeps the loop whole", async () => {
  const seen: unknown[] = [];
  const listener = (event: ErrorEvent) => {
    event.preventDefault();
    seen.push(event.error);
  };
  globalThis.addEventListener("error", listener);
  try {
    const bug = new Error("closed");
    const { loop, looks } = controlledLoop(snapshotIdOf("1/1"), {
      report() {
        throw bug;
      },
    });
    loop.hint("start");
    loop.hint("file");
    looks[0]!.end(candidate("1/1"));
    await turn();
    assertEquals(looks.length, 2);
    assertStrictEquals(seen[0], bug);
  } finally {
    globalThis.removeEventListener("error", listener);
  }
});

Deno.test("a hint from within a report waits for the rest of the actions, and makes one look", async () => {
  const { loop, looks } = controlledLoop(snapshotIdOf("1/1"), {
    report: () => ["poll", "poll"].forEach((reason) => loop.hint(reason as HintReason)),
  });
  loop.hint("start");
  loop.hint("file");
  looks[0]!.end(candidate("1/1"));
  await turn();
  assertEquals(looks.length, 2);
  assertEquals(loop.state().waiting, ["poll"]);
});

Deno.test("a stop from within the report of a failed write leaves no retry behind", async () => {
  const { loop, clock, looks, writes } = controlledLoop(snapshotIdOf("1/1"), { report: () => void loop.stop() });
  loop.hint("start");
  looks[0]!.end(candidate("2/2"));
  await turn();
  writes[0]!.end({ kind: "failed", reason: "ENOSPC" });
  await loop.stopped;
  assertEquals(clock.running(), 0);
});

Deno.test("a stop from within a report reaches the look that follows the report", async () => {
  const { loop, clock, looks } = controlledLoop(snapshotIdOf("1/1"), { report: () => void loop.stop() });
  loop.hint("start");
  loop.hint("file");
  looks[0]!.end(candidate("1/1"));
  await turn();
  assert(looks[1]!.signal.aborted);
  looks[1]!.fail(looks[1]!.signal.reason);
  await loop.stopped;
  assertEquals(clock.running(), 0);
});

Deno.test("a look that outlasts its limit is given up, and its later result is passed over", async () => {
  const { loop, clock, looks, writes, reports } = controlledLoop(snapshotIdOf("1/1"), { lookLimitMilliseconds: 5_000 });
  loop.hint("file");
  clock.advance(5_000);
  await loop.settled();
  assert(looks[0]!.signal.aborted);
  const [report] = reports;
  assert(report?.kind === "unreadable");
  assertEquals(report.reason, "reading the source took longer than 5000 ms");
  looks[0]!.end(candidate("2/2"));
  await turn();
  assertEquals([writes.length, loop.state().active], [0, snapshotIdOf("1/1")]);
  clock.advance(1_000);
  assertEquals(looks.length, 2);
});

Deno.test("looks that hang permanently stay few, and the loop looks again when one of them ended", async () => {
  const { loop, clock, looks, reports } = controlledLoop(snapshotIdOf("1/1"), { lookLimitMilliseconds: 10 });
  for (let count = 0; count < 50; count++) {
    loop.hint("signal");
    clock.advance(10);
    await loop.settled();
  }
  assertEquals([looks.length, reports.length], [4, 50]);
  looks[2]!.fail(new Error("stale file handle"));
  await turn();
  loop.hint("signal");
  assertEquals(looks.length, 5);
});

Deno.test("a write that outlasts its limit is asked to give up, and no second one begins before", async () => {
  const { loop, clock, looks, writes, reports } = controlledLoop(snapshotIdOf("1/1"), {
    activateLimitMilliseconds: 5_000,
  });
  loop.hint("file");
  looks[0]!.end(candidate("2/2"));
  await turn();
  clock.advance(5_000);
  loop.hint("signal");
  clock.advance(600_000);
  await turn();
  assert(writes[0]!.signal.aborted);
  assertEquals([looks.length, writes.length], [1, 1]);
  writes[0]!.fail(writes[0]!.signal.reason);
  await turn();
  assertEquals(reports.map((one) => one.kind), ["write-stalled", "write-failed"]);
  assertEquals(looks.length, 2);
});

Deno.test("stopping aborts a look, waits for it no longer than the grace, and leaves no timer", async () => {
  const { loop, clock, looks, reports } = controlledLoop(snapshotIdOf("1/1"), { graceMilliseconds: 700 });
  let stopped = false;
  loop.hint("file");
  loop.stop().then(() => stopped = true);
  assert(looks[0]!.signal.aborted);
  clock.advance(699);
  await turn();
  assertEquals(stopped, false);
  clock.advance(1);
  await turn();
  assertEquals(stopped, true);
  await loop.settled();
  loop.hint("file");
  looks[0]!.end(candidate("2/2"));
  await turn();
  assertEquals([looks.length, reports.length, clock.running()], [1, 0, 0]);
});

Deno.test("stopping during a write tells the truth about it: completed is in force, given up is not", async () => {
  for (const completes of [true, false]) {
    const { loop, clock, looks, writes, reports } = controlledLoop(snapshotIdOf("1/1"));
    loop.hint("file");
    looks[0]!.end(candidate("2/2"));
    await turn();
    const stopped = loop.stop();
    if (completes) writes[0]!.end({ kind: "written" });
    else writes[0]!.fail(writes[0]!.signal.reason);
    await stopped;
    assertEquals(loop.state().active, snapshotIdOf(completes ? "2/2" : "1/1"));
    assertEquals(reports.map((one) => one.kind), completes ? ["activated"] : []);
    assertEquals(clock.running(), 0);
  }
});

Deno.test("stopping twice, or disposing of a stopped loop, is stopping once", async () => {
  const { loop } = controlledLoop(null);
  await Promise.all([loop.stop(), loop.stop()]);
  await loop[Symbol.asyncDispose]();
  assertEquals(loop.state().work.kind, "stopped");
});

type Step =
  | { readonly kind: "hint"; readonly reason: HintReason }
  | { readonly kind: "advance"; readonly milliseconds: number }
  | { readonly kind: "look-ends"; readonly id: string | null }
  | { readonly kind: "write-ends"; readonly how: "written" | "failed" | "threw" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("hint" as const),
    reason: fc.constantFrom<HintReason>("file", "poll", "signal"),
  }),
  fc.record({ kind: fc.constant("advance" as const), milliseconds: fc.constantFrom(1, 1_000, 31_000) }),
  fc.record({
    kind: fc.constant("look-ends" as const),
    id: fc.option(fc.constantFrom("1/1", "1/2", "2/2")),
  }),
  fc.record({
    kind: fc.constant("write-ends" as const),
    how: fc.constantFrom("written" as const, "failed" as const, "threw" as const),
  }),
);

Deno.test("in random interleavings one write runs at a time, and a stop ends all with no timer left", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
      const { loop, clock, looks, writes, reports } = controlledLoop(snapshotIdOf("1/1"));
      let writesEnded = 0;
      for (const one of steps) {
        if (one.kind === "hint") loop.hint(one.reason);
        if (one.kind === "advance") clock.advance(one.milliseconds);
        const look = looks.at(-1);
        if (one.kind === "look-ends") one.id === null ? look?.fail(new Error("bug")) : look?.end(candidate(one.id));
        const write = writes[writesEnded];
        if (one.kind === "write-ends" && write !== undefined) {
          writesEnded++;
          if (one.how === "threw") write.fail(new Error("bug"));
          else write.end(one.how === "written" ? { kind: "written" } : { kind: "failed", reason: "ENOSPC" });
        }
        await turn();
        assert(writes.length - writesEnded <= 1);
        const activated = reports.findLast((report) => report.kind === "activated");
        assertEquals(loop.state().active?.contentHash, activated?.contentHash ?? "1");
      }
      const stopped = loop.stop();
      clock.advance(1_000);
      await stopped;
      const before = [looks.length, writes.length];
      loop.hint("signal");
      clock.advance(600_000);
      await turn();
      assertEquals([looks.length, writes.length], before);
      assertEquals(clock.running(), 0);
    }),
    { numRuns: 500 },
  );
});
