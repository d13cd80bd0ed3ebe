// `deno task test`: all tests but the long ones, in parts side by side, with their count on the last line. With other
// arguments than its own flags it is `deno test` with these arguments.
//   --long   only the long tests, which `deno task test:long` runs
//   --slow   print at the end how long each test file took, the longest first
import { commandLines, commandsOfFailures } from "./failed_tests.ts";
import { fileTimes, timeTable } from "./slow_tests.ts";
import { runStep, type Write } from "./step.ts";
import {
  otherTests,
  printOutcomes,
  runProgramTests,
  runSideBySide,
  TEST_LIMIT_MILLISECONDS,
  type TestLength,
} from "./test_run.ts";

/** Runs the tests of the checkout at `root`; resolves with the exit status. */
export async function test(root: string, args: readonly string[]): Promise<number> {
  const passedOn = args.filter((arg) => arg !== "--slow" && arg !== "--long");
  const length = args.includes("--long") ? "long" : "short";
  const run = (reports: string | null) =>
    passedOn.length > 0 ? runOnce(root, passedOn, reports) : runTests(root, length, reports);
  if (!args.includes("--slow")) return await run(null);
  const reports = await Deno.makeTempDir({ prefix: "junit-" });
  try {
    return await run(reports);
  } finally {
    await Deno.remove(reports, { recursive: true });
  }
}

/** The flag for the report of a run. */
function reportTo(reports: string | null, run: string): string[] {
  return reports === null ? [] : [`--junit-path=${reports}/${run}.xml`];
}

/** Runs the tests in parts; with a directory for reports it prints the times that are in them. */
async function runTests(root: string, length: TestLength, reports: string | null): Promise<number> {
  const flags = (part: string) => reportTo(reports, part);
  const others = otherTests(root, { length, flags }).map((part) => async (write: Write) => [await part(write)]);
  const outcomes = await runSideBySide([
    ...others,
    async (write) => [await runProgramTests(root, { length, write, flags: flags("program") })],
  ]);
  if (reports !== null) await printTimes(reports);
  if (outcomes.length === 0) console.error("test: there are no such tests");
  for (const { trouble } of outcomes) if (trouble !== null) console.error(`test: ${trouble}`);
  printOutcomes(outcomes);
  return outcomes.length > 0 && outcomes.every(({ trouble }) => trouble === null) ? 0 : 1;
}

/** Flags such as `--watch` and `--junit-path` are for one run, so the tests are not run in parts. */
async function runOnce(root: string, args: readonly string[], reports: string | null): Promise<number> {
  const hasPlace = args.some((arg) => /^(?:\.\/)?tests(?:\/|$)/.test(arg));
  const { code, tail } = await runStep(
    ["test", "--allow-all", ...reportTo(reports, "once"), ...args, ...hasPlace ? [] : ["tests"]],
    { cwd: root, limitMilliseconds: TEST_LIMIT_MILLISECONDS, keepTail: true },
  );
  if (code !== 0) { for (const line of commandLines(commandsOfFailures(tail))) console.log(line); }
  if (reports !== null) await printTimes(reports);
  return code;
}

async function printTimes(reports: string): Promise<void> {
  // `deno test` writes no report if it could not load the tests.
  const names = (await Array.fromAsync(Deno.readDir(reports))).map(({ name }) => name);
  const texts = await Promise.all(names.map((name) => Deno.readTextFile(`${reports}/${name}`)));
  console.log(`\n${timeTable(fileTimes(texts.join("")))}`);
}

if (import.meta.main) Deno.exitCode = await test(Deno.cwd(), Deno.args);
