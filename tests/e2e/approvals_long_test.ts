// Configurations that run only after keys of the host's own list have signed them, with real processes, keys and Redis.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { sshKeys } from "../approvals/ssh_keys.ts";
import { eventually } from "../support/eventually.ts";
import { runCommand } from "../support/command.ts";
import { type FleetInstance, openFleet } from "../support/fleet.ts";
import { openReleaseHost } from "../support/release_host.ts";

Deno.test("a configuration waits until a key has signed it, and one that ran before waits for nobody", async () => {
  await using keys = await sshKeys();
  const allowed = await keys.directory.write("allowed", `ben ${await keys.publicKey("ben")}\n`);
  await using host = await openReleaseHost([], { "Approvals:Required": 1, "Approvals:AllowedSigners": allowed });
  await host.edit("first");
  host.start({ args: host.args });
  const waits = async () =>
    (await host.shows("the edit that waits", ({ held }) => held?.kind === "unapproved")).held!.hash;
  const first = await waits();
  assertEquals((await host.status()).active, null);
  assertMatch(await host.ends(1, "approve", "candidate", "--key", await keys.key("eve")), /not in the allowed/);
  await host.ends(0, "approve", "candidate", "--key", await keys.key("ben"));
  await host.shows("the first", ({ active, held }) => active?.hash === first && held === null);
  assertStringIncludes(await host.ends(0, "pending"), "Nothing waits");

  await host.edit("second");
  const second = await waits();
  assertEquals((await host.status()).active?.hash, first);
  assertMatch(await host.ends(1, "pending"), new RegExp(`${second.slice(0, 8)} +- +- +0 of 1`));
  await host.ends(0, "reload", "--emergency", "--reason", "nobody is there", "--author", "ann");
  await host.shows("the second", ({ active }) => active?.hash === second);
  await host.edit("first");
  await host.shows("the first again", ({ active, held }) => active?.hash === first && held === null);
  const journal = await host.ends(0, "journal", "--set", `State:Directory=${host.state}`);
  assertMatch(journal, new RegExp(`approved ${first.slice(0, 8)}.* by ben: SHA256:`));
  assertMatch(journal, /emergency .*by ann: nobody is there/);
});

Deno.test("a rollout waits for two keys that count on the host, and a rejected one is run by nobody", async () => {
  await using keys = await sshKeys();
  const names = ["ben", "cleo"];
  const lines = names.map(async (name) => `${name}@example.org ${await keys.publicKey(name)}\n`);
  const allowed = await keys.directory.write("allowed", (await Promise.all(lines)).join(""));
  const approvals = { "Approvals:Required": "2", "Approvals:AllowedSigners": allowed };
  await using fleet = await openFleet({
    count: 3,
    shared: true,
    settings: { "Rollout:Steps:0": "1", "Rollout:Steps:1": "+2", "Rollout:BakeSeconds": "0" },
  });
  fleet.start();
  const first = await fleet.agrees("first", 1);
  for (const one of fleet.instances) {
    await one.stop();
    one.start({ settings: approvals });
  }
  const [host, other] = fleet.instances as [FleetInstance, FleetInstance, FleetInstance];
  const onHost = (one: FleetInstance, ...args: string[]) =>
    runCommand([...args, "--socket", `${one.directory}/admin.sock`]);
  const waiting = async (one: FleetInstance) => {
    const { json } = await one.admin("/admin/approvals");
    return json.pending[0] ?? null;
  };
  const waits = (one: FleetInstance) => eventually("a change that waits", () => waiting(one), 30_000);

  await host.edit("second");
  const { hash } = await waits(other);
  const approve = async (one: FleetInstance, name: string) =>
    (await onHost(one, "approve", hash, "--key", await keys.key(name))).code;
  assertEquals(await approve(host, "eve"), 1);
  assertEquals(await approve(host, "ben"), 0);
  assertEquals((await Promise.all(fleet.instances.map((one) => one.status()))).map(({ active }) => active?.hash), [
    first,
    first,
    first,
  ]);
  // The other host has the first signature from Redis.
  assertEquals(await approve(other, "cleo"), 0);
  assertEquals(await fleet.agrees("second", 2), hash);

  await host.edit("third");
  const third = await eventually("the next change that waits", async () => {
    const next = await waiting(other);
    return next !== null && next.hash !== hash ? next : null;
  }, 30_000);
  assertEquals((await onHost(other, "reject", "candidate", "--reason", "no tests")).code, 0);
  assertEquals(await approve(other, "ben"), 0);
  assertEquals(await waiting(host), null);
  const held = await eventually("the host holds it", async () => {
    const status = await host.status();
    return status.held?.kind === "skipped" ? status.held : null;
  }, 30_000);
  assertEquals([held.hash, held.reason], [third.hash, "no tests"]);

  await host.edit("fourth");
  const fourth = await waits(host);
  assertEquals((await onHost(host, "reload", "--emergency", "--reason", "urgent")).code, 0);
  const running = async (one: FleetInstance) => (await one.status()).active?.hash;
  // The others go on with the approved one.
  assertEquals([await running(host), await running(other)], [fourth.hash, hash]);
});
