// All that a change must pass: the check, all tests with their coverage, and a few mutants, of which the tests must
// notice some. At the same time the tests of the program run over its sources and, without the long ones, over the
// compiled program. If tests ran, the output ends with their summaries and, on its own line, their count. After any
// failure the exit status is 1.
import { join } from "node:path";
import { exists } from "@std/fs";
import { check } from "./check.ts";
import { binaryName, compile } from "./compile.ts";
import { testWithCoverage } from "./coverage.ts";
import { runStep, type Write } from "./step.ts";
import { printOutcomes, runProgramTests, runSideBySide, type TestOutcome, type TestPart } from "./test_run.ts";

/** Runs all on the checkout at `root`; resolves with the exit status. */
export async function ok(root: string): Promise<number> {
  const failed = await check(root);
  if (failed.length > 0) {
    console.error(`ok: the check failed (${failed.join(", ")}), so the tests were not run`);
    return 1;
  }
  const { outcomes, trouble: coverage } = await testWithCoverage(root, (parts) => {
    const [computing, ...others] = parts;
    // As many at a time as the cores bear: with more of them, tests that have limits of time would fail.
    return runSideBySide([
      async (write) => [await computing?.(write) ?? null],
      (write) => oneByOne(others, write),
      (write) => testProgram(root, write),
    ]);
  });
  const arePassed = coverage === null && outcomes.every(({ trouble }) => trouble === null);
  const mutation = arePassed ? await sampleMutants(root) : null;
  for (const trouble of [...outcomes.map(({ trouble }) => trouble), coverage, mutation]) {
    if (trouble !== null) console.error(`ok: ${trouble}`);
  }
  printOutcomes(outcomes);
  return arePassed && mutation === null ? 0 : 1;
}

const MUTATION = "tests/mutation/main.ts";
const SAMPLED_MUTANTS = 30;
const SAMPLE_MINUTES = 3;
/** Three standard deviations of such a sample below the measured share of 76 %: chance does not get there. */
const LEAST_NOTICED_PERCENT = 50;
/** For mutants in progress when the minutes are over, and the copies of the checkout. */
const EXTRA_SAMPLE_MILLISECONDS = 60_000;

/** Reports which mutants of the day the tests notice; resolves with the failure, or null, even if there are none. */
async function sampleMutants(root: string): Promise<string | null> {
  if (!await exists(join(root, MUTATION))) return null;
  const bounds = { "--sample": SAMPLED_MUTANTS, "--minutes": SAMPLE_MINUTES, "--at-least": LEAST_NOTICED_PERCENT };
  const { code } = await runStep(["run", "--allow-all", MUTATION, ...Object.entries(bounds).flat().map(String)], {
    cwd: root,
    limitMilliseconds: SAMPLE_MINUTES * 60_000 + EXTRA_SAMPLE_MILLISECONDS,
  });
  return code === 0 ? null : `the run of mutants ended with exit status ${code}`;
}

async function oneByOne(parts: readonly TestPart[], write: Write): Promise<(TestOutcome | null)[]> {
  const outcomes: (TestOutcome | null)[] = [];
  for (const part of parts) outcomes.push(await part(write));
  return outcomes;
}

/**
 * Runs the program's long tests over its sources and, if they pass, the others over the compiled program, which ships.
 * All of them run over the sources if it cannot be compiled here.
 */
async function testProgram(root: string, write: Write): Promise<(TestOutcome | null)[]> {
  const isProgram = await exists(join(root, "main.ts"));
  const sources = await runProgramTests(root, { length: isProgram ? "long" : "both", write });
  if (!isProgram || sources?.trouble !== null) return [sources];
  return [sources, await testCompiled(root, write) ?? await runProgramTests(root, { length: "short", write })];
}

/** Compiles the program and runs its tests over that; null: it cannot be compiled here. */
async function testCompiled(root: string, write: Write): Promise<TestOutcome | null> {
  const dist = join(root, "dist");
  const compiled = await compile(root, dist);
  if (!compiled.ok && !compiled.lacksDenort) return { summary: null, trouble: compiled.trouble, commands: [] };
  if (!compiled.ok) {
    console.log(`the tests were not run over the compiled program: ${compiled.trouble}`);
    return null;
  }
  const binary = join(dist, binaryName(Deno.build.target));
  // The bounds that the long tests hold do not depend on how the program was built.
  const outcome = await runProgramTests(root, { length: "short", binary, write });
  return outcome && {
    summary: outcome.summary,
    trouble: outcome.trouble && `over the compiled program: ${outcome.trouble}`,
    commands: outcome.commands.map((command) => `HONUA_CONFIGD=${binary} ${command}`),
  };
}

if (import.meta.main) Deno.exitCode = await ok(Deno.cwd());
