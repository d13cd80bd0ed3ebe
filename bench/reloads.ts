// The cost of a reload from end to end: a daemon as a process, its debounce 0, and edits as people make them. Each
// figure ends when a reader sees the new snapshot, or with the daemon's log line if there is none.
import { eventually } from "../tests/support/eventually.ts";
import { childrenOf } from "../tests/support/process_tree.ts";
import {
  type DaemonProcess,
  type ReloadTimes,
  type Resident,
  residentOf,
  startDaemonProcess,
} from "./daemon_process.ts";
import { figureOf, type Limit, ratioOf } from "./figures.ts";
import { type LayerFile, layerFile, type Variety } from "./layers.ts";
import type { Plan } from "./plan.ts";
import { RATIO_UNIT } from "./ratios.ts";
import type { Report } from "./report.ts";

const SCENARIO = "reloads";
const KINDS = ["one-layer edit", "new-shape edit", "comment edit", "touch"] as const;

/** The promised limits, in milliseconds and MiB (600 MB are 572 MiB). */
const LIMITS: Readonly<Record<string, Limit>> = {
  "uniform 1000: cold load": { of: "p50", most: 500 },
  "uniform 10000: cold load": { of: "p50", most: 1_500 },
  "uniform 1000: one-layer edit": { of: "p50", most: 10 },
  "uniform 10000: one-layer edit": { of: "p50", most: 60 },
  "mixed 10000: peak resident, with parser": { of: "p50", most: 572 },
};

interface ProcessRun {
  readonly cold: number;
  readonly times: Readonly<Record<typeof KINDS[number], readonly ReloadTimes[]>>;
  readonly peak: Resident;
  /** Of the daemon, once its parser has ended; null: nothing waited for that. */
  readonly idle: number | null;
}

/** Measures every size and variety. */
export async function benchReloads(plan: Plan, report: Report): Promise<void> {
  for (const variety of ["uniform", "mixed"] as const) {
    for (const layers of plan.layerCounts) {
      const name = `${variety} ${layers}`;
      await report.attempt(SCENARIO, name, () => benchFile(name, variety, layers, plan, report));
    }
    compareSizes(variety, report);
  }
}

/** The cost of an edit follows the change and not the file: ten times at the most, for a hundred times the layers. */
function compareSizes(variety: Variety, report: Report): void {
  const edit = (layers: number) => report.figures.find(({ what }) => what === `${variety} ${layers}: one-layer edit`);
  const [small, large] = [edit(100), edit(10_000)];
  if (small === undefined || large === undefined) return;
  const ratios = { p50: ratioOf(large.p50, small.p50), p99: ratioOf(large.p99, small.p99) };
  const what = `${variety}: one-layer edit, 10000 times 100`;
  report.add({ ...large, ...ratios, what, unit: RATIO_UNIT, limit: { of: "p50", most: 10 } });
}

async function benchFile(name: string, variety: Variety, layers: number, plan: Plan, report: Report): Promise<void> {
  const file = layerFile(variety, layers, plan.seed);
  const runs: ProcessRun[] = [];
  while (runs.length < plan.processes) runs.push(await runProcess(file, plan, plan.samplesOf(layers)));
  const add = (what: string, samplesOf: (run: ProcessRun) => readonly number[], unit = "ms") => {
    const full = `${name}: ${what}`;
    report.add(figureOf({ scenario: SCENARIO, what: full, unit, processes: runs.map(samplesOf), limit: LIMITS[full] }));
  };
  add("cold load", ({ cold }) => [cold]);
  for (const kind of KINDS) {
    add(kind, ({ times }) => times[kind].map(({ total }) => total));
    add(`${kind}, outside the reload`, ({ times }) => times[kind].map(({ total, inside }) => total - inside));
  }
  add("peak resident, daemon", ({ peak }) => [peak.own], "MiB");
  add("peak resident, with parser", ({ peak }) => [peak.own + peak.children], "MiB");
  if (!plan.isQuick) add("resident, parser gone", ({ idle }) => [idle!], "MiB");
}

async function runProcess(file: LayerFile, { warmUps, isQuick }: Plan, samples: number): Promise<ProcessRun> {
  await using daemon = await startDaemonProcess({ text: file.text });
  const afterCold = await residentOf(daemon.pid, "VmHWM");
  const times = {
    "one-layer edit": await repeated(
      warmUps,
      samples,
      (number) => daemon.edit(file.edited("one-layer", number), `Edit ${number} `),
    ),
    "new-shape edit": await repeated(
      warmUps,
      samples,
      (number) => daemon.edit(file.edited("new-shape", number), "added_0"),
    ),
    "comment edit": await comments(daemon, file, warmUps, samples),
    touch: await repeated(warmUps, samples, () => daemon.touch()),
  };
  const afterEdits = await residentOf(daemon.pid, "VmHWM");
  // Their peaks need not have come at the same moment, so the sum is the most that it can have been.
  const peak = { own: afterEdits.own, children: Math.max(afterCold.children, afterEdits.children) };
  return { cold: daemon.coldMilliseconds, times, peak, idle: isQuick ? null : await residentAtRest(daemon.pid) };
}

async function residentAtRest(pid: number): Promise<number> {
  await eventually("the end of the idle parser", async () => (await childrenOf(pid)).length === 0, 20_000);
  return (await residentOf(pid, "VmRSS")).own;
}

async function comments(
  daemon: DaemonProcess,
  file: LayerFile,
  warmUps: number,
  samples: number,
): Promise<ReloadTimes[]> {
  // Back to the text without an edit, from which a comment is all that differs.
  await daemon.edit(file.edited("one-layer", 0), "Edit 0 ");
  await daemon.edit(file.text, "honua");
  return await repeated(warmUps, samples, (number) => daemon.editNothing(file.edited("comment", number)));
}

async function repeated(
  warmUps: number,
  samples: number,
  reload: (number: number) => Promise<ReloadTimes>,
): Promise<ReloadTimes[]> {
  const times: ReloadTimes[] = [];
  for (let number = 1; number <= warmUps + samples; number++) {
    const one = await reload(number);
    if (number > warmUps) times.push(one);
  }
  return times;
}
