// How long the daemon's event loop is held while it reloads, as a client sees it: the longest answer of the admin
// interface in each reload, with a question every 5 ms. Watchdog and Redis wait behind the same loop.
import { temporaryDirectory } from "../tests/support/temporary.ts";
import { type DaemonProcess, startDaemonProcess } from "./daemon_process.ts";
import { figureOf, type Limit } from "./figures.ts";
import { type LayerFile, layerFile, type Variety } from "./layers.ts";
import type { Plan } from "./plan.ts";
import type { Report } from "./report.ts";
import type { ProbeCommand, ProbeReply } from "./stall_probe.ts";

const SCENARIO = "stalls";
const LAYERS = 10_000;

/** The event loop is never held for longer. */
const LIMIT: Limit = { of: "p99", most: 50 };

/** The time of an answer without a reload is measured over so long, as many times as there are edits. */
const REST_MILLISECONDS = 200;

const KINDS = ["at rest", "cold load", "one-layer edit", "new-shape edit", "variable edit"] as const;
type Longest = Record<typeof KINDS[number], number[]>;

/** Measures both varieties; an edit of a variable needs layers that use one, which only the mixed ones do. */
export async function benchStalls(plan: Plan, report: Report): Promise<void> {
  for (const variety of ["uniform", "mixed"] as const) {
    const name = `${variety} ${LAYERS}`;
    if (variety === "mixed" && plan.isQuick) {
      report.skip({ scenario: SCENARIO, what: name, why: "--quick leaves it out" });
      continue;
    }
    await report.attempt(SCENARIO, name, () => benchFile(name, variety, plan, report));
  }
}

async function benchFile(name: string, variety: Variety, plan: Plan, report: Report): Promise<void> {
  const file = layerFile(variety, LAYERS, plan.seed);
  const runs: Longest[] = [];
  while (runs.length < plan.processes) runs.push(await runProcess(file, plan));
  for (const kind of KINDS) {
    const processes = runs.map((run) => run[kind]);
    if (processes.some((samples) => samples.length === 0)) continue;
    const what = `${name}: ${kind}, longest answer`;
    report.add(figureOf({ scenario: SCENARIO, what, processes, limit: kind === "at rest" ? undefined : LIMIT }));
  }
}

async function runProcess(file: LayerFile, { warmUps, stallSamples }: Plan): Promise<Longest> {
  await using directory = await temporaryDirectory();
  const socket = directory.file("admin.sock");
  await using probe = openProbe(socket);
  await using daemon = await startDaemonProcess({ text: file.text, settings: [`Admin:Socket=${socket}`] });
  const found: Longest = {
    "at rest": [],
    "cold load": [await probe.longest()],
    "one-layer edit": [],
    "new-shape edit": [],
    "variable edit": [],
  };
  const reloads: readonly [keyof Longest, (number: number) => Promise<unknown>][] = [
    ["one-layer edit", (number) => daemon.edit(file.edited("one-layer", number), `Edit ${number} `)],
    ["new-shape edit", (number) => daemon.edit(file.edited("new-shape", number), "added_0")],
    ["variable edit", (number) => editVariable(daemon, file, number)],
    ["at rest", () => new Promise((resolve) => setTimeout(resolve, REST_MILLISECONDS))],
  ];
  for (const [kind, reload] of reloads) {
    if (kind === "variable edit" && !file.text.includes(VARIABLE)) continue;
    for (let number = 1; number <= warmUps + stallSamples; number++) {
      await probe.longest();
      await reload(number);
      const longest = await probe.longest();
      if (number > warmUps) found[kind].push(longest);
    }
  }
  return found;
}

/** The only one of the mixed configurations; one layer of fifty uses it. */
const VARIABLE = 'variable "schema" = "public"';

async function editVariable(daemon: DaemonProcess, { text }: LayerFile, number: number): Promise<void> {
  await daemon.edit(text.replace(VARIABLE, `variable "schema" = "public_${number}"`), `public_${number}.`);
}

interface Probe extends AsyncDisposable {
  /** The longest answer since this was called last, in milliseconds. */
  longest(): Promise<number>;
}

/** Asks at a socket as soon as it is there. */
function openProbe(socket: string): Probe {
  const worker = new Worker(new URL("./stall_probe.ts", import.meta.url), { type: "module" });
  const say = (command: ProbeCommand) => worker.postMessage(command);
  let waiting = Promise.withResolvers<readonly number[]>();
  let failure: string | null = null;
  worker.onmessage = ({ data }: MessageEvent<ProbeReply>) => {
    if (data.kind === "failed") failure = data.reason;
    else waiting.resolve(data.milliseconds);
  };
  say({ kind: "ask", socket });
  return {
    async longest() {
      for (;;) {
        waiting = Promise.withResolvers();
        say({ kind: "take" });
        const milliseconds = await waiting.promise;
        if (failure !== null) throw new Error(`the admin interface: ${failure}`);
        if (milliseconds.length > 0) return Math.max(...milliseconds);
        // The answer that is waited for is the longest one.
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(worker.terminate()),
  };
}
