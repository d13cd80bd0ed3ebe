// Pages of Markdown, which the formatter does not touch: it pads the cells of a table to one width, so that a change of
// one row changes all of them. Code between fences may have any width.
import type { MarkdownFile, Tree } from "./tree.ts";
import type { Violation } from "./violation.ts";

const MAXIMUM_WIDTH = 120;

const MAXIMUM_LINES: ReadonlyMap<string, number> = new Map([["ARCHITECTURE.md", 250], ["README.md", 200]]);

/** Checks widths, tables and lengths of all pages. */
export function checkMarkdown(tree: Tree): Violation[] {
  return tree.markdown.flatMap((page) => [...longPage(page), ...badLines(page)]);
}

function longPage({ path, text }: MarkdownFile): Violation[] {
  const maximum = MAXIMUM_LINES.get(path);
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  if (maximum === undefined || lines <= maximum) return [];
  return [{ path, line: 1, message: `a page of ${lines} lines, more than ${maximum} is read by nobody` }];
}

function badLines({ path, text }: MarkdownFile): Violation[] {
  const violations: Violation[] = [];
  let fence: string | null = null;
  for (const [index, line] of text.split("\n").entries()) {
    const mark = /^\s*(?:> ?)?(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined && (fence === null || mark === fence)) {
      fence = fence === null ? mark : null;
    } else if (fence === null) {
      const message = /^\s*\|/.test(line) ? troubleWithRow(line) : troubleWithProse(line);
      if (message !== null) violations.push({ path, line: index + 1, message });
    }
  }
  return violations;
}

function troubleWithProse(line: string): string | null {
  if (/\s$/.test(line)) return "white space at the end of the line, which no reader sees";
  const width = widthOf(line);
  return width > MAXIMUM_WIDTH ? `a line of ${width} characters, more than ${MAXIMUM_WIDTH} are cut off` : null;
}

function troubleWithRow(line: string): string | null {
  const cells = line.trim().split(/(?<!\\)\|/).slice(1, -1);
  const widest = Math.max(...cells.map((cell) => widthOf(cell.trim())));
  if (widest > MAXIMUM_WIDTH) {
    return `a cell of ${widest} characters, more than ${MAXIMUM_WIDTH} are a paragraph or an item of a list`;
  }
  const plain = cells.every((cell) => cell === " " || cell === ` ${cell.trim()} `);
  const rule = cells.every((cell) => /^ :?-+:? $/.test(cell)) && cells.some((cell) => !/^ :?---:? $/.test(cell));
  if (plain && !rule && !/\s$/.test(line)) return null;
  return "a padded row of a table, whose cells have one space at each side, and rules three hyphens";
}

function widthOf(text: string): number {
  return [...text].length;
}
