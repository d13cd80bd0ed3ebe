// A file begins with its guarantee, and the functions and types that another room uses have a comment at their
// declaration. Members, and functions and types of only their own room, need a comment only if their names do not say
// it.
import ts from "typescript";
import { roomOf } from "./imports.ts";
import { type CodeFile, lineOf, type Tree } from "./tree.ts";
import type { Violation } from "./violation.ts";

/** Checks that files of the program, its tools, the bench and the tests' support open with a comment. */
export function checkOpening(tree: Tree): Violation[] {
  const opened = tree.code.filter(({ path }) => !path.startsWith("tests/") || path.startsWith("tests/support/"));
  return opened.filter(({ text }) => !/^\/\/ (?!deno-|@ts-)/.test(text.replace(/^#!.*\n/, ""))).map(({ path }) => {
    return { path, line: 1, message: "no comment at its top, a file opens with the guarantee that it gives" };
  });
}

/** Checks that functions and types that another room uses have a JSDoc comment with words in it. */
export function checkDocumentation(tree: Tree): Violation[] {
  const used = namesUsedByOtherRooms(tree);
  return tree.code.flatMap((file) => undocumented(file, used.get(file.path) ?? new Set()));
}

/** The names that files of other rooms import from each file, by its path. */
function namesUsedByOtherRooms(tree: Tree): Map<string, Set<string>> {
  const used = new Map<string, Set<string>>();
  for (const file of tree.code) {
    const room = roomOf(file.path);
    if (room === null) continue;
    const add = (specifier: string, names: readonly string[]) => {
      const target = new URL(specifier, `file:///${file.path}`).pathname.slice(1);
      if (!specifier.startsWith(".") || roomOf(target) === room) return;
      const known = used.get(target) ?? new Set();
      for (const name of names) known.add(name);
      used.set(target, known);
    };
    for (const statement of file.syntax.statements) {
      if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) continue;
      const specifier = statement.moduleSpecifier;
      if (specifier !== undefined && ts.isStringLiteral(specifier)) add(specifier.text, namesTaken(statement));
    }
  }
  return used;
}

/** The names of an import or a re-export as the other file declares them. */
function namesTaken(statement: ts.ImportDeclaration | ts.ExportDeclaration): string[] {
  const taken = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : statement.exportClause;
  if (taken === undefined || ts.isNamespaceImport(taken) || ts.isNamespaceExport(taken)) return [];
  return taken.elements.map(({ name, propertyName }) => (propertyName ?? name).text);
}

function undocumented(file: CodeFile, used: ReadonlySet<string>): Violation[] {
  const firstLines = new Map<string, number>();
  const documented = new Set<string>();
  for (const statement of file.syntax.statements) {
    const words = hasWords(statement);
    for (const name of declaredNames(statement)) {
      if (!used.has(name)) continue;
      // One comment serves all overloads of a function.
      if (words) documented.add(name);
      if (!firstLines.has(name)) firstLines.set(name, lineOf(file, statement.getStart(file.syntax)));
    }
  }
  return [...firstLines].filter(([name]) => !documented.has(name)).map(([name, line]) => {
    return { path: file.path, line, message: `${name} has no JSDoc comment, which the other rooms that use it need` };
  });
}

/** The functions and types that a statement declares; the name of a constant is enough. */
function declaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    const functions = statement.declarationList.declarations.filter(({ initializer }) =>
      initializer !== undefined && (ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer))
    );
    return functions.map(({ name }) => name.getText());
  }
  const declares = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement) || ts.isEnumDeclaration(statement);
  return declares && statement.name !== undefined ? [statement.name.text] : [];
}

function hasWords(statement: ts.Statement): boolean {
  return ts.getJSDocCommentsAndTags(statement).some((doc) => /[^\s/*]/.test(doc.getText()));
}
