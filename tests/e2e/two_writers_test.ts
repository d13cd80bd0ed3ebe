// One process writes a snapshot, and says so when a file other than its own is there.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname } from "node:path";
import { runCommand } from "../support/command.ts";
import { openEdgeHost } from "../support/edge_host.ts";

Deno.test("a second daemon of one snapshot ends with 3 and names the first, which goes on; kill -9 frees it", async () => {
  await using host = await openEdgeHost();
  const first = await host.follow("first");
  const link = `${host.directory}/link.json`;
  await Deno.symlink(host.snapshotPath, link);
  const second = host.start({ args: ["--snapshot", link] });
  assertEquals((await second.ended).code, 3);
  const reported =
    `Cannot start: Another process (pid ${first.pid}) writes the snapshot ${link}: end it, or name another path`;
  await second.logged(reported);
  const once = host.start({ args: ["--once"] });
  // The first ends while the other waits.
  await once.logged("Another process writes one of the files: its end is waited for");
  first.kill("SIGKILL");
  assertEquals((await once.ended).code, 0);
  await host.follow("first");
});

Deno.test("a second daemon, or a single load, with its state in the directory of another one ends with 3 and names it", async () => {
  await using host = await openEdgeHost();
  const first = await host.follow("first");
  const state = dirname(host.snapshotPath);
  const path = `${state}/honua-configd.state.json`;
  const reported = `Cannot start: Another process (pid ${first.pid}) writes the state file ${path}: ` +
    "end it, or set another State:Directory";
  const refused = async (...args: string[]) => {
    const second = host.start({ args });
    await second.logged(reported);
    assertEquals((await second.ended).code, 3);
  };
  await refused("--snapshot", `${state}/other.json`);
  await refused("--once", "--snapshot", `${host.directory}/other.json`, "--set", `State:Directory=${state}`);
  const own = host.start({ args: ["--snapshot", `${state}/other.json`, "--set", `State:Directory=${host.directory}`] });
  await own.logged(({ outcome }) => outcome === "activated");
});

Deno.test("a state directory that is missing keeps no daemon from writing", async () => {
  await using host = await openEdgeHost();
  const state = `${host.directory}/state`;
  const first = await host.follow("first", { args: ["--set", `State:Directory=${state}`] });
  await Deno.mkdir(state);
  await host.edit("second");
  await host.hasSnapshot("second");
  // The write took the lock that the start could not take.
  const second = host.start({ args: ["--snapshot", `${host.directory}/b.json`, "--set", `State:Directory=${state}`] });
  await second.logged(`Cannot start: Another process (pid ${first.pid}) writes the state file`);
  assertEquals((await second.ended).code, 3);
});

Deno.test("status says first that another file is at the snapshot's path, and a reload puts the right one back", async () => {
  await using host = await openEdgeHost();
  const socket = `${host.directory}/admin.sock`;
  const daemon = await host.follow("first", { args: ["--set", `Admin:Socket=${socket}`] });
  const before = await host.mark();
  const status = async () => {
    const { code, stdout } = await runCommand(["status", "--socket", socket]);
    return `${code} ${stdout.split("\n")[0]}`;
  };
  assertStringIncludes(await status(), "0 In force: ");
  await Deno.writeTextFile(host.snapshotPath, before.text.replace("first", "other"));
  assertStringIncludes(await status(), "1 The file at the snapshot's path is not the one in force");
  assertEquals((await runCommand(["reload", "--socket", socket])).code, 0);
  assertStringIncludes(await status(), "0 In force: ");
  assertEquals((await host.mark()).text, before.text);
  await Deno.remove(host.snapshotPath);
  assertStringIncludes(await status(), "1 There is no file at the snapshot's path");
  await Deno.remove(socket);
  daemon.kill("SIGHUP");
  await daemon.logged(`The admin socket ${socket} was taken away: it is there again`);
  await host.hasSnapshot("first");
  assertStringIncludes(await status(), "0 In force: ");
});
