// `deno task fuzz`: the fuzzers for as long as their flags say.
//   --seed N       the first seed; printed, so that a run can be repeated (default: random)
//   --edits N      edits parsed in two ways (default 100,000)
//   --steps N      texts of files being edited, read and compiled with a memory and without (default 100,000 each)
//   --loads N      sources through the load path (default 1,000,000)
import { parse } from "@cdktf/hcl2json";
import { Command } from "commander";
import type { ParseText } from "../../src/document/hcl/hcl.ts";
import { fuzzEquality } from "./equality.ts";
import { fuzzLoadPath } from "./load_path.ts";
import { fuzzRereading } from "./rereading.ts";

const count = (text: string): number => {
  const number = Number(text.replaceAll("_", ""));
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`not a count: ${text}`);
  return number;
};
const given = new Command("fuzz")
  .option("--seed <number>", "the seed", count, Math.floor(Math.random() * 2 ** 31))
  .option("--edits <count>", "edits parsed in two ways", count, 100_000)
  .option("--steps <count>", "texts of files being edited", count, 100_000)
  .option("--loads <count>", "sources through the load path", count, 1_000_000)
  .parse([...Deno.args], { from: "user" })
  .opts<{ seed: number; edits: number; steps: number; loads: number }>();

const { seed, edits, steps, loads } = given;
console.log(`--seed ${seed}`);
const reported = (what: string, all: number) => (done: number) => {
  if (done % 10_000 === 0) console.log(`${what}: ${done} of ${all}`);
};
const differences = await fuzzEquality(parse as ParseText, seed, edits, reported("edits", edits));
console.log(`${edits} edits parsed in two ways, ${differences.length} differences`);
const rereadings: string[] = [];
for (const compared of ["read", "compile"] as const) {
  const found = await fuzzRereading(compared, parse as ParseText, seed, steps, reported(`${compared} again`, steps));
  console.log(`${steps} texts to ${compared} again and afresh, ${found.length} differences`);
  rereadings.push(...found);
}
const { outcomes, slowestMilliseconds, growthBytes, faults } = await fuzzLoadPath(
  seed,
  loads,
  reported("loads", loads),
);
console.log(`${loads} loads:`, outcomes);
console.log(
  `slowest ${Math.round(slowestMilliseconds)} ms, at most ${Math.round(growthBytes / 1024 / 1024)} MiB more resident`,
);
for (const problem of [...differences, ...rereadings, ...faults]) console.error(problem);
Deno.exit(differences.length + rereadings.length + faults.length === 0 ? 0 : 1);
