// Things that the loop does once, or not again: events that arrive together, timers that are armed again, answers after
// the end.
import { assert, assertEquals } from "@std/assert";
import type { AnnounceAnswer } from "../../src/agreement/announcing.ts";
import type { ClusterAccess } from "../../src/reload/cluster_access.ts";
import type { LookOutcome } from "../../src/reload/events.ts";
import type { WorkLimit } from "../../src/reload/loop.ts";
import type { HintReason, State } from "../../src/reload/state.ts";
import { AGREED, type ControlledLoop, controlledLoop, turn } from "./controlled_loop.ts";
import { snapshotIdOf } from "./transcript.ts";

function candidate(id: string): LookOutcome<string> {
  return {
    kind: "candidate",
    ...snapshotIdOf(id)!,
    fingerprint: id,
    candidate: id,
    text: { format: "hcl", digest: id },
    stored: snapshotIdOf(id),
  };
}

Deno.test("hints and messages that arrive during a report are taken in once each", async () => {
  const states: State<string>[] = [];
  const events = ["heard", "poll", "heard", "file", "poll", "heard", "file"] as const;
  const { loop, looks } = controlledLoop(snapshotIdOf("1/1"), {
    changed: (state) => void states.push(state),
    report() {
      for (const event of events) event === "heard" ? loop.link(event) : loop.hint(event);
    },
  });
  loop.hint("start");
  const before = states.length;
  looks[0]!.end(candidate("1/1"));
  await turn();
  // The look that ended, the message, and the two hints, of which the first begins a look.
  assertEquals(states.length - before, 4);
  assertEquals([looks.length, loop.state().waiting], [2, ["file"]]);
});

Deno.test("a limit that is resumed runs from then on, once, and a suspended one not at all", async () => {
  let limit: WorkLimit | null = null;
  const { loop, clock, looks, reports } = controlledLoop(snapshotIdOf("1/1"), {
    activateLimitMilliseconds: 1_000,
    activate(_candidate, _signal, given) {
      limit = given;
      return new Promise(() => {});
    },
  });
  loop.hint("file");
  looks[0]!.end(candidate("2/2"));
  await turn();
  clock.advance(600);
  limit!.resume();
  clock.advance(999);
  assertEquals([reports.length, clock.running()], [0, 1]);
  limit!.suspend();
  clock.advance(10_000);
  assertEquals([reports.length, clock.running()], [0, 0]);
  limit!.resume();
  clock.advance(1_000);
  assertEquals([reports, clock.running()], [[{ kind: "write-stalled", limitMilliseconds: 1_000 }], 0]);
  clock.advance(10_000);
  assertEquals(reports.length, 1);
});

Deno.test("by default a look and a write have thirty seconds, and a stop waits for one", async () => {
  const { loop, clock, looks, writes, reports } = controlledLoop(snapshotIdOf("1/1"));
  loop.hint("file");
  clock.advance(29_999);
  assertEquals(looks[0]!.signal.aborted, false);
  clock.advance(1);
  assert(looks[0]!.signal.aborted);
  await loop.settled();
  loop.hint("file");
  looks[1]!.end(candidate("2/2"));
  await turn();
  clock.advance(29_999);
  assertEquals(writes[0]!.signal.aborted, false);
  clock.advance(1);
  assert(writes[0]!.signal.aborted);
  assertEquals(reports.map(({ kind }) => kind), ["unreadable", "write-stalled"]);
  let stopped = false;
  loop.stop().then(() => stopped = true);
  clock.advance(999);
  await turn();
  assertEquals(stopped, false);
  clock.advance(1);
  await turn();
  assertEquals([stopped, clock.running()], [true, 0]);
});

Deno.test("the reason why a look or a write did not end is in its report", async () => {
  const { loop, clock, looks, writes, reports } = controlledLoop(snapshotIdOf("1/1"), {
    activateLimitMilliseconds: 1_000,
  });
  const reasons = () => reports.flatMap((report) => "fingerprint" in report && "reason" in report ? report.reason : []);
  loop.hint("file");
  looks[0]!.fail(new Error("bug"));
  await loop.settled();
  assertEquals(loop.state().trouble?.fingerprint, "internal-error");
  for (const end of ["bug", "limit"]) {
    loop.hint("signal");
    looks.at(-1)!.end(candidate("2/2"));
    await turn();
    if (end === "limit") clock.advance(1_000);
    writes.at(-1)!.fail(new Error(end));
    await loop.settled();
  }
  assertEquals(reasons(), [
    "an internal error kept the source from being read",
    "an internal error kept the snapshot from being written",
    "writing the snapshot took longer than 1000 ms",
  ]);
  const bugs = reports.flatMap((report) => report.kind === "internal-error" ? report.during : []);
  assertEquals(bugs, ["look", "activate"]);
});

