// The hooks of a host with real commands and a real server: the results of health hooks, and when an activation is
// settled.
import { assertEquals, assertMatch } from "@std/assert";
import type { HookCandidate } from "../../src/hooks/hook_triggers.ts";
import { type HookRunner, openHookRunner } from "../../src/hooks/hook_runner.ts";
import { runnableHook } from "../../src/hooks/runnable_hook.ts";
import { checkOptions } from "../../src/options/option_schema.ts";
import type { Report } from "../../src/reload/report.ts";
import { createLogger } from "../../src/telemetry/log.ts";
import { openMetrics } from "../../src/telemetry/metrics.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const NEVER = new AbortController().signal;
const candidate: HookCandidate = { snapshot: { hash: "h1" }, config: { key: "hunter2" } };
const about = { reasons: ["file"], durationMilliseconds: 1, healed: null, candidate } as const;

function activated(contentHash: string, hash = contentHash): Report<HookCandidate> {
  return { kind: "activated", ...about, hash, contentHash, change: "both", release: null, held: null };
}

/** Opens hooks, and remembers log lines, events and settlements. */
function openHooks(list: readonly object[], { isFound = false } = {}) {
  const checked = checkOptions({ hooks: { list } });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  const log: string[] = [];
  const events: string[] = [];
  const settled: boolean[] = [];
  const hooks = checked.options.hooks.list.map(({ name }) => name);
  const runner = openHookRunner({
    options: checked.options.hooks,
    common: { instance: "edge-1", source: "/source.hcl", snapshot: "/s.json", serverPath: null },
    inForce: isFound ? { hash: "h0", contentHash: "c0", secrets: [] } : null,
    secretFiles: [],
    done: new Map(),
    keep: () => {},
    generation: () => 7,
    rejectedHash: () => null,
    changed: () => {},
    onSettled: (ok) => settled.push(ok),
    log: createLogger({
      format: "text",
      level: "information",
      write: (line) => log.push(line.trim().split(" ").slice(1).join(" ").replace(/ +/, " ")),
      terminal: false,
      colour: false,
    }),
    metrics: openMetrics({ version: "1", startTimeSeconds: 1, hooks }),
    feed: { add: (kind, { hook, reason }) => events.push(`${kind} ${hook}: ${reason}`) },
    mask: (text) => text.replaceAll("s3cret", "[masked]"),
  });
  return { runner, log, events, settled };
}

function shell(script: string) {
  return { command: ["sh", "-c", script] };
}

function statesOf(runner: HookRunner): string[] {
  return runner.status().map(({ name, state, failures }) => `${name} ${state} ${failures}`);
}

Deno.test("health hooks are asked together, only on request, and report their results", async () => {
  await using directory = await temporaryDirectory();
  let status = 200;
  const methods: string[] = [];
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ method }) => {
    methods.push(method);
    return new Response("s3cret tiles are missing", { status });
  });
  const seen = directory.file("seen");
  const variables = "$HONUA_CONFIGD_EVENT $HONUA_CONFIGD_HASH ${HONUA_CONFIGD_PREVIOUS_HASH-none}";
  const { runner, log, events } = openHooks([
    { name: "answers", on: "health", http: { url: `http://127.0.0.1:${server.addr.port}/` } },
    { name: "knows", on: "health", ...shell(`echo "${variables}" >> ${seen}`) },
  ]);
  await using _runner = runner;
  runner.report(activated("c1", "h1"), []);
  runner.report(activated("c2", "h2"), []);
  assertEquals([runner.hasHealth, statesOf(runner)], [true, ["answers idle 0", "knows idle 0"]]);
  assertEquals(await runner.health(NEVER), { ok: true });
  status = 503;
  const sick = {
    ok: false,
    reason: "hook answers failed: answered 503, and said: [masked] tiles are missing",
  } as const;
  assertEquals([await runner.health(NEVER), await runner.health(NEVER)], [sick, sick]);
  assertEquals(statesOf(runner), ["answers failed 0", "knows healthy 0"]);
  status = 202;
  assertEquals(await runner.health(NEVER), { ok: true });
  assertEquals([methods.join(), await Deno.readTextFile(seen)], ["GET,GET,GET,GET", "health h2 none\n".repeat(4)]);
  // An answer like the one before is not logged.
  assertEquals(log.filter((line) => line.includes("answers")).map((line) => line.replace(/ \w+=.*/, "")), [
    "information Health hook answers: healthy",
    "warning Health hook answers failed: answered 503",
    "information Health hook answers: healthy",
  ]);
  assertEquals(events, ["hook-failed answers: answered 503"]);
});

