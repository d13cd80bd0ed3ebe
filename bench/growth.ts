// The growth over many reloads: resident memory and descriptors of one daemon, sampled as it goes. Growth is the middle
// of the last tenth's samples less that of the second tenth's; the first tenth is the warm-up.
import { descriptorsOf, residentOf, startDaemonProcess } from "./daemon_process.ts";
import { figureOf, type Limit, median } from "./figures.ts";
import { layerFile } from "./layers.ts";
import type { Plan } from "./plan.ts";
import type { Report } from "./report.ts";

const SCENARIO = "growth";
const LAYERS = 100;
const SAMPLES = 200;

interface Growth {
  readonly memory: number;
  readonly descriptors: number;
  /** The least and the most that was resident after the warm-up, in MiB. */
  readonly band: readonly number[];
}

/** Measures one daemon after another. */
export async function benchGrowth(plan: Plan, report: Report): Promise<void> {
  const runs: Growth[] = [];
  while (runs.length < plan.growths) runs.push(await runGrowth(plan));
  const add = (what: string, unit: string, of: (run: Growth) => readonly number[], limit?: Limit) => {
    const full = `${plan.reloads} reloads of ${LAYERS} layers: ${what}`;
    report.add(figureOf({ scenario: SCENARIO, what: full, unit, processes: runs.map(of), limit }));
  };
  const limit: Limit | undefined = plan.reloads >= 10_000 ? { of: "p50", most: 5 } : undefined;
  add("growth of memory", "MiB", ({ memory }) => [memory], limit);
  add("growth of descriptors", "", ({ descriptors }) => [descriptors], { of: "p50", most: 0 });
  add("resident on the way", "MiB", ({ band }) => band);
}

async function runGrowth({ seed, reloads }: Plan): Promise<Growth> {
  if (reloads < 100) throw new RangeError("growth takes at least 100 reloads");
  const file = layerFile("uniform", LAYERS, seed);
  await using daemon = await startDaemonProcess({ text: file.text });
  const every = Math.max(1, Math.floor(reloads / SAMPLES));
  const memory: number[] = [];
  const descriptors: number[] = [];
  for (let number = 1; number <= reloads; number++) {
    await daemon.replace(file.edited("one-layer", number), `Edit ${number} `);
    if (number % every !== 0) continue;
    memory.push((await residentOf(daemon.pid, "VmRSS")).own);
    descriptors.push(descriptorsOf(daemon.pid));
  }
  return { memory: growthOf(memory), descriptors: growthOf(descriptors), band: memory.slice(tenth(memory)) };
}

function growthOf(samples: readonly number[]): number {
  const part = tenth(samples);
  return median(samples.slice(-part)) - median(samples.slice(part, 2 * part));
}

function tenth(samples: readonly number[]): number {
  return Math.max(1, Math.floor(samples.length / 10));
}
