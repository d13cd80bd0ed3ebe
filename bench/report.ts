// The results of the bench: a line of the table as soon as there is one, and all of them as JSON in the end. A figure
// that could not be measured is a line too, with the reason.
import { type Figure, isKept, showNumber, showSpread } from "./figures.ts";

/** A figure that is missing. */
export interface Skipped {
  /** The scenario that would have measured it. */
  readonly scenario: string;
  /** The quantity that would have been measured. */
  readonly what: string;
  /** The reason, and the advice. */
  readonly why: string;
}

/** Takes figures. */
export interface Report {
  /** All so far. */
  readonly figures: readonly Figure[];
  /** All so far. */
  readonly skipped: readonly Skipped[];
  /** Adds a figure, and prints it. */
  add(figure: Figure): void;
  /** Adds a conclusion from the figures. */
  note(line: string): void;
  /** Adds a figure that was not measured. */
  skip(skipped: Skipped): void;
  /** Measures; a failure is reported and stops nothing but this. */
  attempt(scenario: string, what: string, measure: () => Promise<void>): Promise<void>;
}

const WIDTHS = [9, 64, 4, 24, 24, 16] as const;

/** An empty report. */
export function openReport(): Report {
  const figures: Figure[] = [];
  const skipped: Skipped[] = [];
  console.log(row(["scenario", "what", "unit", "p50 (least to most)", "p99 (least to most)", "samples"]));
  const skip = (one: Skipped) => {
    skipped.push(one);
    console.log(`${row([one.scenario, one.what])} not measured: ${one.why}`);
  };
  return {
    figures,
    skipped,
    skip,
    note: (line) => console.log(`  ${line}`),
    add(figure) {
      figures.push(figure);
      console.log(lineOf(figure));
    },
    async attempt(scenario, what, measure) {
      try {
        await measure();
      } catch (error) {
        skip({ scenario, what, why: String(error instanceof Error ? error.message : error).split("\n")[0]! });
      }
    },
  };
}

function lineOf(figure: Figure): string {
  const { scenario, what, unit, p50, p99, processes, samples, limit } = figure;
  // The 99th percentile of a handful says nothing that the spread does not, and that of a lone process has none.
  const tail = samples / processes < 5 ? "" : processes === 1 ? showNumber(p99.middle) : showSpread(p99);
  const count = processes === 1 ? `${samples}` : `${samples} of ${processes} runs`;
  const verdict = limit === null
    ? ""
    : ` ${limit.of} <= ${showNumber(limit.most)}: ${isKept(figure) ? "reached" : "NOT REACHED"}`;
  return row([scenario, what, unit, showSpread(p50), tail, count]) + verdict;
}

function row(cells: readonly string[]): string {
  return cells.map((cell, index) => cell.padEnd(WIDTHS[index]!)).join(" ");
}
