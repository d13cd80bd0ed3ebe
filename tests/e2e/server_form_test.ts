// The server form, as a daemon writes it beside the snapshot: both or none, and any damage to it is repaired.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runCommand } from "../support/command.ts";
import { type EdgeHost, openEdgeHost } from "../support/edge_host.ts";
import { eventually } from "../support/eventually.ts";
import { type HookHost, openHookHost } from "../support/hook_host.ts";
import { SAMPLE_CONNECTION } from "../support/sample_source.ts";

const NONE = ["--set", "Snapshot:ServerPath="];

/** Both files are whole, and of one configuration, whose hash is returned. */
async function pairOf(host: EdgeHost): Promise<string> {
  const [{ header }, serverForm] = await Promise.all([host.snapshot(), host.serverForm()]);
  assertEquals([serverForm.hash, serverForm.contentHash], [header.hash, header.contentHash]);
  return header.contentHash;
}

/** A host with a hook on every change, and the arguments of a daemon on it. */
async function withHook(host: HookHost, others: readonly string[] = []) {
  const options = await host.withHooks([host.command("server")]);
  return { args: [...options.args!, ...others] };
}

/** Makes the daemon look again, and returns the change. */
async function changeAfterHangUp(daemon: Awaited<ReturnType<EdgeHost["follow"]>>) {
  const from = daemon.entries.length;
  daemon.kill("SIGHUP");
  return (await daemon.logged("Configuration reloaded successfully", from)).change;
}

Deno.test("an edit becomes a snapshot and a server form, which print --server shows; nothing is written without one", async () => {
  await using host = await openEdgeHost();
  const daemon = await host.follow("first");
  const first = await pairOf(host);
  await host.edit("second");
  await host.hasSnapshot("second");
  assert(first !== await pairOf(host));
  const [inForce, { ino, mode }] = [await Deno.readTextFile(host.serverPath), await Deno.stat(host.serverPath)];
  assertEquals(mode! & 0o7777, 0o640);
  const print = async (...flags: string[]) => {
    const { code, stdout } = await runCommand(["print", "--server", ...flags, host.source], {
      env: { SAMPLE_CONNECTION },
    });
    assertEquals(code, 0);
    return stdout;
  };
  assertEquals(await print("--show-secrets"), inForce);
  const masked = await print();
  assertStringIncludes(masked, ` hash=${(await host.serverForm()).hash} contentHash=[masked] body=[masked]\n`);
  assert(!masked.includes(SAMPLE_CONNECTION));
  const both = await runCommand(["print", "--server", "--portable", host.source]);
  assertEquals([both.code, both.stdout], [2, ""]);
  const from = daemon.entries.length;
  daemon.kill("SIGHUP");
  await daemon.logged(({ outcome }) => outcome === "unchanged", from);
  assertEquals((await Deno.stat(host.serverPath)).ino, ino);
});

Deno.test("a server form that somebody removed, altered, replaced or gave another mode is put back at the next look, and no hook runs", async () => {
  await using host = await openHookHost();
  const daemon = await host.follow("first", await withHook(host));
  await host.hasRuns(1);
  const before = await Deno.readTextFile(host.serverPath);
  const harms = [
    () => Deno.remove(host.serverPath),
    () => Deno.truncate(host.serverPath, before.length - 1),
    () => Deno.writeTextFile(host.serverPath, "honua = {}\n"),
    () => Deno.writeTextFile(host.serverPath, before.replace("contentHash=", `contentHash=${"0".repeat(8)}`)),
    () => Deno.chmod(host.serverPath, 0o604),
    () => Deno.rename(host.snapshotPath, `${host.snapshotPath}.away`),
  ];
  for (const harm of harms) {
    await harm();
    assertEquals(await changeAfterHangUp(daemon), "restored", String(harm));
    assertEquals(await Deno.readTextFile(host.serverPath), before);
    await pairOf(host);
  }
  assertEquals((await host.ask("status")).code, 0);
  assertEquals(await host.runs(), ["server activated dataSources,services,layers,honua"]);
});

Deno.test("if there was only a snapshot, the first look writes the server form, and no hook runs", async () => {
  await using host = await openHookHost();
  const former = await host.follow("first", await withHook(host, NONE));
  await host.hasRuns(1);
  const status = await host.ask("status");
  assertEquals(status.code, 0);
  assertStringIncludes(status.stdout, "Server form  none\n");
  await former[Symbol.asyncDispose]();
  const names = Array.from(Deno.readDirSync(`${host.directory}/snapshot`), ({ name }) => name);
  assertEquals(names.filter((name) => name.includes("snapshot.honua")), []);
  const before = await host.mark();
  const daemon = await host.follow("first", await withHook(host));
  assertEquals((await daemon.logged("Configuration reloaded successfully")).change, "restored");
  await pairOf(host);
  assertEquals((await host.mark()).text, before.text);
  assertEquals(await host.runs(), ["server activated dataSources,services,layers,honua"]);
});

