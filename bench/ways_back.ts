// How soon a person sees the changes of an edit, and how soon a bad one is undone: by health checks on its host, and by
// one command in a fleet. The clock of a way back runs until the old snapshot is in its place.
import type { CommandOutcome } from "../tests/support/command.ts";
import { type Fleet, openFleet } from "../tests/support/fleet.ts";
import { openReleaseHost, type ReleaseHost } from "../tests/support/release_host.ts";
import { inodeOf, pause } from "./daemon_process.ts";
import { figureOf, type Limit } from "./figures.ts";
import { layerFile, type Variety } from "./layers.ts";
import type { Plan } from "./plan.ts";
import type { Report } from "./report.ts";

const SCENARIO = "releases";
const LAYERS = 10_000;
const BAKE_SECONDS = 1;
const INSTANCES = 5;

/** Nothing takes longer. */
const LIMIT_MILLISECONDS = 60_000;

/** Measures each of them. */
export async function benchReleases(plan: Plan, report: Report): Promise<void> {
  const add = (what: string, samples: readonly number[], limit?: Limit) =>
    report.add(figureOf({ scenario: SCENARIO, what, processes: [samples], limit }));
  for (const variety of ["uniform", "mixed"] as const) {
    const what = `${LAYERS} layers, ${variety}: diff running file`;
    // The promise is for layers of one shape, as those of a big file are.
    const limit: Limit | undefined = variety === "uniform" ? { of: "p99", most: 1_000 } : undefined;
    await report.attempt(SCENARIO, what, async () => add(what, await diffTimes(variety, plan), limit));
  }
  const unhealthy = `first health check fails: edited to back, bake of ${BAKE_SECONDS} s`;
  await report.attempt(SCENARIO, unhealthy, async () => {
    add(unhealthy, await unhealthyTimes(plan), { of: "p99", most: (BAKE_SECONDS + 5) * 1_000 });
  });
  const rollback = `rollback on one of ${INSTANCES} instances: all back`;
  await report.attempt(SCENARIO, rollback, async () => {
    add(rollback, await rollbackTimes(plan), { of: "p99", most: 2_000 });
  });
}

/** Of the command on a daemon whose file is ahead of its snapshot. */
async function diffTimes(variety: Variety, plan: Plan): Promise<number[]> {
  const file = layerFile(variety, LAYERS, plan.seed);
  await using host = await openReleaseHost([], { "ConfigurationWatcher:EnableFileWatching": false });
  await host.put(file.text);
  host.start({ args: host.args });
  await host.looked("activated");
  const measure = async (number: number) => {
    await host.put(file.edited("one-layer", number));
    const begun = performance.now();
    const outcome = await host.ask("diff", "running", "file");
    const took = performance.now() - begun;
    mustDiffer(outcome, number);
    return took;
  };
  return await samplesOf(plan, measure);
}

function mustDiffer({ code, stdout, stderr }: CommandOutcome, number: number): void {
  if (code !== 1 || !stdout.includes(`Edit ${number} `)) throw new Error(`a diff that ends with ${code}: ${stderr}`);
}

/** From the edit's rename() until the old snapshot is back, without a person. */
async function unhealthyTimes(plan: Plan): Promise<number[]> {
  const check = { name: "answers", on: "health", command: ["sh", "-c", '! grep -q sick "$HONUA_CONFIGD_SNAPSHOT"'] };
  const health = { BakeSeconds: BAKE_SECONDS, IntervalSeconds: 1, Failures: 1 };
  const settings = Object.fromEntries(Object.entries(health).map(([name, value]) => [`Health:${name}`, value]));
  await using host = await openReleaseHost([check], settings, "honua.json");
  const snapshot = host.snapshotPath;
  await host.follow("first", { args: host.args });
  return await samplesOf(plan, async (number) => {
    await isHealthy(host, number);
    const begun = performance.now();
    const before = inodeOf(snapshot);
    await host.edit(`sick ${number}`);
    const bad = await replaced(snapshot, before);
    await replaced(snapshot, bad);
    const took = performance.now() - begun;
    const { title } = await host.snapshot();
    if (title !== "first") throw new Error(`what is back is ${title}`);
    return took;
  });
}

/** Waits until nothing is under way after this many changes that were undone. */
async function isHealthy(host: ReleaseHost, undone: number): Promise<void> {
  await host.shows("a healthy release", ({ release, bake }) => {
    return release?.number === 2 * undone + 1 && release.state === "healthy" && bake === null;
  });
}

/** From the request on one instance until each has the old snapshot. */
async function rollbackTimes(plan: Plan): Promise<number[]> {
  await using fleet = await openFleet({ count: INSTANCES });
  fleet.start();
  await fleet.agrees("first", 1);
  return await samplesOf(plan, async (number) => {
    const title = `bad ${number}`;
    await Promise.all(fleet.instances.map((instance) => instance.edit(title)));
    await fleet.agrees(title, 2 * number + 2);
    const took = await rolledBack(fleet);
    await fleet.agrees("first", 2 * number + 3);
    return took;
  });
}

async function rolledBack({ instances }: Fleet): Promise<number> {
  const snapshots = instances.map(({ directory }) => `${directory}/config.snapshot.json`);
  const before = snapshots.map(inodeOf);
  const begun = performance.now();
  const asked = instances[2]!.admin("/admin/rollback", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ reason: "bench" }),
  });
  await Promise.all(snapshots.map((snapshot, index) => replaced(snapshot, before[index]!)));
  const took = performance.now() - begun;
  const { status, text } = await asked;
  if (status !== 200) throw new Error(`a rollback was answered ${status} ${text}`);
  return took;
}

/** Waits for another file at the path, and resolves with its inode. */
async function replaced(path: string, before: number | null): Promise<number> {
  const begun = performance.now();
  for (;;) {
    const inode = inodeOf(path);
    if (inode !== null && inode !== before) return inode;
    if (performance.now() - begun > LIMIT_MILLISECONDS) throw new Error(`no new ${path} in ${LIMIT_MILLISECONDS} ms`);
    await pause();
  }
}

/** The warm-ups have the first numbers, and are not among the samples. */
async function samplesOf(plan: Plan, measure: (number: number) => Promise<number>): Promise<number[]> {
  const samples: number[] = [];
  for (let number = 0; number < 1 + plan.wayBackSamples; number++) samples.push(await measure(number));
  return samples.slice(1);
}
