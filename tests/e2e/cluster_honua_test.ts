// The procedure by which Honua's operators test high availability, step by step, with its own tools and on the words that
// it tells them to look for in the log.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { MAX_MESSAGE_BYTES, parseMessage } from "../../src/cluster/announcement.ts";
import { CHANNEL, type FleetInstance, openFleet } from "../support/fleet.ts";
import { subscribeWithCli } from "../support/redis_subscriber.ts";
import { sampleSource } from "../support/sample_source.ts";

/** As published, word for word: alerts and greps are written for them. */
const HIGH_AVAILABILITY =
  "High Availability mode enabled - using Redis for distributed configuration change notifications";
const FILE_WATCHING = "File watching enabled - configuration changes will be automatically detected and reloaded";

/** As published: messages on the channel are about that long. */
const PUBLISHED_MESSAGE_BYTES = 100;

Deno.test("the published procedure: the file watcher", async () => {
  await using fleet = await openFleet({
    sourceName: "config.hcl",
    count: 1,
    settings: { "HighAvailability:Enabled": "false" },
  });
  const [one] = fleet.instances as [FleetInstance];
  const daemon = one.start();
  assertEquals((await daemon.logged("File watching enabled")).msg, FILE_WATCHING);
  await one.runs("first");
  await one.edit("second");
  await daemon.logged(`Configuration file changed: ${one.source}`);
  await one.runs("second");
  await daemon.logged(({ msg, outcome }) => msg === "Configuration reloaded successfully" && outcome === "activated");
  await one.put(sampleSource("third").replace("LineString", "Triangle"));
  const failed = await daemon.logged("Failed to reload configuration: ");
  assertMatch(failed.msg, /: .+config\.hcl:\d+:\d+: error: .+/);
  assertEquals(failed.level, "warning");
});

Deno.test("the published procedure: two instances on shared storage, and redis-cli that listens", async (t) => {
  await using fleet = await openFleet({ sourceName: "config.hcl", count: 2, shared: true });
  await using subscriber = await subscribeWithCli(fleet.redis, CHANNEL);
  const [one, other] = fleet.instances as [FleetInstance, FleetInstance];
  fleet.start();
  await fleet.agrees("first", 1);
  for (const { daemon, name } of fleet.instances) {
    assertEquals((await daemon.logged("High Availability mode enabled")).msg, HIGH_AVAILABILITY);
    assertEquals((await daemon.logged("File watching enabled")).msg, FILE_WATCHING);
    assertEquals(daemon.entries.filter(({ level }) => level === "warning" || level === "error"), [], name);
  }
  await t.step("an edit is reloaded by both, and is one message of at most 100 bytes", async () => {
    const marks = fleet.instances.map(({ daemon }) => daemon.entries.length);
    await one.edit("second");
    const hash = await fleet.agrees("second", 2);
    for (const [at, { daemon }] of fleet.instances.entries()) {
      await daemon.logged(`Configuration file changed: ${one.source}`, marks[at]);
      await daemon.logged("Configuration reloaded successfully", marks[at]);
    }
    const messages = await subscriber.hears(2);
    assertEquals(messages.length, 2);
    for (const message of messages) {
      assert(new TextEncoder().encode(message).length <= PUBLISHED_MESSAGE_BYTES, message);
      // A message that an older server takes for a path means the same to it as every message: reload your own file.
      assert(message.length < MAX_MESSAGE_BYTES && !message.includes("\n"));
    }
    const last = parseMessage(messages[1]!, "");
    assert(last.kind === "announcement");
    assertEquals([last.generation, last.hash], [2, hash]);
  });
  await t.step(
    "redis-cli PUBLISH of a path is seen in the log of every instance, and makes it look again",
    async () => {
      const path = "/etc/honua/config.hcl";
      const marks = fleet.instances.map(({ daemon }) => daemon.entries.length);
      // Both instances and the redis-cli that listens.
      assertEquals(await fleet.redis.cli("PUBLISH", CHANNEL, path), "3");
      for (const [at, { daemon }] of fleet.instances.entries()) {
        await daemon.logged(`Configuration file changed: ${path}`, marks[at]);
        const reported = await daemon.logged(({ reasons }) => String(reasons).includes("peer"), marks[at]);
        assertEquals([reported.msg, reported.outcome], ["Configuration reloaded successfully: unchanged", "unchanged"]);
      }
      assertEquals([one.activations(), other.activations()], [2, 2]);
      assertEquals((await fleet.history()).length, 2);
    },
  );
});

Deno.test("any path on the channel makes each instance look at its own file", async () => {
  await using fleet = await openFleet({
    sourceName: "config.hcl",
    count: 3,
    settings: { "ConfigurationWatcher:EnableFileWatching": "false", "HighAvailability:ReconcileSeconds": "3600" },
  });
  fleet.start();
  await fleet.agrees("first", 1);
  for (const instance of fleet.instances) await instance.edit("second");
  await fleet.redis.cli("PUBLISH", CHANNEL, "/nowhere/at/all.hcl");
  await fleet.agrees("second", 2);
  for (const instance of fleet.instances) assertEquals(instance.activations(), 2, instance.name);
  assertEquals((await fleet.history()).length, 2);
});

Deno.test("without Redis the log has the words that operators look for, and the instance serves by itself", async () => {
  await using fleet = await openFleet({ sourceName: "config.hcl", count: 1 });
  const [one] = fleet.instances as [FleetInstance];
  await fleet.redis.kill();
  const daemon = one.start();
  await daemon.logged("High Availability mode enabled");
  const failed = await daemon.logged("Redis connection failed: ");
  assertMatch(failed.msg, /^Redis connection failed: \S.*$/);
  assertEquals(failed.level, "warning");
  await one.runs("first");
  assertEquals((await one.status()).redis.state, "down");
  await fleet.redis.restart();
  await daemon.logged("Redis connected");
  await fleet.agrees("first", 1);
});
