// How the bench says a figure: the median of its samples, the smallest and the largest beside it, and where there is a
// limit whether it was kept.

/** The median: half of the samples are smaller. */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(0.5 * sorted.length))]!;
}

/** The samples in one phrase. */
export function spread(samples: readonly number[], unit = "ms"): string {
  const show = (value: number) => `${value.toFixed(1)} ${unit}`;
  const [least, most] = [Math.min(...samples), Math.max(...samples)];
  return `${show(median(samples))} (${least.toFixed(1)} to ${most.toFixed(1)}, ${samples.length} runs)`;
}

/** A figure that has a limit, which its median must keep. */
export interface LimitedFigure {
  /** What was measured. */
  readonly what: string;
  /** At least one. */
  readonly samples: readonly number[];
  /** The unit of the samples and of the limit. */
  readonly unit: string;
  /** The most that the median may be. */
  readonly limit: number;
}

/** The figure in one line. */
export function judged({ what, samples, unit, limit }: LimitedFigure): string {
  const verdict = median(samples) <= limit ? "kept" : "EXCEEDED";
  return `${what}: ${spread(samples, unit)}; limit ${limit} ${unit}: ${verdict}`;
}
