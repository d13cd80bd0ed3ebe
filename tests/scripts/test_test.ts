import { assert, assertEquals, assertMatch } from "@std/assert";
import { temporaryTree } from "./temporary_tree.ts";

const TEST = new URL("../../scripts/test.ts", import.meta.url).pathname;

/** Runs the task over a checkout of these files. */
async function runTask(files: Record<string, string>, ...args: string[]): Promise<{ code: number; out: string }> {
  await using tree = await temporaryTree({ "deno.json": "{}\n", ...files });
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", TEST, ...args],
    cwd: tree.root,
    // Two files at a time, on one core too.
    env: { NO_COLOR: "1", DENO_JOBS: "2" },
    stdin: "null",
  }).output();
  return { code, out: new TextDecoder().decode(stdout) };
}

const BAD = `Deno.test("bad", () => {
  throw new Error("bad");
});
`;

const CHECKOUT = {
  "tests/good_test.ts": `Deno.test("good", () => {});\n`,
  "tests/bad_test.ts": BAD,
};

Deno.test("with a place the task is deno test: its end, its output, and the times only if they are wanted", async () => {
  const one = await runTask(CHECKOUT, "--no-check", "tests/good_test.ts");
  assertEquals(one.code, 0);
  assertMatch(one.out, /ok \| 1 passed \| 0 failed \(\S+\)\n\n?$/);
  const slow = await runTask(CHECKOUT, "--slow", "--no-check", "tests/bad_test.ts");
  assertEquals(slow.code, 1);
  assertMatch(slow.out, /0 passed \| 1 failed[^]*\n {2}scripts\/deno test -A tests\/bad_test\.ts --filter "bad"\n/);
  assertMatch(slow.out, /0 passed \| 1 failed[^]*\n +\d+\.\d s {2}.*\n$/);
});

Deno.test("without arguments the task ends with the summary of each part and the count of all, also with times", async () => {
  const program = { "tests/e2e/first_test.ts": BAD, "tests/e2e/second_test.ts": `Deno.test("second", () => {});\n` };
  // One process loads both files of a room.
  const computing = {
    "tests/config/first_test.ts": `Object.assign(globalThis, { isLoaded: true });\nDeno.test("first", () => {});\n`,
    "tests/config/second_test.ts": `Deno.test("second", () => {\n  if (!("isLoaded" in globalThis)) throw 1;\n});\n`,
  };
  const { code, out } = await runTask({ ...CHECKOUT, ...program, ...computing }, "--slow");
  assertEquals(code, 1);
  assertMatch(out, /\n +\d+\.\d s {2}.*\n/);
  assertMatch(
    out,
    new RegExp(`
run a failed test without the others:
  scripts/deno test -A tests/bad_test.ts --filter "bad"
  scripts/deno test -A tests/e2e/first_test.ts --filter "bad"
ok \\| 2 passed \\| 0 failed \\(\\S+\\)
FAILED \\| 1 passed \\| 1 failed \\(\\S+\\)
FAILED \\| 1 passed \\| 1 failed \\(\\S+\\)
4 passed, 2 failed
$`),
  );
});

/** A test that passes only if the two others run at the same time. */
function meeting(name: string, others: readonly string[]): string {
  return `Deno.test("${name}", async () => {
  console.log("${name} begins");
  Deno.writeTextFileSync("${name}", "");
  for (const other of ${JSON.stringify(others)}) {
    for (let looks = 1; !isThere(other); looks++) {
      if (looks === 1_000) throw new Error(other + " does not run meanwhile");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  console.log("${name} ends");
});

function isThere(path) {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
`;
}

Deno.test("the tests of the program run beside the others, and their output comes after that of the others", async () => {
  const { code, out } = await runTask({
    "tests/e2e/one_test.ts": meeting("one", ["two", "three"]),
    "tests/e2e/two_test.ts": meeting("two", ["one", "three"]),
    "tests/three_test.ts": meeting("three", ["one", "two"]),
  });
  assertEquals(code, 0, out);
  // Test three ends after one has begun.
  assert(out.indexOf("three ends") < out.indexOf("one begins"), out);
  assertEquals(out.trimEnd().split("\n").at(-1), "3 passed, 0 failed");
});

Deno.test("long tests run only if they are wanted, and then no others do", async () => {
  const files = {
    "tests/good_test.ts": CHECKOUT["tests/good_test.ts"],
    "tests/room/bound_long_test.ts": BAD,
    "tests/e2e/first_test.ts": CHECKOUT["tests/good_test.ts"],
    "tests/e2e/second_long_test.ts": BAD,
  };
  const short = await runTask(files);
  assertEquals([short.code, short.out.trimEnd().split("\n").at(-1)], [0, "2 passed, 0 failed"]);
  const long = await runTask(files, "--long");
  assertEquals([long.code, long.out.trimEnd().split("\n").at(-1)], [1, "0 passed, 2 failed"]);
  // A part may have none of them, but not each.
  const { "tests/e2e/second_long_test.ts": _, ...half } = files;
  assertEquals((await runTask(half, "--long")).out.trimEnd().split("\n").at(-1), "0 passed, 1 failed");
  assertEquals((await runTask(CHECKOUT, "--long")).code, 1);
});
