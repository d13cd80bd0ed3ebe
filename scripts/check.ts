// All checks of the checkout that do not run it: formatting, lint, types, the house rules. Every step runs, also after
// one that failed, so that one call reports everything.
import { exists } from "@std/fs";
import { runStep } from "./step.ts";

const PLACES = ["main.ts", "src", "scripts", "tests", "bench"];
const STEP_LIMIT_MILLISECONDS = 5 * 60_000;

/** The arguments of `deno` for each step, for the existing parts of the checkout at `root`. */
export async function checkSteps(root: string): Promise<string[][]> {
  const places: string[] = [];
  for (const place of PLACES) if (await exists(`${root}/${place}`)) places.push(place);
  const tidy = new URL("./tidy.ts", import.meta.url).pathname;
  const frozen = Deno.env.get("CI") ? ["--frozen"] : [];
  const steps = [["fmt", "--check"]];
  if (places.length > 0) steps.push(["lint", ...places], ["check", ...frozen, ...places]);
  steps.push(["run", "--allow-read", "--allow-env", ...frozen, tidy]);
  return steps;
}

/** Checks the checkout at `root`; resolves with the names of the steps that failed. */
export async function check(root: string): Promise<string[]> {
  const failed: string[] = [];
  for (const args of await checkSteps(root)) {
    const { code, interrupted } = await runStep(args, { cwd: root, limitMilliseconds: STEP_LIMIT_MILLISECONDS });
    if (code !== 0 || interrupted) failed.push(nameOf(args));
    if (interrupted) break;
  }
  return failed;
}

function nameOf(args: readonly string[]): string {
  if (args[0] === "run") return "tidy";
  return args.filter((arg, index) => index === 0 || (arg.startsWith("--") && arg !== "--frozen")).join(" ");
}

if (import.meta.main) {
  const failed = await check(Deno.cwd());
  if (failed.length > 0) console.error(`check: failed: ${failed.join(", ")}`);
  Deno.exitCode = failed.length === 0 ? 0 : 1;
}
