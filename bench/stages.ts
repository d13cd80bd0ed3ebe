// The cost of each stage of a reload, by calling the daemon's own functions one after the other in the bench's process,
// because the daemon does not report its stages. These figures show how the work divides, and `reloads` the cost from
// end to end.
import { type Loader, openLoader } from "../src/config/load.ts";
import { openBlockParser } from "../src/document/hcl/block_parser.ts";
import { type HclReader, openHclReader } from "../src/document/hcl/hcl_document.ts";
import { openParser, type Parser } from "../src/document/hcl/parser.ts";
import type { JsonObject } from "../src/snapshot/canonical.ts";
import { openSealer, type Sealer } from "../src/snapshot/snapshot.ts";
import { openStore, type SnapshotStore } from "../src/snapshot/store.ts";
import { watchFiles } from "../src/source/file_watcher.ts";
import { gatherInputs } from "../src/source/inputs.ts";
import { debounce } from "../src/source/debounce.ts";
import { temporaryDirectory } from "../tests/support/temporary.ts";
import { type Figure, figureOf } from "./figures.ts";
import { CONNECTION_VARIABLE, layerFile, type Variety } from "./layers.ts";
import type { Plan } from "./plan.ts";
import type { Report } from "./report.ts";

const SCENARIO = "stages";

/**
 * In their order. `event` is from rename() to the end of a quiet time of 0; `scan` is all of the document but waiting
 * for the parser's process; `meaning` is schema, expressions and rules; `hash` is the canonical form, both hashes, and
 * the file's bytes.
 */
const STAGES = ["event", "read", "scan", "parse", "meaning", "hash", "write"] as const;

type Stage = typeof STAGES[number];
type Times = Record<Stage, number>;

const QUIET_MILLISECONDS = 20;

/** Measures every size and variety: the first load, and edits of one layer. */
export async function benchStages(plan: Plan, report: Report): Promise<void> {
  for (const variety of ["uniform", "mixed"] as const) {
    if (variety === "mixed" && plan.isQuick) {
      report.skip({ scenario: SCENARIO, what: variety, why: "--quick leaves it out" });
      continue;
    }
    for (const layers of plan.layerCounts) {
      const name = `${variety} ${layers}`;
      await report.attempt(SCENARIO, name, () => benchFile(name, variety, layers, plan, report));
    }
  }
}

async function benchFile(name: string, variety: Variety, layers: number, plan: Plan, report: Report): Promise<void> {
  const file = layerFile(variety, layers, plan.seed);
  const cold: Times[][] = [];
  const edited: Times[][] = [];
  for (let run = 0; run < plan.processes; run++) {
    await using pipeline = await openPipeline();
    cold.push([await pipeline.load(file.text)]);
    const times: Times[] = [];
    for (let number = 1; number <= plan.warmUps + plan.samplesOf(layers); number++) {
      const one = await pipeline.load(file.edited("one-layer", number));
      if (number > plan.warmUps) times.push(one);
    }
    edited.push(times);
  }
  for (const [what, runs] of [["cold", cold], ["one-layer edit", edited]] as const) {
    // Nothing tells of a first load.
    const stages = STAGES.filter((stage) => stage !== "event" || what !== "cold");
    const figures = stages.map((stage) => {
      const processes = runs.map((times) => times.map((one) => one[stage]));
      return figureOf({ scenario: SCENARIO, what: `${name}: ${what}, ${stage}`, processes });
    });
    for (const figure of figures) report.add(figure);
    report.note(`${name}: ${what}: ${sharesOf(stages, figures)}`);
  }
}

function sharesOf(stages: readonly Stage[], figures: readonly Figure[]): string {
  const whole = figures.reduce((sum, { p50 }) => sum + p50.middle, 0);
  return stages.map((stage, index) => `${stage} ${Math.round(figures[index]!.p50.middle / whole * 100)} %`).join(", ");
}

interface Pipeline extends AsyncDisposable {
  load(text: string): Promise<Times>;
}

