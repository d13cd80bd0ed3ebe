// `deno task bench`: the cost of a reload, a fleet and an idle daemon on this machine, as a table and as
// dist/bench.json. It measures the compiled program if there is one (`HONUA_CONFIGD`, else dist/honua-configd), else
// this checkout.
import { cpus, loadavg, release, totalmem } from "node:os";
import { benchBinary } from "./binary.ts";
import { benchFleets } from "./fleets.ts";
import { benchGrowth } from "./growth.ts";
import { benchIdle } from "./idle.ts";
import { benchIsolation } from "./isolation.ts";
import { benchPage } from "./page.ts";
import { type Plan, planOf, USAGE } from "./plan.ts";
import { benchReloads } from "./reloads.ts";
import { ratioTable } from "./ratios.ts";
import { openReport, type Report } from "./report.ts";
import { benchRivals } from "./rivals.ts";
import { benchRollouts } from "./step_fleets.ts";
import { benchStages } from "./stages.ts";
import { benchStalls } from "./stalls.ts";
import { benchReleases } from "./ways_back.ts";

const SCENARIOS: Readonly<Record<string, (plan: Plan, report: Report) => Promise<void>>> = {
  program: benchBinary,
  stages: benchStages,
  reloads: benchReloads,
  stalls: benchStalls,
  fleet: benchFleets,
  releases: benchReleases,
  rollouts: benchRollouts,
  idle: benchIdle,
  page: benchPage,
  growth: benchGrowth,
  isolation: benchIsolation,
  rivals: benchRivals,
};

const DIST = new URL("../dist/", import.meta.url).pathname;

/** The program's path; null: none was compiled. */
async function compiledProgram(): Promise<string | null> {
  const path = Deno.env.get("HONUA_CONFIGD") ?? `${DIST}honua-configd`;
  return await Deno.stat(path).then(() => path, () => null);
}

async function bench(plan: Plan): Promise<void> {
  const program = await compiledProgram();
  if (program !== null) Deno.env.set("HONUA_CONFIGD", program);
  const measured = program ?? "this checkout under deno run; `deno task compile` makes the program";
  const machine = `${cpus().length} cores (${cpus()[0]?.model}), ${
    Math.round(totalmem() / 2 ** 30)
  } GiB, Linux ${release()}`;
  const load = loadavg()[0]!;
  console.log(`measured: ${measured}\nmachine: ${machine}; load average at the start ${load.toFixed(1)}`);
  console.log(
    `seed ${plan.seed}; ${plan.processes} process(es) for each figure; ${plan.warmUps} warm-ups before each kind of ` +
      `edit are not counted; the spread is over the processes' medians, or over the samples where there is one process`,
  );
  const report = openReport();
  for (const [name, run] of Object.entries(SCENARIOS)) {
    if (plan.only !== null && !plan.only.includes(name)) continue;
    const begun = performance.now();
    await report.attempt(name, "the whole scenario", () => run(plan, report));
    report.note(`${name} took ${Math.round((performance.now() - begun) / 1000)} s`);
  }
  const { seed, isQuick, processes, warmUps, reloads } = plan;
  const { figures, skipped } = report;
  const ratios = ratioTable(figures);
  await Deno.mkdir(DIST, { recursive: true });
  const whole = { measured, machine, load, seed, isQuick, processes, warmUps, reloads, figures, skipped, ratios };
  await Deno.writeTextFile(`${DIST}bench.json`, `${JSON.stringify(whole, null, 2)}\n`);
  if (ratios.length > 0) console.log(["", ...ratios, ""].join("\n"));
  console.log(`written: ${DIST}bench.json`);
}

try {
  const plan = planOf(Deno.args);
  const unknown = plan.only?.find((name) => !Object.hasOwn(SCENARIOS, name));
  if (unknown !== undefined) throw new RangeError(`there is no scenario ${unknown}`);
  await bench(plan);
} catch (error) {
  const isUsage = error instanceof RangeError || error instanceof TypeError;
  if (!isUsage) throw error;
  console.error(`${error.message}\n${USAGE}`);
  Deno.exitCode = 2;
}
