// All see the rejection of one instance: its name, the configuration, the generation, and the reason; and so a hook
// that fails, or two processes of one name.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import { type FleetInstance, openFleet } from "../support/fleet.ts";
import { SAMPLE_CONNECTION, sampleSource } from "../support/sample_source.ts";

const SECRET = "tiger-7Hq2";
const WITHOUT = { env: { SAMPLE_CONNECTION: `Host=a;Password=${SECRET}` } };
const WITH = { env: { ...WITHOUT.env, SAMPLE_TITLE: "second" } };

/** A configuration that only hosts with `SAMPLE_TITLE` can take. */
const DEMANDING = sampleSource("second").replace('"second"', 'env("SAMPLE_TITLE")');

Deno.test("a rejection by two of five hosts is seen on each of them, until they can take the configuration", async (t) => {
  await using fleet = await openFleet({
    sourceName: "config.hcl",
    count: 5,
    settings: { "HighAvailability:SettleSeconds": "1" },
  });
  const able = fleet.instances.slice(0, 3);
  const unable = fleet.instances.slice(3);
  for (const instance of able) instance.start(WITH);
  for (const instance of unable) instance.start(WITHOUT);
  const first = await fleet.agrees("first", 1);
  // The hosts that cannot take it have it before it is announced, or after.
  const [early, late] = unable as [FleetInstance, FleetInstance];
  await early.put(DEMANDING);
  await early.daemon.logged("Failed to reload configuration: ");
  for (const instance of able) await instance.put(DEMANDING);
  const hash = await fleet.agrees("second", 2, able);
  await late.put(DEMANDING);
  await late.daemon.logged("Failed to reload configuration: ");

  await t.step(
    "each one's peers name the instance, the hash, the generation, and the reason in one masked line",
    async () => {
      for (const instance of fleet.instances) {
        await eventually(`${instance.name} sees two that rejected`, async () => {
          const peers = await instance.peers();
          const rejections = peers.filter(({ rejected }) => rejected !== null);
          assertEquals(rejections.map((peer) => [peer.instance, peer.hash, peer.rejected!.hash]), [
            [early.name, first, hash],
            [late.name, first, hash],
          ]);
          for (const { rejected, instance: name } of rejections) {
            assertEquals([name, rejected!.generation], [name, 2]);
            assertMatch(rejected!.why, /^[^\n]*SAMPLE_TITLE[^\n]*$/);
            assert(!rejected!.why.includes(SECRET));
          }
          return true;
        }, 20_000);
      }
    },
  );
  await t.step("consistency is a conflict that names both parties", async () => {
    const { status, json } = await able[0]!.admin("/healthz/consistency");
    assertEquals([status, json.hashes], [409, [
      { hash, instances: able.map(({ name }) => name) },
      { hash: first, instances: unable.map(({ name }) => name) },
    ]]);
  });
  await t.step("instances that rejected it keep their snapshot, and say so", async () => {
    for (const instance of unable) {
      const { active, lastReload } = await instance.hasStanding("diverged", 2);
      assertEquals([active?.hash, lastReload?.outcome], [first, "rejected"], instance.name);
      const { text } = await able[0]!.admin("/metrics");
      assertMatch(text, /^honua_configd_peers\{state="rejected"\} 2$/m);
    }
  });
  await t.step("with the variable they catch up at their start, and announce nothing", async () => {
    for (const instance of unable) {
      await instance.stop();
      instance.start(WITH);
    }
    await fleet.agrees("second", 2);
    await eventually("all peers are consistent", async () => {
      const { status, json } = await able[0]!.admin("/healthz/consistency");
      return status === 200 && json.instances === 5;
    });
    assertEquals((await fleet.history()).length, 2);
    for (const { daemon, name } of fleet.instances) assert(!daemon.output().includes(SECRET), name);
  });
});

Deno.test("a configuration that does not parse is reported by the digest of its bytes, and its revert heals", async () => {
  await using fleet = await openFleet({ sourceName: "config.hcl", count: 2 });
  const [one, other] = fleet.instances as [FleetInstance, FleetInstance];
  fleet.start();
  const first = await fleet.agrees("first", 1);
  await one.put(`${sampleSource("first")}layer "open" {\n`);
  await eventually("it is seen by the other", async () => {
    const [peer] = await other.peers();
    assertMatch(peer!.rejected?.hash ?? "", /^[0-9a-f]{64}$/);
    assertEquals([peer!.hash, peer!.standing, peer!.rejected!.hash === first], [first, "agreed", false]);
    return true;
  });
  assertEquals((await other.admin("/healthz/consistency")).status, 200);
  await one.edit("first");
  await eventually("it is healed", async () => (await other.peers()).every(({ rejected }) => rejected === null));
  assertEquals((await fleet.history()).length, 1);
});

