// What the compiled program costs: its size, how soon it answers, how soon systemd is told that it is ready, and what it
// keeps resident when it waits. Each is held against the limit that it is built to.
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { startRedis } from "../support/redis_server.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { judged } from "./figures.ts";
import { layers } from "./layers.ts";

const RUNS = 11;
const IDLE_RUNS = 3;

/** A daemon that is not ready by then never will be. */
const READY_LIMIT_MILLISECONDS = 20_000;

/** An idle daemon is measured so long after its start: the parser is gone then, and V8 has given back what it can. */
const IDLE_MILLISECONDS = 60_000;

/** Measures the program at `binary` and prints what it found. */
export async function benchBinary(binary: string): Promise<void> {
  const { size } = await Deno.stat(binary);
  console.log(judged({ what: `${binary}, size`, samples: [size / 1e6], unit: "MB", limit: 104 }));
  await using directory = await temporaryDirectory();
  const small = join(directory.path, "small.hcl");
  await Deno.writeTextFile(small, layers(7));
  const version = await timed(binary, ["version"]);
  console.log(judged({ what: "version", samples: version, unit: "ms", limit: 60 }));
  const validate = await timed(binary, ["validate", small]);
  console.log(judged({ what: "validate, 10 blocks", samples: validate, unit: "ms", limit: 400 }));
  const ready = await several(RUNS, () => readyMilliseconds(binary));
  console.log(judged({ what: "run to READY, 100 layers", samples: ready, unit: "ms", limit: 600 }));
  const idle = await Promise.all(Array.from({ length: IDLE_RUNS }, () => idleMemory(binary)));
  const [resident, proportional] = [idle.map(({ rss }) => rss), idle.map(({ pss }) => pss)];
  const what = `idle for ${IDLE_MILLISECONDS / 1_000} s with Redis and admin, 100 layers`;
  console.log(judged({ what: `${what}, resident`, samples: resident, unit: "MiB", limit: 80 }));
  console.log(
    `${what}, its share of what ${IDLE_RUNS} share (PSS): ${Math.max(...proportional).toFixed(1)} MiB at most`,
  );
}

async function several(runs: number, measure: () => Promise<number>): Promise<number[]> {
  await measure();
  const samples: number[] = [];
  while (samples.length < runs) samples.push(await measure());
  return samples;
}

/** From start to end, in milliseconds. */
async function timed(binary: string, args: readonly string[]): Promise<number[]> {
  return await several(RUNS, async () => {
    const start = performance.now();
    const { success, stderr } = await new Deno.Command(binary, { args: [...args], stdout: "null", stderr: "piped" })
      .output();
    if (!success) throw new Error(`${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
    return performance.now() - start;
  });
}

interface Run extends AsyncDisposable {
  readonly process: Deno.ChildProcess;
  readonly directory: string;
}

async function startRun(binary: string, settings: readonly string[], env: Record<string, string>): Promise<Run> {
  const directory = await temporaryDirectory();
  const source = join(directory.path, "bench.hcl");
  await Deno.writeTextFile(source, layers(100));
  const set = [`Admin:Socket=${join(directory.path, "admin.sock")}`, ...settings].flatMap((one) => ["--set", one]);
  const args = ["run", "--config", source, "--snapshot", join(directory.path, "snapshot.json"), ...set];
  const process = new Deno.Command(binary, { args, env, stdout: "null", stderr: "null" }).spawn();
  return {
    process,
    directory: directory.path,
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      await process.status;
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** From start to the READY=1 that systemd gets. */
async function readyMilliseconds(binary: string): Promise<number> {
  await using sockets = await temporaryDirectory();
  const path = join(sockets.path, "notify.sock");
  const manager = Deno.listenDatagram({ transport: "unixpacket", path });
  let isOpen = true;
  const close = () => {
    if (isOpen) manager.close();
    isOpen = false;
  };
  const overdue = setTimeout(close, READY_LIMIT_MILLISECONDS);
  try {
    const start = performance.now();
    await using _run = await startRun(binary, [], { NOTIFY_SOCKET: path });
    for (;;) {
      const [message] = await manager.receive();
      if (/^READY=1$/m.test(new TextDecoder().decode(message))) return performance.now() - start;
    }
  } catch (error) {
    throw new Error(`no READY=1 within ${READY_LIMIT_MILLISECONDS} ms`, { cause: error });
  } finally {
    clearTimeout(overdue);
    close();
  }
}

/** What an idle daemon has resident, and its share of what several of them share, in MiB. */
async function idleMemory(binary: string): Promise<{ rss: number; pss: number }> {
  await using redis = await startRedis();
  const cluster = [
    "HighAvailability:Enabled=true",
    `HighAvailability:RedisConnectionString=${redis.host}:${redis.port}`,
  ];
  await using run = await startRun(binary, cluster, {});
  await eventually("the snapshot", () => Deno.stat(join(run.directory, "snapshot.json")), 60_000);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MILLISECONDS));
  const rollup = await Deno.readTextFile(`/proc/${run.process.pid}/smaps_rollup`);
  const mebibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(rollup)![1]) / 1024;
  return { rss: mebibytes("Rss"), pss: mebibytes("Pss") };
}
