// How soon instances agree: one of them sees an edit and announces it, all others follow no file and look only because
// of the message. The clock runs from the announcement's arrival at a subscriber to the last new snapshot.
import { type Fleet, type FleetInstance, openFleet } from "../tests/support/fleet.ts";
import { inodeOf, pause } from "./daemon_process.ts";
import { figureOf, type Limit } from "./figures.ts";
import { layerFile } from "./layers.ts";
import type { Plan } from "./plan.ts";
import { openListener } from "./redis_listener.ts";
import type { Report } from "./report.ts";

const SCENARIO = "fleet";
const LAYERS = 100;
const LIMIT_MILLISECONDS = 60_000;

/** Longer than a parser is kept while it is idle. */
const REST_MILLISECONDS = 6_500;

const LIMITS: Readonly<Record<number, Limit>> = { 10: { of: "p99", most: 150 }, 50: { of: "p99", most: 1_000 } };

/** The most resident memory of an instance, its parser included, while a fleet starts. */
const MEBIBYTES_EACH = 350;

/** Measures every count of instances. */
export async function benchFleets(plan: Plan, report: Report): Promise<void> {
  for (const count of [2, 10, 50]) {
    const name = `${count} instances`;
    const free = Deno.systemMemoryInfo().available / 2 ** 20;
    if (!plan.instanceCounts.includes(count)) {
      report.skip({ scenario: SCENARIO, what: name, why: "--quick leaves it out" });
    } else if (free < count * MEBIBYTES_EACH) {
      const why = `it takes ${count * MEBIBYTES_EACH} MiB, and ${Math.floor(free)} are free`;
      report.skip({ scenario: SCENARIO, what: name, why });
    } else await report.attempt(SCENARIO, name, () => benchFleet(count, plan, report));
  }
}

async function benchFleet(count: number, plan: Plan, report: Report): Promise<void> {
  const busy: number[][] = [];
  const rested: number[][] = [];
  const bytes: number[][] = [];
  for (let run = 0; run < plan.fleetsOf(count); run++) {
    const measured = await runFleet(count, plan);
    busy.push(measured.busy);
    rested.push(measured.rested);
    bytes.push(measured.bytes);
  }
  const add = (what: string, processes: number[][], unit = "ms", limit?: Limit) =>
    report.add(figureOf({ scenario: SCENARIO, what: `${count} instances: ${what}`, unit, processes, limit }));
  add("announced to all active", busy, "ms", LIMITS[count]);
  add("announced to all active, after a rest", rested);
  add("bytes a notification", bytes, "B");
}

interface FleetRun {
  /** Milliseconds of edits right after one another. */
  readonly busy: number[];
  /** Of edits after which every parser had ended: followers start theirs only after a message. */
  readonly rested: number[];
  readonly bytes: number[];
}

async function runFleet(count: number, plan: Plan): Promise<FleetRun> {
  const file = layerFile("uniform", LAYERS, plan.seed);
  await using fleet = await openFleet({
    count,
    shared: true,
    // As rare as the default: a follower learns of an edit by the message, and not by itself.
    settings: { "ConfigurationWatcher:DebounceMilliseconds": "0", "HighAvailability:ReconcileSeconds": "30" },
  });
  const first = fleet.instances[0]!;
  await first.put(file.edited("one-layer", 0));
  // One after the other: the parser's limit is by the clock, and all at once they would keep one another from the cores.
  for (const instance of fleet.instances) {
    instance.start({ settings: { "ConfigurationWatcher:EnableFileWatching": `${instance === first}` } });
    await settled(instance);
  }
  await using listener = await openListener(fleet.redis);
  let number = 0;
  const measure = async () => {
    number++;
    const took = await announced(fleet, file.edited("one-layer", number), listener.next());
    await Promise.all(fleet.instances.map((instance) => settled(instance)));
    return took;
  };
  for (let warmUp = 0; warmUp < plan.warmUps; warmUp++) await measure();
  const edits = await several(plan.isQuick ? 10 : 50, measure);
  const rests = await several(plan.isQuick ? 1 : 3, async () => {
    await new Promise((resolve) => setTimeout(resolve, REST_MILLISECONDS));
    return await measure();
  });
  return {
    busy: edits.map(({ milliseconds }) => milliseconds),
    rested: rests.map(({ milliseconds }) => milliseconds),
    bytes: [...edits, ...rests].map(({ bytes }) => bytes),
  };
}

async function several<T>(times: number, measure: () => Promise<T>): Promise<T[]> {
  const samples: T[] = [];
  while (samples.length < times) samples.push(await measure());
  return samples;
}

/** Waits until it agrees with the others and owes them nothing. */
async function settled(instance: FleetInstance): Promise<void> {
  const begun = performance.now();
  for (;;) {
    const { standing, announcementOwed, active, head } = await instance.status();
    if (standing === "agreed" && !announcementOwed && active !== null && active.hash === head?.hash) return;
    if (performance.now() - begun > LIMIT_MILLISECONDS) {
      throw new Error(`${instance.name} is ${standing}: ${lastReload(instance)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function announced(
  { instances }: Fleet,
  text: string,
  message: Promise<{ at: number; bytes: number }>,
): Promise<{ milliseconds: number; bytes: number }> {
  const waiting = new Map(instances.map(({ directory }) => {
    const path = `${directory}/config.snapshot.json`;
    return [path, inodeOf(path)];
  }));
  await instances[0]!.put(text);
  const begun = performance.now();
  while (waiting.size > 0) {
    for (const [path, inode] of waiting) if (inodeOf(path) !== inode) waiting.delete(path);
    if (performance.now() - begun > LIMIT_MILLISECONDS) {
      const late = instances.find(({ directory }) => waiting.has(`${directory}/config.snapshot.json`));
      throw new Error(`${waiting.size} instances did not follow: ${lastReload(late!)}`);
    }
    await pause();
  }
  const end = performance.now();
  const { at, bytes } = await message;
  return { milliseconds: end - at, bytes };
}

function lastReload({ daemon }: FleetInstance): string {
  return daemon.entries.findLast(({ outcome }) => outcome !== undefined)?.msg ?? "it never looked";
}
