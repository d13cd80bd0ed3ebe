// How much is measured: the flags, and the counts that follow from them. Everything random comes from the seed.
import { parseArgs } from "node:util";

/** The counts of one run of the bench. */
export interface Plan {
  /** Of the generated configurations. */
  readonly seed: number;
  /** Whether it shall be done in a few minutes rather than well. */
  readonly isQuick: boolean;
  /** The scenarios to run, by name; null: all. */
  readonly only: readonly string[] | null;
  /** How many layers the configurations have. */
  readonly layerCounts: readonly number[];
  /** How many processes each figure comes from. */
  readonly processes: number;
  /** Edits before the samples, which are not counted. */
  readonly warmUps: number;
  /** How many samples of each kind a process gives, for a configuration of this many layers. */
  samplesOf(layers: number): number;
  /** How many samples of each kind a process gives if the longest answer is looked for. */
  readonly stallSamples: number;
  /** How many edits each rival sees in a process. */
  readonly rivalSamples: number;
  /** How many instances agree with one another. */
  readonly instanceCounts: readonly number[];
  /** How often a fleet of this many instances is started. */
  fleetsOf(instances: number): number;
  /** How many ways back of each kind are timed. */
  readonly wayBackSamples: number;
  /** How many changes of each kind go through a fleet in steps. */
  readonly rollouts: number;
  /** How long an idle fleet's store is watched; records are written every 30 s, and the peers read every 90 s. */
  readonly storeSeconds: number;
  /** How long an idle daemon is watched. */
  readonly idleSeconds: number;
  /** How long a daemon's memory is watched with readers of the page, without them, and after them. */
  readonly readerSeconds: number;
  /** How often the page of 1,000 hosts is asked for. */
  readonly pageSamples: number;
  /** How many reloads the growth is measured over. */
  readonly reloads: number;
  /** How many processes the growth is measured in. */
  readonly growths: number;
}

/** The text of `--help`. */
export const USAGE = `deno task bench [--quick] [--only NAME[,NAME]] [--seed NUMBER] [--reloads NUMBER]
  --quick     fewer processes, samples and instances: a few minutes in place of 40, and less to tell
  --only      program, stages, reloads, stalls, fleet, releases, rollouts, idle, page, growth, isolation, rivals
  --seed      of the generated configurations; 1 unless given
  --reloads   of the scenario growth; 10000 unless given, 300 with --quick`;

/** The plan that the flags ask for; a flag that is wrong is an error of node:util or a RangeError. */
export function planOf(args: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      seed: { type: "string", default: "1" },
      reloads: { type: "string" },
    },
  });
  const isQuick = values.quick;
  return {
    seed: wholeNumber("--seed", values.seed),
    isQuick,
    only: values.only?.split(",") ?? null,
    layerCounts: [10, 100, 1_000, 10_000],
    processes: isQuick ? 1 : 3,
    warmUps: isQuick ? 2 : 5,
    samplesOf: (layers) => isQuick ? (layers >= 10_000 ? 3 : 10) : (layers >= 10_000 ? 30 : 100),
    stallSamples: isQuick ? 3 : 30,
    rivalSamples: isQuick ? 5 : 20,
    instanceCounts: isQuick ? [2, 10] : [2, 10, 50],
    // Each is a fleet of processes by itself, and takes its minutes.
    fleetsOf: (instances) => isQuick ? 1 : instances >= 50 ? 2 : 3,
    wayBackSamples: isQuick ? 2 : 20,
    rollouts: isQuick ? 1 : 3,
    storeSeconds: isQuick ? 10 : 90,
    idleSeconds: isQuick ? 10 : 60,
    readerSeconds: isQuick ? 30 : 180,
    pageSamples: isQuick ? 5 : 30,
    reloads: wholeNumber("--reloads", values.reloads ?? (isQuick ? "300" : "10000")),
    growths: isQuick ? 1 : 2,
  };
}

function wholeNumber(flag: string, text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw new RangeError(`${flag} takes a whole number`);
  return Number(text);
}
