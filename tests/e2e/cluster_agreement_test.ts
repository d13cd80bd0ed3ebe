// An instance announces only an own change on top of its known head, also one made while it was down. Two that change
// at once do not overrule each other, and a late one overrules nobody.
import { assert, assertEquals } from "@std/assert";
import { replaceFile } from "../support/edge_host.ts";
import { eventually } from "../support/eventually.ts";
import { type FleetInstance, openFleet } from "../support/fleet.ts";

/** The value of a metric without labels. */
async function metricOf({ admin }: FleetInstance, name: string): Promise<number> {
  const { text } = await admin("/metrics");
  return Number(new RegExp(`^honua_configd_${name} (.+)$`, "m").exec(text)?.[1] ?? NaN);
}

/** The kinds of all events that are kept, the earliest first. */
async function eventsOf({ directory }: FleetInstance, until: string): Promise<string[]> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path: `${directory}/admin.sock` } });
  const headers = { "Last-Event-ID": "another-0" };
  const response = await fetch("http://localhost/admin/events", { headers, client });
  let text = "";
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes(`event: ${until}\n`)) break;
  }
  return [...text.matchAll(/^event: (.+)$/gm)].map(([, kind]) => kind!);
}

/** The name of an instance's process in its messages. */
async function incarnationOf(instance: FleetInstance): Promise<string | undefined> {
  return (await instance.peers()).find(({ self }) => self)?.incarnation;
}

const LOOKS_LONG = { "HighAvailability:SettleSeconds": "3600" };

Deno.test("of two different edits at the same moment one wins, and the other host is diverged and says so", async (t) => {
  await using fleet = await openFleet({ count: 5 });
  const [left, right] = fleet.instances as [FleetInstance, FleetInstance];
  fleet.start();
  await fleet.agrees("first", 1);
  await Promise.all([left.edit("left"), right.edit("right")]);
  const hashes = [await left.runs("left"), await right.runs("right")];
  const won = await eventually("a second generation", async () => (await fleet.history())[1]);
  const [winner, loser] = won.hash === hashes[0] ? [left, right] : [right, left];
  assertEquals(won.by, await incarnationOf(winner));

  await t.step("the winner's is the one announcement, and only the winner runs it", async () => {
    await fleet.agrees(winner === left ? "left" : "right", 2, [winner]);
    for (const instance of fleet.instances.filter((one) => one !== winner)) {
      const { generation, head } = await instance.hasStanding("diverged", 2);
      assertEquals([generation, head], [1, { generation: 2, hash: won.hash }], instance.name);
    }
    assertEquals(await fleet.history(), [(await fleet.history())[0]!, won]);
    assertEquals(winner.activations() + loser.activations(), 4);
  });
  await t.step("the loser says so in its log, its status, its record, its metrics and its events", async () => {
    const refused = await loser.daemon.logged("The announcement was refused: ");
    assertEquals([refused.level, refused.generation, refused.agreedHash], ["warning", 2, won.hash]);
    const reported = await loser.daemon.logged("Diverged from the other instances: ");
    assertEquals([reported.level, reported.hash, reported.agreedHash], [
      "warning",
      winner === left ? hashes[1] : hashes[0],
      won.hash,
    ]);
    assertEquals((await loser.status()).announcementOwed, false);
    assertEquals(await metricOf(loser, "diverged"), 1);
    assertEquals(await metricOf(winner, "diverged"), 0);
    assert((await eventsOf(loser, "diverged")).includes("diverged"));
    await eventually("its record", async () => {
      const peers = await winner.peers();
      return peers.find(({ instance }) => instance === loser.name)?.standing === "diverged";
    });
  });
  await t.step("the winner's file on all copies ends it, and nobody announces anything", async () => {
    const text = await Deno.readTextFile(winner.source);
    for (const instance of fleet.instances) if (instance !== winner) await instance.put(text);
    await fleet.agrees(winner === left ? "left" : "right", 2);
    assertEquals((await fleet.history()).length, 2);
    assertEquals(await metricOf(loser, "diverged"), 0);
    assertEquals((await loser.admin("/healthz/consistency")).status, 200);
  });
});

