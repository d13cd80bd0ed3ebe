// A reload that is asked for over the admin interface, in a cluster: it answers when it is done, says how many others
// got the message, overrules the head only by force, and changes nothing if its condition does not hold.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CHANNEL, type FleetInstance, openFleet } from "../support/fleet.ts";
import { subscribeWithCli } from "../support/redis_subscriber.ts";
import { sampleSource } from "../support/sample_source.ts";

const UNWATCHED = { "ConfigurationWatcher:EnableFileWatching": "false" };

Deno.test("a reload reports its outcome and the number of notified instances, after a change and without one", async (t) => {
  const redis = { config: ["appendonly yes", "appendfsync always"] };
  await using fleet = await openFleet({ count: 4, shared: true, settings: UNWATCHED, redis });
  const [one, ...others] = fleet.instances as [FleetInstance, ...FleetInstance[]];
  fleet.start();
  const first = await fleet.agrees("first", 1);
  await t.step("unchanged, and nobody is notified", async () => {
    const { status, json } = await one.reload();
    assertEquals([status, json.status, json.hash, json.generation], [200, "unchanged", first, 1]);
    assertEquals([json.instancesNotified, json.standing], [0, "agreed"]);
    assert(Math.abs(Date.parse(json.timestamp) - Date.now()) < 60_000);
  });
  await t.step("unchanged, and all others look again because that is asked for", async () => {
    await using subscriber = await subscribeWithCli(fleet.redis, CHANNEL);
    const marks = others.map(({ daemon }) => daemon.entries.length);
    const { json } = await one.reload({ notifyOtherInstances: true });
    // The redis-cli that listens got the message as well: Redis counts receivers of any kind.
    assertEquals([json.status, json.instancesNotified], ["unchanged", others.length + 1]);
    for (const [at, { daemon }] of others.entries()) {
      await daemon.logged(`Configuration file changed: ${one.source}`, marks[at]);
      await daemon.logged(({ reasons }) => String(reasons) === "peer", marks[at]);
    }
    assertEquals(await subscriber.hears(1), [one.source]);
    assertEquals((await fleet.history()).length, 1);
  });
  await t.step("reloaded, announced, and all others notified once", async () => {
    await using subscriber = await subscribeWithCli(fleet.redis, CHANNEL);
    await one.edit("second");
    const { status, json } = await one.reload({ notifyOtherInstances: true });
    assertEquals([status, json.status, json.generation, json.standing], [200, "reloaded", 2, "agreed"]);
    assertEquals(json.instancesNotified, others.length + 1);
    assertEquals(await fleet.agrees("second", 2), json.hash);
    assertEquals((await subscriber.hears(1)).length, 1);
  });
  await t.step(
    "while Redis is away it reloads by itself, and the owed change is announced when it is back",
    async () => {
      await fleet.redis.kill();
      await one.daemon.logged("Redis connection failed: ");
      await one.edit("third");
      const { status, json } = await one.reload({ notifyOtherInstances: true });
      assertEquals([status, json.status, json.instancesNotified], [200, "reloaded", 0]);
      assertStringIncludes(json.notNotified, `127.0.0.1:${fleet.redis.port}`);
      const { announcementOwed, standing, generation } = await one.status();
      assertEquals([announcementOwed, standing, generation], [true, "unknown", null]);
      const forced = await one.reload({ force: true });
      assertEquals([forced.status, forced.json.detail], [
        503,
        "Redis cannot be reached: nothing was announced over the others",
      ]);
      await fleet.redis.restart();
      await fleet.agrees("third", 3);
    },
  );
});

Deno.test("a rejected configuration is answered with its diagnostics, and the snapshot stays", async () => {
  await using fleet = await openFleet({ sourceName: "config.hcl", count: 1, settings: UNWATCHED });
  const [one] = fleet.instances as [FleetInstance];
  fleet.start();
  const first = await fleet.agrees("first", 1);
  await one.put(sampleSource("second").replace("LineString", "Triangle").replace("= 500", "= 0"));
  const { status, headers, json } = await one.reload();
  assertEquals([status, headers.get("Content-Type")], [422, "application/problem+json"]);
  assertEquals([json.status, json.diagnostics.length], [422, 2]);
  for (const diagnostic of json.diagnostics) {
    assertEquals([diagnostic.file, diagnostic.severity], [one.source, "error"]);
  }
  assertEquals(await one.runs("first"), first);
  const { lastReload, active } = await one.status();
  assertEquals([lastReload?.outcome, lastReload?.diagnostics, active?.hash], ["rejected", json.diagnostics, first]);
  await one.edit("second");
  assertEquals((await one.reload()).json.status, "reloaded");
});

