import { assertEquals } from "@std/assert";
import { commandLines, commandsOfFailures } from "../../scripts/failed_tests.ts";
import { temporaryTree } from "./temporary_tree.ts";

const TESTS = `Deno.test('says "no" for $HOME, \`x\` and \\\\', () => {
  throw new Error("no");
});
Deno.test("goes in steps", async (t) => {
  await t.step("one", () => {});
  await t.step("two", () => {
    throw new Error("no");
  });
  await t.step("three", () => {
    throw new Error("no");
  });
});
Deno.test("passes", () => console.log(" FAILURES \\n\\npasses => ./tests/room/a_test.ts:1:6\\n"));
`;

const DECLARED = `export function declare(): void {
  Deno.test("is declared elsewhere", () => {
    throw new Error("no");
  });
}
`;

Deno.test("the command of a failed test runs that test and no other, for any name", async () => {
  await using tree = await temporaryTree({
    "deno.json": "{}\n",
    "tests/room/a_test.ts": TESTS,
    "tests/room/b_test.ts": `throw new Error("not loaded");\n`,
    "tests/room/c_test.ts": `import { declare } from "./contract.ts";\n\ndeclare();\n`,
    "tests/room/contract.ts": DECLARED,
    "scripts/deno": `#!/bin/sh\nexec '${Deno.execPath()}' "$@"\n`,
  });
  await Deno.chmod(`${tree.root}/scripts/deno`, 0o755);
  const run = async (command: string) => {
    const { stdout } = await new Deno.Command("sh", { args: ["-c", command], cwd: tree.root, stderr: "null" }).output();
    return new TextDecoder().decode(stdout);
  };
  const commands = commandsOfFailures(await run("scripts/deno test -A --no-check"));
  assertEquals(commands, [
    'scripts/deno test -A tests/room/a_test.ts --filter "says \\"no\\" for \\$HOME, \\`x\\` and \\\\"',
    'scripts/deno test -A tests/room/a_test.ts --filter "goes in steps"',
    "scripts/deno test -A tests/room/b_test.ts",
    'scripts/deno test -A tests/room --filter "is declared elsewhere"',
  ]);
  for (const command of commands.slice(0, 3)) {
    assertEquals(commandsOfFailures(await run(`${command} --no-check`)), [command]);
  }
});

Deno.test("without a failure there is no command, and no line", () => {
  assertEquals(commandsOfFailures("ok | 2 passed | 0 failed (3ms)\n"), []);
  assertEquals(commandsOfFailures("a => ./tests/a_test.ts:1:2\nFAILED | 0 passed | 1 failed (3ms)\n"), []);
  assertEquals(commandLines([]), []);
});

Deno.test("the first twenty commands are listed, and how many more there are", () => {
  const commands = Array.from({ length: 22 }, (_, n) => `command ${n}`);
  const heading = "run a failed test without the others:";
  assertEquals(commandLines(commands.slice(0, 1)), [heading, "  command 0"]);
  assertEquals(commandLines(commands.slice(0, 20)).length, 21);
  assertEquals(commandLines(commands).length, 22);
  assertEquals(commandLines(commands).slice(-2), ["  command 19", "  and 2 more"]);
});
