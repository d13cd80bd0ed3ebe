// Many hosts and one configuration, with the real Redis: an edit reaches all, is announced once, and makes each of them
// activate once; one that changes nothing makes nobody do anything.
import { assert, assertEquals } from "@std/assert";
import { CHANNEL, type Fleet, openFleet } from "./fleet.ts";
import { type RedisSubscriber, subscribeWithCli } from "./redis_subscriber.ts";
import { sampleSource } from "./sample_source.ts";

/** Many processes on two processors are not always back within the life of a record, three times this. */
const SETTINGS = { "HighAvailability:ReconcileSeconds": "5", "HighAvailability:SettleSeconds": "30" };

/** All of them run the title, and did the necessary steps and no more. */
async function assertReached(
  fleet: Fleet,
  subscriber: RedisSubscriber,
  expected: { readonly title: string; readonly generation: number },
): Promise<void> {
  const { title, generation } = expected;
  const hash = await fleet.agrees(title, generation);
  for (const { name, activations } of fleet.instances) assertEquals(activations(), generation, name);
  assertEquals(
    (await subscriber.hears(generation)).map((message) => Number(message.split(" ")[1])),
    [
      ...Array(generation).keys(),
    ].map((before) => before + 1),
  );
  const history = await fleet.history();
  assertEquals([history.length, history.at(-1)!.generation, history.at(-1)!.hash], [generation, generation, hash]);
}

/** All look at a source of the same meaning, and nothing is announced. */
async function assertNothingFollows(
  fleet: Fleet,
  subscriber: RedisSubscriber,
  put: () => Promise<void>,
): Promise<void> {
  const before = await fleet.history();
  const activations = fleet.instances.map((instance) => instance.activations());
  const marks = fleet.instances.map(({ daemon }) => daemon.entries.length);
  await put();
  for (const [at, { name, daemon, reload }] of fleet.instances.entries()) {
    await daemon.logged("Configuration file changed: ", marks[at]);
    // It answers after a look that began now: one that the file asked for has ended before it, or is the same.
    const { status, json } = await reload();
    assertEquals([status, json.status, json.instancesNotified], [200, "unchanged", 0], name);
  }
  assertEquals(fleet.instances.map((instance) => instance.activations()), activations);
  assertEquals(await fleet.history(), before);
  assertEquals(subscriber.messages().length, before.length);
}

/** The instances have one file. */
export async function editOneFile(t: Deno.TestContext, count: number): Promise<void> {
  await using fleet = await openFleet({ sourceName: "config.hcl", count, shared: true, settings: SETTINGS });
  await using subscriber = await subscribeWithCli(fleet.redis, CHANNEL);
  const [one] = fleet.instances;
  await t.step("instances that start on an empty Redis agree on generation 1", async () => {
    fleet.start();
    await assertReached(fleet, subscriber, { title: "first", generation: 1 });
  });
  for (const [title, generation] of [["second", 2], ["third", 3]] as const) {
    await t.step(`the ${title} configuration reaches all`, async () => {
      await one!.edit(title);
      await assertReached(fleet, subscriber, { title, generation });
    });
  }
  await t.step("an edit of a comment activates none and announces nothing", async () => {
    await assertNothingFollows(fleet, subscriber, () => one!.put(`# A comment.\n${sampleSource("third")}`));
  });
  await t.step("every instance sees all, in agreement", async () => {
    for (const instance of fleet.instances) {
      const peers = await instance.peers();
      assertEquals(peers.map(({ standing }) => standing), Array(count).fill("agreed"), instance.name);
      assertEquals(peers.filter(({ self }) => self).map((peer) => peer.instance), [instance.name]);
    }
    const { status, json } = await one!.admin("/healthz/consistency");
    assertEquals([status, json.status, json.instances], [200, "consistent", count]);
  });
}

/** Each instance has a copy, and they are edited one after the other. */
export async function editCopies(t: Deno.TestContext, count: number): Promise<void> {
  await using fleet = await openFleet({ count, sourceName: "config.json", settings: SETTINGS });
  await using subscriber = await subscribeWithCli(fleet.redis, CHANNEL);
  await t.step("instances that start on an empty Redis agree on generation 1", async () => {
    fleet.start();
    await assertReached(fleet, subscriber, { title: "first", generation: 1 });
  });
  for (const [title, generation] of [["second", 2], ["third", 3]] as const) {
    await t.step(`the ${title} configuration reaches all`, async () => {
      for (const instance of fleet.instances) await instance.edit(title);
      await assertReached(fleet, subscriber, { title, generation });
    });
  }
  await t.step("an edit of a comment activates none and announces nothing", async () => {
    await assertNothingFollows(fleet, subscriber, async () => {
      for (const { put, source } of fleet.instances) await put(`// A comment.\n${await Deno.readTextFile(source)}`);
    });
  });
  await t.step("nobody was refused, and nobody diverged", () => {
    for (const { name, daemon } of fleet.instances) {
      const troubles = daemon.entries.filter(({ level }) => !["debug", "information"].includes(level));
      assertEquals(troubles, [], name);
      assert(!daemon.output().includes("internal error"), name);
    }
  });
}
