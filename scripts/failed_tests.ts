// The command for each failed test, which runs it without the others, from the list that `deno test` prints under
// FAILURES.
import { stripVTControlCharacters } from "node:util";

const LISTED_COMMANDS = 20;

/** The commands, one for each failed test, from the output of `deno test`; none if it lists no failure. */
export function commandsOfFailures(output: string): string[] {
  const lines = stripVTControlCharacters(output).split(/\r?\n/);
  // The last list, because a test may have printed one of its own.
  const start = lines.findLastIndex((line) => line.trim() === "FAILURES");
  if (start < 0) return [];
  return [...new Set(lines.slice(start + 1).flatMap(commandOf))];
}

/** The commands as lines for a terminal, at most `LISTED_COMMANDS` of them. */
export function commandLines(commands: readonly string[]): string[] {
  if (commands.length === 0) return [];
  const more = commands.length - LISTED_COMMANDS;
  const lines = commands.slice(0, LISTED_COMMANDS).map((command) => `  ${command}`);
  return ["run a failed test without the others:", ...lines, ...more > 0 ? [`  and ${more} more`] : []];
}

/** `name => ./tests/a_test.ts:12:6`, `name ... step => ./tests/a_test.ts:14:9` and `./tests/a_test.ts (uncaught error)`. */
function commandOf(line: string): string[] {
  const [, file] = /^\.\/(\S+) \(uncaught error\)$/.exec(line) ?? [];
  if (file !== undefined) return [`scripts/deno test -A ${file}`];
  const [, name, declared] = /^(.+) => \.\/(\S+):\d+:\d+$/.exec(line) ?? [];
  if (name === undefined || declared === undefined) return [];
  // A test may be declared by a module that its file calls; which file, the list does not say.
  const place = declared.endsWith("_test.ts") ? declared : declared.slice(0, declared.lastIndexOf("/"));
  return [`scripts/deno test -A ${place} --filter ${quoted(name.split(" ... ")[0]!)}`];
}

/** A word for sh, in double quotes. */
function quoted(word: string): string {
  return `"${word.replaceAll(/[\\"$`]/g, "\\$&")}"`;
}