/** Its parser is a separate process, as the daemon's is, and is started before the clock. */
async function openPipeline(): Promise<Pipeline> {
  const directory = await temporaryDirectory();
  const path = directory.file("bench.hcl");
  const clock = timedParser(openParser());
  const parser = openBlockParser(clock.parser);
  await clock.parser.judge(["started = true"]);
  // Not in the directory of the source, or the watcher would have more to do than the daemon's has.
  await using results = new AsyncDisposableStack();
  const snapshots = results.use(await temporaryDirectory());
  const opened = await openStore({ path: snapshots.file("snapshot.json") });
  if (!opened.ok) throw new Error(opened.message);
  const stages = {
    reader: openHclReader(parser),
    loader: openLoader(),
    sealer: openSealer(),
    store: opened.store,
  };
  const told = results.use(await openEvents(path));
  const kept = results.move();
  return {
    async load(text) {
      const event = await told.rename(text);
      clock.reset();
      return { event, ...await timeStages(path, stages, clock) };
    },
    async [Symbol.asyncDispose]() {
      await kept.disposeAsync();
      await parser[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

interface Events extends AsyncDisposable {
  /** Renames a text over the source, and returns the milliseconds until a reload would have begun. */
  rename(text: string): Promise<number>;
}

/** The daemon's own watcher and settler, without quiet time. */
async function openEvents(path: string): Promise<Events> {
  let settled = Promise.withResolvers<void>();
  const settler = debounce({ quietMilliseconds: 0 }, () => settled.resolve());
  const watcher = await watchFiles([path], {
    events: true,
    pollMilliseconds: 0,
    onHint: () => settler.hint(),
    onTrouble: (message) => settled.reject(new Error(message)),
  });
  return {
    async rename(text) {
      await Deno.writeTextFile(`${path}.new`, text);
      // The second sign of the last edit, and the events of writing the new file, are over by then.
      await new Promise((resolve) => setTimeout(resolve, QUIET_MILLISECONDS));
      settled = Promise.withResolvers();
      const begun = performance.now();
      await Deno.rename(`${path}.new`, path);
      await settled.promise;
      return performance.now() - begun;
    },
    async [Symbol.asyncDispose]() {
      settler.close();
      await watcher[Symbol.asyncDispose]();
    },
  };
}

interface ParserClock {
  readonly parser: Parser;
  /** How long requests have been under way since the last reset, in milliseconds. */
  readonly spent: number;
  reset(): void;
}

function timedParser(parser: Parser): ParserClock {
  let spent = 0;
  return {
    get spent() {
      return spent;
    },
    reset: () => {
      spent = 0;
    },
    parser: {
      ...parser,
      async judge(texts, signal) {
        const start = performance.now();
        try {
          return await parser.judge(texts, signal);
        } finally {
          spent += performance.now() - start;
        }
      },
    },
  };
}

/** The parts with a memory, as in the daemon's compiler. */
interface Stages {
  readonly reader: HclReader;
  readonly loader: Loader;
  readonly sealer: Sealer;
  readonly store: SnapshotStore;
}

async function timeStages(
  path: string,
  { reader, loader, sealer, store }: Stages,
  clock: ParserClock,
): Promise<Omit<Times, "event">> {
  const start = performance.now();
  const inputs = (await gatherInputs(path, [])).decode();
  if (!inputs.ok) throw new Error(inputs.diagnostic.summary);
  const read = performance.now();
  const parsed = await reader.read(inputs.source);
  if (!parsed.ok) throw new Error(parsed.diagnostics[0]!.summary);
  const documented = performance.now();
  const environment = (name: string) => name === CONNECTION_VARIABLE ? "Host=database" : undefined;
  const loaded = await loader.load({ document: parsed.document, environment, validate: true });
  if (!loaded.ok) throw new Error(loaded.diagnostics[0]!.summary);
  const meant = performance.now();
  const snapshot = await sealer.seal(loaded.config as unknown as JsonObject, loaded.portable);
  const sealed = performance.now();
  const written = await store.write(snapshot);
  if (!written.ok) throw new Error(written.message);
  return {
    read: read - start,
    scan: documented - read - clock.spent,
    parse: clock.spent,
    meaning: meant - documented,
    hash: sealed - meant,
    write: performance.now() - sealed,
  };
}
