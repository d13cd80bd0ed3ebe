import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { temporaryTree } from "./temporary_tree.ts";

const OK = new URL("../../scripts/ok.ts", import.meta.url).pathname;

const CHECKOUT = {
  "deno.json": "{}\n",
  "src/document/double.ts": `// Doubling, and what is never doubled.

/** Twice \`n\`. */
export function double(n: number): number {
  return n * 2;
}
`,
  "tests/document/double_test.ts": `import { double } from "../../src/document/double.ts";

Deno.test("doubles", () => {
  if (double(2) !== 4) throw new Error("not doubled");
});
`,
};

/** Runs the `ok` script on a checkout of these files as CI does, without standard input. */
async function runOk(files: Record<string, string>): Promise<{ code: number; lines: string[]; errors: string }> {
  await using tree = await temporaryTree(files);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", OK],
    cwd: tree.root,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, lines: decoder.decode(stdout).trimEnd().split("\n"), errors: decoder.decode(stderr) };
}

Deno.test("ok passes a sound checkout and ends with the tests' summary and the count of all, the long and the skipped ones too", async () => {
  const { code, lines, errors } = await runOk({
    ...CHECKOUT,
    "tests/document/skipped_test.ts": `Deno.test({ name: "not now", ignore: true, fn() {} });\n`,
    "tests/one_long_test.ts": `Deno.test("takes long", () => {});\n`,
  });
  assertEquals([code, lines.at(-1)], [0, "2 passed, 0 failed, 1 skipped"], errors);
  assertMatch(lines.at(-3)!, /^ok \| 1 passed \| 0 failed \| 1 ignored \(\S+\)$/);
  assertMatch(lines.at(-2)!, /^ok \| 1 passed \| 0 failed \(\S+\)$/);
  assertStringIncludes(lines.join("\n"), "lines of src/ run by the tests: 100 %");
});

Deno.test("ok fails if a test fails, also one of the program or a long one of it, says how many, and how to run it without the others", async () => {
  const broken = `Deno.test("broken", () => {\n  throw new Error("broken");\n});\n`;
  const { code, lines } = await runOk({
    ...CHECKOUT,
    "tests/broken_test.ts": broken,
    "tests/e2e/broken_test.ts": broken,
    "tests/e2e/broken_long_test.ts": broken,
  });
  assertEquals([code, lines.at(-1)], [1, "1 passed, 3 failed"]);
  assertMatch(lines.at(-2)!, /^FAILED \| 0 passed \| 2 failed/);
  assertMatch(lines.at(-3)!, /^FAILED \| 0 passed \| 1 failed/);
  assertMatch(lines.at(-4)!, /^ok \| 1 passed \| 0 failed/);
  assertEquals(lines.slice(-7, -4), [
    '  scripts/deno test -A tests/broken_test.ts --filter "broken"',
    '  scripts/deno test -A tests/e2e/broken_long_test.ts --filter "broken"',
    '  scripts/deno test -A tests/e2e/broken_test.ts --filter "broken"',
  ]);
});

Deno.test("ok fails if no test is run", async () => {
  const none = { ...CHECKOUT, "tests/document/double_test.ts": `import "../../src/document/double.ts";\n` };
  const { code, lines, errors } = await runOk(none);
  assertEquals([code, lines.at(-1)], [1, "0 passed, 0 failed"]);
  assertStringIncludes(errors, "no test was run");
});

Deno.test("ok fails if the check fails, names its steps and runs no test", async () => {
  const untidy = { ...CHECKOUT, "src/document/utils.ts": "export  const a = 1;\n" };
  const { code, lines, errors } = await runOk(untidy);
  assertEquals(code, 1);
  assertStringIncludes(errors, "ok: the check failed (fmt --check, tidy), so the tests were not run");
  assertStringIncludes(lines.join("\n"), `src/document/utils.ts:1: "utils" in its name`);
});

Deno.test("ok counts as covered only the lines that the tests run in their own process", async () => {
  const child = `// Runs in a process of its own.

/** Says so. */
export function main(): void {
  console.log("a child");
}

if (import.meta.main) main();
`;
  const test = `import { double } from "../../src/document/double.ts";

Deno.test("runs a child", async () => {
  double(1);
  const args = ["run", "src/document/child.ts"];
  const child = await new Deno.Command(Deno.execPath(), { args }).output();
  if (!child.success) throw new Error("the child failed");
});
`;
  const { code, lines, errors } = await runOk({
    ...CHECKOUT,
    "src/document/child.ts": child,
    "tests/document/double_test.ts": test,
  });
  assertEquals(code, 0, errors);
  assertStringIncludes(lines.join("\n"), "run only in processes of their own: src/document/child.ts");
});

Deno.test("ok fails under the minimum coverage and gives the figure", async () => {
  const idle = Array.from({ length: 40 }, (_, n) => `  if (n === ${n}) return ${n + 1};`).join("\n");
  const source = `// Much that no test runs.

/** The next number, laboriously. */
export function next(n: number): number {
  if (n < 0) return 0;
${idle}
  return n;
}
`;
  const test = `import { next } from "../../src/document/next.ts";

Deno.test("next", () => {
  next(-1);
});
`;
  const { code, errors } = await runOk({
    "deno.json": "{}\n",
    "src/document/next.ts": source,
    "tests/document/next_test.ts": test,
  });
  assertEquals(code, 1);
  assertMatch(errors, /ok: \d+(\.\d)? % of the lines of src\/ are run by the tests, 90 % are needed/);
});

Deno.test("ok runs a sample of mutants after tests that passed, and fails if that fails", async () => {
  const mutation = `console.log("mutants:", ...Deno.args);\nDeno.exit(1);\n`;
  const { code, lines, errors } = await runOk({ ...CHECKOUT, "tests/mutation/main.ts": mutation });
  assertEquals([code, lines.at(-1)], [1, "1 passed, 0 failed"], errors);
  assertMatch(lines.join("\n"), /^mutants: --sample \d+ --minutes \d+ --at-least \d+$/m);
  assertStringIncludes(errors, "ok: the run of mutants ended with exit status 1");
});
