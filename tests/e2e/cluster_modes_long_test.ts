// The four ways to deploy: with or without others, each with and without watching the files. The effect of an edit in
// each, and the steps that are left to a person.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { NO_CONNECTION_STRING } from "../../src/cluster/isolation.ts";
import { eventually } from "../support/eventually.ts";
import { CHANNEL, type FleetInstance, openFleet } from "../support/fleet.ts";

/** So long that no test sees the head read because it is time. */
const RARELY = { "HighAvailability:ReconcileSeconds": "3600", "HighAvailability:SettleSeconds": "3600" };
const UNWATCHED = { "ConfigurationWatcher:EnableFileWatching": "false" };
const ALONE = { "HighAvailability:Enabled": "false" };

/** The reports of changed files; one edit may be more than one event. */
function changesSaid({ daemon }: FleetInstance): string[] {
  const reported = daemon.entries.map(({ msg }) => msg).filter((msg) => msg.startsWith("Configuration file changed"));
  return [...new Set(reported)];
}

/** The connected clients beside the redis-cli that asks. */
async function subscribers(redis: { cli(...args: string[]): Promise<string> }): Promise<string> {
  return await redis.cli("PUBSUB", "NUMSUB", CHANNEL);
}

Deno.test("together and watching: an edit reaches the others by its announcement, without waiting for the timer", async () => {
  await using fleet = await openFleet({ count: 2, settings: RARELY });
  const [one, other] = fleet.instances as [FleetInstance, FleetInstance];
  fleet.start();
  await fleet.agrees("first", 1);
  const { mode, watching, redis } = await one.status();
  assertEquals([mode, watching, redis.state], ["cluster", true, "up"]);
  await one.edit("second");
  await fleet.agrees("second", 2, [one]);
  await other.hasStanding("settling", 2);
  await other.edit("second");
  await fleet.agrees("second", 2);
  assertEquals(changesSaid(one), [`Configuration file changed: ${one.source}`]);
});

Deno.test("together without watching: a reload on one instance is all that all of them need", async (t) => {
  await using fleet = await openFleet({ count: 3, shared: true, settings: { ...RARELY, ...UNWATCHED } });
  const [one] = fleet.instances as [FleetInstance];
  fleet.start();
  await fleet.agrees("first", 1);
  const { mode, watching } = await one.status();
  assertEquals([mode, watching], ["cluster", false]);
  await one.daemon.logged("File watching disabled: ");
  await t.step("by SIGHUP", async () => {
    await one.edit("second");
    one.daemon.kill("SIGHUP");
    await fleet.agrees("second", 2);
  });
  await t.step("by the admin interface, which says how many were notified", async () => {
    await one.edit("third");
    const { status, json } = await one.reload();
    assertEquals([status, json.status, json.instancesNotified, json.generation], [200, "reloaded", 2, 3]);
    await fleet.agrees("third", 3);
  });
  for (const instance of fleet.instances) {
    assertEquals([changesSaid(instance), instance.activations()], [[], 3], instance.name);
  }
});

Deno.test("a single watching instance: an edit is activated, and Redis gets nothing of it", async () => {
  await using fleet = await openFleet({ count: 1, settings: ALONE });
  const [one] = fleet.instances as [FleetInstance];
  fleet.start();
  await one.runs("first");
  await one.edit("second");
  const hash = await one.runs("second");
  const { json } = await one.reload({ notifyOtherInstances: true });
  assertEquals([json.status, json.instancesNotified, json.hash, json.generation], ["unchanged", 0, hash, null]);
  const { mode, watching, standing, generation, head, redis } = await one.status();
  assertEquals([mode, watching, standing, generation, head], ["alone", true, "unknown", null, null]);
  assertEquals([redis.state, redis.reason, redis.reconnections], ["disabled", null, 0]);
  assertEquals(changesSaid(one), [`Configuration file changed: ${one.source}`]);
  assertEquals((await one.peers()).map(({ instance, self, hash: runs }) => [instance, self, runs]), [
    [one.name, true, hash],
  ]);
  assertEquals((await one.admin("/healthz/consistency")).status, 200);
  assertEquals([await fleet.redis.cli("KEYS", "*"), await subscribers(fleet.redis)], ["", `${CHANNEL}\n0`]);
  assertEquals(one.daemon.entries.filter(({ msg }) => /Redis|High Availability/.test(msg)), []);
});

