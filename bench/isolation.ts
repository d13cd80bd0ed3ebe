// The three ways to keep hcl2json apart from the daemon, measured alike: a worker of Deno's, one of node:worker_threads
// with limits, and its own process. By `deno run`, and compiled if denort can be had (DENORT_BIN).
import { temporaryDirectory } from "../tests/support/temporary.ts";
import { figureOf } from "./figures.ts";
import type { Plan } from "./plan.ts";
import type { Report } from "./report.ts";

const SCENARIO = "isolation";
const KINDS = ["worker", "node-worker", "process"] as const;
const HOST = new URL("./isolation_host.ts", import.meta.url).pathname;
const THREAD = new URL("./isolation_thread.ts", import.meta.url).pathname;
const ROOT = new URL("../", import.meta.url).pathname;

/** V8's flags of the compiled program (scripts/compile/executable.ts) that matter here. */
const V8_FLAGS = "--v8-flags=--liftoff-only,--max-semi-space-size=1";

/** No measurement takes longer. */
const LIMIT_MILLISECONDS = 30 * 60_000;

/** The meaning of each measurement's numbers, by the names that the host gives them. */
const MEANINGS: Readonly<Record<string, Readonly<Record<string, readonly [what: string, unit: string]>>>> = {
  use: {
    first: ["cold start to first verdict", "ms"],
    processor: ["processor time of that, parent and child", "ms"],
    held: ["event loop held by the start", "ms"],
    idle: ["resident while idle, beyond before", "MiB"],
    ended: ["resident 2 s after its end, beyond before", "MiB"],
  },
  hang: {
    held: ["event loop held by a hang and its end", "ms"],
    after: ["processor time in the second after the end", "ms"],
  },
  greed: {
    peak: ["resident at most, ended at 512 MiB beyond before", "MiB"],
    after: ["resident 3 s after that end, beyond before", "MiB"],
  },
  starts: {
    descriptors: ["descriptors left", ""],
    threads: ["threads left", ""],
    memory: ["resident left", "MiB"],
  },
};

/** Measures each kind in its own processes. */
export async function benchIsolation(plan: Plan, report: Report): Promise<void> {
  await using directory = await temporaryDirectory();
  const compiled = directory.file("host");
  await measureAll("deno run", [Deno.execPath(), "run", "--quiet", "-A", HOST], plan, report);
  await report.attempt(SCENARIO, "compiled", async () => {
    const args = [
      "compile",
      "--quiet",
      "--no-check",
      "-A",
      V8_FLAGS,
      `--include=${THREAD}`,
      `--output=${compiled}`,
      HOST,
    ];
    await run([Deno.execPath(), ...args]);
    await measureAll("compiled", [compiled], plan, report);
  });
}

async function measureAll(how: string, program: readonly string[], plan: Plan, report: Report): Promise<void> {
  const starts = plan.isQuick ? 20 : 1_000;
  for (const kind of KINDS) {
    for (const [measurement, meanings] of Object.entries(MEANINGS)) {
      await report.attempt(SCENARIO, `${how}, ${kind}: ${measurement}`, async () => {
        const runs: Record<string, number>[] = [];
        const wanted = measurement === "starts" ? 1 : Math.max(plan.processes, measurement === "use" ? 5 : 1);
        while (runs.length < wanted) runs.push(JSON.parse(await run([...program, kind, measurement, `${starts}`])));
        for (const [name, [meaning, unit]] of Object.entries(meanings)) {
          const what = `${how}, ${kind}: ${measurement === "starts" ? `${starts} starts, ` : ""}${meaning}`;
          report.add(figureOf({ scenario: SCENARIO, what, unit, processes: runs.map((one) => [one[name]!]) }));
        }
      });
    }
  }
}

async function run([executable, ...args]: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(executable!, {
    args,
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(LIMIT_MILLISECONDS),
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim().split("\n")[0] || "it ended without a word");
  return new TextDecoder().decode(stdout);
}
