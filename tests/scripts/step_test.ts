import { assertEquals, assertStringIncludes } from "@std/assert";
import { runStep } from "../../scripts/step.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryTree } from "./temporary_tree.ts";

Deno.test("a step ends with its own exit status, and its output is kept if asked", async () => {
  const options = { cwd: ".", limitMilliseconds: 60_000, keepTail: true };
  const { code, tail } = await runStep(["eval", `console.log("a step's output"); Deno.exit(7)`], options);
  assertEquals(code, 7);
  assertStringIncludes(tail, "a step's output");
});

Deno.test("a step that does not end is ended at its limit", async () => {
  const { code } = await runStep(["eval", "setInterval(() => {}, 1000)"], { cwd: ".", limitMilliseconds: 50 });
  assertEquals(code, 128 + 15);
});

Deno.test("a signal to the task reaches its step, and the task learns that it is to stop", async () => {
  await using tree = await temporaryTree({
    "task.ts": `import { runStep } from ${JSON.stringify(new URL("../../scripts/step.ts", import.meta.url).href)};
const { code, interrupted } = await runStep(["run", "-A", "step.ts"], { cwd: ".", limitMilliseconds: 60_000 });
Deno.exit(interrupted ? code : 1);
`,
    "step.ts": `Deno.addSignalListener("SIGTERM", () => Deno.exit(9));
setInterval(() => {}, 1000);
Deno.writeTextFileSync("ready", "");
`,
  });
  await using task = new Deno.Command(Deno.execPath(), { args: ["run", "-A", "task.ts"], cwd: tree.root }).spawn();
  await eventually("the step listens", () => Deno.statSync(`${tree.root}/ready`));
  task.kill("SIGTERM");
  assertEquals((await task.status).code, 9);
});
