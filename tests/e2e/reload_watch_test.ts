// `reload --watch` as the step of a pipeline after an edit: it judges this edit, also before the watcher has seen it.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import { type Fleet, openFleet } from "../support/fleet.ts";
import { runRecorded } from "../support/recording_terminal.ts";

/** The watcher sees no edit while a test runs. */
const SETTINGS = {
  "Rollout:Steps:0": "1",
  "Rollout:Steps:1": "100%",
  "Rollout:BakeSeconds": "1",
  "ConfigurationWatcher:DebounceMilliseconds": "60000",
};

async function reload(fleet: Fleet, host: number) {
  const { directory } = fleet.instances[host]!;
  const args = ["reload", "--watch", "--reason", "build 712", "--socket", `${directory}/admin.sock`];
  return await runRecorded(args, { environment: { USER: "ci" } });
}

Deno.test("a reload that is watched after an edit ends when all hosts run the edit, from any host", async () => {
  await using fleet = await openFleet({ count: 2, settings: SETTINGS });
  fleet.start();
  await fleet.agrees("first", 1);
  for (const [host, title] of [[0, "second"], [1, "third"]] as const) {
    for (const instance of fleet.instances) await instance.edit(title);
    const { code, out, error } = await reload(fleet, host);
    assertEquals([code, error], [0, ""], out);
    assertMatch(out, / Rollout of \w{8}: done, all hosts are let in\n$/);
    await fleet.agrees(title, host + 2);
  }
  const again = await reload(fleet, 0);
  assertEquals([again.code, again.error], [0, ""]);
  assertMatch(again.out, /^Unchanged: \w{8} is in force \(generation 3\)\n/);
});

Deno.test("a reload that is watched ends with 1 if the edit is rejected, or its rollout goes back", async () => {
  await using fleet = await openFleet({ count: 2, settings: { ...SETTINGS, "Rollout:BakeSeconds": "86400" } });
  fleet.start();
  await fleet.agrees("first", 1);
  await fleet.instances[0]!.put("{");
  const rejected = await reload(fleet, 0);
  assertEquals([rejected.code, rejected.out], [1, ""]);
  assertStringIncludes(rejected.error, "Rejected: ");

  for (const instance of fleet.instances) await instance.edit("second");
  const watching = reload(fleet, 0);
  const { directory, admin } = fleet.instances[1]!;
  await eventually("a rollout", async () => (await admin("/admin/rollout")).json.rollout);
  const order = ["rollback", "--reason", "empty tiles", "--socket", `${directory}/admin.sock`];
  assertEquals((await runRecorded(order, { environment: { USER: "anna" } })).code, 0);
  const back = await watching;
  assertEquals(back.code, 1, back.error);
  // The source itself was asked about last, if that came after the rollback.
  assertStringIncludes(back.out + back.error, "empty tiles");
});
