// `deno task mutate [FILE…]`: puts small faults into the program, one at a time, and runs the nearest tests to see
// whether they notice. Two at a time, each in a copy of the checkout.
//   FILE           a file or folder of src/ (default: all of src/)
//   --seed N       which mutants are taken, in which order; printed, so that a run can be repeated (default: the date)
//   --sample N     how many (default: all of the files given, 100 if there are none)
//   --minutes N    when to end; mutants not judged by then are not in the share
//   --at-least N   exit status 1 if fewer per cent of them are noticed
import { Command } from "commander";
import { join } from "node:path";
import { readTree, type Tree } from "../../scripts/tidy/tree.ts";
import { type CheckoutCopy, copyCheckout, removeCopies, runInCopy } from "./checkout_copy.ts";
import { equivalentsIn, readEquivalents } from "./equivalents.ts";
import { judgeBy, type Judgement } from "./judge.ts";
import type { Mutant } from "./mutant.ts";
import { mutantsOf } from "./mutants.ts";
import { nearestTests } from "./nearest_tests.ts";
import { sampleOf } from "./sample.ts";
import { roomTable, survivorList, troubleWithShare } from "./summary.ts";

const AT_A_TIME = 2;
const DEFAULT_SAMPLE = 100;

interface Given {
  readonly seed: number;
  readonly sample?: number;
  readonly minutes?: number;
  readonly atLeast?: number;
}

const count = (text: string): number => {
  const number = Number(text.replaceAll("_", ""));
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`not a count: ${text}`);
  return number;
};

async function main(root: string): Promise<number> {
  const command = new Command("mutate")
    .argument("[file...]", "files and folders of src/")
    .option(
      "--seed <number>",
      "which mutants are taken",
      count,
      count(new Date().toISOString().slice(0, 10).replaceAll("-", "")),
    )
    .option("--sample <count>", "how many", count)
    .option("--minutes <count>", "when to end", count)
    .option("--at-least <percent>", "exit status 1 under this share", count)
    .parse([...Deno.args], { from: "user" });
  const given = command.opts<Given>();
  const places = command.args.map((place) => place.replace(/\/+$/, ""));
  const tree = await readTree(root);
  const sources = sourcesIn(tree, places);
  if (sources.length === 0) {
    console.error(`mutate: no file of src/ is at ${places.join(" or ")}`);
    return 2;
  }
  const entries = readEquivalents(await Deno.readTextFile(new URL("equivalents.json", import.meta.url)));
  const equivalents = equivalentsIn(entries, new Map(tree.code.map(({ path, text }) => [path, text])));
  const mutants = sources.flatMap(({ path, text }) => mutantsOf(path, text));
  const size = given.sample ?? (places.length > 0 ? mutants.length : DEFAULT_SAMPLE);
  const taken = sampleOf(mutants, size, given.seed);
  console.log(`--seed ${given.seed}: ${taken.length} of ${mutants.length} mutants of ${sources.length} files`);
  for (const { file, old } of equivalents.stale) {
    console.error(`mutate: equivalents.json has an entry for a text that is no longer in ${file}: ${old}`);
  }
  const judgements = await judgeAll(root, tree, taken, given.minutes, equivalents.has);
  console.log(`\n${survivorList(judgements)}\n${roomTable(judgements)}`);
  const trouble = given.atLeast === undefined ? null : troubleWithShare(judgements, given.atLeast);
  if (trouble !== null) console.error(`mutate: ${trouble}`);
  return trouble === null ? 0 : 1;
}

function sourcesIn(tree: Tree, places: readonly string[]): Tree["code"] {
  const isAsked = (path: string) => places.some((place) => path === place || path.startsWith(`${place}/`));
  return tree.code.filter(({ path }) => path.startsWith("src/") && (places.length === 0 || isAsked(path)));
}

async function judgeAll(
  root: string,
  tree: Tree,
  mutants: readonly Mutant[],
  minutes: number | undefined,
  isKnown: (mutant: Mutant) => boolean,
): Promise<Judgement[]> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "mutate-" }));
  // As /tmp is: tests ask whether other users reach their files.
  await Deno.chmod(directory, 0o755);
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  const timer = minutes === undefined ? undefined : setTimeout(stop, minutes * 60_000);
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, stop);
  const judgements: Judgement[] = [];
  const judge = judgeBy({
    nearest: nearestTests(tree),
    run: runInCopy,
    stop: stopping.signal,
    onBroken: (test, output) => console.error(`mutate: ${test} fails without a mutant, and is not run:\n${output}`),
  });
  const waiting = mutants.entries();
  const work = async (copy: CheckoutCopy) => {
    for (const [, mutant] of waiting) {
      const judgement: Judgement = isKnown(mutant)
        ? { mutant, verdict: "equivalent", by: null }
        : stopping.signal.aborted
        ? { mutant, verdict: "not tried", by: null }
        : await judge(mutant, copy);
      judgements.push(judgement);
      console.log(lineOf(judgement, judgements.length, mutants.length));
    }
  };
  try {
    const copies = Array.from({ length: AT_A_TIME }, (_, at) => copyCheckout(root, join(directory, `${at + 1}`)));
    await Promise.all((await Promise.all(copies)).map(work));
  } finally {
    clearTimeout(timer);
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.removeSignalListener(signal, stop);
    await removeCopies(directory);
  }
  return judgements;
}

function lineOf({ mutant, verdict, by }: Judgement, done: number, all: number): string {
  const failed = by === null ? "" : ` by ${by}`;
  // A long run shows a survivor at once; the list at the end has all of them in the order of their places.
  const change = verdict === "survived" ? `\n- ${mutant.old}\n+ ${mutant.new}` : "";
  return `${done}/${all} ${verdict}${failed}: ${mutant.file}:${mutant.line} ${mutant.kind}${change}`;
}

if (import.meta.main) Deno.exitCode = await main(Deno.cwd());
