// A fleet without files, with the real Redis: from files to the store and back, and hosts that come up with nothing but
// their options.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import { type Fleet, type FleetInstance, openFleet } from "../support/fleet.ts";
import { type Recorded, runRecorded } from "../support/recording_terminal.ts";
import { sshKeys } from "../approvals/ssh_keys.ts";
import { SAMPLE_CONNECTION, sampleJson } from "../support/sample_source.ts";

const STORE = { settings: { "Source:From": "store" } };

/** Runs a command against the daemon of an instance. */
function command({ directory }: FleetInstance, ...args: string[]): Promise<Recorded> {
  return runRecorded([...args, "--socket", `${directory}/admin.sock`]);
}

/** Publishes the sample of this title by an instance, and follows it. */
async function publish(by: FleetInstance, title: string, ...args: string[]): Promise<Recorded> {
  const file = `${by.directory}/${title}.json`;
  await Deno.writeTextFile(file, sampleJson(title));
  return await command(by, "publish", file, "--reason", `the ${title}`, "--author", "ann", ...args);
}

async function restart(instance: FleetInstance, start = {}): Promise<void> {
  await instance.stop();
  instance.start(start);
}

/** A fleet that has moved to the store: its files are gone. */
async function moved(fleet: Fleet): Promise<readonly [FleetInstance, FleetInstance, FleetInstance]> {
  const [one, two, three] = fleet.instances as unknown as [FleetInstance, FleetInstance, FleetInstance];
  const all = [one, two, three] as const;
  for (const instance of all) instance.start();
  await fleet.agrees("first", 1, all);
  const first = await command(one, "publish", one.source, "--reason", "move to the store");
  assertEquals([first.code, first.out.split(":")[0], first.error], [0, "Unchanged", ""]);
  await Promise.all(all.map(async (instance) => {
    await Deno.remove(instance.source);
    await restart(instance, STORE);
    await instance.hasStanding("agreed", 1);
  }));
  return all;
}

Deno.test("a fleet moves from files to the store, is edited there, and goes back to files", async () => {
  await using fleet = await openFleet({ count: 3 });
  const all = await moved(fleet);
  const [one, two] = all;
  const status = await command(one, "status");
  assertEquals(status.code, 0);
  assertMatch(status.out, /^Source +the store: no file is read$/m);

  const edited = await publish(two, "second");
  assertEquals([edited.code, edited.error], [0, ""], edited.out);
  assertMatch(edited.out, /^Proposed: /);
  assertMatch(edited.out, /: done, all hosts are let in\n$/);
  const hash = await fleet.agrees("second", 2);
  const [{ hash: listed, author, reason }] = (await one.admin("/admin/releases?limit=1")).json.releases;
  assertEquals([listed, author, reason], [hash, "ann", "the second"]);
  const journal = await command(two, "journal", "--format", "json", "--limit", "20");
  assertMatch(journal.out, /"kind":"published"[^\n]*"who":"ann","why":"the second","outcome":"proposed"/);

  await Promise.all(all.map(async (instance) => {
    const pulled = await command(instance, "pull", instance.source);
    assertEquals([pulled.code, pulled.out], [0, ""], pulled.error);
    assertEquals(await Deno.readTextFile(instance.source), sampleJson("second"));
    assertEquals((await Deno.stat(instance.source)).mode! & 0o777, 0o600);
    await restart(instance);
    await instance.hasStanding("agreed", 2);
  }));
  for (const instance of all) await instance.edit("third");
  await fleet.agrees("third", 3);
});

