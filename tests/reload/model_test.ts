// decide against a small model of the world: a source that changes at any moment, a snapshot file that can be lost,
// writes that fail, and requests of a person. The seed of a failure is printed by fast-check.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { decide } from "../../src/reload/decide.ts";
import type { Event, LookOutcome } from "../../src/reload/events.ts";
import { type HintReason, initialState, type SnapshotId, type State } from "../../src/reload/state.ts";

/** The source at a moment, small so that reverts and repeats are frequent. */
type Source =
  | { readonly kind: "valid"; readonly id: SnapshotId }
  | { readonly kind: "rejected" | "unreadable"; readonly fingerprint: string };

type Command =
  | { readonly kind: "hint"; readonly reason: HintReason }
  | { readonly kind: "edit"; readonly source: Source }
  | { readonly kind: "answer"; readonly written: boolean; readonly random: number }
  | { readonly kind: "retry-due" }
  | { readonly kind: "lose-file" }
  | { readonly kind: "stop" };

interface World {
  state: State<SnapshotId>;
  source: Source;
  file: SnapshotId | null;
  readonly written: SnapshotId[];
  /**
   * The requests without an answer; a look holds the source as it was when the look began, which may be stale by now.
   */
  asked: { readonly look: LookOutcome<SnapshotId> } | { readonly write: SnapshotId } | null;
  timer: boolean;
  finished: boolean;
  /** Whether the last hint came after the last look began. */
  unseen: boolean;
  hints: number;
  retries: number;
  looks: number;
}

const ids: readonly SnapshotId[] = ["a", "b"].flatMap((hash) =>
  ["a", "b"].map((contentHash) => ({ hash, contentHash }))
);

const source: fc.Arbitrary<Source> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...ids).map((id) => ({ kind: "valid" as const, id })) },
  fc.record({
    kind: fc.constantFrom("rejected" as const, "unreadable" as const),
    fingerprint: fc.constantFrom("x", "y"),
  }),
);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: hintOf(fc.constantFrom<HintReason>("file", "poll", "signal")) },
  { weight: 3, arbitrary: source.map((edited) => ({ kind: "edit" as const, source: edited })) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("answer" as const),
      written: fc.boolean(),
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "retry-due" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "lose-file" as const }) },
);

/** Long transcripts as often as short ones. */
const commands = fc.array(command, { maxLength: 60, size: "max" });
const activeAtStart = fc.option(fc.constantFrom(...ids));

function hintOf(reasons: fc.Arbitrary<HintReason>): fc.Arbitrary<Command> {
  return reasons.map((reason) => ({ kind: "hint", reason }));
}

function worldWith(active: SnapshotId | null, at: Source): World {
  return {
    state: initialState(active),
    source: at,
    file: active,
    written: active === null ? [] : [active],
    asked: null,
    timer: false,
    finished: false,
    unseen: false,
    hints: 0,
    retries: 0,
    looks: 0,
  };
}

function outcomeOf(at: Source, stored: SnapshotId | null): LookOutcome<SnapshotId> {
  if (at.kind === "valid") {
    const fingerprint = `${at.id.hash}/${at.id.contentHash}`;
    return {
      kind: "candidate",
      ...at.id,
      fingerprint,
      candidate: at.id,
      text: { format: "hcl", digest: fingerprint },
      stored,
    };
  }
  if (at.kind === "rejected") return { ...at, kind: "rejected", reason: "wrong", diagnostics: [] };
  return { ...at, kind: "unreadable", reason: "EIO" };
}

function obey(world: World, one: Command): void {
  switch (one.kind) {
    case "hint":
      world.hints++;
      world.unseen = true;
      return happen(world, one);
    case "edit":
      world.source = one.source;
      return;
    case "lose-file":
      world.file = null;
      return;
    case "retry-due":
      if (!world.timer) return;
      world.timer = false;
      world.retries++;
      return happen(world, one);
    case "stop":
      return happen(world, one);
    case "answer":
      return answer(world, one.written, one.random);
  }
}

