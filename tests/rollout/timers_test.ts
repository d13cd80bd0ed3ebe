import { assertEquals } from "@std/assert";
import { rankId, type Rollout } from "../../src/agreement/rollout.ts";
import { decideRollout } from "../../src/rollout/decide_rollout.ts";
import { proposalOf } from "../../src/rollout/moves.ts";
import { initialRollouts, type OwnFacts } from "../../src/rollout/rollouts.ts";
import { POLICY } from "./fleet_store.ts";

const OWN: OwnFacts = {
  isLinked: true,
  isFresh: true,
  active: "a",
  state: "healthy",
  isFrozen: false,
  ownSkips: [],
  taken: [],
  concluded: "a",
  owed: null,
  isFollowing: false,
  hasFollowed: false,
  agreedGeneration: 1,
};

/** The wait of a host at the place `rank`, of six that are let in and two that are not, without and with jitter. */
function waits(rank: number, ageSeconds: number, given: Partial<Rollout> = {}): readonly (number | string)[] {
  const order = ["h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7"].map((name) => rankId("b", name));
  const made = proposalOf({
    hash: "b",
    instance: "h0",
    policy: POLICY,
    needsApproval: false,
    fleet: [],
    base: "a",
    stored: null,
    terms: null,
    at: 0,
  });
  const rollout: Rollout = { ...made, order, counts: [6, 8], ...given };
  const stored = { rollout, mark: "m", ageMilliseconds: ageSeconds * 1_000 };
  const view = { head: { generation: 1, hash: "a" }, skips: [], stored, mark: "m" };
  return [0, 1].map((random) => {
    const { actions } = decideRollout(initialRollouts(`h${rank}`, POLICY), { kind: "store-read", view, random }, OWN);
    const timer = actions.find(({ kind }) => kind === "arm-rollout" || kind === "disarm-rollout");
    return timer?.kind === "arm-rollout" ? timer.milliseconds : timer?.kind ?? "none";
  });
}

Deno.test("the first four hosts look soon while hosts are let in, and at the end of a bake", () => {
  for (const rank of [0, 3]) {
    assertEquals(waits(rank, 10), [250, 500]);
    assertEquals(waits(rank, 10, { phase: "baking" }), [50_000, 50_250]);
    assertEquals(waits(rank, 70, { phase: "baking" }), [250, 500]);
  }
});

Deno.test("in a large fleet they look less often, since an answer is as long as the fleet is large", () => {
  const order = Array.from({ length: 1_000 }, (_, index) => rankId("b", `h${index}`));
  assertEquals(waits(0, 10, { order, counts: [10, 1_000] }), [4_000, 4_250]);
});

Deno.test("all other hosts look when a step outlasts its deadline, and not all at once", () => {
  for (const rank of [4, 7]) {
    assertEquals(waits(rank, 10), [590_000, 595_000]);
    assertEquals(waits(rank, 10, { phase: "baking" }), [650_000, 655_000]);
    assertEquals(waits(rank, 700), [0, 5_000]);
  }
  assertEquals(waits(3, 10, { counts: [3, 8] }), [590_000, 595_000]);
});

Deno.test("no timer runs while a person is waited for, or if nothing is on its way", () => {
  for (const phase of ["awaiting-approval", "paused", "halted", "rolled-back", "withdrawn"] as const) {
    assertEquals(waits(0, 10, { phase }), ["disarm-rollout", "disarm-rollout"], phase);
  }
  assertEquals(waits(0, 10, { base: "c" }), ["disarm-rollout", "disarm-rollout"]);
});
