// The house rules as a check: the rules that formatting, lint and types do not see. Prints `file:line: what, why` for
// each place in the checkout that breaks one, and exits with 1. The TypeScript compiler parses the files, no pattern
// guesses.
import { checkClaims } from "./tidy/claims.ts";
import { checkDocumentation, checkOpening } from "./tidy/documentation.ts";
import { checkImports } from "./tidy/imports.ts";
import { checkLengths } from "./tidy/lengths.ts";
import { checkMarkdown } from "./tidy/markdown.ts";
import { checkNames } from "./tidy/names.ts";
import { readTree } from "./tidy/tree.ts";
import type { Violation } from "./tidy/violation.ts";

/** All violations in the checkout at `root`, in the order of its files. */
export async function tidy(root: string): Promise<Violation[]> {
  const tree = await readTree(root);
  const violations = [
    ...checkNames(tree),
    ...checkOpening(tree),
    ...checkImports(tree),
    ...checkLengths(tree),
    ...checkDocumentation(tree),
    ...checkMarkdown(tree),
    ...checkClaims(tree),
  ];
  return violations.sort((a, b) => a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1);
}

if (import.meta.main) {
  const violations = await tidy(Deno.cwd());
  for (const { path, line, message } of violations) console.log(`${path}:${line}: ${message}`);
  Deno.exitCode = violations.length === 0 ? 0 : 1;
}
