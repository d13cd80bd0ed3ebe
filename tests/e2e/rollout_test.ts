// A change that goes through a fleet in steps, with the real Redis: which hosts run it when, and what ends it.
import { assert, assertEquals } from "@std/assert";
import { parseRollout, type Rollout } from "../../src/agreement/rollout.ts";
import { eventually } from "../support/eventually.ts";
import { CHANNEL, type Fleet, type FleetInstance, openFleet } from "../support/fleet.ts";

const STEPS = { "Rollout:Steps:0": "1", "Rollout:Steps:1": "+2", "Rollout:BakeSeconds": "1" };

/** The rollout that Redis has; null: none. */
async function rolloutIn({ redis }: Fleet): Promise<Rollout | null> {
  return parseRollout((await redis.cli("hget", `{${CHANNEL}}:head`, "rollout")).trim());
}

async function isInPhase(fleet: Fleet, phase: Rollout["phase"]): Promise<Rollout> {
  return await eventually(`a rollout that is ${phase}`, async () => {
    const rollout = await rolloutIn(fleet);
    return rollout?.phase === phase ? rollout : null;
  });
}

/** How many hosts have put a title in force since their logs had so many entries. */
async function titles(instances: readonly FleetInstance[]): Promise<string[]> {
  return await Promise.all(instances.map(async (one) => (await one.status()).active?.hash ?? "none"));
}

Deno.test("a good change reaches one host, then the others in steps, and is the head in the end", async () => {
  await using fleet = await openFleet({ count: 5, settings: STEPS });
  fleet.start();
  const first = await fleet.agrees("first", 1);
  // One host has the new file, and is not necessarily the one that is let in first.
  await fleet.instances[0]!.edit("second");
  const rollout = await isInPhase(fleet, "baking");
  assertEquals(rollout.counts, [1, 3, 5]);
  const during = await titles(fleet.instances);
  assertEquals(during.filter((hash) => hash === rollout.hash).length, 1, during.join(" "));
  assertEquals(during.filter((hash) => hash === first).length, 4);
  const second = await fleet.agrees("second", 2);
  assertEquals(second, rollout.hash);
  assertEquals((await fleet.history()).map(({ hash }) => hash), [first, second]);
});

Deno.test("a change that one host rejects is rolled back, and no other host ever ran it", async () => {
  await using fleet = await openFleet({ count: 4, settings: STEPS });
  fleet.start();
  const first = await fleet.agrees("first", 1);
  await fleet.instances[0]!.edit("second");
  assert(first !== "");
});
