// The tests in parts that run side by side, and their count: a part passes only if its summary was found, at least one
// test ran, none failed, and the exit status agrees. Long tests, whose files end in `_long_test.ts`, can be left out.
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { commandLines, commandsOfFailures } from "./failed_tests.ts";
import { listFiles } from "./file_list.ts";
import { writeEntries } from "./test_entries.ts";
import { runStep, type StepOptions, type Write, writeOut } from "./step.ts";

/** The summary line of `deno test`. */
export interface TestSummary {
  /** Tests that ran and passed; steps within a test are not counted. */
  readonly passed: number;
  /** Tests that failed, and test files that could not be loaded. */
  readonly failed: number;
  /** Tests that skip themselves here. */
  readonly ignored: number;
  /** The line itself, without colours. */
  readonly line: string;
}

export interface TestOutcome {
  /** Null: the run ended without one. */
  readonly summary: TestSummary | null;
  /** The failure in one line; null: all passed. */
  readonly trouble: string | null;
  /** The command for each failed test, which runs it without the others. */
  readonly commands: readonly string[];
}

/** For tests that hang; a normal run takes at most half of it on two cores. */
export const TEST_LIMIT_MILLISECONDS = 30 * 60_000;

const SUMMARY =
  /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed(?: \([^)]*\))?(?: \| (\d+) ignored)?\b.*$/;

/**
 * Finds the summary in the output of `deno test`: the last such line, because a test may have printed one of its own.
 */
export function parseTestSummary(output: string): TestSummary | null {
  for (const line of stripVTControlCharacters(output).split(/\r?\n/).reverse()) {
    const match = SUMMARY.exec(line);
    if (match === null) continue;
    return { passed: Number(match[1]), failed: Number(match[2]), ignored: Number(match[3] ?? 0), line };
  }
  return null;
}

/** The count as a line that other tools can parse: `12 passed, 0 failed, 1 skipped`. */
export function closingLine(summary: TestSummary): string {
  const skipped = summary.ignored > 0 ? `, ${summary.ignored} skipped` : "";
  return `${summary.passed} passed, ${summary.failed} failed${skipped}`;
}

/** Whether a run passed: null, or the failure. */
export function judgeTests(code: number, summary: TestSummary | null): string | null {
  if (summary === null) return `the tests ended without a summary (exit status ${code})`;
  if (summary.failed > 0) return `${summary.failed} tests failed`;
  if (code !== 0) return `the tests ended with exit status ${code}`;
  if (summary.passed === 0) return "no test was run";
  return null;
}

/** Prints the summary of all runs: the commands for failed tests, the summaries, and last their count. */
export function printOutcomes(outcomes: readonly TestOutcome[]): void {
  for (const line of commandLines(outcomes.flatMap(({ commands }) => commands))) console.log(line);
  const summaries = outcomes.flatMap(({ summary }): TestSummary[] => summary ? [summary] : []);
  for (const { line } of summaries) console.log(line);
  if (summaries.length > 0) console.log(closingLine(sumOf(summaries)));
}

/** The sum of several runs; the line is the last run's. */
export function sumOf(runs: readonly TestSummary[]): TestSummary {
  const count = (of: (run: TestSummary) => number) => runs.reduce((sum, run) => sum + of(run), 0);
  return {
    passed: count(({ passed }) => passed),
    failed: count(({ failed }) => failed),
    ignored: count(({ ignored }) => ignored),
    line: runs.at(-1)?.line ?? "",
  };
}

/** The folder of the tests that run the program as its own process, from sources or compiled. */
const PROGRAM_TESTS = "tests/e2e";

/** The end of the name of a file of long tests: bounds, and random tests with many rounds. */
const LONG_TESTS = "_long_test.ts";

/** Which tests run: all but the long ones, only these, or both. */
export type TestLength = "short" | "long" | "both";

/** The folders of tests that mostly compute: of the way from a text to a snapshot. Those of the others mostly wait. */
const COMPUTING_TESTS = ["tests/config", "tests/document", "tests/fuzz", "tests/snapshot"];

/** The folders of tests that mostly start programs. */
const STARTING_TESTS = ["tests/cli", "tests/doctor", "tests/hooks", "tests/host", "tests/scripts"];

export interface OtherTestOptions {
  readonly length: TestLength;
  /** More flags of `deno test`, of the part with this name. */
  readonly flags?: (part: string) => readonly string[];
}

/** Runs one part of the tests, whose output `write` takes; null if the checkout has no such tests. */
export type TestPart = (write: Write) => Promise<TestOutcome | null>;

/**
 * The tests of the checkout at `root` except those of the program, in three parts that may run side by side. A part
 * runs one file after the other, because a file may measure its process. `check` checks the types.
 */
