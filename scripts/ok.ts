// All that a change must pass: the check, the tests with their coverage, and those of the program over its sources and
// over the compiled program. Where tests ran, it ends with their summaries and, alone on the last line, their count;
// where anything was wrong, with exit status 1.
import { join } from "node:path";
import { check } from "./check.ts";
import { binaryName, compile } from "./compile.ts";
import { testWithCoverage } from "./coverage.ts";
import { closingLine, PROGRAM_TESTS, runProgramTests, sumOf, type TestOutcome, type TestSummary } from "./test_run.ts";

/** Runs all on the checkout at `root`; resolves with the exit status. */
export async function ok(root: string): Promise<number> {
  const failed = await check(root);
  if (failed.length > 0) {
    console.error(`ok: the check failed (${failed.join(", ")}), so the tests were not run`);
    return 1;
  }
  const outcomes: TestOutcome[] = [];
  // What fails from its sources need not be tried again.
  for (const run of [testWithCoverage, testSources, testCompiled]) {
    const outcome = await run(root);
    if (outcome !== null) outcomes.push(outcome);
    if (outcome?.trouble) break;
  }
  for (const { trouble } of outcomes) if (trouble !== null) console.error(`ok: ${trouble}`);
  const summaries = outcomes.flatMap(({ summary }): TestSummary[] => summary ? [summary] : []);
  for (const { line } of summaries) console.log(line);
  if (summaries.length > 0) console.log(closingLine(sumOf(summaries)));
  return outcomes.every(({ trouble }) => trouble === null) ? 0 : 1;
}

/** Runs the program's tests over its sources; null where there is no program. */
async function testSources(root: string): Promise<TestOutcome | null> {
  return await hasProgram(root) ? await runProgramTests(root, null) : null;
}

async function hasProgram(root: string): Promise<boolean> {
  return await isThere(join(root, "main.ts")) && await isThere(join(root, PROGRAM_TESTS));
}

/** Compiles the program and runs its tests over that; null where there is nothing to compile, or nothing to do it with. */
async function testCompiled(root: string): Promise<TestOutcome | null> {
  if (!await hasProgram(root)) return null;
  const dist = join(root, "dist");
  const compiled = await compile(root, dist);
  if (!compiled.ok && !compiled.lacksDenort) return { summary: null, trouble: compiled.trouble };
  if (!compiled.ok) {
    console.log(`the tests were not run over the compiled program: ${compiled.trouble}`);
    return null;
  }
  const outcome = await runProgramTests(root, join(dist, binaryName(Deno.build.target)));
  return { ...outcome, trouble: outcome.trouble && `over the compiled program: ${outcome.trouble}` };
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

if (import.meta.main) Deno.exitCode = await ok(Deno.cwd());
