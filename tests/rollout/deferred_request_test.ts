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
  taken: [],
  concluded: STABLE,
  owed: null,
  isFollowing: false,
  hasFollowed: false,
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

Deno.test("an answer that fails after the link was lost keeps no request back when it is up again", () => {
  const edited: Rollouts = { ...initialRollouts("host", POLICY), view: VIEW, source: EDIT, before: STABLE };
  const asked = decideRollout(edited, { kind: "news" }, OWN);
  const lost = unlinked(asked.rollouts);
  const answer = { ok: false, reason: "timeout" } as const;
  const unlinkedOwn = { ...OWN, isLinked: false };
  const late = decideRollout(lost.rollouts, { kind: "fleet-answered", answer, at: 0, random: 0 }, unlinkedOwn);
  const read = decideRollout(late.rollouts, { kind: "store-read", view: VIEW, random: 0 }, OWN);
  assertEquals(read.actions.at(-1), { kind: "read-fleet" });
});

Deno.test("a proposal that fails again and again waits longer each time, though the peers can be read", () => {
  let { rollouts } = decideRollout(failed(), { kind: "rollout-due" }, OWN);
  const member = { instance: "host", hash: STABLE, state: "healthy", stages: true, canary: false };
  const answer = { ok: true, fleet: [member], gathersMilliseconds: 0, view: VIEW } as const;
  const waits: number[] = [];
  for (let round = 0; round < 4; round++) {
    const asked = decideRollout(rollouts, { kind: "fleet-answered", answer, at: 0, random: 0 }, OWN);
    assertEquals(asked.actions.at(-1)?.kind, "move-rollout");
    const failure = { kind: "failed", reason: "its text is gone" } as const;
    const refused = decideRollout(asked.rollouts, { kind: "move-answered", answer: failure, random: 0 }, OWN);
    waits.push(...refused.actions.flatMap((one) => one.kind === "arm-rollout" ? [one.milliseconds] : []));
    rollouts = decideRollout(refused.rollouts, { kind: "rollout-due" }, OWN).rollouts;
  }
  assertEquals(waits, [1_000, 2_000, 4_000, 8_000]);
});
