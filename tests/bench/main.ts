// `deno task bench`: what a load and an edit cost on this machine, and the compiled program: `HONUA_CONFIGD`, else what
// `deno task compile` made. Each figure is the median of its runs with the smallest and the largest beside it; the first
// run of each is a warm-up and is not counted, save where it is "cold".
import { sourceText } from "../../src/diagnostic/range.ts";
import { type BlockParser, openBlockParser } from "../../src/document/blocks.ts";
import { compileSource } from "../../src/snapshot/compile.ts";
import { benchBinary } from "./binary.ts";
import { startDaemonProcess } from "./daemon_process.ts";
import { spread } from "./figures.ts";
import { layers } from "./layers.ts";

const RUNS = 5;
const EDITS = 40;

async function compile(text: string, parser: BlockParser): Promise<number> {
  const start = performance.now();
  const source = sourceText("bench.hcl", text);
  const compiled = await compileSource({ source, format: "hcl", environment: () => undefined, validate: true, parser });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics));
  return performance.now() - start;
}

async function benchCompile(count: number): Promise<void> {
  const text = layers(count);
  const cold: number[] = [];
  const edited: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    await using parser = openBlockParser();
    cold.push(await compile(text, parser));
    await compile(text.replace("Layer 7", "Warm-up"), parser);
    for (let edit = 0; edit < 5; edit++) {
      edited.push(await compile(text.replace("Layer 7", `Edit ${run}.${edit}`), parser));
    }
  }
  console.log(`${count} layers, cold, the parser's start included: ${spread(cold)}`);
  console.log(`${count} layers, one edited:                        ${spread(edited)}`);
}

async function benchEndToEnd(count: number): Promise<void> {
  await using daemon = await startDaemonProcess(layers(count));
  const samples: number[] = [];
  for (let edit = 0; edit <= EDITS; edit++) {
    const took = await daemon.edit(layers(count).replace("Layer 7", `Edit ${edit}.`), `Edit ${edit}.`);
    if (edit > 0) samples.push(took);
  }
  console.log(
    `${count} layers, from rename() of the edited file to the snapshot visible, debounce 0: ${spread(samples)}`,
  );
  console.log(`${count} layers, resident after ${EDITS} edits: ${daemon.residentMebibytes()} MiB (the daemon alone)`);
}

for (const count of [10, 100, 1_000]) await benchCompile(count);
for (const count of [10, 100, 1_000]) await benchEndToEnd(count);
const binary = Deno.env.get("HONUA_CONFIGD") ?? new URL("../../dist/honua-configd", import.meta.url).pathname;
if (await Deno.stat(binary).catch(() => null)) await benchBinary(binary);
else console.log("the compiled program is not measured: `deno task compile` makes it");
