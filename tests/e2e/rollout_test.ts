// A change that goes through a fleet in steps, with the real Redis: which hosts run it when, and how it ends.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { parseRollout, type Rollout } from "../../src/agreement/rollout.ts";
import { eventually } from "../support/eventually.ts";
import { SAMPLE_CONNECTION, sampleJson } from "../support/sample_source.ts";
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

/** The hashes in force. */
async function hashes(instances: readonly FleetInstance[]): Promise<string[]> {
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
  const during = await hashes(fleet.instances);
  assertEquals(during.filter((hash) => hash === rollout.hash).length, 1, during.join(" "));
  assertEquals(during.filter((hash) => hash === first).length, 4);
  const second = await fleet.agrees("second", 2);
  assertEquals(second, rollout.hash);
  assertEquals((await fleet.history()).map(({ hash }) => hash), [first, second]);
});

Deno.test("an edit that waited for a Redis that comes back empty goes to one host first", async () => {
  await using fleet = await openFleet({ count: 3, settings: STEPS });
  fleet.start();
  const first = await fleet.agrees("first", 1);
  const [one, ...others] = fleet.instances as [FleetInstance, ...FleetInstance[]];
  await fleet.redis.kill();
  await one.edit("second");
  // They are back a moment later than the host with the edit.
  for (const other of others) other.daemon.kill("SIGSTOP");
  await fleet.redis.restart();
  const says = async () => (await one.status()).held?.why.includes("Redis had no records of the hosts") === true;
  await eventually("the wait for the others", says).finally(() => {
    for (const other of others) other.daemon.kill("SIGCONT");
  });
  const rollout = await isInPhase(fleet, "baking");
  assertEquals(rollout.counts, [1, 3]);
  const during = await hashes(fleet.instances);
  assertEquals(during.filter((hash) => hash === first).length, 2, during.join(" "));
});

Deno.test("a change that a host rejects is rolled back, and no other host ever ran it", async () => {
  await using fleet = await openFleet({ count: 4, settings: STEPS });
  fleet.start();
  const first = await fleet.agrees("first", 1);
  // It needs a variable that one of the hosts lacks, the canary.
  const [canary, ...others] = fleet.instances as [FleetInstance, ...FleetInstance[]];
  await canary.stop();
  canary.start({ settings: { "Rollout:Canary": "true" } });
  await fleet.agrees("first", 1);
  for (const one of others) {
    await one.stop();
    one.start({ env: { SAMPLE_CONNECTION, NEW_TITLE: "second" } });
  }
  await fleet.agrees("first", 1);
  const text = sampleJson("second").replace('"second"', '"${env:NEW_TITLE}"');
  await others[0]!.put(text);
  const rollout = await isInPhase(fleet, "rolled-back");
  assertEquals(rollout.why?.startsWith("host1: "), true, String(rollout.why));
  assertStringIncludes(rollout.why!, "NEW_TITLE");
  await eventually("the change is held back", async () => (await others[0]!.status()).held?.kind === "skipped");
  assertEquals(new Set(await hashes(fleet.instances)), new Set([first]));
  for (const one of fleet.instances) assertEquals(one.activations(), 0);
});

Deno.test("an edit during a rollout replaces it, and an edit back ends it", async () => {
  await using fleet = await openFleet({
    count: 3,
    settings: { ...STEPS, "Rollout:BakeSeconds": "3600" },
    shared: true,
  });
  fleet.start();
  const first = await fleet.agrees("first", 1);
  const [one] = fleet.instances as [FleetInstance];
  await one.edit("second");
  const second = await isInPhase(fleet, "baking");
  await one.edit("third");
  const third = await eventually("another rollout", async () => {
    const rollout = await rolloutIn(fleet);
    return rollout !== null && rollout.hash !== second.hash && rollout.phase === "baking" ? rollout : null;
  });
  assertEquals([third.base, third.step, third.earlier], [first, 0, [second.hash]]);
  assertEquals((await hashes(fleet.instances)).filter((hash) => hash === third.hash).length, 1);
  await one.edit("first");
  await isInPhase(fleet, "withdrawn");
  await fleet.agrees("first", 1);
});

Deno.test("a host whose file is late or gone takes the release from Redis when it is let in", async () => {
  await using fleet = await openFleet({ count: 3, settings: STEPS });
  fleet.start();
  await fleet.agrees("first", 1);
  const [one, , three] = fleet.instances as [FleetInstance, FleetInstance, FleetInstance];
  await Deno.remove(three.source);
  await one.edit("second");
  await fleet.agrees("second", 2);
  // The late copy comes now, and changes nothing.
  await three.edit("second");
  await eventually("a file in line with the running release", async () => (await three.status()).held === null);
  await fleet.agrees("second", 2);
});

Deno.test("a rollout ends although none of the hosts that watch it has a file", async () => {
  await using fleet = await openFleet({ count: 5, settings: { ...STEPS, "Rollout:BakeSeconds": "0" } });
  const [one, ...others] = fleet.instances as [FleetInstance, ...FleetInstance[]];
  one.start();
  // They come first, so they are the four that watch.
  for (const other of others) other.start({ settings: { "Rollout:Canary": "true" } });
  await fleet.agrees("first", 1);
  for (const { source } of others) await Deno.remove(source);
  await one.edit("second");
  await fleet.agrees("second", 2);
});
