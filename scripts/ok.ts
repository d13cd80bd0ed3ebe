// All that a change must pass: the check, then the tests once, with their coverage. Where the tests ran, it ends with
// their summary and, alone on the last line, their count; where anything was wrong, with exit status 1.
import { check } from "./check.ts";
import { testWithCoverage } from "./coverage.ts";
import { closingLine } from "./test_run.ts";

/** Runs all on the checkout at `root`; resolves with the exit status. */
export async function ok(root: string): Promise<number> {
  const failed = await check(root);
  if (failed.length > 0) {
    console.error(`ok: the check failed (${failed.join(", ")}), so the tests were not run`);
    return 1;
  }
  const { summary, trouble } = await testWithCoverage(root);
  if (trouble !== null) console.error(`ok: ${trouble}`);
  if (summary !== null) console.log(`${summary.line}\n${closingLine(summary)}`);
  return trouble === null ? 0 : 1;
}

if (import.meta.main) Deno.exitCode = await ok(Deno.cwd());
