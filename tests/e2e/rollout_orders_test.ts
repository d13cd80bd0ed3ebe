// The commands about rollouts over real instances and Redis: their output, and their effects on the fleet.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import { type Fleet, openFleet } from "../support/fleet.ts";
import { runRecorded } from "../support/recording_terminal.ts";

/** A bake without an end, so that only a person moves a rollout on. */
const STEPS = { "Rollout:Steps:0": "1", "Rollout:Steps:1": "2", "Rollout:BakeSeconds": "86400" };

/** Runs a command that asks one of the hosts. */
async function ask(fleet: Fleet, host: number, ...args: string[]) {
  const { directory } = fleet.instances[host]!;
  return await runRecorded([...args, "--socket", `${directory}/admin.sock`], { environment: { USER: "anna" } });
}

async function shows(fleet: Fleet, pattern: RegExp): Promise<string> {
  return await eventually(`a rollout that is ${pattern}`, async () => {
    const { out } = await ask(fleet, 1, "rollout");
    return pattern.test(out) ? out : null;
  });
}

Deno.test("a person pauses, promotes and ends a rollout from any host", async () => {
  await using fleet = await openFleet({ count: 3, settings: STEPS });
  fleet.start();
  const first = await fleet.agrees("first", 1);
  assertEquals((await ask(fleet, 0, "rollout")).out, "No rollout\n");
  assertEquals((await ask(fleet, 0, "promote", "--reason", "x")).code, 1);
  await fleet.instances[0]!.edit("second");
  const page = await shows(fleet, /step 1 of 3, 1 of 3 hosts let in, baking/);
  assertEquals(page.match(/ yes +candidate +healthy/g)?.length, 1, page);
  assertEquals(page.match(/ no +stable +healthy/g)?.length, 2, page);

  const paused = await ask(fleet, 2, "pause", "--reason", "a look first");
  assertEquals([paused.code, paused.error], [0, ""]);
  assertMatch(
    paused.out,
    /^Paused\. Rollout of \w{8}: step 1 of 3, 1 of 3 hosts let in, paused: anna: a look first\n$/,
  );
  const watched = await ask(fleet, 1, "rollout", "--watch");
  assertEquals(watched.code, 1);
  assertStringIncludes(watched.out, "paused: anna: a look first\n");

  const promoted = await ask(fleet, 1, "promote", "--reason", "looks good");
  assertEquals([promoted.code, promoted.error], [0, ""]);
  await shows(fleet, /step 2 of 3, 2 of 3 hosts let in, baking/);
  const { directory } = fleet.instances[1]!;
  const journal = await runRecorded(["journal", "--set", `State:Directory=${directory}`]);
  assertMatch(journal.out, /: anna: a look first \(paused, step 1 of 3\)\n/);
  assertMatch(journal.out, /: anna: looks good \(admitting, step 2 of 3\)\n/);
  assertStringIncludes((await ask(fleet, 0, "status")).out, "Rollout      of ");

  const ended = await ask(fleet, 0, "rollback", "--reason", "empty tiles");
  assertEquals([ended.code, ended.error], [0, ""]);
  assertMatch(ended.out, /^Ended\. Rollout of \w{8}: rolled back: anna: empty tiles\n$/);
  for (const instance of fleet.instances) assertEquals(await instance.runs("first"), first);
  const { code, out } = await ask(fleet, 2, "rollout");
  assertEquals([code, out.split("\n")[0]?.replace(/\w{8}:/, "…:")], [
    1,
    "Rollout of …: rolled back: anna: empty tiles",
  ]);
  assertEquals((await fleet.history()).length, 1);
  // A second person that saw the rollout fail must not take the stable release back with it.
  const again = await ask(fleet, 2, "rollback", "--reason", "empty tiles");
  assertEquals(again.code, 1);
  assertStringIncludes(
    again.error,
    " was rolled back already (anna: empty tiles); to take back the release of this host",
  );
});

Deno.test("a rollout that is promoted in full is on all hosts, and bakes there before it is agreed on", async () => {
  await using fleet = await openFleet({ count: 3, settings: STEPS });
  fleet.start();
  await fleet.agrees("first", 1);
  for (const instance of fleet.instances) await instance.edit("second");
  await shows(fleet, /step 1 of 3, 1 of 3 hosts let in, baking/);
  const { code, out, error } = await ask(fleet, 2, "promote", "--full", "--reason", "urgent");
  assertEquals([code, error], [0, ""]);
  assertMatch(out, /^Promoted\. Rollout of \w{8}: step 3 of 3, 3 of 3 hosts let in, /);
  for (const instance of fleet.instances) await instance.runs("second");
  await shows(fleet, /step 3 of 3, 3 of 3 hosts let in, baking/);
  const watched = await ask(fleet, 0, "rollout", "--watch", "--timeout", "1s");
  assertEquals([watched.code, watched.error], [3, "The rollout is still under way\n"]);
});
