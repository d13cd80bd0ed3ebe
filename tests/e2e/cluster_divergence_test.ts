// Hosts whose files differ, and stay so: no hint makes them announce anything but their own edits, and a host that
// diverged agrees again with its file.
import { assertEquals } from "@std/assert";
import { CHANNEL, type Fleet, type FleetInstance, openFleet } from "../support/fleet.ts";

/** Sends every kind of hint that is no edit, many times. */
async function sendHints({ redis, instances }: Fleet): Promise<void> {
  const publish = "for i = 1, 20 do redis.call('PUBLISH', ARGV[1], ARGV[2]) end";
  for (let round = 0; round < 10; round++) {
    for (const { daemon, source } of instances) {
      daemon.kill("SIGHUP");
      await Deno.utime(source, new Date(), new Date());
    }
    await redis.cli("EVAL", publish, "0", CHANNEL, "/etc/honua/config.hcl");
    // A generation and an instance that do not exist.
    await redis.cli("PUBLISH", CHANNEL, `v1 ${90 + round} ${"a".repeat(64)} ${"b".repeat(12)}`);
  }
  // A look that began after all of these has ended when this is answered.
  for (const { name, reload } of instances) assertEquals((await reload()).json.status, "unchanged", name);
}

Deno.test("different files under a stream of hints make no ping-pong: announcements stay at the number of edits", async () => {
  await using fleet = await openFleet({ count: 2 });
  const [one, other] = fleet.instances as [FleetInstance, FleetInstance];
  const standings = async () => [(await one.status()).standing, (await other.status()).standing];
  const generations = async () => (await fleet.history()).map(({ generation }) => generation);
  fleet.start();
  await fleet.agrees("first", 1);
  await other.stop();
  await other.edit("other");
  await one.edit("second");
  await fleet.agrees("second", 2, [one]);
  other.start();
  await other.hasStanding("diverged", 2);
  await sendHints(fleet);
  assertEquals([await generations(), await standings()], [[1, 2], ["agreed", "diverged"]]);

  // A change made in the knowledge of the head is a change like any other: it is announced, and heals its own host.
  await other.edit("other still");
  await fleet.agrees("other still", 3, [other]);
  await one.hasStanding("diverged", 3);
  await sendHints(fleet);
  assertEquals([await generations(), await standings()], [[1, 2, 3], ["diverged", "agreed"]]);

  await one.edit("third");
  await fleet.agrees("third", 4, [one]);
  await other.hasStanding("diverged", 4);
  await sendHints(fleet);
  assertEquals([await generations(), await standings()], [[1, 2, 3, 4], ["agreed", "diverged"]]);
  assertEquals([one.activations(), other.activations()], [3, 2]);
  for (const instance of fleet.instances) {
    assertEquals((await instance.peers()).map(({ standing }) => standing), ["agreed", "diverged"], instance.name);
    const { status, json } = await instance.admin("/healthz/consistency");
    assertEquals([status, json.hashes.length], [409, 2], instance.name);
  }
});

Deno.test("a copy that is later than the settle time overrules nobody", async () => {
  await using fleet = await openFleet({ count: 2, settings: { "HighAvailability:SettleSeconds": "1" } });
  const [one, late] = fleet.instances as [FleetInstance, FleetInstance];
  fleet.start();
  await fleet.agrees("first", 1);
  await one.edit("second");
  await one.hasStanding("agreed", 2);
  await one.edit("third");
  await late.hasStanding("diverged", 3);
  await late.edit("second");
  await late.runs("second");
  await late.daemon.logged("The announcement was refused");
  assertEquals((await fleet.history()).length, 3);
  await late.edit("third");
  await fleet.agrees("third", 3);
});

Deno.test("a host that diverged comes round with its file, without any event that would say so", async () => {
  await using fleet = await openFleet({ count: 2, settings: { "HighAvailability:SettleSeconds": "1" } });
  const [one, blind] = fleet.instances as [FleetInstance, FleetInstance];
  one.start();
  blind.start({ settings: { "ConfigurationWatcher:EnableFileWatching": "false" } });
  await fleet.agrees("first", 1);
  await one.edit("second");
  assertEquals((await blind.hasStanding("diverged", 2)).watching, false);
  await blind.edit("second");
  await fleet.agrees("second", 2);
  assertEquals((await fleet.history()).length, 2);
  assertEquals(blind.daemon.entries.filter(({ msg }) => msg.startsWith("Configuration file changed")), []);
});
