// All that a change must pass: the check, then the tests once, with their coverage, and those of the program once more
// over the compiled program. Where the tests ran, it ends with their summaries and, alone on the last line, their count;
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
  const fromSources = await testWithCoverage(root);
  // What fails from its sources need not be tried again.
  const compiled = fromSources.trouble === null ? await testCompiled(root) : null;
  const outcomes = [fromSources, compiled].filter((outcome) => outcome !== null);
  for (const { trouble } of outcomes) if (trouble !== null) console.error(`ok: ${trouble}`);
  const summaries = outcomes.flatMap(({ summary }): TestSummary[] => summary ? [summary] : []);
  for (const { line } of summaries) console.log(line);
  if (summaries.length > 0) console.log(closingLine(sumOf(summaries)));
  return outcomes.every(({ trouble }) => trouble === null) ? 0 : 1;
}

/** Compiles the program and runs its tests over that; null where there is nothing to compile, or nothing to do it with. */
async function testCompiled(root: string): Promise<TestOutcome | null> {
  if (!await isThere(join(root, "main.ts")) || !await isThere(join(root, PROGRAM_TESTS))) return null;
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
