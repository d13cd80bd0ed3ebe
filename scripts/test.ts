// `deno task test`: all tests, one file after the other. Other arguments than its own flag go to `deno test`.
//   --slow   print at the end how long each test file took, the longest first
import { commandLines, commandsOfFailures } from "./failed_tests.ts";
import { fileTimes, timeTable } from "./slow_tests.ts";
import { runStep } from "./step.ts";
import { TEST_LIMIT_MILLISECONDS } from "./test_run.ts";

/** Runs the tests of the checkout at `root`; resolves with the exit status of `deno test`. */
export async function test(root: string, args: readonly string[]): Promise<number> {
  const passedOn = args.filter((arg) => arg !== "--slow");
  const hasPlace = passedOn.some((arg) => /^(?:\.\/)?tests(?:\/|$)/.test(arg));
  const run = ["test", "--allow-all", ...passedOn, ...hasPlace ? [] : ["tests"]];
  if (passedOn.length === args.length) return await runAndList(root, run);
  const report = await Deno.makeTempFile({ prefix: "junit-", suffix: ".xml" });
  try {
    const code = await runAndList(root, [run[0]!, `--junit-path=${report}`, ...run.slice(1)]);
    console.log(`\n${timeTable(fileTimes(await Deno.readTextFile(report)))}`);
    return code;
  } finally {
    await Deno.remove(report);
  }
}

async function runAndList(root: string, args: readonly string[]): Promise<number> {
  const { code, tail } = await runStep(args, {
    cwd: root,
    limitMilliseconds: TEST_LIMIT_MILLISECONDS,
    keepTail: true,
  });
  if (code !== 0) { for (const line of commandLines(commandsOfFailures(tail))) console.log(line); }
  return code;
}

if (import.meta.main) Deno.exitCode = await test(Deno.cwd(), Deno.args);
