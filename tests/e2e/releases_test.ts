// The way back with a real daemon: what a person undoes stays undone, whatever is written to the file, and over restarts.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import { type HookHost, openHookHost } from "../support/hook_host.ts";
import { sampleSource } from "../support/sample_source.ts";

/** A host whose daemon has an admin socket and no hooks. */
async function openReleasesHost(): Promise<{ readonly host: HookHost; readonly args: readonly string[] }> {
  const host = await openHookHost();
  const { args = [] } = await host.withHooks([]);
  return { host, args };
}

/** Asks a command that must end with this code, and resolves with its standard output. */
async function ends(host: HookHost, code: number, ...args: readonly string[]): Promise<string> {
  const asked = await host.ask(...args);
  assertEquals(asked.code, code, `${args.join(" ")}: ${asked.stdout}${asked.stderr}`);
  return asked.stdout + asked.stderr;
}

/** Waits until the daemon has looked at what is in the file, without a change of what is in force. */
async function looked(host: HookHost, outcome: string): Promise<void> {
  await eventually(`a look that ended ${outcome}`, async () => {
    const { stdout } = await host.ask("status", "--format", "json");
    return JSON.parse(stdout).lastReload.outcome === outcome;
  });
}

/** The history, also while the daemon is down. */
async function states(host: HookHost): Promise<string> {
  const state = `State:Directory=${host.directory}/snapshot`;
  const { stdout } = await host.ask("history", "--format", "json", "--set", state);
  const { releases } = JSON.parse(stdout);
  return releases.map(({ number, cause, state }: Record<string, unknown>) => `${number} ${cause} ${state}`).join(", ");
}

Deno.test("a bad edit is undone by one command, and stays undone until the file has something else", async () => {
  const { host, args } = await openReleasesHost();
  await using _ = host;
  const daemon = await host.follow("first", { args });
  const good = await host.serverForm();
  await host.edit("bad");
  await host.hasSnapshot("bad");
  const bad = await Deno.readTextFile(host.source);

  const undone = await ends(host, 0, "rollback", "--reason", "tiles are empty", "--author", "anna");
  assertEquals(undone.split("\n"), [
    `In force again: ${good.hash.slice(0, 8)}, the configuration of release 1, now release 3`,
    "Taken back: release 2",
    "No other instance had to follow",
    `The file was not touched: honua-configd show 1 > ${host.source} brings it in line`,
    "",
  ]);
  await host.hasSnapshot("first");
  assertEquals(await host.serverForm(), good);
  assertEquals(await Deno.readTextFile(host.source), bad);
  const [first, ...rows] = (await ends(host, 1, "status")).split("\n");
  assertMatch(
    first!,
    /^Held: [0-9a-f]{8} \(release 3\) is in force; anna rolled the file's configuration back \d+ s ago: tiles are empty$/,
  );
  assertStringIncludes(rows.join("\n"), `honua-configd show 3 > ${host.source} brings the file in line`);

  // The same file, written again, changes nothing; nor does a restart.
  const mark = await host.mark();
  await host.put(bad);
  await looked(host, "held");
  assertStringIncludes(await ends(host, 1, "reload"), "Held: The source is not put in force: anna rolled it back");
  assertEquals(await host.mark(), mark);
  daemon.kill("SIGTERM");
  await daemon.ended;
  assertEquals(await states(host), "3 rollback healthy, 2 file rolled-back, 1 file healthy");
  await host.follow("first", { args });
  assertStringIncludes(await ends(host, 1, "status"), "(release 3) is in force; anna rolled the file's configuration");
  assertEquals(await host.mark(), mark);

  // Any other valid file is a normal edit.
  await host.edit("second");
  await host.hasSnapshot("second");
  assertStringIncludes(await ends(host, 0, "status"), "as the source says");
  assertEquals(await ends(host, 0, "show", "2"), bad);
  assertEquals(await ends(host, 0, "show", good.hash), sampleSource("first"));
  assertMatch(
    await ends(host, 0, "journal", "--set", `State:Directory=${host.directory}/snapshot`),
    /rolled-back .*anna/,
  );
});

Deno.test("a configuration that was rolled back runs again if a person forces it", async () => {
  const { host, args } = await openReleasesHost();
  await using _ = host;
  await host.follow("first", { args });
  await host.edit("second");
  await host.hasSnapshot("second");
  await ends(host, 0, "rollback", "1", "--reason", "too early");
  await host.hasSnapshot("first");
  assertStringIncludes(await ends(host, 1, "rollback", "2", "--reason", "x"), "rolled release 2 back: too early");
  await ends(host, 0, "reload", "--force", "--author", "bob");
  await host.hasSnapshot("second");
  assertStringIncludes(await ends(host, 0, "status"), "Release      4, healthy, by bob (reload --force)");
});

Deno.test("a hold keeps an edit back until it ends, and an ended hold takes it", async () => {
  const { host, args } = await openReleasesHost();
  await using _ = host;
  await host.follow("first", { args });
  await ends(host, 1, "hold", "--until", "8d", "--reason", "the fair");
  await ends(host, 0, "hold", "--until", "1h", "--reason", "the fair", "--author", "anna");
  const mark = await host.mark();
  await host.edit("second");
  await looked(host, "held");
  assertEquals(await host.mark(), mark);
  assertMatch(await ends(host, 1, "status"), /^Held: .* is in force; anna holds changes until .*: the fair\n/);
  await ends(host, 0, "release-hold");
  await host.hasSnapshot("second");
  await ends(host, 0, "status");
  await ends(host, 1, "release-hold");
});

Deno.test("a change that nobody confirms goes back, and one that is confirmed stays", async () => {
  const { host, args } = await openReleasesHost();
  await using _ = host;
  const daemon = host.start({ args: [...args, "--set", "ConfigurationWatcher:EnableFileWatching=false"] });
  await host.hasSnapshot("first");
  await host.edit("second");
  const asked = await ends(host, 0, "reload", "--confirm", "2s", "--author", "anna");
  assertStringIncludes(asked, "unless it is confirmed: honua-configd confirm");
  await daemon.logged("Rolls release 2 back: anna did not confirm the change in time");
  await host.hasSnapshot("first");
  assertMatch(await ends(host, 1, "status"), /; a missing confirmation rolled the file's configuration back/);
  await host.edit("third");
  await ends(host, 0, "reload", "--confirm", "1h");
  assertStringIncludes(await ends(host, 0, "status"), "then the change goes back: honua-configd confirm keeps it");
  await ends(host, 0, "confirm");
  const shown = await ends(host, 0, "status");
  assert(!shown.includes("goes back"), shown);
  await ends(host, 1, "confirm");
  await host.hasSnapshot("third");
});
