// A rollout in a fleet whose servers serve: ten of them behind a balancer, under load all the time.
import { assert, assertEquals } from "@std/assert";
import { NGINX } from "../support/balancer.ts";
import { eventually } from "../support/eventually.ts";
import { openServedFleet } from "../support/served_fleet.ts";

if (NGINX === undefined) console.error("nginx is not installed, so the tests with a real balancer are ignored");

const SETTINGS = {
  "Rollout:Steps:0": "1",
  "Rollout:Steps:1": "25%",
  "Rollout:Steps:2": "100%",
  "Rollout:BakeSeconds": "1",
};

Deno.test({
  name: "a good change goes through ten hosts in steps, and no request fails",
  ignore: NGINX === undefined,
  fn: async () => {
    await using served = await openServedFleet(SETTINGS);
    const { fleet, servers, load } = served;
    for (const instance of fleet.instances) await instance.edit("second");
    await fleet.agrees("second", 2);
    for (const { titles } of servers) await eventually("the new title is served", () => titles.at(-1) === "second");
    assertEquals(load.failed, []);
    assert(load.answered > 0);
  },
});

Deno.test({
  name: "a change that makes servers sick runs on one host only, and no request to another fails",
  ignore: NGINX === undefined,
  fn: async () => {
    await using served = await openServedFleet(SETTINGS);
    const { fleet, servers, load } = served;
    for (const instance of fleet.instances) await instance.edit("sick");
    await eventually("all hosts hold the sick title back", async () => {
      const all = await Promise.all(fleet.instances.map((instance) => instance.status()));
      return all.every(({ held }) => held?.kind === "skipped");
    }, 60_000);
    const sick = fleet.instances.filter((_, index) => servers[index]!.titles.includes("sick"));
    assertEquals(sick.length, 1);
    await eventually(
      "the first title is served everywhere",
      () => servers.every(({ titles }) => titles.at(-1) === "first"),
    );
    await fleet.agrees("first", 1);
    assertEquals(load.failed.filter(({ host }) => host !== sick[0]!.name), []);
    assert(load.answered > 0);
  },
});
