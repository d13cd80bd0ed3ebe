// The cost for the store of a change that goes through a fleet in steps, and of an instance that does nothing: counts
// of a real Redis with a process for each instance. Last comes the weight of 1,000 records and hosts, without the
// processes.
import { withinLimit } from "../src/time/limit.ts";
import { type Fleet, type FleetInstance, openFleet, type Settings } from "../tests/support/fleet.ts";
import { figureOf } from "./figures.ts";
import type { Plan } from "./plan.ts";
import { type Listener, openListener } from "./redis_listener.ts";
import type { Report } from "./report.ts";
import { countStore, type StoreCounts } from "./store_counts.ts";
import { type AnswerCost, readThousandHosts } from "./thousand_hosts.ts";

const SCENARIO = "rollouts";
const STEPS = ["1", "25%", "100%"];
const BAKE_SECONDS = 1;
const LIMIT_MILLISECONDS = 120_000;

/** The most resident memory of an instance; its source is JSON, so that it has no parser. */
const MEBIBYTES_EACH = 200;

/** How many instances start at the same moment: more would keep one another from the cores. */
const STARTED_AT_ONCE = 4;

const COMMON: Settings = {
  "ConfigurationWatcher:DebounceMilliseconds": "0",
  // The default, which sets the pace of an idle instance's reads and writes.
  "HighAvailability:ReconcileSeconds": "30",
};

const IN_STEPS: Settings = {
  ...Object.fromEntries(STEPS.map((step, index) => [`Rollout:Steps:${index}`, step])),
  "Rollout:BakeSeconds": `${BAKE_SECONDS}`,
};

/** The counts of the store that are figures, with their units. */
const SHOWN: readonly (readonly [keyof StoreCounts, string, string])[] = [
  ["scripts", "scripts run", ""],
  ["commands", "commands", ""],
  ["headsRead", "heads read", ""],
  ["peersRead", "peers read", ""],
  ["records", "records written", ""],
  ["moves", "moves", ""],
  ["messages", "messages", ""],
  ["bytesIn", "to the store", "KB"],
  ["bytesOut", "from the store", "KB"],
  ["scriptMilliseconds", "time in scripts", "ms"],
];

/** Measures fleets of 10 and, unless it is to be quick, of 50. */
export async function benchRollouts(plan: Plan, report: Report): Promise<void> {
  for (const count of [10, 50]) {
    const name = `${count} hosts`;
    const free = Deno.systemMemoryInfo().available / 2 ** 20;
    if (!plan.instanceCounts.includes(count)) {
      report.skip({ scenario: SCENARIO, what: name, why: "--quick leaves it out" });
    } else if (free < count * MEBIBYTES_EACH) {
      const why = `it takes ${count * MEBIBYTES_EACH} MiB, and ${Math.floor(free)} are free`;
      report.skip({ scenario: SCENARIO, what: name, why });
    } else await report.attempt(SCENARIO, name, () => benchFleet(count, plan, report));
  }
  await report.attempt(SCENARIO, "1,000 hosts", () => benchThousand(report));
}

async function benchFleet(count: number, plan: Plan, report: Report): Promise<void> {
  const add = (what: string, unit: string, samples: readonly number[]) =>
    report.add(figureOf({ scenario: SCENARIO, what: `${count} hosts, ${what}`, unit, processes: [samples] }));
  const addRollouts = (what: string, runs: readonly RolloutRun[]) => {
    add(`${what}: to the end, without the bakes`, "ms", runs.map(({ milliseconds }) => milliseconds));
    for (const [name, shown, unit] of SHOWN) {
      add(`${what}: ${shown}`, unit, runs.map(({ counts }) => inUnit(counts[name], unit)));
    }
  };
  const addIdle = (what: string, counts: StoreCounts) => {
    const share = 60 / plan.storeSeconds / count;
    for (const [name, shown, unit] of SHOWN.filter(([name]) => name !== "moves" && name !== "messages")) {
      const full = `idle ${plan.storeSeconds} s ${what}, each a minute: ${shown}`;
      add(full, unit, [inUnit(counts[name], unit) * share]);
    }
  };
  await using fleet = await openFleet({ count, settings: COMMON });
  await startAll(fleet, {});
  addIdle("without steps", await idle(fleet, plan.storeSeconds));
  await Promise.all(fleet.instances.map((instance) => instance.stop()));
  await startAll(fleet, IN_STEPS);
  await using listener = await openListener(fleet.redis);
  const everywhere = await several(plan.rollouts, (number) => {
    return rollOut(fleet, { listener, title: `everywhere ${number}`, on: fleet.instances });
  });
  addRollouts("edited on all", everywhere);
  addIdle("with steps", await idle(fleet, plan.storeSeconds));
  // The others have no file any more, so that they take the text out of the store.
  await Promise.all(fleet.instances.slice(1).map(({ source }) => Deno.remove(source)));
  const once = await several(plan.rollouts, (number) => {
    return rollOut(fleet, { listener, title: `once ${number}`, on: fleet.instances.slice(0, 1) });
  });
  addRollouts("edited on one", once);
}

