// Orders that take a change around the steps of a rollout, and conditions that keep a rollout from beginning or from
// going on.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { encodePeer } from "../../src/cluster/peer_record.ts";
import { eventually } from "../support/eventually.ts";
import { CHANNEL, type FleetInstance, openFleet } from "../support/fleet.ts";
import { runRecorded } from "../support/recording_terminal.ts";

/** A bake without an end, so that only what the tests do moves a rollout on. */
const STEPS = { "Rollout:Steps:0": "1", "Rollout:Steps:1": "2", "Rollout:BakeSeconds": "86400" };

async function ask({ directory }: FleetInstance, ...args: string[]) {
  return await runRecorded([...args, "--socket", `${directory}/admin.sock`], { environment: { USER: "anna" } });
}

Deno.test("in a hurry a person takes a change up on all hosts at once, in the middle of its rollout too", async () => {
  await using fleet = await openFleet({ count: 3, settings: STEPS });
  fleet.start();
  await fleet.agrees("first", 1);
  for (const instance of fleet.instances) await instance.edit("second");
  await eventually("a rollout", async () => (await fleet.instances[0]!.status()).rollout?.phase === "baking");
  const waiting = await eventually("a host that is not let in", async () => {
    const all = await Promise.all(fleet.instances.map((instance) => instance.status()));
    return fleet.instances[all.findIndex(({ held }) => held?.kind === "staged")];
  });
  const { code, error } = await ask(waiting, "reload", "--now", "--reason", "tiles are wrong");
  assertEquals([code, error], [0, ""]);
  await fleet.agrees("second", 2);
});

Deno.test("a host of version 0.1 keeps a rollout from beginning, with a sentence that names it", async () => {
  await using fleet = await openFleet({ count: 2, settings: STEPS });
  fleet.start();
  const first = await fleet.agrees("first", 1);
  const id = { instance: "old-host", incarnation: "0123456789ab" };
  const record = encodePeer({
    ...id,
    version: "0.1.0",
    hash: first,
    generation: 1,
    standing: "agreed",
    rejected: null,
    at: new Date().toISOString(),
  });
  const name = `${id.instance}:${id.incarnation}`;
  await fleet.redis.cli("set", `{${CHANNEL}}:peer:${name}`, record);
  await fleet.redis.cli("zadd", `{${CHANNEL}}:peers`, String(Date.now() + 3_600_000), name);
  const [one] = fleet.instances as [FleetInstance];
  await one.edit("second");
  const held = await eventually("a change that is held", async () => {
    const { held } = await one.status();
    return held !== null && held.why.includes("old-host") ? held : null;
  });
  assertStringIncludes(held.why, "old-host cannot take part in a rollout: upgrade honua-configd there first");
  for (const instance of fleet.instances) assertEquals((await instance.status()).active?.hash, first);
  // The old host is gone: the same change begins its rollout with the next look.
  await fleet.redis.cli("zrem", `{${CHANNEL}}:peers`, name);
  await fleet.redis.cli("del", `{${CHANNEL}}:peer:${name}`);
  await one.reload();
  await eventually("a rollout", async () => (await one.status()).rollout?.phase === "baking");
});

Deno.test("a host that is let in and falls silent halts the rollout, and a person goes on without it", async () => {
  const settings = { ...STEPS, "Rollout:BakeSeconds": "1", "Rollout:DeadlineSeconds": "3", "Rollout:Steps:1": "+1" };
  await using fleet = await openFleet({ count: 4, settings });
  fleet.start();
  await fleet.agrees("first", 1);
  const [silent, ...others] = fleet.instances as [FleetInstance, ...FleetInstance[]];
  await silent.stop();
  // It comes first, and its file system lets it put nothing in force.
  silent.start({ settings: { "Rollout:Canary": "true" } });
  await fleet.agrees("first", 1);
  await Deno.remove(`${silent.directory}/config.snapshot.json`);
  await Deno.mkdir(`${silent.directory}/config.snapshot.json`);
  for (const one of others) await one.edit("second");
  const { why } = await eventually("a rollout that is halted", async () => {
    const { rollout } = await others[0]!.status();
    return rollout?.phase === "halted" ? rollout : null;
  });
  assertStringIncludes(why ?? "", "no news before the deadline from host1");
  const promoted = await ask(others[1]!, "promote", "--reason", "host1 has a broken disk");
  assertEquals([promoted.code, promoted.error], [0, ""]);
  await fleet.agrees("second", 2, others);
});