Deno.test("a host comes up from its options and the store in one look, and without the store from its disk", async () => {
  await using fleet = await openFleet({ count: 4 });
  const [one] = await moved(fleet);
  assertEquals((await publish(one, "second")).code, 0);
  const late = fleet.instances[3]!;
  await Deno.remove(late.source);
  late.start(STORE);
  await late.runs("second");
  await late.hasStanding("agreed", 2);
  assertEquals(late.activations(), 1);
  await late.stop();
  await fleet.redis.kill();
  late.start(STORE);
  await eventually("a look", async () => (await late.status()).lastReload);
  const { lastReload, active, redis } = await late.status();
  assertEquals(lastReload?.outcome, "unchanged", late.daemon.output());
  assert(active !== null && redis.state !== "up");
  // A host that never had anything waits for the store, and lives.
  const bare = fleet.instances[0]!;
  await bare.stop();
  await Deno.remove(bare.directory, { recursive: true });
  await Deno.mkdir(bare.directory);
  bare.start(STORE);
  await eventually("a look", async () => (await bare.status()).lastReload);
  assertEquals((await bare.status()).active, null);
  await fleet.redis.restart();
  await bare.runs("second");
});

Deno.test("a host that still has its file follows a publication, and its old file undoes nothing, also after a restart", async () => {
  await using fleet = await openFleet({ count: 2 });
  const [one, two] = fleet.instances as unknown as [FleetInstance, FleetInstance];
  fleet.start();
  await fleet.agrees("first", 1);
  assertEquals((await command(one, "publish", one.source, "--reason", "move to the store")).code, 0);
  await restart(one, STORE);
  await one.hasStanding("agreed", 1);
  const refused = await publish(two, "second");
  assertEquals([refused.code, refused.out], [1, ""]);
  assertStringIncludes(refused.error, `This host follows its file ${two.source}`);
  assertEquals((await publish(one, "second")).code, 0);
  const isHeld = async () => {
    await fleet.agrees("second", 2);
    await eventually("a held file", async () => (await two.status()).held?.kind === "overtaken");
  };
  await isHeld();
  await restart(two);
  await isHeld();
  assertEquals((await fleet.history()).length, 2);
  // An edit is a change again.
  await two.edit("third");
  await fleet.agrees("third", 3);
});

Deno.test("a CI job publishes without a daemon by Redis itself, in the steps of its options, and is no peer", async () => {
  await using fleet = await openFleet({ count: 2, settings: STORE.settings });
  for (const instance of fleet.instances) await Deno.remove(instance.source);
  fleet.start();
  const [one] = fleet.instances as unknown as [FleetInstance];
  const file = `${one.directory}/second.json`;
  await Deno.writeTextFile(file, sampleJson("second"));
  const { host, port } = fleet.redis;
  const direct = (args: readonly string[], env = {}) =>
    runRecorded(["publish", file, "--redis", `${host}:${port}`, "--reason", "build 7", ...args], {
      environment: {
        SAMPLE_CONNECTION,
        HighAvailability__ReconcileSeconds: "1",
        Rollout__Steps__0: "1",
        Rollout__BakeSeconds: "0",
        USER: "ci",
        ...env,
      },
    });
  await eventually("a link", async () => (await one.status()).redis.state === "up");
  const early = await direct([]);
  assertEquals([early.code, early.out], [1, ""]);
  assertStringIncludes(early.error, "Redis has no release yet");
  assertEquals((await publish(one, "first")).code, 0);
  await fleet.agrees("first", 1);
  const done = await direct([]);
  assertEquals([done.code, done.error], [0, ""], done.out);
  assertMatch(done.out, /^Proposed: .*\n[^]*step 1 of 2, 1 of 2 hosts[^]*: done, all hosts are let in\n$/);
  await fleet.agrees("second", 2);
  assertEquals((await one.peers()).length, 2);
  const { rollout } = (await one.admin("/admin/rollout")).json;
  assertEquals([rollout.author, rollout.reason, rollout.steps], ["ci", "build 7", [1, 2]]);
  assertMatch((await direct([])).out, /^Unchanged: /);
  const nowhere = await runRecorded(["publish", file, "--redis", "127.0.0.1:1", "--reason", "r"], {
    environment: { SAMPLE_CONNECTION, HighAvailability__ConnectionTimeoutMs: "1000" },
  });
  assertEquals(nowhere.code, 3, nowhere.error);
});

