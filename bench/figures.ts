// The figures of the bench: the middle sample with the smallest and the largest beside it, the number of samples and
// processes, and the verdict on a limit if there is one. No figure comes without its spread.

/** A middle sample, with the smallest and the largest. */
export interface Spread {
  /** The middle. */
  readonly middle: number;
  /** The smallest. */
  readonly least: number;
  /** The largest. */
  readonly most: number;
}

/** A measured figure, as the table and the file have it. */
export interface Figure {
  /** The scenario that measured it. */
  readonly scenario: string;
  /** The measured quantity. */
  readonly what: string;
  /** The unit of all its numbers, limits too. */
  readonly unit: string;
  /** The median of each process's median; its spread is over the processes, or over the samples of a lone process. */
  readonly p50: Spread;
  /** As `p50`, of the 99th percentiles. With fewer than 100 samples to a process those are the largest ones. */
  readonly p99: Spread;
  /** How many processes were measured. */
  readonly processes: number;
  /** How many samples all of them gave. */
  readonly samples: number;
  /** The limit, and which of the two must keep it; null: no limit is promised. */
  readonly limit: Limit | null;
}

/** A promise that a figure is held against. */
export interface Limit {
  /** Which of the two is promised. */
  readonly of: "p50" | "p99";
  /** In the figure's unit. */
  readonly most: number;
}

/** The arguments of {@linkcode figureOf} beside the samples. */
export interface Measured {
  /** As in {@linkcode Figure}. */
  readonly scenario: string;
  /** As in {@linkcode Figure}. */
  readonly what: string;
  /** As in {@linkcode Figure}; milliseconds unless given. */
  readonly unit?: string;
  /** The samples of each process; at least one of at least one. */
  readonly processes: readonly (readonly number[])[];
  /** As in {@linkcode Figure}. */
  readonly limit?: Limit | undefined;
}

/** The sample below or at which that share of all lies (nearest rank). `share` is from 0 to 1. */
export function percentile(samples: readonly number[], share: number): number {
  if (samples.length === 0) throw new RangeError("a percentile takes at least one sample");
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

/** The middle sample; the mean of the two in the middle if their number is even. */
export function median(samples: readonly number[]): number {
  if (samples.length === 0) throw new RangeError("a median takes at least one sample");
  const sorted = samples.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
}

/** The median of some values, and the least and the most of them. */
export function spreadOf(values: readonly number[]): Spread {
  return { middle: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/** Makes a figure of samples. */
export function figureOf({ scenario, what, unit = "ms", processes, limit }: Measured): Figure {
  const [only] = processes;
  const isAlone = processes.length === 1;
  const p50 = spreadOf(isAlone ? only! : processes.map(median));
  const p99s = processes.map((samples) => percentile(samples, 0.99));
  const samples = processes.reduce((sum, one) => sum + one.length, 0);
  return { scenario, what, unit, p50, p99: spreadOf(p99s), processes: processes.length, samples, limit: limit ?? null };
}

/** The ratio of one figure to another: of the middles, and at the most different ends of the spreads. */
export function ratioOf(one: Spread, other: Spread): Spread {
  return {
    middle: one.middle / other.middle,
    least: one.least / other.most,
    most: one.most / other.least,
  };
}

/** Whether the figure keeps its limit; null: it has none. */
export function isKept({ limit, p50, p99 }: Figure): boolean | null {
  return limit === null ? null : (limit.of === "p50" ? p50 : p99).middle <= limit.most;
}

/** The spread in one phrase. */
export function showSpread({ middle, least, most }: Spread): string {
  return `${showNumber(middle)} (${showNumber(least)} to ${showNumber(most)})`;
}

/** With as many digits as mean anything. */
export function showNumber(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 1 ? 1 : 3);
}