Deno.test("a source that is missing is a reload that failed, not a configuration that was rejected", async () => {
  await using fleet = await openFleet({ count: 1, settings: UNWATCHED });
  const [one] = fleet.instances as [FleetInstance];
  fleet.start();
  await fleet.agrees("first", 1);
  await Deno.remove(one.source);
  const { status, json } = await one.reload();
  assertEquals([status, json.code], [503, "admin/reload-failed"]);
  assertEquals((await one.status()).lastReload?.outcome, "unreadable");
  const { json: { peers } } = await one.admin("/admin/peers");
  assertEquals(peers[0].rejected, null);
  const { text } = await one.admin("/metrics");
  assert(/reloads_total\{outcome="unreadable"\} 1\n/.test(text), text);
});

Deno.test("a reload on the condition that a snapshot is in force is refused if another one is", async () => {
  await using fleet = await openFleet({ count: 1, settings: UNWATCHED });
  const [one] = fleet.instances as [FleetInstance];
  fleet.start();
  await fleet.agrees("first", 1);
  const before = (await one.admin("/admin/snapshot")).headers.get("ETag")!;
  await one.edit("second");
  const refused = await one.reload({}, { "If-Match": `"${"0".repeat(64)}"` });
  assertEquals([refused.status, refused.headers.get("Content-Type")], [412, "application/problem+json"]);
  assertEquals((await one.status()).lastReload?.reasons.includes("admin"), false);
  const done = await one.reload({}, { "If-Match": before });
  assertEquals([done.status, done.json.status, done.json.generation], [200, "reloaded", 2]);
  assertEquals((await one.reload({}, { "If-Match": before })).status, 412);
  const after = (await one.admin("/admin/snapshot")).headers.get("ETag")!;
  assertEquals((await one.reload({}, { "If-Match": after })).json.status, "unchanged");
});

Deno.test("a change that was refused because the head moved on is announced over it only by force", async (t) => {
  await using fleet = await openFleet({ count: 2, settings: { "HighAvailability:SettleSeconds": "3600" } });
  const [one, other] = fleet.instances as [FleetInstance, FleetInstance];
  fleet.start();
  await fleet.agrees("first", 1);
  await other.stop();
  await one.edit("one");
  await fleet.agrees("one", 2, [one]);
  await other.edit("other");
  other.start();
  await other.daemon.logged("The announcement was refused: ");
  await t.step("a reload without force is no announcement", async () => {
    const { json } = await other.reload({ notifyOtherInstances: true });
    assertEquals([json.status, json.generation, json.standing], ["unchanged", 1, "settling"]);
    assertEquals((await fleet.history()).length, 2);
  });
  await t.step("with force it is, and the one that is overruled says so", async () => {
    const { status, json } = await other.reload({ force: true });
    assertEquals([status, json.status, json.generation, json.standing], [200, "unchanged", 3, "agreed"]);
    assertEquals(json.instancesNotified, 1);
    await fleet.agrees("other", 3, [other]);
    await one.hasStanding("settling", 3);
    assertEquals((await fleet.history()).length, 3);
  });
  await t.step("force over a head that says the same announces nothing", async () => {
    const { json } = await other.reload({ force: true });
    assertEquals([json.status, json.generation, json.instancesNotified], ["unchanged", 3, 0]);
    assertEquals((await fleet.history()).length, 3);
  });
});

Deno.test("an instance that never agreed with anything overrules no head with its edits, but by force", async () => {
  await using fleet = await openFleet({ count: 2, settings: { "HighAvailability:SettleSeconds": "1" } });
  const [one, newcomer] = fleet.instances as [FleetInstance, FleetInstance];
  one.start();
  await fleet.agrees("first", 1, [one]);
  await newcomer.edit("new");
  newcomer.start();
  await newcomer.hasStanding("diverged", 1);
  await newcomer.edit("newer");
  await newcomer.runs("newer");
  assertEquals((await newcomer.reload()).json.generation, null);
  assertEquals((await fleet.history()).length, 1);
  assertEquals((await newcomer.reload({ force: true })).json.generation, 2);
  await one.hasStanding("diverged", 2);
});