Deno.test("an invalid source is not published, and a store without a release takes the first one", async () => {
  await using fleet = await openFleet({ count: 2, settings: STORE.settings });
  const [one, two] = fleet.instances as unknown as [FleetInstance, FleetInstance];
  for (const instance of fleet.instances) await Deno.remove(instance.source);
  fleet.start();
  await eventually("a link", async () => (await one.status()).redis.state === "up");
  const file = `${one.directory}/bad.json`;
  await Deno.writeTextFile(file, sampleJson("first").replace('"main",', '"nowhere",'));
  const bad = await command(one, "publish", file, "--reason", "a mistake");
  assertEquals([bad.code, bad.out], [1, ""], bad.error);
  assertStringIncludes(bad.error, "invalid");
  const first = await publish(one, "first");
  assertEquals(first.code, 0, first.error);
  assertMatch(first.out, /^Published: .* is the first release in the store\. It has no rollout; /);
  await fleet.agrees("first", 1);
  // The store's text is not the file that somebody else keeps.
  const kept = two.source;
  await Deno.writeTextFile(kept, sampleJson("other"));
  assertEquals((await command(two, "pull", kept)).code, 3);
  assertEquals(await Deno.readTextFile(kept), sampleJson("other"));
  assertEquals((await command(two, "pull", "--force", kept)).code, 0);
  assertEquals(await Deno.readTextFile(kept), sampleJson("first"));
});

Deno.test("the first release in a store is not published with success while no host may run it", async () => {
  await using keys = await sshKeys();
  const allowed = await keys.directory.write("allowed", `ben@example.org ${await keys.publicKey("ben")}\n`);
  const approvals = { "Approvals:Required": "1", "Approvals:AllowedSigners": allowed };
  await using fleet = await openFleet({ count: 1, settings: { ...STORE.settings, ...approvals } });
  const [one] = fleet.instances as unknown as [FleetInstance];
  await Deno.remove(one.source);
  fleet.start();
  await eventually("a link", async () => (await one.status()).redis.state === "up");
  const first = await publish(one, "first", "--timeout", "5s");
  assertEquals(first.code, 3, first.out);
  assertStringIncludes(first.out, "runs on 0 of 1 instances; waits for host1, which waits for its approvals: ");
  const again = await publish(one, "first", "--timeout", "1s");
  assertEquals([again.code, again.out.split(":")[0]], [3, "Unchanged"]);
  const following = publish(one, "first");
  const { hash } = await eventually("the candidate", async () => (await one.admin("/admin/approvals")).json.pending[0]);
  const approved = await command(one, "approve", hash, "--key", await keys.key("ben"));
  assertEquals(approved.code, 0, approved.error);
  assertEquals((await following).code, 0);
});

Deno.test("a release that was taken back is in force again on all hosts without files by one command", async () => {
  await using fleet = await openFleet({ count: 2, settings: STORE.settings });
  const [one, two] = fleet.instances as unknown as [FleetInstance, FleetInstance];
  for (const instance of fleet.instances) await Deno.remove(instance.source);
  fleet.start();
  await eventually("a link", async () => (await one.status()).redis.state === "up");
  for (const [index, title] of ["first", "second"].entries()) {
    assertEquals((await publish(one, title)).code, 0);
    await fleet.agrees(title, index + 1);
  }
  const because = ["--reason", "it was the disk", "--author", "ann"];
  const mistaken = await command(two, "rollback", ...because);
  assertEquals([mistaken.code, mistaken.error], [0, ""]);
  await fleet.agrees("first", 3);
  const refused = await publish(one, "second");
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.error, "honua-configd rollback 2 --force --reason TEXT");
  const again = await command(one, "rollback", "2", ...because);
  assertEquals(again.code, 1);
  assertStringIncludes(again.error, "honua-configd rollback 2 --force");
  const forced = await command(one, "rollback", "2", "--force", ...because);
  assertEquals([forced.code, forced.error], [0, ""]);
  assertMatch(
    forced.out,
    /^In force again: .*, the configuration of release 2, now release 4\nTaken back: release 3\n/,
  );
  await fleet.agrees("second", 4);
  assertMatch(
    (await command(one, "journal")).out,
    /rolled-back release 3 \S+ by ann: it was the disk \(fleet, to \S+, by force\)/,
  );
});
