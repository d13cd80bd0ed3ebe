// Other programs that reload a configuration, measured by the same edits of the same file in the same run, beside this
// daemon. None of them judges the meaning of a configuration. For a program that is missing on this machine the bench
// says how to get it.
import { statSync } from "node:fs";
import { randomFrom } from "../tests/support/random.ts";
import { type RedisServer, startRedis } from "../tests/support/redis_server.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../tests/support/temporary.ts";
import { inodeOf, pause, startDaemonProcess } from "./daemon_process.ts";
import { type Figure, figureOf, ratioOf } from "./figures.ts";
import { type LayerFile, layerFile } from "./layers.ts";
import { caddy, confd, consulTemplate, inotify, naive, type Rival } from "./rival_programs.ts";
import type { Plan } from "./plan.ts";
import { RATIO_UNIT } from "./ratios.ts";
import type { Report } from "./report.ts";

const SCENARIO = "rivals";
const LAYERS = 1_000;
const LIMIT_MILLISECONDS = 20_000;
const NUDGE_MILLISECONDS = 1_000;

/** Measures this daemon, then the others against it. */
export async function benchRivals(plan: Plan, report: Report): Promise<void> {
  const file = layerFile("uniform", LAYERS, plan.seed);
  const ours = await measureOurs(file, plan);
  report.add(ours);
  await using redis = await startRedis();
  for (const rival of [naive("node"), naive("deno"), inotify(redis.port), consulTemplate(), confd(), caddy()]) {
    await report.attempt(SCENARIO, rival.name, () => benchRival(rival, file, ours, { plan, report, redis }));
  }
}

async function measureOurs(file: LayerFile, plan: Plan): Promise<Figure> {
  const processes: number[][] = [];
  while (processes.length < plan.processes) {
    await using daemon = await startDaemonProcess({ text: file.text });
    const edit = async (number: number) =>
      (await daemon.edit(file.edited("one-layer", number), `Edit ${number} `)).total;
    processes.push(await samplesOf(plan, edit));
  }
  return figureOf({ scenario: SCENARIO, what: `uniform ${LAYERS}, one-layer edit: honua-configd`, processes });
}

interface Surroundings {
  readonly plan: Plan;
  readonly report: Report;
  readonly redis: RedisServer;
}

async function benchRival(rival: Rival, file: LayerFile, ours: Figure, given: Surroundings): Promise<void> {
  const { plan, report } = given;
  const missing = await rival.missing();
  if (missing !== null) return report.skip({ scenario: SCENARIO, what: rival.name, why: missing });
  await using tools = await temporaryDirectory();
  await rival.prepare(tools.path);
  const processes: number[][] = [];
  while (processes.length < plan.processes) processes.push(await runRival(rival, tools, file, plan));
  const what = `uniform ${LAYERS}, one-layer edit: ${rival.name}`;
  const theirs = figureOf({ scenario: SCENARIO, what, processes });
  report.add(theirs);
  const ratio = { p50: ratioOf(theirs.p50, ours.p50), p99: ratioOf(theirs.p99, ours.p99) };
  report.add({ ...theirs, ...ratio, what: `${LAYERS} layers: ${rival.name}, times ours`, unit: RATIO_UNIT });
}

async function runRival(rival: Rival, tools: TemporaryDirectory, file: LayerFile, plan: Plan): Promise<number[]> {
  await using directory = await temporaryDirectory();
  await Deno.mkdir(directory.file("out"));
  const place = {
    tools: tools.path,
    directory: directory.path,
    source: directory.file(rival.sourceName),
    output: directory.file("out/rendered"),
  };
  await Deno.writeTextFile(place.source, rival.asSource(file.text));
  await using _running = await rival.start(place);
  const replace = async (text: string) => {
    await Deno.writeTextFile(`${place.source}.new`, rival.asSource(text));
    Deno.renameSync(`${place.source}.new`, place.source);
  };
  await firstOutput(() => replace(file.edited("one-layer", 0)), place.output);
  const random = randomFrom(plan.seed);
  return await samplesOf(plan, async (number) => {
    // If a rival polls, an edit right after its last answer would always wait for a whole interval; another misses it.
    await new Promise((resolve) => setTimeout(resolve, random.below(1 + rival.pauseMilliseconds)));
    const text = rival.asSource(file.edited("one-layer", number));
    await Deno.writeTextFile(`${place.source}.new`, text);
    const old = versionOf(place.output);
    const begun = performance.now();
    Deno.renameSync(`${place.source}.new`, place.source);
    await changed(() => versionOf(place.output) !== old, begun);
    const took = performance.now() - begun;
    await changed(() => Deno.readTextFileSync(place.output).includes(`Edit ${number} `), begun);
    return took;
  });
}

async function samplesOf(plan: Plan, edit: (number: number) => Promise<number>): Promise<number[]> {
  const samples: number[] = [];
  for (let number = 1; number <= plan.warmUps + plan.rivalSamples; number++) {
    const took = await edit(number);
    if (number > plan.warmUps) samples.push(took);
  }
  return samples;
}

/** A file may be written in place, too. */
function versionOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? `${found.ino} ${found.size} ${found.mtimeMs}` : "";
}

/** No rival says when it has begun to watch, so the source is replaced until it reacts. */
async function firstOutput(replace: () => Promise<void>, output: string): Promise<void> {
  const begun = performance.now();
  while (inodeOf(output) === null) {
    await replace();
    const nudged = performance.now();
    while (inodeOf(output) === null && performance.now() - nudged < NUDGE_MILLISECONDS) await pause();
    if (performance.now() - begun > LIMIT_MILLISECONDS) throw new Error("it rendered nothing");
  }
  // An earlier reaction that is still on its way must not count as the answer to the first edit.
  await new Promise((resolve) => setTimeout(resolve, NUDGE_MILLISECONDS));
}

async function changed(isChanged: () => boolean, begun: number): Promise<void> {
  while (!isChanged()) {
    if (performance.now() - begun > LIMIT_MILLISECONDS) throw new Error("it did not see an edit");
    await pause();
  }
}
