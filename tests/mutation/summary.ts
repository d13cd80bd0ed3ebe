// The share of the mutants that the tests notice, room by room, and the survivors.
import type { Judgement, Verdict } from "./judge.ts";

const COLUMNS: readonly Verdict[] = ["noticed", "hung", "survived", "refused", "equivalent", "not tried"];

/** Of fewer mutants a share says nothing. */
const LEAST_JUDGED = 10;

/** How many mutants tests could notice, and how many they did. */
function noticedOf(judgements: readonly Judgement[]): { noticed: number; all: number } {
  const count = counter(judgements);
  const noticed = count("noticed") + count("hung");
  return { noticed, all: noticed + count("survived") };
}

function percentOf({ noticed, all }: { noticed: number; all: number }): string {
  return `${Math.floor(100 * noticed / all)} %`;
}

/** The complaint about the share that tests notice, in one line; null if it is enough, or of too few mutants. */
export function troubleWithShare(judgements: readonly Judgement[], leastPercent: number): string | null {
  const share = noticedOf(judgements);
  if (share.all < LEAST_JUDGED || 100 * share.noticed >= leastPercent * share.all) return null;
  return `${percentOf(share)} of the mutants are noticed, ${leastPercent} % are needed`;
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
  const share = noticedOf(judgements);
  const cells = COLUMNS.map((verdict) => `${count(verdict)}`);
  return [room, `${judgements.length}`, ...cells, share.all === 0 ? "" : percentOf(share)];
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