Deno.test("the status has the end of each hook's output, without secrets and in whole characters", async () => {
  const { runner } = openHooks([
    { name: "checks", on: "check", ...shell("echo it has s3cret") },
    { name: "answers", on: "health", ...shell("echo no s3cret; exit 1") },
    { name: "writes", ...shell("i=0; while [ $i -lt 3000 ]; do printf é; i=$((i+1)); done; echo ends") },
    { name: "silent", command: ["true"] },
  ]);
  await using _runner = runner;
  const outputs = () => runner.status().map(({ lastRun }) => lastRun?.output);
  assertEquals(outputs(), Array(4).fill(undefined));
  await runner.check(candidate, { candidate: "/c.json", serverCandidate: null }, [], NEVER);
  await runner.health(NEVER);
  runner.report(activated("c1"), []);
  await eventually("the others have run", () => runner.activatedState() === "done");
  const [checks, answers, writes = "", silent] = outputs();
  assertEquals([checks, answers, silent], ["it has [masked]", "no [masked]", ""]);
  // The output is longer, and the cut would be within an é.
  assertMatch(writes, /^é+\n… \d+ bytes left out …\né+ends$/);
  assertEquals(new TextEncoder().encode(writes).length, 4_095);
});

Deno.test("a unit of a health hook is asked about, and that of any other acted on", () => {
  const checked = checkOptions({
    hooks: { list: ["health", "activated"].map((on) => ({ name: on, on, systemdUnit: "a.service" })) },
  });
  const actions = checked.ok ? checked.options.hooks.list.map((hook) => runnableHook(hook, false).action) : [];
  const unit = { kind: "systemd-unit", unit: "a.service" } as const;
  assertEquals(actions, [{ ...unit, does: "is-active" }, { ...unit, does: "reload-or-restart" }]);
});

Deno.test("a hook on activated that failed, and did not succeed since, is not healthy even if the others are", async () => {
  await using directory = await temporaryDirectory();
  const { runner, settled } = openHooks([
    { name: "restart", ...shell(`test -e ${directory.file("well")}`) },
    { name: "answers", on: "health", command: ["true"] },
  ]);
  await using _runner = runner;
  runner.report(activated("c1"), []);
  assertEquals(runner.activatedState(), "running");
  await eventually("the hook failed", () => settled.length > 0);
  assertEquals(await runner.health(NEVER), { ok: false, reason: "hook restart failed: exited with 1" });
  assertEquals(statesOf(runner)[1], "answers idle 0");
  await directory.write("well", "");
  await eventually("the hook succeeded", () => runner.activatedState() === "done");
  assertEquals(await runner.health(NEVER), { ok: true });
  assertEquals(settled, [false, true]);
});

Deno.test("each activation and the start is settled once: at once if no hook is owed, else when all have run", async () => {
  const none = openHooks([]);
  none.runner.report(activated("c1"), []);
  // Not during the report, because its caller is at work.
  assertEquals([none.settled, none.runner.hasHealth, none.runner.activatedState()], [[], false, "done"]);
  await null;
  assertEquals(none.settled, [true]);

  const some = openHooks([{ name: "a", command: ["true"], only: ["layers"] }, {
    name: "b",
    on: "rejected",
    command: ["x"],
  }]);
  await using _some = some.runner;
  some.runner.report(activated("c1", "h1"), ["layers"]);
  await eventually("a has run", () => some.settled.length === 1);
  const unchanged = { kind: "unchanged", ...about, hash: "h3", contentHash: "c2" } as const;
  for (const [next, count] of [[activated("c2", "h2"), 2], [activated("c2", "h3"), 3], [unchanged, 3]] as const) {
    some.runner.report(next, ["caches"]);
    await null;
    assertEquals(some.settled, Array.from({ length: count }, () => true));
  }

  const found = openHooks([{ name: "a", command: ["false"] }], { isFound: true });
  await using _found = found.runner;
  found.runner.report({ kind: "unchanged", ...about, hash: "h0", contentHash: "c0" }, []);
  await eventually("a has run for the snapshot that was found", () => found.settled.length === 1);
  assertEquals(found.settled, [false]);
});

Deno.test("a server that never answers is not healthy after the hook's time, and the stop ends the question", async () => {
  const { runner } = openHooks([{ name: "hangs", on: "health", timeoutSeconds: 1, command: ["sleep", "600"] }]);
  await using _runner = runner;
  const checked = await runner.health(NEVER);
  assertMatch(checked.ok ? "" : checked.reason, /^hook hangs failed: took longer than 1 s and was ended/);
  const stop = new AbortController();
  const asked = runner.health(stop.signal);
  stop.abort();
  assertEquals(await asked, { ok: false, reason: "the health check was stopped" });
});
