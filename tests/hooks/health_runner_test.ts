// One check of health: all hooks at once, each once, and the reports of those that fail.
import { assertEquals } from "@std/assert";
import type { HookEnding } from "../../src/hooks/ending.ts";
import { checkHealth, type HealthTools } from "../../src/hooks/health_runner.ts";
import { checkOptions } from "../../src/options/option_schema.ts";
import type { HookOptions } from "../../src/options/options.ts";

const OK: HookEnding = { ok: true, output: "well" };

function hooksOf(...names: readonly string[]): readonly HookOptions[] {
  const checked = checkOptions({ hooks: { list: names.map((name) => ({ name, command: ["x"], on: "health" })) } });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return checked.options.hooks.list;
}

/** Tools with answers of the test, hook by hook, that remember requests and reports. */
function controlledTools() {
  const asked = new Map<string, (ending: HookEnding) => void>();
  const reported: string[] = [];
  const tools: HealthTools = {
    run({ name }) {
      const { promise, resolve } = Promise.withResolvers<HookEnding>();
      asked.set(name, resolve);
      return promise;
    },
    report: ({ hook, ending }) => reported.push(`${hook} ${ending.ok ? "ok" : ending.reason}`),
  };
  return {
    tools,
    reported,
    asked: () => [...asked.keys()],
    answer: (name: string, as: HookEnding) => asked.get(name)!(as),
  };
}

Deno.test("all hooks are asked beside each other, and all must succeed", async () => {
  const { tools, reported, asked, answer } = controlledTools();
  const checked = checkHealth(hooksOf("a", "b"), tools, new AbortController().signal);
  assertEquals(asked(), ["a", "b"]);
  answer("b", OK);
  answer("a", OK);
  assertEquals(await checked, { ok: true });
  assertEquals(reported, ["b ok", "a ok"]);
});

Deno.test("a failure names the first hook in order, with its last words on one line, and counts the others", async () => {
  const { tools, answer } = controlledTools();
  const checked = checkHealth(hooksOf("a", "b", "c"), tools, new AbortController().signal);
  answer("c", { ok: false, reason: "exited with 1", output: "" });
  answer("b", { ok: false, reason: "answered 500", output: "no tiles\nit is \u001b[31mcold\n" });
  answer("a", OK);
  assertEquals(await checked, {
    ok: false,
    reason: "hook b failed: answered 500, and said: it is ␛[31mcold (and 1 more failed)",
  });
  const one = controlledTools();
  const failed = checkHealth(hooksOf("a"), one.tools, new AbortController().signal);
  one.answer("a", { ok: false, reason: "exited with 1", output: "" });
  assertEquals(await failed, { ok: false, reason: "hook a failed: exited with 1" });
});

Deno.test("a check that the stop ended is no answer, and nothing is asked after it", async () => {
  const stopped = { ok: false, reason: "the health check was stopped" } as const;
  const { tools, reported, answer } = controlledTools();
  const stop = new AbortController();
  const checked = checkHealth(hooksOf("a"), tools, stop.signal);
  stop.abort();
  answer("a", OK);
  assertEquals([await checked, reported], [stopped, []]);
  const late = controlledTools();
  assertEquals(await checkHealth(hooksOf("a"), late.tools, AbortSignal.abort()), stopped);
  assertEquals(late.asked(), []);
});