Deno.test("a copy that is late by a version overrules nobody, whether its host was up or down", async (t) => {
  await using fleet = await openFleet({ count: 3, settings: LOOKS_LONG });
  const [first, second, laggard] = fleet.instances as [FleetInstance, FleetInstance, FleetInstance];
  fleet.start();
  await fleet.agrees("first", 1);
  const ahead = async (title: string, generation: number) => {
    for (const instance of [first, second]) await instance.edit(title);
    await fleet.agrees(title, generation, [first, second]);
  };
  await t.step("an instance that looks again is refused with a hash that it finds meanwhile", async () => {
    await ahead("second", 2);
    await ahead("third", 3);
    await laggard.hasStanding("settling", 3);
    await laggard.edit("second");
    await laggard.runs("second");
    await laggard.daemon.logged("The announcement was refused: ");
    await laggard.hasStanding("settling", 3);
    assertEquals((await fleet.history()).length, 3);
    await laggard.edit("third");
    await fleet.agrees("third", 3);
  });
  await t.step("an instance that was down is refused with the hash that it finds at its start", async () => {
    await laggard.stop();
    await ahead("fourth", 4);
    await ahead("fifth", 5);
    await laggard.edit("fourth");
    laggard.start();
    await laggard.daemon.logged("The announcement was refused: ");
    await laggard.hasStanding("settling", 5);
    assertEquals((await fleet.history()).length, 5);
    await laggard.edit("fifth");
    await fleet.agrees("fifth", 5);
  });
});

Deno.test("an instance that was down catches up at its start, and announces a change that was made there meanwhile", async (t) => {
  await using fleet = await openFleet({ count: 3 });
  const [first, second, third] = fleet.instances as [FleetInstance, FleetInstance, FleetInstance];
  fleet.start();
  await fleet.agrees("first", 1);
  await t.step("it catches up without announcing", async () => {
    await third.stop();
    for (const instance of fleet.instances) await instance.edit("second");
    await fleet.agrees("second", 2, [first, second]);
    third.start();
    await fleet.agrees("second", 2);
    assertEquals(third.daemon.entries.filter(({ msg }) => msg.startsWith("Announced")), []);
  });
  await t.step("an edit made while it was down is announced on top", async () => {
    await third.stop();
    await third.edit("third");
    third.start();
    await fleet.agrees("third", 3, [third]);
    for (const instance of [first, second]) await instance.edit("third");
    await fleet.agrees("third", 3);
    assertEquals((await fleet.history()).map(({ by }) => by).at(-1), await incarnationOf(third));
    assertEquals((await fleet.history()).length, 3);
  });
  await t.step("a restart without a change announces nothing and writes nothing", async () => {
    await third.stop();
    third.start();
    await fleet.agrees("third", 3);
    assertEquals([third.activations(), (await fleet.history()).length], [0, 3]);
  });
});

Deno.test("a change of only the environment is activated on its host and announced to nobody", async () => {
  await using fleet = await openFleet({ count: 2 });
  const [one, other] = fleet.instances as [FleetInstance, FleetInstance];
  const file = `${one.directory}/database.env`;
  await Deno.writeTextFile(file, "SAMPLE_CONNECTION=before\n");
  one.start({ settings: { "ConfigurationWatcher:EnvironmentFiles:0": file }, env: {} });
  other.start();
  await fleet.agrees("first", 1);
  await replaceFile(file, "SAMPLE_CONNECTION=after\n");
  const reported = await one.daemon.logged(({ change }) => change === "content");
  assertEquals(reported.outcome, "activated");
  const { json } = await one.reload();
  assertEquals([json.status, json.instancesNotified, json.standing, json.generation], ["unchanged", 0, "agreed", 1]);
  assertEquals((await fleet.history()).length, 1);
  assertEquals([one.activations(), other.activations()], [2, 1]);
  assertEquals((await one.admin("/admin/snapshot")).json.dataSources.main.connection, "after");
});
