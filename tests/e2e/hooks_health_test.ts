// Health hooks and a daemon: servers that are not healthy can keep a change from being made.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openHookHost } from "../support/hook_host.ts";

Deno.test("if health is required, a change waits until the servers are healthy, and status shows their output", async () => {
  await using host = await openHookHost();
  const sick = `test ! -e ${host.path("sick")} || { echo out of tiles; exit 1; }`;
  const hooks = [{ ...host.command("answers", sick), on: "health" }, host.command("server")];
  const { args = [] } = await host.withHooks(hooks);
  const daemon = await host.follow("first", { args: [...args, "--set", "Health:BaselineRequired=true"] });
  // Nothing was in force, so no servers could have been asked.
  assertEquals(await host.hasRuns(1), ["server activated dataSources,services,layers,honua"]);
  // While hooks restart a server no change asks for its health.
  await daemon.logged(({ msg }) => msg === "Release 1 is watched by the health checks");
  await Deno.writeTextFile(host.path("sick"), "");
  const before = await host.mark();
  await host.edit("second");
  const rejected = await daemon.logged(({ outcome }) => outcome === "rejected");
  assertStringIncludes(
    rejected.msg,
    "not healthy before the change: hook answers failed: exited with 1, and said: out of",
  );
  assertEquals(await host.mark(), before);
  assertMatch((await host.ask("status")).stdout, /answers \(health\): failed, \d+ \w+ ago: exited with 1\n/);
  await Deno.remove(host.path("sick"));
  assertEquals((await host.ask("reload")).code, 0);
  await host.hasSnapshot("second");
  assertStringIncludes((await host.ask("status")).stdout, "answers (health): healthy, succeeded");
});

Deno.test("if health is required, force puts the secret in force with which the servers become healthy", async () => {
  await using host = await openHookHost();
  const secrets = host.path("secrets.env");
  const write = (database: string) => Deno.writeTextFile(secrets, `SAMPLE_CONNECTION="Host=${database}"\n`);
  await write("old");
  const works = `grep -q Host=new ${host.serverPath} || test ! -e ${host.path("sick")}`;
  const { args = [] } = await host.withHooks([{ ...host.command("answers", works), on: "health" }]);
  const daemon = await host.follow("first", {
    args: [...args, "--set", "Health:BaselineRequired=true", "--env-file", secrets],
    env: {},
  });
  await daemon.logged(({ msg }) => msg === "Release 1 is watched by the health checks");
  await Deno.writeTextFile(host.path("sick"), "");
  await write("new");
  await daemon.logged(({ outcome }) => outcome === "rejected");
  const refused = await host.ask("reload");
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stdout + refused.stderr, "honua-configd reload --force");
  assertEquals((await host.ask("reload", "--force")).code, 0);
  assertStringIncludes(await Deno.readTextFile(host.serverPath), "Host=new");
  // The same configuration is no new release.
  assertStringIncludes((await host.ask("status")).stdout, "\nRelease      1, ");
});

Deno.test("a secret with which the servers do not work is said by status, until another one heals them", async () => {
  await using host = await openHookHost();
  const secrets = host.path("secrets.env");
  const write = (database: string) => Deno.writeTextFile(secrets, `SAMPLE_CONNECTION="Host=${database}"\n`);
  await write("good");
  const works = `grep -q Host=good ${host.serverPath} || exit 1`;
  const { args = [] } = await host.withHooks([{ ...host.command("answers", works), on: "health" }]);
  const health = { BakeSeconds: 1, IntervalSeconds: 1, Failures: 1 };
  const settings = Object.entries(health).flatMap(([name, value]) => ["--set", `Health:${name}=${value}`]);
  const daemon = await host.follow("first", { args: [...args, ...settings, "--env-file", secrets], env: {} });
  await daemon.logged(({ msg }) => msg === "Release 1 is healthy");
  await write("bad");
  await daemon.logged(({ msg }) =>
    msg.startsWith("Release 1 failed its health checks: ") &&
    msg.endsWith("; it stays in force, because it was healthy until a value of the environment changed")
  );
  assertEquals((await host.ask("status")).code, 1);
  const from = daemon.entries.length;
  await write("good");
  await daemon.logged(({ msg }) => msg === "Release 1 is healthy", from);
  assertEquals((await host.ask("status")).code, 0);
});
