// A file says what it guarantees before it says how, and what it exports is documented where it is declared. Both hold
// for all that is read as part of the program or its tools; tests say what they guarantee in their names.
import ts from "typescript";
import { type CodeFile, lineOf, type Tree } from "./tree.ts";
import type { Violation } from "./violation.ts";

/** Checks that files open with a comment. */
export function checkOpening(tree: Tree): Violation[] {
  return tree.code.filter(isDocumented).filter(({ text }) => {
    const first = text.replace(/^#!.*\n/, "");
    return !/^\/\/ (?!deno-|@ts-)/.test(first);
  }).map(({ path }) => {
    return { path, line: 1, message: "no comment at its top, a file opens with the guarantee that it gives" };
  });
}

/** Checks that every exported declaration has a JSDoc comment with words in it. */
export function checkDocumentation(tree: Tree): Violation[] {
  return tree.code.filter(isDocumented).flatMap(undocumentedExports);
}

function isDocumented({ path }: CodeFile): boolean {
  return !path.startsWith("tests/") || path.startsWith("tests/support/");
}

function undocumentedExports(file: CodeFile): Violation[] {
  const exportedLater = namesExportedLater(file.syntax);
  const firstLines = new Map<string, number>();
  const documented = new Set<string>();
  for (const statement of file.syntax.statements) {
    const words = hasWords(statement);
    for (const name of declaredNames(statement)) {
      if (!isExported(statement) && !exportedLater.has(name)) continue;
      // Of a function's overloads one comment serves all.
      if (words) documented.add(name);
      if (!firstLines.has(name)) firstLines.set(name, lineOf(file, statement.getStart(file.syntax)));
    }
  }
  return [...firstLines].filter(([name]) => !documented.has(name)).map(([name, line]) => {
    return { path: file.path, line, message: `${name} is exported without a JSDoc comment, which its readers need` };
  });
}

/** The names in `export { a, b as c };`, as they are declared. */
function namesExportedLater(syntax: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  for (const statement of syntax.statements) {
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier !== undefined) continue;
    if (statement.exportClause === undefined || !ts.isNamedExports(statement.exportClause)) continue;
    for (const { name, propertyName } of statement.exportClause.elements) names.add((propertyName ?? name).text);
  }
  return names;
}

function declaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  if (ts.isExportAssignment(statement)) return ["the default export"];
  const declares = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement) || ts.isEnumDeclaration(statement);
  return declares ? [statement.name?.text ?? "the default export"] : [];
}

function isExported(statement: ts.Statement): boolean {
  if (ts.isExportAssignment(statement)) return true;
  return ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

function hasWords(statement: ts.Statement): boolean {
  return ts.getJSDocCommentsAndTags(statement).some((doc) => /[^\s/*]/.test(doc.getText()));
}