function answer(world: World, written: boolean, random: number): void {
  const { asked } = world;
  if (asked === null) return;
  world.asked = null;
  const timing = { tookMilliseconds: 1, random, at: 0 };
  if ("look" in asked) return happen(world, { kind: "looked", outcome: asked.look, ...timing });
  if (written) {
    world.file = asked.write;
    world.written.push(asked.write);
  }
  const result = written ? { kind: "written" as const } : { kind: "failed" as const, reason: "ENOSPC" };
  happen(world, { kind: "activated", result, ...timing });
}

/** Decides, carries the actions out in the world, and checks the invariants after every event. */
function happen(world: World, event: Event<SnapshotId>): void {
  const before = world.state;
  const { state, actions } = decide(before, event);
  world.state = state;
  for (const action of actions) {
    assert(!world.finished, "nothing is asked for after the end");
    switch (action.kind) {
      case "look":
      case "activate":
        assert(world.asked === null, "at most one look or write is outstanding");
        assert(!before.stopping && event.kind !== "stop", "nothing is begun while stopping");
        if (action.kind === "activate") {
          world.asked = { write: action.candidate };
        } else {
          world.looks++;
          world.unseen = false;
          world.asked = { look: outcomeOf(world.source, world.file) };
        }
        break;
      case "arm-retry":
        world.timer = true;
        break;
      case "disarm-retry":
        world.timer = false;
        break;
      case "finish":
        world.finished = true;
    }
  }
  const wrote = event.kind === "activated" && event.result.kind === "written";
  if (!wrote) assertEquals(state.active, before.active, "the active snapshot id moves only with a write");
  assertEquals(state.active, world.written.at(-1) ?? null, "the active snapshot is the last one written");
  assertEquals(state.retryArmed, world.timer, "the state knows whether the timer runs");
  assert(state.work.kind === "idle" ? world.asked === null : true, "nothing is outstanding at rest");
  assert(world.looks <= world.hints + world.retries, "no look without a hint or a retry");
  assert(state.waiting.length <= 5, "the waiting hints are bounded by their kinds");
}

function settle(world: World, written: boolean): void {
  for (let turns = 0; world.asked !== null; turns++) {
    assert(turns < 6, "the loop comes to rest");
    answer(world, written, 0);
  }
}

Deno.test("in 10,000 random transcripts nothing overlaps, no hint is lost, only a written snapshot is in force", () => {
  fc.assert(
    fc.property(activeAtStart, source, commands, (active, at, all) => {
      const world = worldWith(active, at);
      for (const one of all) obey(world, one);
      settle(world, false);
      assert(!world.unseen, "the last look began after the last hint");
    }),
    { numRuns: 10_000 },
  );
});

Deno.test("after any events, the last state of the source wins once a hint follows it and writes succeed", () => {
  fc.assert(
    fc.property(activeAtStart, source, commands, (active, at, all) => {
      const world = worldWith(active, at);
      for (const one of all) obey(world, one);
      obey(world, { kind: "hint", reason: "file" });
      settle(world, true);
      // A failed write of this very source may still be waiting for its retry.
      obey(world, { kind: "retry-due" });
      settle(world, true);
      const { state } = world;
      if (world.source.kind === "valid") {
        assertEquals([state.active, world.file], [world.source.id, world.source.id]);
        assertEquals([state.trouble, world.timer], [null, false]);
      } else {
        assertEquals(state.trouble?.kind, world.source.kind);
        assertEquals(world.timer, world.source.kind === "unreadable");
      }
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("after a stop at any moment nothing is begun, no timer runs, and the running work is the last", () => {
  fc.assert(
    fc.property(source, commands, commands, (at, all, late) => {
      const world = worldWith(null, at);
      for (const one of all) obey(world, one);
      obey(world, { kind: "stop" });
      assert(!world.timer);
      for (const one of late) obey(world, one);
      answer(world, true, 0);
      assert(world.finished && world.asked === null);
    }),
    { numRuns: 3_000 },
  );
});
