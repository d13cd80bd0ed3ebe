// Redis that comes back empty: changes made meanwhile are announced anyway, in any order of the instances'
// return.
import { type FleetInstance, openFleet } from "../support/fleet.ts";
import { eventually } from "../support/eventually.ts";

Deno.test("an edit made while Redis was away is announced though Redis lost all, for any order of return", async () => {
  await using fleet = await openFleet({ count: 4 });
  const [one, ...others] = fleet.instances as [FleetInstance, ...FleetInstance[]];
  fleet.start();
  await fleet.agrees("first", 1);
  await one.edit("second");
  await fleet.agrees("second", 2, [one]);
  for (const instance of others) await instance.edit("second");
  await fleet.agrees("second", 2);
  for (let generation = 3; generation <= 5; generation++) {
    const marks = fleet.instances.map(({ daemon }) => daemon.entries.length);
    await fleet.redis.kill();
    for (const [at, { daemon }] of fleet.instances.entries()) {
      await daemon.logged("Redis connection failed: ", marks[at]);
    }
    const title = `edit ${generation}`;
    await one.edit(title);
    const hash = await one.runs(title);
    await fleet.redis.restart();
    // It is the next generation, or the one after that which another instance wrote again.
    await eventually(`${title} is announced`, async () => (await fleet.history()).at(-1)?.hash === hash, 20_000);
    for (const instance of others) await instance.edit(title);
    for (const instance of fleet.instances) {
      await eventually(`${instance.name} agrees on ${title}`, async () => {
        const { standing, head } = await instance.status();
        return standing === "agreed" && head?.hash === hash;
      }, 20_000);
    }
  }
});
