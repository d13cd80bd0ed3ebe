import { assertEquals } from "@std/assert";
import { missing, NEEDS } from "../../scripts/test_setup.ts";
import { temporaryTree } from "./temporary_tree.ts";

Deno.test("a program is there if some directory of the PATH has it and lets it run", async () => {
  await using tree = await temporaryTree({ "a/tool-of-a": "", "b/tool-of-b": "", "b/no-program": "" });
  await Deno.chmod(`${tree.root}/a/tool-of-a`, 0o755);
  await Deno.chmod(`${tree.root}/b/tool-of-b`, 0o755);
  await Deno.chmod(`${tree.root}/b/no-program`, 0o644);
  const needs = ["tool-of-a", "tool-of-b", "no-program", "nowhere"].map((program) => ({
    program,
    debianPackage: program,
  }));
  const lacking = await missing(needs, `${tree.root}/a::${tree.root}/b`);
  assertEquals(lacking.map((need) => need.program), ["no-program", "nowhere"]);
});

Deno.test("every program that is needed is named once", () => {
  assertEquals(new Set(NEEDS.map((need) => need.program)).size, NEEDS.length);
});
