import { assertEquals, assertStringIncludes } from "@std/assert";
import { rollbackObjection } from "../../src/rollout/going_back.ts";
import { changeStore, fleetStore, viewOf } from "./fleet_store.ts";

/** The answer of a host that runs `active` when the store has this rollout. */
function objection(phase: string, active: string, candidate: string | null, isAway = false) {
  const store = fleetStore();
  changeStore(store, ["store", "rollout", "b", "h2>me,h3", phase], 0);
  return rollbackObjection({ candidate, view: isAway ? null : viewOf(store, 0) }, active);
}

Deno.test("a rollback without a number takes nothing stable back while a rollout is under way, or after it was", () => {
  assertStringIncludes(objection("admitting", "a", "b") ?? "", "A rollout of b is under way");
  assertStringIncludes(objection("admitting", "a", "b", true) ?? "", "A rollout of b is under way");
  assertStringIncludes(objection("rolled-back", "a", null) ?? "", "The rollout of b was rolled back already; ");
});

Deno.test("a rollback without a number takes back a candidate that runs here, and a release that another cause put in force", () => {
  assertEquals(objection("admitting", "b", "b"), null);
  assertEquals(objection("rolled-back", "c", null), null);
  assertEquals(objection("withdrawn", "a", null), null);
  assertEquals(rollbackObjection({ candidate: null, view: null }, "a"), null);
});
