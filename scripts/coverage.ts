// Runs the tests and measures how many lines of src/ they run in their own process; less than the minimum is a failure.
// Files that no test loads have no lines here, so they are listed: the figure cannot hide them.
import { listFiles } from "./file_list.ts";
import { otherTests, printOutcomes, runSideBySide, type TestOutcome, type TestPart } from "./test_run.ts";

/** The least share of the lines of src/ that the tests must run, in per cent. */
export const MINIMUM_PERCENT = 90;

export interface Coverage {
  /** The share of the lines that ran, of the files that were loaded. */
  readonly linesPercent: number;
  /** The files outside the figure, because no test loaded them. */
  readonly notLoaded: readonly string[];
}

/** Reads the share of lines in per cent from the table of `deno coverage`: the last column of its `All files` row. */
export function linesPercentOf(table: string): number | null {
  const row = table.split("\n").find((line) => /^\|\s*All files\s*\|/.test(line));
  const percent = Number(row?.split("|").at(-2)?.trim() || NaN);
  return Number.isFinite(percent) ? percent : null;
}

/** The files of an lcov report, as paths (its `SF:` lines). */
export function loadedFiles(lcov: string): Set<string> {
  return new Set(lcov.split("\n").filter((line) => line.startsWith("SF:")).map((line) => line.slice(3).trim()));
}

/** Measures the coverage that a run of the tests left in `directory`; null: it ran no line of src/. */
export async function measureCoverage(root: string, directory: string): Promise<Coverage | null> {
  const table = await report(root, directory, []);
  const linesPercent = linesPercentOf(table);
  if (linesPercent === null) return null;
  const loaded = loadedFiles(await report(root, directory, ["--lcov"]));
  const all = (await listFiles(root, "src")).filter((path) => path.endsWith(".ts"));
  return { linesPercent, notLoaded: all.filter((path) => !loaded.has(`${root}/${path}`)) };
}

/** The failure of a coverage, in one line; null: it is enough. */
export function judgeCoverage(coverage: Coverage | null): string | null {
  if (coverage === null) return "the tests ran no line of src/";
  if (coverage.linesPercent >= MINIMUM_PERCENT) return null;
  return `${coverage.linesPercent} % of the lines of src/ are run by the tests, ${MINIMUM_PERCENT} % are needed`;
}

/** The result of tests with their coverage. */
export interface CoveredTests {
  readonly outcomes: readonly TestOutcome[];
  /** The failure of the coverage in one line; null: it is enough, or a test failed and it was not measured. */
  readonly trouble: string | null;
}

/**
 * Runs the tests of the checkout at `root`, the long ones too, by `run`, which may run more beside them, and prints the
 * coverage of these tests.
 */
export async function testWithCoverage(
  root: string,
  run: (parts: readonly TestPart[]) => Promise<TestOutcome[]>,
): Promise<CoveredTests> {
  const directory = await Deno.makeTempDir({ prefix: "coverage-" });
  try {
    const preload = new URL("./own_coverage.ts", import.meta.url).href;
    const flags = () => [`--coverage=${directory}`, "--coverage-raw-data-only", `--preload=${preload}`];
    const outcomes = await run(otherTests(root, { length: "both", flags }));
    if (outcomes.length === 0) return { outcomes, trouble: "there are no tests" };
    if (outcomes.some(({ trouble }) => trouble !== null)) return { outcomes, trouble: null };
    const coverage = await measureCoverage(root, directory);
    if (coverage !== null) print(coverage);
    return { outcomes, trouble: judgeCoverage(coverage) };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function print({ linesPercent, notLoaded }: Coverage): void {
  if (notLoaded.length > 0) {
    console.log(`not in the figure, only types or run only in processes of their own: ${notLoaded.join(", ")}`);
  }
  console.log(`lines of src/ run by the tests: ${linesPercent} % (at least ${MINIMUM_PERCENT} %)`);
}

async function report(root: string, directory: string, format: readonly string[]): Promise<string> {
  const source = new URL(`file://${encodeURI(root)}/src/`).href.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["coverage", `--include=^${source}`, ...format, directory],
    cwd: root,
    env: { NO_COLOR: "1" },
    stderr: "inherit",
    signal: AbortSignal.timeout(120_000),
  }).output();
  return new TextDecoder().decode(stdout);
}

if (import.meta.main) {
  const { outcomes, trouble } = await testWithCoverage(
    Deno.cwd(),
    (parts) => runSideBySide(parts.map((part) => async (write) => [await part(write)])),
  );
  const troubles = [...outcomes.map((outcome) => outcome.trouble), trouble].filter((one) => one !== null);
  for (const one of troubles) console.error(`coverage: ${one}`);
  printOutcomes(outcomes);
  Deno.exitCode = troubles.length === 0 ? 0 : 1;
}
