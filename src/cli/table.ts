// Tables for a terminal: columns align for characters of any width, and no cell can send control sequences.
import { glyphOf, terminalText } from "../diagnostic/terminal_text.ts";

const GAP = "  ";

/** Rows under their headings, each line ending in a newline and none in spaces. */
export function renderTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows].map((row) => row.map((cell) => terminalText(cell)));
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => columnsOf(line[column] ?? ""))));
  const padded = (cell: string, column: number) => cell + " ".repeat((widths[column] ?? 0) - columnsOf(cell));
  return lines.map((line) => `${line.map(padded).join(GAP).trimEnd()}\n`).join("");
}

/** The columns of a terminal that a text takes, approximately. */
function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += glyphOf(character).columns;
  return columns;
}

/** The parameters of ECMA-48's SGR; null: the terminal's own style. */
const STYLES = { strong: "1", trouble: "1;31", added: "32", removed: "31", changed: "33", plain: null } as const;

/** Text in a style if colours are wanted. */
export function painted(text: string, style: keyof typeof STYLES, colour: boolean): string {
  const parameters = STYLES[style];
  return colour && parameters !== null ? `\x1b[${parameters}m${text}\x1b[0m` : text;
}

/** The first digits of a hash, enough to tell one from another by eye. */
export function shortHash(hash: string): string {
  return terminalText(hash.slice(0, 8));
}
