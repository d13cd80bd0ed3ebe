// Hooks that learn of a snapshot, run by the daemon itself: each gets the event, as often as it takes, and a finished
// hook is remembered over a restart, however the daemon ended.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import { openHookHost } from "../support/hook_host.ts";
import { isRunning } from "../support/process_tree.ts";

Deno.test("a hook gets each snapshot with another content, the changed parts, and nothing that is secret", async () => {
  await using host = await openHookHost();
  const hook = host.command("server", `env > ${host.path("env")}; cat "$HONUA_CONFIGD_SNAPSHOT"`);
  const env = { SAMPLE_CONNECTION: "Host=database;Password=hunter2-of-the-database", OTHER: "hunter2-of-the-daemon" };
  const daemon = await host.follow("first", { ...await host.withHooks([hook]), env });
  assertEquals(await host.hasRuns(1), ["server activated dataSources,services,layers,honua"]);
  // One that still runs gets all that changed since before it.
  await daemon.logged("Hook server succeeded");
  await host.edit("second");
  assertEquals((await host.hasRuns(2))[1], "server activated layers");
  const { header } = await host.hasSnapshot("second");
  await daemon.logged(({ msg, output }) => msg === "Hook server succeeded" && String(output).includes("second"));
  const variables = await Deno.readTextFile(host.path("env"));
  assertStringIncludes(variables, `HONUA_CONFIGD_HASH=${header.hash}\n`);
  assertStringIncludes(variables, `HONUA_CONFIGD_SNAPSHOT=${host.snapshotPath}\n`);
  assertStringIncludes(variables, `HONUA_CONFIGD_SOURCE=${host.source}\n`);
  assert(!variables.includes("hunter2"), "a hook's environment has nothing of the daemon's");
  assert(!daemon.output().includes("hunter2"), "a hook's output is masked");
});

Deno.test("a comment, and a header that is written again, run no hook", async () => {
  await using host = await openHookHost();
  const daemon = await host.follow("first", await host.withHooks([host.command("server")]));
  await host.hasRuns(1);
  const text = await Deno.readTextFile(host.source);
  await host.put(`${text}# A comment.\n`);
  await daemon.logged(({ outcome }) => outcome === "unchanged");
  await host.put(text.replace('env("SAMPLE_CONNECTION")', 'env("SAMPLE_CONNECTION", "none")'));
  await daemon.logged(({ change }) => change === "header");
  await host.edit("second");
  assertEquals((await host.hasRuns(2)).length, 2);
});

Deno.test("a hook that fails is tried again until it succeeds, and shown until then", async () => {
  await using host = await openHookHost();
  const hook = host.command("server", `test -e ${host.path("cured")} || { echo it is not cured; exit 3; }`);
  const daemon = await host.follow("first", await host.withHooks([hook]));
  const failed = await daemon.logged("Hook server failed");
  assertEquals([failed.msg, failed.output], ["Hook server failed: exited with 3", "it is not cured"]);
  const sick = await host.ask("status");
  assertEquals(sick.code, 1);
  assertMatch(sick.stdout, /is in force, but hooks failed: server/);
  assertMatch(
    sick.stdout,
    /Hook +server \(activated\): (?:retrying|running), (?:1 failure|[2-9] failures), failed .* ago: exited with 3/,
  );
  await Deno.writeTextFile(host.path("cured"), "");
  await daemon.logged("Hook server succeeded");
  const well = await host.ask("status");
  assertEquals(well.code, 0);
  assertMatch(well.stdout, /Hook +server \(activated\): done, succeeded/);
});

Deno.test("a hook that was owed when the daemon was killed runs at the next start, and one that was done does not", async () => {
  await using host = await openHookHost();
  const hooks = [host.command("done"), host.command("owed", `test -e ${host.path("open")} || exec sleep 60`)];
  const options = await host.withHooks(hooks);
  const killed = await host.follow("first", options);
  await host.hasRuns(2);
  // The finished hooks are kept before the daemon dies, and the hook that hangs is not among them.
  const state = () => Deno.readTextFile(`${host.directory}/snapshot/honua-configd.state.json`);
  await eventually("the state file", async () => JSON.parse(await state()).hooks.done !== undefined);
  killed.kill("SIGKILL");
  await killed.ended;
  await Deno.writeTextFile(host.path("open"), "");
  const next = await host.follow("first", options);
  await next.logged("Hook owed succeeded");
  await next[Symbol.asyncDispose]();
  const last = await host.follow("first", options);
  await host.edit("second");
  await last.logged("Hook owed succeeded");
  const names = (await host.runs()).map((line) => line.split(" ")[0]);
  assertEquals(names, ["done", "owed", "owed", "done", "owed"]);
});

