// The cost of the compiled program before it has work: its size, the time until it answers, and the time until READY.
// Each is compared with its limit.
import { join } from "node:path";
import { temporaryDirectory } from "../tests/support/temporary.ts";
import { figureOf } from "./figures.ts";
import { CONNECTION_VARIABLE, layerFile } from "./layers.ts";
import type { Plan } from "./plan.ts";
import type { Report } from "./report.ts";

const SCENARIO = "program";
const ENVIRONMENT = { [CONNECTION_VARIABLE]: "Host=database" };

/** A daemon that is not ready by then never will be. */
const READY_LIMIT_MILLISECONDS = 20_000;

/** Measures the program that `HONUA_CONFIGD` names. */
export async function benchBinary(plan: Plan, report: Report): Promise<void> {
  const binary = Deno.env.get("HONUA_CONFIGD");
  if (binary === undefined) {
    report.skip({ scenario: SCENARIO, what: "all", why: "there is no program; `deno task compile` makes it" });
    return;
  }
  const runs = plan.isQuick ? 3 : 25;
  const add = (what: string, samples: readonly number[], most: number, unit = "ms") =>
    report.add(figureOf({ scenario: SCENARIO, what, unit, processes: [samples], limit: { of: "p50", most } }));
  add("size", [(await Deno.stat(binary)).size / 1e6], 104, "MB");
  await using directory = await temporaryDirectory();
  const small = await directory.write("small.hcl", layerFile("uniform", 7, plan.seed).text);
  add("version", await timed(runs, binary, ["version"]), 60);
  add("validate, 10 blocks", await timed(runs, binary, ["validate", small]), 400);
  add("run to READY, 100 layers", await several(runs, () => readyMilliseconds(binary, plan.seed)), 600);
}

async function several(runs: number, measure: () => Promise<number>): Promise<number[]> {
  await measure();
  const samples: number[] = [];
  while (samples.length < runs) samples.push(await measure());
  return samples;
}

/** From start to end, in milliseconds. */
async function timed(runs: number, binary: string, args: readonly string[]): Promise<number[]> {
  return await several(runs, async () => {
    const start = performance.now();
    const { success, stderr } = await new Deno.Command(binary, {
      args: [...args],
      env: ENVIRONMENT,
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
    return performance.now() - start;
  });
}

interface Run extends AsyncDisposable {
  readonly process: Deno.ChildProcess;
}

async function startRun(binary: string, seed: number, env: Record<string, string>): Promise<Run> {
  const directory = await temporaryDirectory();
  const source = await directory.write("bench.hcl", layerFile("uniform", 100, seed).text);
  const set = ["--set", `Admin:Socket=${directory.file("admin.sock")}`];
  const args = ["run", "--config", source, "--snapshot", directory.file("snapshot.json"), ...set];
  const all = { ...ENVIRONMENT, ...env };
  const process = new Deno.Command(binary, { args, env: all, stdout: "null", stderr: "null" }).spawn();
  return {
    process,
    async [Symbol.asyncDispose]() {
      process.kill("SIGTERM");
      await process.status;
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** From start to the READY=1 that systemd gets. */
async function readyMilliseconds(binary: string, seed: number): Promise<number> {
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
    await using _run = await startRun(binary, seed, { NOTIFY_SOCKET: path });
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