Deno.test("files of two configurations, as a kill between the renames leaves them, are made right at the start", async () => {
  await using host = await openHookHost();
  const killed = await host.follow("first", await withHook(host));
  await host.hasRuns(1);
  const first = await Deno.readFile(host.snapshotPath);
  await host.edit("second");
  await host.hasSnapshot("second");
  await host.hasRuns(2);
  killed.kill("SIGKILL");
  await killed.ended;
  await Deno.writeFile(host.snapshotPath, first);
  const daemon = await host.follow("second", await withHook(host));
  await daemon.logged("The server form is that of another snapshot: it is replaced");
  assertEquals((await daemon.logged("Configuration reloaded successfully")).change, "both");
  await pairOf(host);
  await host.hasRuns(3);
});

Deno.test("a damaged server form is set aside at the start, and both files are whole after it", async () => {
  await using host = await openEdgeHost();
  await (await host.follow("first"))[Symbol.asyncDispose]();
  await Deno.truncate(host.serverPath, 100);
  const daemon = await host.follow("first");
  const reported = await daemon.logged("The server form has no header that this version understands: it was set aside");
  assertEquals((await Deno.stat(String(reported.setAsideAs))).size, 100);
  await pairOf(host);
});

Deno.test("a server form that cannot be written is a failed reload with the reason, and is tried again", async () => {
  await using host = await openHookHost();
  const directory = `${host.directory}/servers`;
  await Deno.mkdir(directory);
  const serverPath = `${directory}/server.honua`;
  const daemon = await host.follow("first", await withHook(host, ["--set", `Snapshot:ServerPath=${serverPath}`]));
  await host.hasRuns(1);
  const before = await host.mark();
  await Deno.rename(directory, `${directory}.away`);
  await host.edit("second");
  const failed = await daemon.logged(({ outcome }) => outcome === "write-failed");
  assertStringIncludes(String(failed.msg), `cannot write ${serverPath}`);
  assertStringIncludes(String(failed.msg), "ENOENT");
  assertEquals(await host.mark(), before);
  // The daemon looks at its files on its own.
  await eventually("a status that says so", async () => {
    const { code, stdout } = await host.ask("status");
    assertEquals(code, 1);
    return stdout.includes("The snapshot cannot be written: there is no file at the server form's path\n");
  });
  await Deno.mkdir(directory);
  await host.hasSnapshot("second");
  await eventually("status is well", async () => (await host.ask("status")).code === 0);
  assertEquals((await host.hasRuns(2)).length, 2);
  await Deno.stat(serverPath);
});

Deno.test("a check sees both files, and neither is in force if it refuses or changes the server form", async () => {
  await using host = await openHookHost();
  const judge = `test "$HONUA_CONFIGD_SERVER_PATH" = ${host.serverPath} || exit 9
    cp "$HONUA_CONFIGD_SERVER_CANDIDATE" ${host.path("seen")}
    ! grep -q bad "$HONUA_CONFIGD_CANDIDATE" || exit 1
    ! grep -q meddled "$HONUA_CONFIGD_CANDIDATE" || echo >> "$HONUA_CONFIGD_SERVER_CANDIDATE"`;
  const daemon = await host.follow("first", await host.withHooks([{ ...host.command("judge", judge), on: "check" }]));
  assertEquals(await Deno.readTextFile(host.path("seen")), await Deno.readTextFile(host.serverPath));
  const first = await pairOf(host);
  for (const title of ["bad", "meddled"]) {
    const from = daemon.entries.length;
    await host.edit(title);
    await daemon.logged(({ outcome }) => outcome === "rejected", from);
    assertEquals(await pairOf(host), first);
  }
  await host.edit("good");
  await host.hasSnapshot("good");
  assert(first !== await pairOf(host));
});

Deno.test("a daemon with another snapshot and the same server form ends with 3", async () => {
  await using host = await openEdgeHost();
  const first = await host.follow("first");
  const snapshot = `${host.directory}/other.json`;
  const second = host.start({ args: ["--snapshot", snapshot, "--set", `Snapshot:ServerPath=${host.serverPath}`] });
  assertEquals((await second.ended).code, 3);
  await second.logged(
    `Cannot start: Another process (pid ${first.pid}) writes the server form ${host.serverPath}: end it`,
  );
});

Deno.test("doctor finds a server form that is damaged, of another snapshot or gone", async () => {
  await using host = await openEdgeHost();
  const daemon = await host.follow("first");
  const first = await Deno.readFile(host.serverPath);
  await host.edit("second");
  await host.hasSnapshot("second");
  await daemon[Symbol.asyncDispose]();
  const args = ["doctor", "--config", host.source, "--snapshot", host.snapshotPath, "--set", "Admin:Socket="];
  const doctor = async () => (await runCommand(args, { env: { SAMPLE_CONNECTION } })).stdout;
  assertStringIncludes(await doctor(), "The server form is whole, hash ");
  await Deno.writeFile(host.serverPath, first);
  assertStringIncludes(await doctor(), "The server form is that of another snapshot than the one beside it");
  await Deno.truncate(host.serverPath, first.length - 1);
  assertStringIncludes(await doctor(), `The server form ${host.serverPath} does not hold the content`);
  await Deno.remove(host.serverPath);
  assertStringIncludes(await doctor(), `There is no server form at ${host.serverPath} yet`);
  const without = await runCommand([...args, ...NONE], { env: { SAMPLE_CONNECTION } });
  assert(!without.stdout.includes("server form"));
});
