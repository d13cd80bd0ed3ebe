// Named pipes beside the files that the daemon works with and in their place: nobody opens their other end, and nothing
// waits for it, neither a reload nor an answer nor the stop.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import { type HookHost, openHookHost } from "../support/hook_host.ts";

async function makePipe(path: string): Promise<void> {
  await Deno.remove(path).catch(() => {});
  await new Deno.Command("mkfifo", { args: [path] }).output();
}

/** A host whose daemon has a hook, for the sake of its state file, and an optional environment file. */
async function startArguments(host: HookHost, pollSeconds: number): Promise<readonly string[]> {
  const { args = [] } = await host.withHooks([host.command("server")]);
  const settings = [`PollSeconds=${pollSeconds}`, `EnvironmentFiles:0=-${host.path("optional.env")}`];
  return [...args, ...settings.flatMap((setting) => ["--set", `ConfigurationWatcher:${setting}`])];
}

for (const pollSeconds of [0, 1]) {
  Deno.test(`with a poll each ${pollSeconds} s a named pipe beside the source keeps no edit from being taken`, async () => {
    await using host = await openHookHost();
    const daemon = await host.follow("first", { args: await startArguments(host, pollSeconds) });
    await makePipe(host.path("any.pipe"));
    await Deno.symlink("any.pipe", host.path("link"));
    for (const title of ["second", "third"]) {
      await Deno.utime(host.path("any.pipe"), 1, 1);
      await host.edit(title);
      await host.hasSnapshot(title);
    }
    // Has the directory watched again.
    await Deno.chmod(host.directory, 0o711);
    await host.edit("fourth");
    await host.hasSnapshot("fourth");
    assertStringIncludes((await host.ask("status")).stdout, `${host.source} (watched)`);
    assertEquals(daemon.entries.filter(({ msg }) => msg.startsWith("File system watcher")), []);
    daemon.kill("SIGTERM");
    assertEquals((await daemon.ended).code, 0);
  });
}

Deno.test("a named pipe in place of any file is named in the log, and is harmless", async () => {
  await using host = await openHookHost();
  const args = await startArguments(host, 1);
  const state = `${host.directory}/snapshot/honua-configd.state.json`;
  const daemon = await host.follow("first", { args });
  await eventually("the state file", () => Deno.stat(state));
  for (const path of [host.path("options.json"), host.path("optional.env"), host.snapshotPath, state]) {
    await makePipe(path);
  }
  const from = daemon.entries.length;
  await host.edit("second");
  const { msg } = await daemon.logged(({ level, outcome }) => level === "warning" && outcome !== undefined, from);
  assertStringIncludes(msg, `${host.path("optional.env")} is a named pipe, not a file`);
  await Deno.remove(host.path("optional.env"));
  const refused = await daemon.logged(({ outcome }) => outcome === "write-failed", from);
  assertStringIncludes(refused.msg, "NOT_A_FILE");
  assertMatch((await host.ask("status")).stdout, /^The snapshot cannot be written/);
  await Deno.remove(host.snapshotPath);
  await host.hasSnapshot("second");
  await daemon.logged((entry) => entry.msg.includes("cannot be kept") && entry.msg.includes("NOT_A_FILE"), from);
  await makePipe(host.source);
  await daemon.logged((entry) => entry.msg.includes(`${host.source} is a named pipe, not a file`), from);
  daemon.kill("SIGTERM");
  assertEquals((await daemon.ended).code, 0);
});

Deno.test("named pipes that are there at the start end it with the reason, or are named in the log", async () => {
  await using host = await openHookHost();
  const args = await startArguments(host, 1);
  const token = host.path("token");
  await makePipe(token);
  await makePipe(`${host.directory}/snapshot/honua-configd.state.json`);
  const tcp = ["--set", "Admin:Listen=127.0.0.1:0", "--set", `Admin:TokenFile=${token}`];
  const daemon = host.start({ args: [...args, ...tcp] });
  await daemon.logged((entry) => entry.msg.includes("The previous state") && entry.msg.includes("NOT_A_FILE"));
  assertStringIncludes((await daemon.logged("The admin interface is not there")).msg, `${token} is not a file`);
  await host.hasSnapshot("first");
  await daemon[Symbol.asyncDispose]();
  await makePipe(host.path("options.json"));
  const ended = await host.start({ args }).ended;
  assertEquals(ended.code, 3);
});

Deno.test("without a directory for temporary files changes are polled for, which the log and the status tell", async () => {
  await using host = await openHookHost();
  const env = { SAMPLE_CONNECTION: "Host=database", TMPDIR: host.path("none") };
  const daemon = await host.follow("first", { args: await startArguments(host, 1), env });
  await daemon.logged("File system watcher error: watching needs a directory for temporary files (TMPDIR)");
  await host.edit("second");
  await host.hasSnapshot("second");
  assertMatch((await host.ask("status")).stdout, /\(polled only, as events cannot be had: watching needs a directory/);
  const { watching, watch } = JSON.parse((await host.ask("status", "--format", "json")).stdout);
  assertEquals([watching, watch.by], [true, "polling"]);
  await Deno.mkdir(host.path("none"));
  await daemon.logged("File system watcher works again");
  assertStringIncludes((await host.ask("status")).stdout, "(watched)");
});