Deno.test("a single instance without watching: only the admin interface and SIGHUP reload", async (t) => {
  await using fleet = await openFleet({ count: 1, settings: { ...ALONE, ...UNWATCHED } });
  const [one] = fleet.instances as [FleetInstance];
  fleet.start();
  const first = await one.runs("first");
  const { mode, watching } = await one.status();
  assertEquals([mode, watching], ["alone", false]);
  await t.step("by the admin interface", async () => {
    await one.edit("second");
    assertEquals((await one.status()).active?.hash, first);
    const { status, json } = await one.reload();
    assertEquals([status, json.status, json.instancesNotified], [200, "reloaded", 0]);
    assertEquals(await one.runs("second"), json.hash);
  });
  await t.step("by SIGHUP", async () => {
    await one.edit("third");
    one.daemon.kill("SIGHUP");
    await one.runs("third");
    await one.daemon.logged(({ reasons }) => String(reasons) === "signal");
  });
  assertEquals(changesSaid(one), []);
  const reasons = one.daemon.entries.flatMap(({ outcome, reasons }) => outcome === undefined ? [] : [String(reasons)]);
  assertEquals(reasons, ["start", "admin", "signal"]);
  assert(await one.daemon.logged("File watching disabled: "));
});

Deno.test("High Availability without a connection string starts by itself, warns once, and claims nothing about others", async () => {
  // An empty option counts as absent.
  const settings = { ...RARELY, "HighAvailability:RedisConnectionString": "" };
  await using fleet = await openFleet({ count: 1, settings });
  const [one] = fleet.instances as [FleetInstance];
  fleet.start();
  await one.runs("first");
  await one.edit("second");
  await one.runs("second");
  const warned = one.daemon.entries.filter(({ level }) => level !== "debug" && level !== "information");
  assertEquals(warned.map(({ level, msg }) => [level, msg]), [["warning", NO_CONNECTION_STRING]]);
  const { mode, standing, redis } = await one.status();
  assertEquals([mode, standing, redis.state, redis.reason], ["alone", "unknown", "disabled", NO_CONNECTION_STRING]);
  const peers = await one.admin("/admin/peers");
  assertEquals([peers.status, peers.json.code, peers.json.detail], [503, "admin/peers-unknown", NO_CONNECTION_STRING]);
  assertEquals((await one.admin("/healthz/consistency")).status, 503);
  assertEquals((await one.admin("/readyz")).status, 200);
  const { text } = await one.admin("/metrics");
  // So the alert on a lost Redis tells of it.
  assertMatch(text, /^honua_configd_high_availability_enabled 1$/m);
  assertMatch(text, /^honua_configd_redis_connected 0$/m);
  const notified = await one.reload({ notifyOtherInstances: true });
  assertEquals([notified.status, notified.json.notNotified], [200, NO_CONNECTION_STRING]);
  const forced = await one.reload({ force: true });
  assertEquals([forced.status, forced.json.detail], [503, NO_CONNECTION_STRING]);
});

Deno.test("a connection string that is there and wrong ends the start with 2", async () => {
  await using fleet = await openFleet({
    count: 1,
    settings: { "HighAvailability:RedisConnectionString": "redis:port" },
  });
  const [one] = fleet.instances as [FleetInstance];
  const { code } = await one.start().ended;
  assertEquals(code, 2);
});

Deno.test("together: an instance that is killed is lost until it is back, and one that is stopped is not", async () => {
  await using fleet = await openFleet({ count: 3, settings: { "HighAvailability:ReconcileSeconds": "1" } });
  const [one, killed, stopped] = fleet.instances as [FleetInstance, FleetInstance, FleetInstance];
  fleet.start();
  await fleet.agrees("first", 1);
  const known = async () => {
    const { peers, lost } = (await one.admin("/admin/peers")).json;
    return [peers, lost].map((some: { instance: string }[]) => some.map(({ instance }) => instance).join(" "));
  };
  const becomes = (peers: string, lost: string) =>
    eventually(`${peers}; ${lost} is lost`, async () => {
      const [living, gone] = await known();
      return living === peers && gone === lost;
    }, 30_000);
  await becomes("host1 host2 host3", "");
  killed.daemon.kill("SIGKILL");
  await stopped.stop();
  await becomes("host1", "host2");
  await killed.daemon.ended;
  killed.start();
  await becomes("host1 host2", "");
});
