// A request to the store that failed waits for its timer, which nothing may take away.
import { assertEquals } from "@std/assert";
import { decideRollout, unlinked } from "../../src/rollout/decide_rollout.ts";
import { initialRollouts, type OwnFacts, type Rollouts } from "../../src/rollout/rollouts.ts";
import type { StoreView } from "../../src/rollout/staging.ts";

const [STABLE, EDIT] = ["a".repeat(64), "b".repeat(64)];
const VIEW: StoreView = { head: { generation: 1, hash: STABLE }, skips: [], stored: null, mark: null };
const OWN: OwnFacts = {
  isLinked: true,
  isFresh: true,
  active: STABLE,
  state: "healthy",
  isFrozen: false,
  ownSkips: [],
  fleetSkips: [],
  concluded: STABLE,
  owed: null,
  isFollowing: false,
  agreedGeneration: 1,
};
const POLICY = {
  steps: [{ kind: "hosts", hosts: 1 }],
  bakeSeconds: 1,
  deadlineSeconds: 60,
  onFailure: "rollback",
} as const;

/** A host with an edit, whose reading of the peers failed. */
function failed(): Rollouts {
  const edited: Rollouts = { ...initialRollouts("host", POLICY), view: VIEW, source: EDIT, before: STABLE };
  const asked = decideRollout(edited, { kind: "news" }, OWN);
  assertEquals(asked.actions, [{ kind: "read-fleet" }]);
  const answer = { ok: false, reason: "Redis does not answer" } as const;
  const { rollouts, actions } = decideRollout(
    asked.rollouts,
    { kind: "fleet-answered", answer, at: 0, random: 0 },
    OWN,
  );
  // A look says why the edit is held.
  assertEquals(actions.map(({ kind }) => kind), ["arm-rollout", "hint"]);
  return rollouts;
}

Deno.test("a request that failed is made again when its timer is due, and no reading of the store disarms that", () => {
  const read = decideRollout(failed(), { kind: "store-read", view: VIEW, random: 0 }, OWN);
  assertEquals(read.actions, []);
  const due = decideRollout(read.rollouts, { kind: "rollout-due" }, OWN);
  assertEquals(due.actions, [{ kind: "read-fleet" }]);
});

Deno.test("a request that failed before the link was lost is made again after it came up", () => {
  const lost = unlinked(failed());
  assertEquals(lost.actions, [{ kind: "disarm-rollout" }]);
  const read = decideRollout(lost.rollouts, { kind: "store-read", view: VIEW, random: 0 }, OWN);
  assertEquals(read.actions.at(-1), { kind: "read-fleet" });
});
