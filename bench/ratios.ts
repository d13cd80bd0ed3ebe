// The times of other programs as multiples of this daemon's, as a table in Markdown: a ratio outlives the machine that
// it was measured on, and the table can be pasted into a document.
import { type Figure, showSpread } from "./figures.ts";

/** The unit of figures that are ratios. */
export const RATIO_UNIT = "x";

/** The lines of the table; none if nothing was compared. */
export function ratioTable(figures: readonly Figure[]): string[] {
  const ratios = figures.filter(({ unit }) => unit === RATIO_UNIT);
  if (ratios.length === 0) return [];
  const rows = ratios.map(({ what, p50, p99 }) => [what, showSpread(p50), showSpread(p99)]);
  const all = [["compared", "p50", "p99"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |`;
  return [line(all[0]!), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}
