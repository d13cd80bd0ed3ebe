// A rollback in a fleet with the real Redis: one command takes all hosts back, those that are off too, through any
// fault of Redis, and each host's file stays as it was written.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import { type Fleet, type FleetInstance, openFleet } from "../support/fleet.ts";
import { sampleJson } from "../support/sample_source.ts";

const HEAD = "{honua:config:changes}:head";

/** Rolls back on one host, and returns the answer. */
async function rollBack(instance: FleetInstance, body: Readonly<Record<string, unknown>> = {}) {
  const { status, json } = await instance.admin("/admin/rollback", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ reason: "tiles are empty", author: "anna", ...body }),
  });
  assertEquals([status, json.status], [200, "rolled-back"], JSON.stringify(json));
  return json;
}

async function isHeld(instance: FleetInstance): Promise<void> {
  await eventually(`${instance.name} is held`, async () => {
    const { held } = await instance.status();
    return held?.kind === "skipped" && held.by === "anna";
  });
}

/** Writes the same title to the files of these hosts. */
async function editAll(instances: readonly FleetInstance[], title: string): Promise<void> {
  await Promise.all(instances.map((instance) => instance.edit(title)));
}

/** Writes a text again that the daemon must keep back, and waits until it has. */
async function isKeptBack(instance: FleetInstance, title: string): Promise<void> {
  const { entries } = instance.daemon;
  const from = entries.length;
  await instance.edit(title);
  await instance.daemon.logged(({ outcome }) => outcome === "held", from);
}

async function filesAre(instances: readonly FleetInstance[], title: string): Promise<void> {
  for (const { source } of instances) assertEquals(await Deno.readTextFile(source), sampleJson(title));
}

async function openBadFleet(count: number): Promise<Fleet> {
  return await openFleet({
    count,
    sourceName: "honua.json",
    redis: { config: ["appendonly yes", "appendfsync always"] },
  });
}

Deno.test("a rollback on one host takes all others back, those that are off too, through all that Redis does", async (t) => {
  await using fleet = await openBadFleet(7);
  const { redis, instances } = fleet;
  const five = instances.slice(0, 5);
  const [one, , three] = five as [FleetInstance, FleetInstance, FleetInstance];
  const [six, seven] = instances.slice(5) as [FleetInstance, FleetInstance];
  for (const instance of [...five, six]) instance.start();
  await fleet.agrees("first", 1, [...five, six]);
  await editAll(instances, "bad");
  const bad = await fleet.agrees("bad", 2, [...five, six]);
  await six.stop();

  await t.step("five hosts go back by one command, and their files are as they were", async () => {
    const { instancesNotified, notNotified } = await rollBack(three);
    assertEquals([instancesNotified, notNotified], [4, null]);
    await fleet.agrees("first", 3, five);
    await Promise.all(five.map((instance) => isHeld(instance)));
    await filesAre(five, "bad");
  });
  await t.step(
    "one that was off follows at its start, and one that never ran the old release takes its text from Redis",
    async () => {
      six.start();
      seven.start();
      await fleet.agrees("first", 3, [six, seven]);
      await Promise.all([isHeld(six), isHeld(seven)]);
      await filesAre([six, seven], "bad");
    },
  );
  await t.step("it stays so while Redis is down, and when it is back", async () => {
    const before = instances.map((instance) => instance.activations());
    await redis.kill();
    await Promise.all(instances.map((instance) => instance.daemon.logged("Redis connection failed")));
    await isKeptBack(one, "bad");
    await redis.restart();
    await fleet.agrees("first", 3);
    assertEquals(instances.map((instance) => instance.activations()), before);
  });
  await t.step("the bad file comes again on one host: nothing changes and nothing is announced", async () => {
    await isKeptBack(one, "bad");
    await fleet.agrees("first", 3);
    assertEquals((await fleet.history()).length, 3);
  });
  await t.step("Redis loses everything: the head is written again, with the skips and the text", async () => {
    await redis.cli("flushall");
    const hash = await fleet.agrees("first", 4);
    assertStringIncludes(await redis.cli("hget", HEAD, "skip"), bad);
    assertEquals(await redis.cli("exists", `{honua:config:changes}:source:${hash}`), "1");
    await isKeptBack(one, "bad");
    await fleet.agrees("first", 4);
  });
  await t.step(
    "another edit is a normal one everywhere, and one that was off with the bad file takes it too",
    async () => {
      const others = instances.slice(0, 6);
      await seven.stop();
      await Deno.remove(`${seven.directory}/history`, { recursive: true });
      await Deno.remove(`${seven.directory}/config.snapshot.json`);
      await Deno.remove(`${seven.directory}/honua-configd.state.json`);
      await editAll(others, "second");
      await fleet.agrees("second", 5, others);
      for (const instance of others) assertEquals((await instance.status()).held, null);
      seven.start();
      await fleet.agrees("second", 5, [seven]);
      await isHeld(seven);
    },
  );
});

Deno.test("a rollback that Redis does not hear of yet, one of a single host, and one that a person overrules", async (t) => {
  await using fleet = await openBadFleet(3);
  const { redis, instances } = fleet;
  const [one, two, three] = instances as [FleetInstance, FleetInstance, FleetInstance];
  fleet.start();
  await fleet.agrees("first", 1);
  await editAll(instances, "bad");
  const bad = await fleet.agrees("bad", 2);

  await t.step("while Redis is down one host goes back, and the others follow when it is there again", async () => {
    await redis.kill();
    await Promise.all(instances.map((instance) => instance.daemon.logged("Redis connection failed")));
    const { notNotified } = await rollBack(two);
    assertStringIncludes(notNotified, "Redis cannot be reached");
    await two.runs("first");
    await Promise.all([one, three].map((instance) => instance.runs("bad")));
    // Its owed announcement is not forgotten.
    await two.stop();
    two.start();
    await isHeld(two);
    await redis.restart();
    await fleet.agrees("first", 3);
    await filesAre(instances, "bad");
  });
  await t.step("a person puts the bad one in force again with force, and that holds everywhere", async () => {
    const { status, json } = await one.reload({ force: true, author: "bob" });
    assertEquals([status, json.status], [200, "reloaded"], JSON.stringify(json));
    await fleet.agrees("bad", 4);
    for (const instance of instances) {
      assertEquals((await instance.status()).held, null, instance.name);
    }
    assert(!(await redis.cli("hget", HEAD, "skip")).includes(bad));
  });
  await t.step(
    "a local rollback leaves the others as they are, and they see that the host is held on purpose",
    async () => {
      await rollBack(one, { local: true });
      await one.runs("first");
      await isHeld(one);
      await eventually("the others see it", async () => {
        const peers = await two.peers();
        return peers.find(({ instance }) => instance === one.name)?.standing === "held";
      });
      await fleet.agrees("bad", 4, [two, three]);
      assertEquals((await fleet.history()).length, 4);
    },
  );
  await t.step("the next edit brings all together again", async () => {
    await editAll(instances, "second");
    await fleet.agrees("second", 5);
  });
  await t.step("an edit that the others never heard of stays taken back when Redis is there again", async () => {
    await redis.kill();
    await eventually("Redis is away", async () => (await one.status()).redis.state === "down");
    await one.edit("unheard");
    const unheard = await one.runs("unheard");
    await rollBack(one);
    await redis.restart();
    await fleet.agrees("second", 5);
    await eventually("the skip in Redis", async () => (await redis.cli("hget", HEAD, "skip")).includes(unheard));
    await isKeptBack(one, "unheard");
    await fleet.agrees("second", 5);
    await isHeld(one);
  });
});