Deno.test("each request is answered once, with the outcome of a look that began after it; after a stop with nothing", async () => {
  const { loop, looks } = controlledLoop(snapshotIdOf("1/1"));
  const answers: string[] = [];
  const ask = (name: string, reason: HintReason) =>
    void loop.request(reason).then((outcome) => answers.push(`${name} ${outcome?.kind ?? "nothing"}`));
  ask("first", "admin");
  ask("second", "admin");
  ask("third", "signal");
  looks[0]!.end({ kind: "rejected", fingerprint: "x", reason: "wrong", diagnostics: [] });
  await turn();
  assertEquals(answers, ["first rejected"]);
  ask("fourth", "admin");
  looks[1]!.end(candidate("1/1"));
  await turn();
  assertEquals(answers.splice(0), ["first rejected", "second unchanged", "third unchanged"]);
  ask("fifth", "admin");
  const stopped = loop.stop();
  looks[2]!.fail(looks[2]!.signal.reason);
  await stopped;
  ask("sixth", "admin");
  await turn();
  assertEquals(answers, ["fourth nothing", "fifth nothing", "sixth nothing"]);
  assertEquals(looks.length, 3);
});

interface Announcing extends ControlledLoop {
  readonly answers: PromiseWithResolvers<AnnounceAnswer>[];
  /** Edits the source, and lets the edit be written. */
  edit(id: string): Promise<void>;
}

/** A loop that agrees with its cluster. */
async function announcingLoop(): Promise<Announcing> {
  const answers: Announcing["answers"] = [];
  const cluster: ClusterAccess = {
    ledger: AGREED,
    limits: { settleMilliseconds: 1_000, reconcileMilliseconds: 40_000 },
    readHead: () =>
      Promise.resolve({ ok: true, head: { generation: 1, hash: "1" }, skips: [], rollout: null, rolloutMark: null }),
    announce() {
      const answer = Promise.withResolvers<AnnounceAnswer>();
      answers.push(answer);
      return answer.promise;
    },
    readFleet: () => Promise.reject(new Error("no rollout")),
    moveRollout: () => Promise.reject(new Error("no rollout")),
    keep: () => {},
  };
  const controlled = controlledLoop(snapshotIdOf("1/1"), { cluster });
  const { loop, looks, writes } = controlled;
  const edit = async (id: string) => {
    loop.hint("file");
    looks.at(-1)!.end(candidate(id));
    await turn();
    writes.at(-1)?.end({ kind: "written" });
    await turn();
  };
  loop.link("linked");
  looks[0]!.end(candidate("1/1"));
  await turn();
  assertEquals(loop.state().agreement?.syncState.kind, "agreed");
  return { ...controlled, answers, edit };
}

Deno.test("a wait for an announcement ends with its answer, each time again", async () => {
  const { loop, answers, edit } = await announcingLoop();
  await loop.announced();
  for (const generation of [2, 3]) {
    await edit(`${generation}/${generation}`);
    let isOver = false;
    loop.announced().then(() => isOver = true);
    await turn();
    assertEquals([answers.length, isOver], [generation - 1, false]);
    answers.at(-1)!.resolve({
      kind: "accepted",
      head: { generation, hash: `${generation}` },
      delivered: 0,
    });
    await turn();
    assertEquals(isOver, true);
  }
});

Deno.test("no wait for an announcement outlasts the loop", async () => {
  const { loop, edit } = await announcingLoop();
  await edit("2/2");
  const waiting = loop.announced();
  await loop.stop();
  await waiting;
  await loop.announced();
});

Deno.test("a timer for the settle time ends when the source has come round", async () => {
  const { loop, clock, looks, answers, edit } = await announcingLoop();
  await edit("2/2");
  answers[0]!.resolve({ kind: "refused", head: { generation: 2, hash: "3" } });
  await turn();
  looks.at(-1)!.end(candidate("2/2"));
  await turn();
  assertEquals([loop.state().agreement?.syncState.kind, clock.running()], ["settling", 2]);
  await edit("3/3");
  assertEquals([loop.state().agreement?.syncState.kind, clock.running()], ["agreed", 1]);
});

Deno.test("a link that comes again begins the interval again, and ends the one that runs", async () => {
  const { loop, clock, looks } = await announcingLoop();
  clock.advance(20_000);
  loop.link("linked");
  looks.at(-1)!.end(candidate("1/1"));
  await turn();
  assertEquals(clock.running(), 1);
  const { length } = looks;
  clock.advance(29_999);
  await turn();
  assertEquals([clock.running(), looks.length], [1, length]);
});
