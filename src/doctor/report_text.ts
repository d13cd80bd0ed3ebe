// The report of findings: in groups with advice and a last line that counts, or one line of JSON.
import { jsonLine } from "../diagnostic/terminal_text.ts";
import { type Finding, isWell, type Level, LEVELS } from "./finding.ts";

/** ECMA-48 SGR parameters. */
const STYLES: Readonly<Record<Level, string>> = { ok: "32", note: "36", warning: "1;33", error: "1;31" };

const LEVEL_WIDTH = "warning".length;

/** The findings by group, each group in the order of its first finding; every line ends in a newline. */
export function reportText(findings: readonly Finding[], colour: boolean): string {
  const groups = Map.groupBy(findings, ({ check }) => check.split("/")[0]!);
  const blocks = [...groups].map(([group, members]) => {
    const width = Math.max(...members.map(({ check }) => nameOf(check).length));
    const lines = members.flatMap((one) => linesOf(one, width, colour));
    return `${group}\n${lines.join("")}`;
  });
  return `${blocks.join("\n")}\n${countLine(findings)}\n`;
}

function nameOf(check: string): string {
  return check.slice(check.indexOf("/") + 1);
}

function linesOf({ check, level, what, todo }: Finding, width: number, colour: boolean): string[] {
  const padded = level.padEnd(LEVEL_WIDTH);
  const shown = colour ? `\x1b[${STYLES[level]}m${padded}\x1b[0m` : padded;
  const first = `  ${shown}  ${nameOf(check).padEnd(width)}  ${what}\n`;
  return todo === null ? [first] : [first, `${" ".repeat(LEVEL_WIDTH + width + 6)}→ ${todo}\n`];
}

function countLine(findings: readonly Finding[]): string {
  const counts = LEVELS.map((level) => {
    const count = findings.filter((one) => one.level === level).length;
    return `${count} ${level}${count === 1 || level === "ok" ? "" : "s"}`;
  });
  return `${isWell(findings) ? "No errors" : "Something is wrong"}: ${counts.join(", ")}`;
}

/** The findings as one line: `{"ok": …, "findings": [{"check", "level", "what", "todo"}, …]}`. */
export function reportJson(findings: readonly Finding[]): string {
  return jsonLine({ ok: isWell(findings), findings });
}
