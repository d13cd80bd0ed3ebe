// Files that are older than the fleet's release: they are never a change, also after a restart of their host.
import { assertEquals } from "@std/assert";
import { rankId, type Rollout } from "../../src/agreement/rollout.ts";
import { decideRollout } from "../../src/rollout/decide_rollout.ts";
import { proposalOf } from "../../src/rollout/moves.ts";
import { initialRollouts, type OwnFacts } from "../../src/rollout/rollouts.ts";
import { type RolloutPolicy, stagingOf, type StoreView } from "../../src/rollout/staging.ts";

const [A, B, C, D] = ["a", "b", "c", "d"].map((digit) => digit.repeat(64)) as [string, string, string, string];

const POLICY: RolloutPolicy = {
  steps: [{ kind: "hosts", hosts: 1 }],
  bakeSeconds: 0,
  deadlineSeconds: 60,
  onFailure: "rollback",
};

function rolloutOf(given: Partial<Rollout>): Rollout {
  return {
    hash: B,
    base: A,
    by: "host1",
    author: null,
    reason: null,
    at: "2026-01-01T00:00:00.000Z",
    order: [rankId(given.hash ?? B, "host1")],
    counts: [1],
    step: 0,
    phase: "baking",
    bakeSeconds: 0,
    deadlineSeconds: 60,
    onFailure: "halt",
    why: null,
    earlier: [],
    ...given,
  };
}

/** The store after a rollout: its candidate is the head. */
function doneView(given: Partial<Rollout> = {}): StoreView {
  const rollout = rolloutOf(given);
  const stored = { rollout, mark: "m", ageMilliseconds: 0 };
  return { head: { generation: 7, hash: rollout.hash }, skips: [], stored, mark: "m" };
}

function judged(hash: string, view: StoreView, policy: RolloutPolicy | null, before: string | null): string {
  const facts = { instance: "host2", policy, view, before, late: null, refused: null, owed: null, hasFollowed: false };
  const staging = stagingOf({ ...facts, active: view.head!.hash, concluded: view.head!.hash }, hash);
  return staging.kind === "run" ? "run" : `${staging.why}, runs ${staging.target?.[0]}`;
}

Deno.test("a file that the fleet left behind is late, with steps and without, and even if nothing earlier is known", () => {
  for (const policy of [POLICY, null]) {
    assertEquals(judged(A, doneView(), policy, null), "late, runs b");
    assertEquals(judged(A, doneView({ hash: C, base: B, earlier: [A] }), policy, null), "late, runs c");
  }
});

Deno.test("an edit back to an earlier release of the fleet is a change", () => {
  assertEquals(judged(A, doneView(), POLICY, B), "proposing, runs b");
  assertEquals(judged(A, doneView(), null, B), "run");
});

Deno.test("without steps a file counts at once if the fleet has moved on from the rollout by files", () => {
  const view: StoreView = { ...doneView(), head: { generation: 8, hash: D } };
  assertEquals(judged(A, view, null, null), "run");
});

Deno.test("a proposal remembers the release that the rollout before it replaced", () => {
  const { stored } = doneView({ earlier: [D] });
  const proposing = { instance: "host1", policy: POLICY, needsApproval: false, fleet: [], terms: null, at: 0 };
  assertEquals(proposalOf({ ...proposing, hash: C, base: B, stored }).earlier, [D, A]);
  assertEquals(proposalOf({ ...proposing, hash: A, base: B, stored }).earlier, [D]);
});

const OWN: OwnFacts = {
  isLinked: true,
  isFresh: true,
  active: B,
  state: "healthy",
  isFrozen: false,
  ownSkips: [],
  taken: [],
  concluded: B,
  owed: null,
  isFollowing: false,
  hasFollowed: false,
  agreedGeneration: 3,
};

Deno.test("a release that a person publishes is no late copy, though it was the head since this host agreed last", () => {
  const view = doneView();
  const start = { ...initialRollouts("host1", null), view };
  const published = { hash: A, terms: { author: "ann", reason: "back" } };
  const asked = decideRollout(start, { kind: "published", published }, OWN);
  assertEquals(asked.actions, [{ kind: "read-fleet" }]);
  const fleet = [{ instance: "host1", hash: B, state: "healthy", stages: true, canary: false }];
  const event = {
    kind: "fleet-answered",
    answer: { ok: true, fleet, gathersMilliseconds: 0, view },
    at: 0,
    random: 0,
  } as const;
  const [move] = decideRollout(asked.rollouts, event, OWN).actions.filter((one) => one.kind === "move-rollout");
  assertEquals([move?.move.to.hash, move?.move.since, move?.move.to.author], [A, 7, "ann"]);
});
