// `deno task simulate`: clusters from seeds, until one breaks a claim.
//   --seeds N      how many (default 10,000)
//   --from S       the first seed (default 1)
//   --trace        print what happens
//   --all          go on after a failure, and count them
import { Command } from "commander";
import { countsText, sumOfCounts } from "./rollout_counts.ts";
import { type Run, simulate } from "./simulation.ts";

const count = (text: string): number => {
  const number = Number(text.replaceAll("_", ""));
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`not a count: ${text}`);
  return number;
};
const { seeds, from, trace, all } = new Command("simulate")
  .option("--seeds <count>", "how many", count, 10_000)
  .option("--from <seed>", "the first seed", count, 1)
  .option("--trace", "print the events", false)
  .option("--all", "go on after a failure", false)
  .parse([...Deno.args], { from: "user" })
  .opts<{ seeds: number; from: number; trace: boolean; all: boolean }>();

const runs: Run[] = [];
let failures = 0;
for (let seed = from; seed < from + seeds; seed++) {
  try {
    runs.push(simulate(seed, trace ? console.log : undefined));
  } catch (error) {
    failures++;
    const { message, cause } = error as Error;
    console.error(`${message}\n${(cause as Error)?.stack ?? cause}`);
    if (!all) break;
  }
  if ((seed - from + 1) % 1_000 === 0) console.log(`${seed - from + 1} of ${seeds}`);
}
const sum = (of: (run: Run) => number) => runs.reduce((total, run) => total + of(run), 0);
console.log(
  `${runs.length} clusters of ${sum(({ hosts }) => hosts)} instances: ${
    sum(({ activations }) => activations)
  } activations, ` +
    `${sum(({ announcements }) => announcements)} announcements (${
      sum(({ restored }) => restored)
    } of them restored a head), ` +
    `${sum(({ losses }) => losses)} losses, ${sum(({ lies }) => lies)} lies; ${failures} failed`,
);
console.log(
  `${sum(({ orders }) => orders)} rollbacks by persons, ${sum(({ undone }) => undone)} of them announced, ` +
    `${sum(({ automatic }) => automatic)} by health checks; ` +
    `${sum(({ substituted }) => substituted)} releases ran in place of a source`,
);
console.log(`rollouts: ${countsText(sumOfCounts(runs.map(({ rollouts }) => rollouts)))}`);
const slowest = Math.max(0, ...runs.map((run) => run.healedAfterMilliseconds / run.limitMilliseconds));
console.log(`the slowest agreed after ${Math.round(100 * slowest)} % of its limit`);
Deno.exit(failures === 0 ? 0 : 1);
