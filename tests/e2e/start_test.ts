// The files that a start finds decide only its messages: a whole snapshot stays in force until there is a better one,
// and a damaged file is set aside and never deleted.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runCommand } from "../support/command.ts";
import { type EdgeHost, openEdgeHost } from "../support/edge_host.ts";
import { eventually } from "../support/eventually.ts";
import { sampleSource } from "../support/sample_source.ts";

/** A host with a snapshot in force and no daemon. */
async function openHostWithSnapshot(): Promise<EdgeHost> {
  const host = await openEdgeHost();
  await (await host.follow("first"))[Symbol.asyncDispose]();
  return host;
}

Deno.test("without a source the snapshot stays in force, the daemon runs on, and heals when the source appears", async () => {
  await using host = await openHostWithSnapshot();
  const before = await host.mark();
  await Deno.remove(host.source);
  const daemon = host.start();
  const { hash } = (await host.snapshot()).header;
  assertEquals((await daemon.logged("The snapshot is whole and stays in force")).hash, hash);
  const failed = await daemon.logged("Failed to reload configuration: ");
  assertStringIncludes(failed.msg, "does not exist");
  assertEquals(failed.outcome, "unreadable");
  assertMatch(
    await eventually(
      "the line",
      async () => (await Deno.readTextFile(`${host.directory}/snapshot/journal.jsonl`)).match(/.*"rejected".*/)?.[0],
    ),
    /"hash":null,.*does not exist.*"outcome":"unreadable"/,
  );
  assertEquals(await host.mark(), before);
  await host.edit("second");
  await host.hasSnapshot("second");
});

Deno.test("with an invalid source the snapshot stays in force, and the next good edit heals", async () => {
  await using host = await openHostWithSnapshot();
  const before = await host.mark();
  await host.put(sampleSource("second").replace("enabled       = true", "enabled = maybe"));
  const daemon = host.start();
  await daemon.logged("The snapshot is whole and stays in force");
  await daemon.logged("Failed to reload configuration: ");
  assertEquals(await host.mark(), before);
  await host.edit("second");
  await host.hasSnapshot("second");
});

Deno.test("an edit made while the daemon was down is found at the start, and without one nothing is written", async () => {
  await using host = await openHostWithSnapshot();
  const before = await host.mark();
  const idle = host.start();
  await idle.logged("Configuration reloaded successfully: unchanged");
  assertEquals(await host.mark(), before);
  await idle[Symbol.asyncDispose]();
  await host.edit("second");
  await host.follow("second");
});

Deno.test("a damaged snapshot is set aside under a name that says so, and replaced", async () => {
  await using host = await openHostWithSnapshot();
  const whole = await Deno.readFile(host.snapshotPath);
  const damages = {
    "cut short": whole.subarray(0, whole.length / 2),
    "changed within": new TextEncoder().encode(new TextDecoder().decode(whole).replace("roads", "roadz")),
    empty: new Uint8Array(),
  };
  for (const [name, bytes] of Object.entries(damages)) {
    await Deno.writeFile(host.snapshotPath, bytes);
    const daemon = await host.follow("first");
    const reported = await daemon.logged((entry) => entry.setAsideAs !== undefined);
    assertEquals(reported.level, "error", name);
    assertStringIncludes(String(reported.setAsideAs), `${host.snapshotPath}.damaged-`);
    assertEquals(await Deno.readFile(String(reported.setAsideAs)), Uint8Array.from(bytes), name);
    assertEquals(await Deno.readFile(host.snapshotPath), whole);
    await daemon[Symbol.asyncDispose]();
  }
});

Deno.test("a snapshot of a newer format is reported to be one, and replaced by the next", async () => {
  await using host = await openEdgeHost();
  await Deno.writeTextFile(host.snapshotPath, '{"$snapshot":{"format":2,"digest":"?"}}\n');
  const daemon = await host.follow("first");
  assertEquals((await daemon.logged("The snapshot has a newer format")).level, "warning");
});

Deno.test("a temporary file that a killed writer left is removed, and nothing else is", async () => {
  await using host = await openHostWithSnapshot();
  const directory = `${host.directory}/snapshot`;
  // The process that wrote it is long gone: its number is beyond Linux' highest (pid_max, proc(5)).
  const stale = `${directory}/.config.snapshot.json.4194305.0123456789abcdef.tmp`;
  const foreign = `${directory}/.other.json.4194305.0123456789abcdef.tmp`;
  for (const path of [stale, foreign]) await Deno.writeTextFile(path, "{");
  const daemon = await host.follow("first");
  assertEquals((await daemon.logged("Removed a temporary file")).path, stale);
  assert((await Deno.stat(foreign)).isFile);
  await Deno.remove(foreign);
  const names = Array.from(Deno.readDirSync(directory), ({ name }) => name).sort();
  assertEquals(names, [
    ".config.snapshot.honua.lock",
    ".config.snapshot.json.lock",
    ".honua-configd.state.json.lock",
    "config.snapshot.honua",
    "config.snapshot.json",
    "history",
    "journal.jsonl",
  ]);
});

Deno.test("a snapshot path that names an input is wrong usage, and the file stays unchanged", async () => {
  await using host = await openEdgeHost();
  const link = `${host.directory}/link.json`;
  await Deno.symlink(host.source, link);
  const environmentFile = `${host.directory}/a.env`;
  await Deno.writeTextFile(environmentFile, "A=1\n");
  for (const path of [host.source, link, environmentFile]) {
    const args = ["--config", host.source, "--snapshot", path, "--env-file", environmentFile];
    const { code, stderr } = await runCommand(["run", ...args]);
    assertEquals(code, 2, path);
    assertStringIncludes(stderr, "Snapshot:Path");
  }
  const serverLink = `${host.directory}/link.honua`;
  await Deno.symlink(host.source, serverLink);
  const snapshotLink = `${host.directory}/snapshot.hcl`;
  await Deno.symlink(host.snapshotPath, snapshotLink);
  await Deno.writeTextFile(host.snapshotPath, "{}\n");
  const clashes = [
    [host.source, "--config and Snapshot:ServerPath name one file"],
    [serverLink, "--config and Snapshot:ServerPath name one file"],
    [snapshotLink, "Snapshot:ServerPath names the file of Snapshot:Path"],
    [`${host.directory}/server.json`, "Snapshot:ServerPath must be a path that ends with .honua or .hcl, or empty"],
  ];
  for (const [path, said] of clashes) {
    const args = ["--config", host.source, "--snapshot", host.snapshotPath, "--set", `Snapshot:ServerPath=${path}`];
    const { code, stderr } = await runCommand(["run", ...args]);
    assertEquals(code, 2, path);
    assertStringIncludes(stderr, said!);
  }
  assertEquals(await Deno.readTextFile(host.source), sampleSource("first"));
});
