// The cost of an idle daemon: with file events, poll, Redis and the admin interface on, once the parser has ended.
// Processor time is the scheduler's own count (/proc/PID/task/*/schedstat), in nanoseconds.
import { eventually } from "../tests/support/eventually.ts";
import { childrenOf } from "../tests/support/process_tree.ts";
import { startRedis } from "../tests/support/redis_server.ts";
import { temporaryDirectory } from "../tests/support/temporary.ts";
import { startDaemonProcess } from "./daemon_process.ts";
import { figureOf, type Limit } from "./figures.ts";
import { layerFile } from "./layers.ts";
import type { Plan } from "./plan.ts";
import type { Report } from "./report.ts";

const SCENARIO = "idle";
const LAYERS = 100;

interface IdleRun {
  /** Of one processor, in per cent. */
  readonly cpu: number;
  /** In MiB. */
  readonly resident: number;
  /** The share of memory that several processes share, in MiB. */
  readonly proportional: number;
}

/** Measures the daemons one after another, so that none is counted for another's sake. */
export async function benchIdle(plan: Plan, report: Report): Promise<void> {
  const runs: IdleRun[] = [];
  while (runs.length < plan.processes) runs.push(await runIdle(plan.idleSeconds));
  const add = (what: string, unit: string, of: (run: IdleRun) => number, limit?: Limit) => {
    const full = `${LAYERS} layers, ${plan.idleSeconds} s: ${what}`;
    report.add(figureOf({ scenario: SCENARIO, what: full, unit, processes: runs.map((run) => [of(run)]), limit }));
  };
  add("processor", "%", ({ cpu }) => cpu, { of: "p50", most: 0.05 });
  add("resident", "MiB", ({ resident }) => resident, { of: "p50", most: 75 });
  add("proportional share (PSS)", "MiB", ({ proportional }) => proportional);
}

async function runIdle(seconds: number): Promise<IdleRun> {
  await using redis = await startRedis();
  await using directory = await temporaryDirectory();
  const settings = [
    "HighAvailability:Enabled=true",
    `HighAvailability:RedisConnectionString=${redis.host}:${redis.port}`,
    `Admin:Socket=${directory.file("admin.sock")}`,
  ];
  await using daemon = await startDaemonProcess({ text: layerFile("uniform", LAYERS, 1).text, settings });
  await eventually("the end of the idle parser", async () => (await childrenOf(daemon.pid)).length === 0, 20_000);
  const [before, start] = [await processorNanoseconds(daemon.pid), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const [after, end] = [await processorNanoseconds(daemon.pid), performance.now()];
  const rollup = await Deno.readTextFile(`/proc/${daemon.pid}/smaps_rollup`);
  const mebibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(rollup)![1]) / 1024;
  const cpu = (after - before) / 1e6 / (end - start) * 100;
  return { cpu, resident: mebibytes("Rss"), proportional: mebibytes("Pss") };
}

/** Of all its threads; one that ended meanwhile takes its time with it. */
async function processorNanoseconds(pid: number): Promise<number> {
  let sum = 0;
  for await (const thread of Deno.readDir(`/proc/${pid}/task`)) {
    const text = await Deno.readTextFile(`/proc/${pid}/task/${thread.name}/schedstat`).catch(() => "0");
    sum += Number(text.split(" ")[0]);
  }
  return sum;
}