Deno.test("a slow hook delays no reload, and gets only the newest snapshot", async () => {
  await using host = await openHookHost();
  const gate = `until test -e ${host.path("open")}; do sleep 0.05; done`;
  const tell = `grep -oE '"title": ?"[a-z]*"' "$HONUA_CONFIGD_SNAPSHOT" >> ${host.path("titles")}`;
  const daemon = await host.follow("first", await host.withHooks([host.command("slow", `${gate}; ${tell}`)]));
  await host.hasRuns(1);
  for (const title of ["second", "third", "fourth"]) {
    await host.edit(title);
    await host.hasSnapshot(title);
  }
  await Deno.writeTextFile(host.path("open"), "");
  await daemon.logged(({ msg, next }) => msg === "Hook slow succeeded" && next === undefined);
  assertEquals((await host.runs()).length, 2);
  assertMatch((await Deno.readTextFile(host.path("titles"))).trim(), /"fourth"$/);
});

Deno.test("a hook runs only for the parts that it names, its own before those of all", async () => {
  await using host = await openHookHost();
  const hooks = [{ ...host.command("layers"), only: ["layers"] }, host.command("caches")];
  const daemon = await host.follow("first", await host.withHooks(hooks, { Only: ["caches"] }));
  await daemon.logged("Hook caches succeeded");
  await host.edit("second");
  await host.hasRuns(3);
  await eventually("both are done", async () => (await host.ask("status")).stdout.match(/: done,/g)?.length === 2);
  assertEquals((await host.runs()).slice(2), ["layers activated layers"]);
});

Deno.test("a rejected source is reported once, with its reason, until another is rejected", async () => {
  await using host = await openHookHost();
  const hook = { ...host.command("alarm", `echo "$HONUA_CONFIGD_REASON" >> ${host.path("reasons")}`), on: "rejected" };
  const daemon = await host.follow("first", await host.withHooks([hook]));
  await host.put('layer "roads" { title = "x" }\n');
  await host.hasRuns(1);
  daemon.kill("SIGHUP");
  await eventually("a second look", () => daemon.outcomes().filter((one) => one === "rejected").length === 2);
  await host.edit("second");
  await host.hasSnapshot("second");
  await host.put("honua {\n");
  await host.hasRuns(2);
  const reasons = await eventually("both reasons", async () => {
    const lines = (await Deno.readTextFile(host.path("reasons"))).trim().split("\n");
    return lines.length === 2 ? lines : null;
  });
  assertMatch(reasons[0]!, /roads/);
  assertEquals(await host.runs(), ["alarm rejected ", "alarm rejected "]);
});

Deno.test("a process that a hook leaves in its session ends with it, which the log says, and a daemon of its own goes on", async () => {
  await using host = await openHookHost();
  const script = `sleep 300 >/dev/null 2>&1 & echo $! > ${host.path("left")}
    setsid sh -c 'echo $$ > ${host.path("pid")}; exec sleep 300' >/dev/null 2>&1 & until test -s ${
    host.path("pid")
  }; do sleep 0.01; done`;
  const daemon = await host.follow("first", await host.withHooks([host.command("starter", script)]));
  const reported = await daemon.logged("Hook starter: a process that it started was ended with it");
  assertEquals(reported.processes, 1);
  await daemon.logged("Hook starter succeeded");
  const [left, pid] = await Promise.all(["left", "pid"].map((name) => Deno.readTextFile(host.path(name))));
  assertEquals([await isRunning(Number(left)), await isRunning(Number(pid))], [false, true]);
  Deno.kill(Number(pid), "SIGKILL");
});

Deno.test("no child of a hook outlives the daemon's stop", async () => {
  await using host = await openHookHost();
  const hook = host.command(
    "stubborn",
    `trap '' TERM; echo $$ > ${host.path("pid")}; timeout 300 sleep 300 & wait; sleep 300`,
  );
  const daemon = await host.follow("first", await host.withHooks([hook]));
  const pid = Number(await eventually("the child", () => Deno.readTextFile(host.path("pid"))));
  assert(await isSessionAlive(pid));
  await daemon[Symbol.asyncDispose]();
  await eventually("no child is left", async () => !await isSessionAlive(pid));
});

async function isSessionAlive(session: number): Promise<boolean> {
  const { code } = await new Deno.Command("pgrep", { args: ["-s", String(session)], stdout: "null" }).output();
  return code === 0;
}

Deno.test("a daemon that is asked twice to stop ends at once, and takes the children of its hooks along", async () => {
  await using host = await openHookHost();
  const hook = host.command(
    "stubborn",
    `trap '' TERM; echo $$ > ${host.path("pid")}; timeout 300 sleep 300 & wait; sleep 300`,
  );
  const daemon = await host.follow("first", await host.withHooks([hook]));
  const pid = Number(await eventually("the child", () => Deno.readTextFile(host.path("pid"))));
  daemon.kill("SIGTERM");
  await daemon.logged("SIGTERM received");
  daemon.kill("SIGTERM");
  await daemon.ended;
  await eventually("no child is left", async () => !await isSessionAlive(pid));
});
