// The way back with a real daemon: a change that a person undoes stays undone, also after writes of the file and over
// restarts.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openReleaseHost } from "../support/release_host.ts";
import { sampleSource } from "../support/sample_source.ts";

Deno.test("a bad edit is undone by one command, and stays undone until the file has something else", async () => {
  await using host = await openReleaseHost();
  const { args } = host;
  const daemon = await host.follow("first", { args });
  const good = await host.serverForm();
  await host.edit("bad");
  await host.hasSnapshot("bad");
  const bad = await Deno.readTextFile(host.source);

  const undone = await host.ends(0, "rollback", "--reason", "tiles are empty", "--author", "anna");
  assertEquals(undone.split("\n"), [
    `In force again: ${good.hash.slice(0, 8)}, the configuration of release 1, now release 3`,
    "Taken back: release 2",
    "No other instance was notified",
    `The file was not touched: honua-configd show 3 --output ${host.source} brings it in line`,
    "",
  ]);
  await host.hasSnapshot("first");
  assertEquals(await host.serverForm(), good);
  assertEquals(await Deno.readTextFile(host.source), bad);
  const [first, ...rows] = (await host.ends(1, "status")).split("\n");
  assertMatch(
    first!,
    /^Held: [0-9a-f]{8} \(release 3\) is in force; anna rolled the file's configuration back \d+ s ago: tiles are empty$/,
  );
  assertStringIncludes(rows.join("\n"), `honua-configd show 3 --output ${host.source} brings the file in line`);

  // The same file, written again, changes nothing; nor does a restart.
  const mark = await host.mark();
  const from = daemon.entries.length;
  await host.put(bad);
  await daemon.logged(({ outcome }) => outcome === "held", from);
  assertStringIncludes(await host.ends(1, "reload"), "Held: The source is not put in force: anna rolled it back");
  assertEquals(await host.mark(), mark);
  daemon.kill("SIGTERM");
  await daemon.ended;
  assertEquals(await host.states(), "3 rollback healthy, 2 file rolled-back, 1 file healthy");
  const next = await host.follow("first", { args });
  assertStringIncludes(await host.ends(1, "status"), "(release 3) is in force; anna rolled the file's configuration");
  assertEquals(await host.mark(), mark);

  // The printed command brings the file in line.
  await host.ends(0, "show", "3", "--output", host.source);
  assertEquals(await Deno.readTextFile(host.source), sampleSource("first"));
  await next.logged(({ outcome }) => outcome === "unchanged");
  assertStringIncludes(await host.ends(0, "status"), "as the source says");

  // Any other valid file is a normal edit.
  await host.edit("second");
  await host.hasSnapshot("second");
  assertStringIncludes(await host.ends(0, "status"), "as the source says");
  assertEquals(await host.ends(0, "show", "2"), bad);
  assertEquals(await host.ends(0, "show", good.hash), sampleSource("first"));
  assertMatch(
    await host.ends(0, "journal", "--set", `State:Directory=${host.directory}/snapshot`),
    /rolled-back .*anna/,
  );
});

Deno.test("a configuration that was rolled back runs again if a person forces it", async () => {
  await using host = await openReleaseHost();
  const { args } = host;
  await host.follow("first", { args });
  await host.edit("second");
  await host.hasSnapshot("second");
  await host.ends(0, "rollback", "1", "--reason", "too early");
  await host.hasSnapshot("first");
  assertStringIncludes(await host.ends(1, "rollback", "2", "--reason", "x"), "rolled release 2 back: too early");
  await host.ends(0, "reload", "--force", "--author", "bob");
  await host.hasSnapshot("second");
  assertStringIncludes(await host.ends(0, "status"), "Release      4, healthy, by bob (reload --force)");
});

Deno.test("a hold keeps an edit back until it ends, and an ended hold takes it", async () => {
  await using host = await openReleaseHost();
  const { args } = host;
  await host.follow("first", { args });
  await host.ends(1, "hold", "--until", "8d", "--reason", "the fair");
  await host.ends(0, "hold", "--until", "1h", "--reason", "the fair", "--author", "anna");
  const mark = await host.mark();
  await host.edit("second");
  await host.looked("held");
  assertEquals(await host.mark(), mark);
  assertMatch(await host.ends(1, "status"), /^Held: .* is in force; anna holds changes until .*: the fair\n/);
  await host.ends(0, "release-hold");
  await host.hasSnapshot("second");
  await host.ends(0, "status");
  await host.ends(1, "release-hold");
});

Deno.test("a change that nobody confirms goes back, and one that is confirmed stays", async () => {
  await using host = await openReleaseHost();
  const { args } = host;
  const daemon = host.start({ args: [...args, "--set", "ConfigurationWatcher:EnableFileWatching=false"] });
  await host.hasSnapshot("first");
  await host.edit("second");
  const asked = await host.ends(0, "reload", "--confirm", "2s", "--author", "anna");
  assertStringIncludes(asked, "unless it is confirmed: honua-configd confirm");
  await daemon.logged("Rolls release 2 back: anna did not confirm the change in time");
  await host.hasSnapshot("first");
  assertMatch(await host.ends(1, "status"), /; a missing confirmation rolled the file's configuration back/);
  await host.edit("third");
  await host.ends(0, "reload", "--confirm", "1h");
  assertStringIncludes(await host.ends(0, "status"), "then the change goes back: honua-configd confirm keeps it");
  await host.ends(0, "confirm");
  const shown = await host.ends(0, "status");
  assert(!shown.includes("honua-configd confirm"), shown);
  await host.ends(1, "confirm");
  await host.hasSnapshot("third");
});

Deno.test("if the snapshot was lost and the file is not valid, a rollback puts the last release in force", async () => {
  await using host = await openReleaseHost();
  const { args } = host;
  const daemon = await host.follow("first", { args });
  await host.shows("a healthy release", ({ release }) => release?.state === "healthy");
  daemon.kill("SIGTERM");
  await daemon.ended;
  await Deno.remove(host.snapshotPath);
  await Deno.remove(host.serverPath);
  await host.put("layer {");
  host.start({ args });
  await host.shows("a rejected source", ({ lastReload }) => lastReload?.outcome === "rejected");
  const [first, , advice] = (await host.ends(1, "status")).split("\n");
  assertEquals(first, "The source was rejected: nothing is in force");
  assertStringIncludes(advice!, "honua-configd rollback --reason TEXT puts release 1 in force");
  const [again, taken] = (await host.ends(0, "rollback", "1", "--reason", "disk")).split("\n");
  assertMatch(again!, /^In force again: [0-9a-f]{8}, the configuration of release 1$/);
  assertEquals(taken, "Nothing was taken back");
  await host.hasSnapshot("first");
  assertStringIncludes(await host.ends(1, "status"), "The source was rejected: ");
  await host.edit("second");
  await host.hasSnapshot("second");
  assertEquals(await host.states(), "2 file healthy, 1 file healthy");
});