function inUnit(count: number, unit: string): number {
  return unit === "KB" ? count / 1000 : count;
}

async function startAll({ instances }: Fleet, settings: Settings): Promise<void> {
  for (let from = 0; from < instances.length; from += STARTED_AT_ONCE) {
    const some = instances.slice(from, from + STARTED_AT_ONCE);
    for (const instance of some) {
      // The one that is edited last is among those that watch the hosts which are let in.
      const isCanary = settings === IN_STEPS && instance === instances[0];
      instance.start({ settings: { ...settings, ...isCanary && { "Rollout:Canary": "true" } } });
    }
    await Promise.all(some.map((instance) => agreed(instance, 1)));
  }
}

async function idle({ redis }: Fleet, seconds: number): Promise<StoreCounts> {
  const end = await countStore(redis);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  return await end();
}

interface RolloutRun {
  /** From the edit until it is announced as the head, less the bakes of all steps. */
  readonly milliseconds: number;
  readonly counts: StoreCounts;
}

interface Edit {
  readonly listener: Listener;
  readonly title: string;
  /** The instances whose file is edited. */
  readonly on: readonly FleetInstance[];
}

async function rollOut({ instances, redis }: Fleet, { listener, title, on }: Edit): Promise<RolloutRun> {
  const { generation } = await agreed(instances[0]!, 1);
  const end = await countStore(redis);
  const announced = announcedAt(listener, generation + 1);
  const begun = performance.now();
  await Promise.all(on.map((instance) => instance.edit(title)));
  const milliseconds = await announced - begun - STEPS.length * BAKE_SECONDS * 1_000;
  // One after the other, so that the questions keep no instance from the cores.
  for (const instance of instances) await agreed(instance, generation + 1);
  const counts = await end();
  const { announcements } = counts;
  if (announcements !== 1) throw new Error(`${announcements} announcements for one change`);
  return { milliseconds, counts };
}

/** When the head of this generation was announced; the messages before it are those of moves. */
async function announcedAt(listener: Listener, generation: number): Promise<number> {
  for (const limit = performance.now() + LIMIT_MILLISECONDS;;) {
    const heard = await withinLimit(listener.next(), limit - performance.now());
    if (!heard.ok) throw new Error(`no generation ${generation} within ${LIMIT_MILLISECONDS} ms`);
    if (heard.value.text.startsWith(`v1 ${generation} `)) return heard.value.at;
  }
}

/** Waits until an instance runs the head of this generation or a later one, by its own word, and owes nothing. */
async function agreed(instance: FleetInstance, least: number): Promise<{ readonly generation: number }> {
  const begun = performance.now();
  for (;;) {
    const { standing, announcementOwed, active, head } = await instance.status();
    const isThere = head !== null && head.generation >= least && active?.hash === head.hash;
    if (isThere && standing === "agreed" && !announcementOwed) return { generation: head.generation };
    if (performance.now() - begun > LIMIT_MILLISECONDS) {
      throw new Error(`${instance.name} is ${standing} at ${head?.generation}: ${instance.daemon.entries.at(-1)?.msg}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function several<T>(times: number, measure: (number: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let number = 0; number < times; number++) results.push(await measure(number));
  return results;
}

async function benchThousand(report: Report): Promise<void> {
  const read = await readThousandHosts(STEPS, 50);
  const add = (what: string, unit: string, value: number) =>
    report.add(figureOf({ scenario: SCENARIO, what: `1,000 hosts, ${what}`, unit, processes: [[value]] }));
  const addAnswer = (what: string, { bytes, milliseconds }: AnswerCost) => {
    add(`${what}: bytes`, "KB", bytes / 1000);
    add(`${what}: the store's time`, "ms", milliseconds);
  };
  add("text of a rollout", "KB", read.rolloutBytes / 1000);
  add("record of an instance", "KB", read.recordBytes / 1000);
  addAnswer("reading of the peers", read.peers);
  addAnswer("reading of the head after a move", read.newHead);
  addAnswer("reading of the head", read.knownHead);
}
