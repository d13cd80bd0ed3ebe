// The share of the mutants that the tests notice, room by room, and the survivors.
import type { Judgement, Verdict } from "./judge.ts";

const COLUMNS: readonly Verdict[] = ["noticed", "hung", "survived", "refused", "equivalent", "not tried"];

/** The share that tests notice, in per cent, of the mutants that they could notice; null where there is none. */
export function percentNoticed(judgements: readonly Judgement[]): number | null {
  const count = counter(judgements);
  const noticed = count("noticed") + count("hung");
  const all = noticed + count("survived");
  return all === 0 ? null : 100 * noticed / all;
}

/** How many mutants the share is of. */
export function countJudged(judgements: readonly Judgement[]): number {
  const count = counter(judgements);
  return count("noticed") + count("hung") + count("survived");
}

/** A Markdown table with a row for each room and one for all. */
export function roomTable(judgements: readonly Judgement[]): string {
  const rooms = Map.groupBy(judgements, ({ mutant }) => mutant.file.split("/")[1]!);
  const rows = [...rooms].sort(([one], [other]) => one < other ? -1 : 1);
  const cells = [["room", "mutants", ...COLUMNS, "share"], ...[...rows, ["all", judgements] as const].map(rowOf)];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) =>
    `| ${row.map((cell, at) => at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)).join(" | ")} |`
  );
  const rule = `| ${
    widths.map((width, at) => at === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`).join(" | ")
  } |`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

function rowOf([room, judgements]: readonly [string, readonly Judgement[]]): string[] {
  const count = counter(judgements);
  const percent = percentNoticed(judgements);
  const share = percent === null ? "" : `${Math.floor(percent)} %`;
  return [room, `${judgements.length}`, ...COLUMNS.map((verdict) => `${count(verdict)}`), share];
}

function counter(judgements: readonly Judgement[]): (verdict: Verdict) => number {
  return (verdict) => judgements.filter((one) => one.verdict === verdict).length;
}

/** The survivors in the order of their places: file, line and kind, the lines before and after. */
export function survivorList(judgements: readonly Judgement[]): string {
  const survivors = judgements.filter(({ verdict }) => verdict === "survived").map(({ mutant }) => mutant);
  const key = (file: string, line: number) => `${file}:${`${line}`.padStart(6, "0")}`;
  survivors.sort((one, other) => key(one.file, one.line) < key(other.file, other.line) ? -1 : 1);
  return survivors.map((one) => `${one.file}:${one.line} ${one.kind}\n- ${one.old}\n+ ${one.new}\n`).join("");
}
