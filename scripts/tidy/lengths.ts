// Every file and every function stays short enough to understand as a whole.
import ts from "typescript";
import { type CodeFile, lineOf, type Tree } from "./tree.ts";
import type { Violation } from "./violation.ts";

const MAXIMUM_FILE_LINES = 600;
const MAXIMUM_FUNCTION_LINES = 70;

/** Checks the length of every file and of every function in it, those of tests too. */
export function checkLengths(tree: Tree): Violation[] {
  return tree.code.flatMap((file) => [...longFile(file), ...longFunctions(file)]);
}

function longFile({ path, text }: CodeFile): Violation[] {
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  if (lines <= MAXIMUM_FILE_LINES) return [];
  return [{
    path,
    line: 1,
    message: `a file of ${lines} lines, more than ${MAXIMUM_FILE_LINES} is more than one thing`,
  }];
}

function longFunctions(file: CodeFile): Violation[] {
  const found: Violation[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const line = lineOf(file, node.getStart(file.syntax));
      const lines = lineOf(file, node.end) - line + 1;
      if (lines > MAXIMUM_FUNCTION_LINES) {
        const message = `${
          nameOf(node)
        } has ${lines} lines, more than ${MAXIMUM_FUNCTION_LINES} is more than one thing`;
        found.push({ path: file.path, line, message });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file.syntax);
  return found;
}

function nameOf(node: ts.SignatureDeclaration): string {
  const named = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined);
  return named === undefined ? "a function without a name" : `the function ${named.getText()}`;
}