export function otherTests(root: string, { length, flags = () => [] }: OtherTestOptions): TestPart[] {
  const part = (name: string, isOfPart: (path: string) => boolean): TestPart => async (write) => {
    const files = (await listFiles(root, "tests")).filter((path) =>
      path.endsWith("_test.ts") && isOfPart(path) && isOfLength(path, length)
    );
    if (files.length === 0) return null;
    const directory = await Deno.makeTempDir({ prefix: "test-entries-" });
    try {
      const entries = await writeEntries(root, files, directory);
      return await run(root, [...flags(name), `--config=${join(root, "deno.json")}`, ...entries], { write });
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  };
  const isIn = (folders: readonly string[]) => (path: string) => folders.some((one) => path.startsWith(`${one}/`));
  const elsewhere = [PROGRAM_TESTS, ...COMPUTING_TESTS, ...STARTING_TESTS];
  return [
    part("computing", isIn(COMPUTING_TESTS)),
    part("starting", isIn(STARTING_TESTS)),
    part("others", (path) => !isIn(elsewhere)(path)),
  ];
}

function isOfLength(path: string, length: TestLength): boolean {
  return length === "both" || path.endsWith(LONG_TESTS) === (length === "long");
}

/** The arguments of `deno test` for the tests of the program. */
function programTests(length: TestLength): readonly string[] {
  const left = length === "short" ? [`--ignore=**/*${LONG_TESTS}`] : [];
  return [...left, `${PROGRAM_TESTS}/**/*${length === "long" ? LONG_TESTS : "_test.ts"}`];
}

export interface ProgramTestOptions {
  readonly length: TestLength;
  /** The compiled program; default: the checkout's sources, unless the environment names another. */
  readonly binary?: string;
  /** More flags of `deno test`. */
  readonly flags?: readonly string[];
  /** Takes their output. */
  readonly write: Write;
}

/**
 * Runs the tests of the program: one file more at a time than there are cores, because each has processes, directories
 * and its own servers, and waits for them. Null if the checkout at `root` has no such tests.
 */
export async function runProgramTests(root: string, options: ProgramTestOptions): Promise<TestOutcome | null> {
  const { length, binary, flags = [], write } = options;
  const files = await listFiles(root, PROGRAM_TESTS);
  if (!files.some((path) => path.endsWith("_test.ts") && isOfLength(path, length))) return null;
  // In CI long tests run beside them.
  const atOnce = navigator.hardwareConcurrency + (Deno.env.get("CI") ? 0 : 1);
  const jobs = Deno.env.get("DENO_JOBS") ?? String(atOnce);
  const env: Record<string, string> = { DENO_JOBS: jobs, ...binary !== undefined && { HONUA_CONFIGD: binary } };
  return await run(root, [...flags, "--parallel", ...programTests(length)], { env, write });
}

/**
 * Runs parts of the tests side by side: most of them wait, which leaves the cores to the others. The output of each is
 * held until those before it are done.
 */
export async function runSideBySide(
  parts: readonly ((write: Write) => Promise<readonly (TestOutcome | null)[]>)[],
): Promise<TestOutcome[]> {
  let before = Promise.resolve();
  const running = parts.map((part) => {
    const held = holdUntil(before);
    const ended = part(held.write);
    before = Promise.all([held.released, ended]).then(() => {});
    return ended;
  });
  const [outcomes] = await Promise.all([Promise.all(running), before]);
  return outcomes.flat().filter((outcome) => outcome !== null);
}

/** Holds output until `turn`, and writes later output at once. */
function holdUntil(turn: Promise<void>): { readonly write: Write; readonly released: Promise<void> } {
  const held: Uint8Array[] = [];
  let isHeld = true;
  const released = turn.then(async () => {
    for (let chunk = held.shift(); chunk !== undefined; chunk = held.shift()) await writeOut(chunk);
    isHeld = false;
  });
  return { write: async (chunk) => isHeld ? void held.push(chunk) : await writeOut(chunk), released };
}

async function run(
  root: string,
  args: readonly string[],
  options: Pick<StepOptions, "env" | "write"> = {},
): Promise<TestOutcome> {
  const frozen = Deno.env.get("CI") ? ["--frozen"] : [];
  const { code, tail } = await runStep(
    ["test", "--allow-all", "--no-check", ...frozen, ...args],
    { cwd: root, limitMilliseconds: TEST_LIMIT_MILLISECONDS, keepTail: true, ...options },
  );
  const summary = parseTestSummary(tail);
  const commands = (summary?.failed ?? 0) > 0 ? commandsOfFailures(tail) : [];
  return { summary, trouble: judgeTests(code, summary), commands };
}
