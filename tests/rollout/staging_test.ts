import { assertEquals } from "@std/assert";
import { rankId, type Rollout } from "../../src/agreement/rollout.ts";
import {
  isStaged,
  type StagingFacts,
  stagingOf,
  type StoreView,
  targetOf,
  underWay,
} from "../../src/rollout/staging.ts";
import { skipOf } from "../support/announcement_of.ts";
import { POLICY } from "./fleet_store.ts";

/** The candidate `b` on the head `a`; `me` is let in by the step 1, `h2` by the step 0. */
function viewOf(given: Partial<Rollout> = {}, head = "a"): StoreView {
  const rollout: Rollout = {
    hash: "b",
    base: "a",
    by: "h2",
    author: null,
    reason: null,
    at: "2026-01-01T00:00:00Z",
    order: ["h2", "me"].map((name) => rankId("b", name)),
    counts: [1, 2],
    step: 0,
    phase: "admitting",
    bakeSeconds: 60,
    deadlineSeconds: 600,
    onFailure: "rollback",
    why: null,
    earlier: ["e"],
    ...given,
  };
  const stored = { rollout, mark: "m", ageMilliseconds: 0 };
  return { head: { generation: 1, hash: head }, skips: [], stored, mark: "m" };
}

const OUTSIDE = viewOf();
const INSIDE = viewOf({ step: 1 });
const NONE: StoreView = { ...OUTSIDE, stored: null, mark: null };

function judged(hash: string, view: StoreView | null, more: Partial<StagingFacts> = {}): string {
  const facts: StagingFacts = {
    hasFollowed: false,
    instance: "me",
    policy: POLICY,
    view,
    active: "a",
    concluded: "a",
    owed: null,
    before: null,
    late: null,
    refused: null,
    ...more,
  };
  const staging = stagingOf(facts, hash);
  return staging.kind === "run" ? "run" : `${staging.why}, runs ${staging.target}`;
}

Deno.test("a source is judged by the store's head and rollout, and by this host's knowledge of it", () => {
  const cases: readonly (readonly [what: string, found: string, expected: string])[] = [
    ["the head", judged("a", NONE), "run"],
    ["the head, outside", judged("a", OUTSIDE), "run"],
    ["the head, inside", judged("a", INSIDE), "ahead, runs b"],
    ["the candidate, outside", judged("b", OUTSIDE), "waiting, runs a"],
    ["the candidate, inside", judged("b", INSIDE), "run"],
    [
      "the candidate, no approvals yet",
      judged("b", viewOf({ step: 1, phase: "awaiting-approval" })),
      "waiting, runs a",
    ],
    ["the candidate, halted", judged("b", viewOf({ step: 1, phase: "halted" })), "run"],
    ["a new hash", judged("c", NONE), "proposing, runs a"],
    ["a new hash, outside", judged("c", OUTSIDE), "proposing, runs a"],
    ["a new hash, inside", judged("c", INSIDE), "proposing, runs b"],
    ["refused", judged("c", NONE, { refused: "c" }), "refused, runs a"],
    ["another is refused", judged("c", NONE, { refused: "d" }), "proposing, runs a"],
    ["late", judged("c", NONE, { late: "c" }), "late, runs a"],
    ["judged before", judged("c", NONE, { concluded: "c" }), "late, runs a"],
    ["never agreed", judged("c", NONE, { concluded: null }), "late, runs a"],
    ["owed", judged("c", OUTSIDE, { owed: "c" }), "run"],
    ["the candidate is owed", judged("b", OUTSIDE, { owed: "b" }), "run"],
    ["left behind", judged("e", OUTSIDE), "late, runs a"],
    ["left behind, the source was the head", judged("e", OUTSIDE, { before: "a" }), "proposing, runs a"],
    ["left behind, the source was the candidate", judged("e", INSIDE, { before: "b" }), "proposing, runs b"],
    ["left behind, the source was another", judged("e", INSIDE, { before: "d" }), "late, runs b"],
    ["the base of a done one", judged("a", viewOf({}, "b"), { concluded: "b" }), "late, runs b"],
    ["the base of a void one", judged("a", viewOf({}, "d"), { concluded: "d" }), "late, runs d"],
    ["the candidate of a void one", judged("b", viewOf({}, "d"), { concluded: "d" }), "late, runs d"],
    ["withdrawn", judged("b", viewOf({ phase: "withdrawn" })), "late, runs a"],
    ["withdrawn, edited again", judged("b", viewOf({ phase: "withdrawn" }), { before: "a" }), "proposing, runs a"],
    ["no link", judged("c", null), "unlinked, runs null"],
    ["no link, in force", judged("c", null, { active: "c" }), "run"],
    ["no link, nothing in force", judged("c", null, { active: null }), "run"],
    ["no head", judged("c", { ...NONE, head: null }), "unlinked, runs null"],
    ["no head, in force", judged("a", { ...OUTSIDE, head: null }), "run"],
  ];
  for (const [what, found, expected] of cases) assertEquals(found, expected, what);
});

Deno.test("without steps a source counts at once, but not before its step, nor in place of a release that was done", () => {
  const at = (hash: string, view: StoreView | null, more: Partial<StagingFacts> = {}) =>
    judged(hash, view, { policy: null, ...more });
  assertEquals([at("c", null), at("c", NONE), at("c", OUTSIDE), at("a", OUTSIDE)], ["run", "run", "run", "run"]);
  assertEquals([at("b", OUTSIDE), at("b", INSIDE), at("a", INSIDE)], ["waiting, runs a", "run", "ahead, runs b"]);
  const done = viewOf({}, "b");
  assertEquals([at("b", done), at("a", done), at("e", done)], ["run", "late, runs b", "late, runs b"]);
  assertEquals(at("a", done, { before: "b" }), "run");
  assertEquals(at("a", viewOf({}, "d")), "run");
});

Deno.test("a rollout is under way on its base only, and neither over nor skipped", () => {
  assertEquals(underWay(OUTSIDE)?.hash, "b");
  for (const phase of ["rolled-back", "withdrawn"] as const) assertEquals(underWay(viewOf({ phase })), null);
  for (const phase of ["awaiting-approval", "baking", "paused", "halted"] as const) {
    assertEquals(underWay(viewOf({ phase }))?.phase, phase);
  }
  assertEquals(underWay({ ...OUTSIDE, skips: [skipOf("b")] }), null);
  assertEquals(underWay({ ...OUTSIDE, skips: [skipOf("c")] })?.hash, "b");
  assertEquals([viewOf({ baseGeneration: 1 }), viewOf({ baseGeneration: 2 })].map((view) => underWay(view)?.hash), [
    "b",
    undefined,
  ]);
  assertEquals([viewOf({}, "b"), viewOf({}, "d"), { ...OUTSIDE, head: null }, NONE, null].map(underWay), [
    null,
    null,
    null,
    null,
    null,
  ]);
});

Deno.test("a host that is not let in, or is not in the order, runs the head", () => {
  const target = (instance: string, view: StoreView | null) => targetOf({ instance, view });
  assertEquals([target("h2", OUTSIDE), target("me", OUTSIDE), target("new", INSIDE)], ["b", "a", "a"]);
  assertEquals([target("me", null), target("me", { ...OUTSIDE, head: null })], [null, null]);
  assertEquals([isStaged({ policy: null, view: NONE }), isStaged({ policy: null, view: OUTSIDE })], [false, true]);
  assertEquals([isStaged({ policy: null, view: null }), isStaged({ policy: POLICY, view: null })], [false, true]);
});
