// Hooks that judge a snapshot before it is in force: one that a hook does not accept never is.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { openHookHost } from "../support/hook_host.ts";
import { SAMPLE_CONNECTION } from "../support/sample_source.ts";

const REFUSES_BAD = `! grep -Eq '"title": ?"bad"' "$HONUA_CONFIGD_CANDIDATE" || { echo it is bad; exit 1; }`;

Deno.test("a snapshot that a check does not accept never is in force, and the next one heals it", async () => {
  await using host = await openHookHost();
  const hooks = [{ ...host.command("judge", REFUSES_BAD), on: "check" }, host.command("server")];
  const daemon = await host.follow("first", await host.withHooks(hooks));
  assertEquals(await host.hasRuns(2), [
    "judge check dataSources,services,layers,honua",
    "server activated dataSources,services,layers,honua",
  ]);
  const before = await host.mark();
  await host.edit("bad");
  const rejected = await daemon.logged(({ outcome }) => outcome === "rejected");
  assertMatch(rejected.msg, /The check hook judge did not accept the configuration: exited with 1/);
  assertEquals(await host.mark(), before);
  const { code, stdout, stderr } = await host.ask("reload");
  assertEquals(code, 1);
  assertStringIncludes(stdout + stderr, "it is bad");
  await host.edit("good");
  await host.hasSnapshot("good");
  assertEquals((await host.ask("status")).code, 0);
  const leftOver = [...Deno.readDirSync(`${host.directory}/snapshot`)].filter(({ name }) => name.endsWith(".tmp"));
  assertEquals(leftOver, []);
});

Deno.test("a check is shown the whole snapshot, readable as it will be, while the old one is in force", async () => {
  await using host = await openHookHost();
  const look = `cmp -s "$HONUA_CONFIGD_CANDIDATE" "$HONUA_CONFIGD_SNAPSHOT" && exit 9
    stat -c %a "$HONUA_CONFIGD_CANDIDATE" > ${host.path("mode")}
    cp "$HONUA_CONFIGD_CANDIDATE" ${host.path("seen")}`;
  await host.follow("first", await host.withHooks([{ ...host.command("judge", look), on: "check" }]));
  await host.edit("second");
  await host.hasSnapshot("second");
  assertEquals((await Deno.readTextFile(host.path("mode"))).trim(), "640");
  assertEquals(await Deno.readTextFile(host.path("seen")), await Deno.readTextFile(host.snapshotPath));
});

Deno.test("a check that hangs is ended and rejects, and one that is tried again may accept", async () => {
  await using host = await openHookHost();
  const flaky = `test -e ${host.path("tried")} || { touch ${host.path("tried")}; exit 1; }`;
  const hooks = [
    { ...host.command("flaky", flaky), on: "check", retry: { attempts: 1, backoffSeconds: 1 } },
    { ...host.command("hangs", `test -e ${host.path("open")} || exec sleep 300`), on: "check", timeoutSeconds: 1 },
  ];
  const daemon = host.start(await host.withHooks(hooks));
  const rejected = await daemon.logged(({ outcome }) => outcome === "rejected");
  assertMatch(rejected.msg, /The check hook hangs did not accept the configuration: took longer than 1 s/);
  await Deno.writeTextFile(host.path("open"), "");
  assertEquals((await host.ask("reload")).code, 0);
  assertEquals((await host.runs()).map((line) => line.split(" ")[0]), ["flaky", "flaky", "hangs", "flaky", "hangs"]);
});

Deno.test("a newer edit takes the place of the one that is being checked", async () => {
  await using host = await openHookHost();
  const slow = `! grep -Eq '"title": ?"slow"' "$HONUA_CONFIGD_CANDIDATE" || exec sleep 300`;
  const daemon = await host.follow("first", await host.withHooks([{ ...host.command("judge", slow), on: "check" }]));
  await host.edit("slow");
  await host.hasRuns(2);
  await host.edit("newer");
  await host.hasSnapshot("newer");
  assert(!daemon.entries.some(({ outcome }) => outcome === "rejected"), "a superseded candidate was not rejected");
});

Deno.test("a daemon that is stopped while a check hangs ends at once, and its snapshot stays", async () => {
  await using host = await openHookHost();
  const hangs = `! grep -Eq '"title": ?"second"' "$HONUA_CONFIGD_CANDIDATE" || exec sleep 300`;
  const daemon = await host.follow("first", await host.withHooks([{ ...host.command("judge", hangs), on: "check" }]));
  const before = await host.mark();
  await host.edit("second");
  await host.hasRuns(2);
  daemon.kill("SIGTERM");
  assertEquals((await daemon.ended).code, 0);
  await eventually(
    "the temporary file is gone",
    () => ![...Deno.readDirSync(`${host.directory}/snapshot`)].some(({ name }) => name.endsWith(".tmp")),
  );
  assertEquals(await host.mark(), before);
});

Deno.test("a single load asks the checks and leaves the other hooks to the daemon", async () => {
  await using host = await openHookHost();
  const hooks = [{ ...host.command("judge", REFUSES_BAD), on: "check" }, host.command("server")];
  const { args = [] } = await host.withHooks(hooks);
  const once = () =>
    runCommand(["run", "--once", "--config", host.source, "--snapshot", host.snapshotPath, ...args], {
      env: { SAMPLE_CONNECTION },
    });
  assertEquals((await once()).code, 0);
  await host.edit("bad");
  assertEquals((await once()).code, 1);
  assertEquals((await host.runs()).map((line) => line.split(" ")[0]), ["judge", "judge"]);
});