Deno.test("a hook that fails on one instance is seen by another, until it has succeeded", async () => {
  // The records are not renewed while the test runs: each state below is seen because the hook's state changed.
  const rarely = { "HighAvailability:ReconcileSeconds": "600" };
  await using fleet = await openFleet({ sourceName: "config.hcl", count: 2, settings: rarely });
  const [one, other] = fleet.instances as [FleetInstance, FleetInstance];
  const cured = `${one.directory}/cured`;
  const command = { "Hooks:0:Command:0": "test", "Hooks:0:Command:1": "-e", "Hooks:0:Command:2": cured };
  // No report about a release follows from a hook on a rejection.
  const on = { "Hooks:0:Name": "pager", "Hooks:0:On": "rejected", "Hooks:0:Retry:Attempts": "60" };
  one.start({ settings: { ...on, ...command } });
  other.start();
  await fleet.agrees("first", 1);
  const isSeen = (failed: readonly string[]) =>
    eventually(`the other sees the failed hooks [${failed}]`, async () => {
      const [peer] = await other.peers();
      assertEquals([peer!.instance, peer!.hooks], [one.name, { waiting: 0, failed }]);
      return true;
    });
  await isSeen([]);
  await one.put(`${sampleSource("first")}layer "open" {\n`);
  await isSeen(["pager"]);
  const [{ since } = { since: null }] = await other.peers();
  assertEquals(since, (await one.status()).release?.at);
  await Deno.writeTextFile(cured, "");
  await isSeen([]);
});

Deno.test("two living processes of one name are noticed and reported", async () => {
  await using fleet = await openFleet({ count: 3 });
  const [one, namesake, third] = fleet.instances as [FleetInstance, FleetInstance, FleetInstance];
  const { name } = one;
  one.start();
  third.start();
  await fleet.agrees("first", 1, [one, third]);
  namesake.start({ settings: { "HighAvailability:InstanceName": name } });
  const reported = await eventually("one of them says so", () => {
    const entries = [one, namesake].flatMap(({ daemon }) => daemon.entries);
    return entries.find(({ msg }) => msg.startsWith("Another living process has the name"));
  }, 30_000);
  assertEquals([reported.level, reported.instance, reported.option], ["error", name, "HighAvailability:InstanceName"]);
  await fleet.agrees("first", 1);
  for (const instance of fleet.instances) {
    const { status, json } = await instance.admin("/healthz/consistency");
    assertEquals([status, json.code, json.namesakes], [503, "admin/peers-unknown", [name]]);
    assertEquals((await instance.peers()).map((peer) => peer.instance), [name, name, third.name]);
  }
  // Each follows the announcements of the other, as if it had another name.
  await one.edit("second");
  await eventually("the other one has heard of it", async () => (await namesake.status()).head?.generation === 2);
  await namesake.stop();
  // Its end is not the end of the other's record.
  await eventually(
    "two peers",
    async () => (await third.peers()).map(({ instance }) => instance).join() === "host1,host3",
  );
  assertEquals(third.daemon.entries.filter(({ msg }) => msg.startsWith("Another living process")), []);
});

Deno.test("a restart of an instance is no second one of its name", async () => {
  await using fleet = await openFleet({ count: 1, settings: { "HighAvailability:ReconcileSeconds": "30" } });
  const [one] = fleet.instances as [FleetInstance];
  one.start();
  await fleet.agrees("first", 1);
  one.daemon.kill("SIGKILL");
  await one.daemon.ended;
  one.start({ env: { SAMPLE_CONNECTION } });
  await fleet.agrees("first", 1);
  await eventually("its record", async () => (await one.peers()).some(({ self }) => self));
  assertEquals((await one.peers()).length, 1);
  assertEquals((await one.admin("/healthz/consistency")).status, 200);
  assertEquals(one.daemon.entries.filter(({ level }) => level === "error"), []);
});
