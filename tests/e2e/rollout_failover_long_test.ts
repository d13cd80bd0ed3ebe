// A failover by Sentinel in the middle of a rollout, which goes on from the state of the new primary.
import { assertEquals } from "@std/assert";
import { parseRollout } from "../../src/agreement/rollout.ts";
import { eventually } from "../support/eventually.ts";
import { CHANNEL, openFleet } from "../support/fleet.ts";
import { type RedisServer, startSentinels } from "../support/redis_server.ts";

async function rolloutIn(redis: RedisServer) {
  return parseRollout((await redis.cli("hget", `{${CHANNEL}}:head`, "rollout")).trim());
}

Deno.test("a rollout goes on after a failover, and lets in no host before its step", async () => {
  await using sentinels = await startSentinels();
  const { primary, replica, service } = sentinels;
  const addresses = sentinels.sentinels.map(({ host, port }) => `${host}:${port}`).join(",");
  await using fleet = await openFleet({
    count: 3,
    settings: {
      "HighAvailability:RedisConnectionString": `${addresses},serviceName=${service}`,
      "Rollout:Steps:0": "1",
      "Rollout:BakeSeconds": "5",
    },
  });
  fleet.start();
  await fleet.agrees("first", 1);
  for (const one of fleet.instances) await one.edit("second");
  const { hash } = await eventually("a bake that the replica knows of", async () => {
    const rollout = await rolloutIn(replica);
    return rollout?.phase === "baking" ? rollout : null;
  });
  await primary.kill();
  const runners = async () => {
    const all = await Promise.all(fleet.instances.map((one) => one.status()));
    return all.filter(({ active }) => active?.hash === hash).length;
  };
  assertEquals(await runners(), 1);
  await fleet.agrees("second", 2);
  assertEquals((await rolloutIn(replica))?.step, 1);
});
