// Check hooks before a snapshot is in force: order, parallel runs, tries and the diagnostics of a refusal.
import { assertEquals } from "@std/assert";
import { type CheckTools, runChecks } from "../../src/hooks/check_runner.ts";
import type { HookEnding } from "../../src/hooks/ending.ts";
import { checkOptions } from "../../src/options/option_schema.ts";
import type { HookOptions } from "../../src/options/options.ts";

const NEVER = new AbortController().signal;
const OK: HookEnding = { ok: true, output: "" };
const NO: HookEnding = { ok: false, reason: "exited with 1", output: "first line\nit is \u001b[31mwrong\n" };

function hooksOf(...hooks: readonly object[]): readonly HookOptions[] {
  const checked = checkOptions({ hooks: { list: hooks.map((hook) => ({ command: ["x"], on: "check", ...hook })) } });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return checked.options.hooks.list;
}

/** Tools that answer from a list, by the hook's name, and note which hooks ran at the same time. */
function toolsOf(endings: Record<string, readonly HookEnding[]>) {
  const begun: string[] = [];
  const reported: string[] = [];
  let running = 0;
  const left = new Map(Object.entries(endings).map(([name, all]) => [name, [...all]]));
  const tools: CheckTools = {
    async run({ name }) {
      running++;
      await null;
      begun.push(`${name} beside ${running - 1}`);
      await null;
      running--;
      return left.get(name)?.shift() ?? OK;
    },
    report: ({ hook, result, willRetryInMilliseconds }) =>
      reported.push(`${hook} ${result.ok ? "ok" : "failed"} ${willRetryInMilliseconds ?? "-"}`),
    random: () => 0,
  };
  return { tools, begun, reported };
}

Deno.test("checks run in order, parallel neighbours together, and all accept", async () => {
  const { tools, begun } = toolsOf({});
  const hooks = hooksOf({ name: "a" }, { name: "b", parallel: true }, { name: "c", parallel: true }, { name: "d" });
  assertEquals(await runChecks(hooks, ["layers"], tools, NEVER), []);
  assertEquals(begun, ["a beside 0", "b beside 1", "c beside 1", "d beside 0"]);
});

Deno.test("the first refusal ends it, and has the last line of the hook's output", async () => {
  const { tools, begun } = toolsOf({ b: [NO] });
  const [diagnostic] = await runChecks(hooksOf({ name: "a" }, { name: "b" }, { name: "c" }), ["layers"], tools, NEVER);
  assertEquals(
    [diagnostic?.code, diagnostic?.summary],
    [
      "hook/check-failed",
      "The check hook b did not accept the configuration: exited with 1, and said: it is ␛[31mwrong",
    ],
  );
  assertEquals(begun.length, 2);
});

Deno.test("a check is tried as often as it may be", async () => {
  const hooks = hooksOf({ name: "a", retry: { attempts: 1, backoffSeconds: 1 } });
  const healed = toolsOf({ a: [NO, OK] });
  assertEquals(await runChecks(hooks, [], healed.tools, NEVER), []);
  assertEquals(healed.reported, ["a failed 500", "a ok -"]);
  const hopeless = toolsOf({ a: [NO, NO] });
  assertEquals((await runChecks(hooks, [], hopeless.tools, NEVER)).length, 1);
  assertEquals(hopeless.reported, ["a failed 500", "a failed -"]);
});

Deno.test("a check that waits for other parts is not asked", async () => {
  const { tools, begun } = toolsOf({ a: [NO] });
  assertEquals(await runChecks(hooksOf({ name: "a", only: ["caches"] }, { name: "b" }), ["layers"], tools, NEVER), []);
  assertEquals(begun, ["b beside 0"]);
});

Deno.test("once it is to be given up nothing is begun, and it is no acceptance", async () => {
  const { tools, begun } = toolsOf({});
  assertEquals((await runChecks(hooksOf({ name: "a" }), ["layers"], tools, AbortSignal.abort())).length, 1);
  assertEquals(begun, []);
});

Deno.test("one refusal ends its neighbours, because their answers would change nothing", async () => {
  const hooks = hooksOf({ name: "a", parallel: true }, { name: "b", parallel: true });
  const ended: string[] = [];
  const tools: CheckTools = {
    run: ({ name }, signal) =>
      name === "a" ? Promise.resolve(NO) : new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          ended.push(name);
          resolve({ ok: false, reason: "was ended", output: "" });
        });
      }),
    report: () => {},
    random: () => 0,
  };
  assertEquals((await runChecks(hooks, ["layers"], tools, NEVER)).length, 1);
  assertEquals(ended, ["b"]);
});
