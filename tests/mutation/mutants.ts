// All mutants of a file, made from its syntax tree. They keep to changes that most often pass the type check: no value
// of another type is put in, no declaration is taken away. Texts of messages, types, imports and `import.meta.main` are
// left unchanged.
import ts from "typescript";
import { type Mutant, type MutantKind, mutantOf, type Replacement } from "./mutant.ts";
import { patternMutants } from "./pattern_mutants.ts";

type Made = readonly (readonly [MutantKind, ts.Node, string])[];

const COMPARISONS: ReadonlyMap<ts.SyntaxKind, readonly string[]> = new Map([
  [ts.SyntaxKind.LessThanToken, ["<=", ">="]],
  [ts.SyntaxKind.LessThanEqualsToken, ["<", ">"]],
  [ts.SyntaxKind.GreaterThanToken, [">=", "<="]],
  [ts.SyntaxKind.GreaterThanEqualsToken, [">", "<"]],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, ["!=="]],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, ["==="]],
  [ts.SyntaxKind.EqualsEqualsToken, ["!="]],
  [ts.SyntaxKind.ExclamationEqualsToken, ["=="]],
]);

const ARITHMETIC: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.PlusToken, "-"],
  [ts.SyntaxKind.MinusToken, "+"],
  [ts.SyntaxKind.AsteriskToken, "/"],
  [ts.SyntaxKind.SlashToken, "*"],
  [ts.SyntaxKind.PercentToken, "*"],
  [ts.SyntaxKind.PlusEqualsToken, "-="],
  [ts.SyntaxKind.MinusEqualsToken, "+="],
]);

/** Methods that are taken for one another. */
const SWAPPED: ReadonlyMap<string, string> = new Map([
  ["min", "max"],
  ["max", "min"],
  ["some", "every"],
  ["every", "some"],
  ["startsWith", "endsWith"],
  ["endsWith", "startsWith"],
  ["indexOf", "lastIndexOf"],
  ["lastIndexOf", "indexOf"],
]);

/** Methods that give a value of the type that they are called on. */
const DROPPED: ReadonlySet<string> = new Set([
  ...["slice", "filter", "sort", "toSorted", "reverse", "toReversed", "catch", "finally"],
  ...["trim", "trimStart", "trimEnd", "toLowerCase", "toUpperCase", "replace", "replaceAll"],
]);

/** The mutants of a file's text, in the order of their places. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const syntax = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const made: Mutant[] = [];
  const visit = (node: ts.Node): void => {
    if (isLeftAlone(node)) return;
    for (const replacement of replacementsOf(node)) made.push(mutantOf(file, text, replacement));
    ts.forEachChild(node, visit);
  };
  visit(syntax);
  return made.sort((one, other) => one.start - other.start);
}

/** Whether the text parses; a mutant that does not is a fault of this folder. */
export function parses(file: string, text: string): boolean {
  const { diagnostics } = ts.transpileModule(text, { fileName: file, reportDiagnostics: true });
  return (diagnostics ?? []).length === 0;
}

function isLeftAlone(node: ts.Node): boolean {
  return ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) ||
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node) ||
    (ts.isIfStatement(node) && node.expression.getText() === "import.meta.main");
}

function replacementsOf(node: ts.Node): Replacement[] {
  const made: Made = [
    ...ofBinary(node),
    ...ofLiteral(node),
    ...ofCondition(node),
    ...ofStatement(node),
    ...ofCall(node),
    ...ofUnary(node),
  ];
  return made.map(([kind, replaced, text]) => ({ kind, start: replaced.getStart(), end: replaced.end, text }));
}

function ofBinary(node: ts.Node): Made {
  if (!ts.isBinaryExpression(node)) return [];
  const { operatorToken: operator, left, right } = node;
  const comparisons = COMPARISONS.get(operator.kind);
  if (comparisons !== undefined) return comparisons.map((text) => ["comparison", operator, text] as const);
  if (operator.kind === ts.SyntaxKind.AmpersandAmpersandToken) return [["boolean", operator, "||"]];
  if (operator.kind === ts.SyntaxKind.BarBarToken) return [["boolean", operator, "&&"]];
  if (operator.kind === ts.SyntaxKind.QuestionQuestionToken) return [["boolean", node, `(${left.getText()})!`]];
  const arithmetic = ARITHMETIC.get(operator.kind);
  if (arithmetic === undefined || isText(left) || isText(right)) return [];
  return [["arithmetic", operator, arithmetic]];
}

/** Whether an operand is text as far as syntax tells. */
function isText(node: ts.Expression): boolean {
  if (ts.isBinaryExpression(node)) return isText(node.left) || isText(node.right);
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
}

function ofLiteral(node: ts.Node): Made {
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [["boolean", node, "false"]];
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [["boolean", node, "true"]];
  if (ts.isRegularExpressionLiteral(node)) {
    return patternMutants(node.text).map((text) => ["regexp", node, text] as const);
  }
  if (!ts.isNumericLiteral(node) || ts.isPropertyAssignment(node.parent) && node.parent.name === node) return [];
  return [["constant", node, wrongNumber(node)]];
}

/** Modes are opened or closed to others; a bound and a small number grow by one, and any other number tenfold. */
function wrongNumber(node: ts.NumericLiteral): string {
  const raw = node.getText();
  const value = Number(raw.replaceAll("_", ""));
  if (/^0o/i.test(raw)) return `0o${((value & 0o077) === 0 ? value | 0o066 : value & 0o700).toString(8)}`;
  return `${value < 10 || isBound(node) ? value + 1 : value * 10}`;
}

function isBound(node: ts.Node): boolean {
  const declaration = ts.findAncestor(node, ts.isVariableDeclaration);
  return declaration !== undefined && /(?:^|_)(?:MAX|MAXIMUM)(?:_|$)|^max[A-Z]/.test(declaration.name.getText());
}

function ofCondition(node: ts.Node): Made {
  if (ts.isIfStatement(node)) {
    const kind = leaves(node.thenStatement) ? "early return" : "branch";
    return [[kind, node.expression, always(node.expression)], [kind, node.expression, never(node.expression)]];
  }
  if (ts.isConditionalExpression(node)) {
    return [["branch", node.condition, always(node.condition)], ["branch", node.condition, never(node.condition)]];
  }
  if (ts.isWhileStatement(node)) return [["branch", node.expression, never(node.expression)]];
  if (ts.isCaseClause(node) && node.statements.length > 0) return [["branch", node, ""]];
  if (node.kind === ts.SyntaxKind.QuestionDotToken && ts.isPropertyAccessExpression(node.parent)) {
    return [["branch", node, "!."]];
  }
  return [];
}

// The condition stays, for the types that it narrows; `!0` is true, and unlike `true` makes no code unreachable.
function always(condition: ts.Expression): string {
  return `(${condition.getText()}) || !0`;
}

function never(condition: ts.Expression): string {
  return `(${condition.getText()}) && !1`;
}

/** Whether the next statement is not run after this one. */
function leaves(statement: ts.Statement): boolean {
  const last = ts.isBlock(statement) ? statement.statements.at(-1) : statement;
  return last !== undefined && (ts.isReturnStatement(last) || ts.isThrowStatement(last) || isJump(last));
}

function isJump(node: ts.Node): boolean {
  return ts.isBreakStatement(node) || ts.isContinueStatement(node);
}

function ofStatement(node: ts.Node): Made {
  if (ts.isExpressionStatement(node)) {
    const { expression } = node;
    const dropped: Made = [["statement", node, ";"]];
    return ts.isAwaitExpression(expression)
      ? [...dropped, ["await", expression, expression.expression.getText()]]
      : dropped;
  }
  if (ts.isReturnStatement(node)) {
    const { expression } = node;
    if (expression === undefined) return [["early return", node, ";"]];
    return ts.isAwaitExpression(expression) ? [["await", expression, expression.expression.getText()]] : [];
  }
  // A clause of a `switch` ends with its `break`, which is the branch's business.
  if (isJump(node) && !ts.isCaseOrDefaultClause(node.parent)) return [["early return", node, ";"]];
  if (ts.isThrowStatement(node)) return [["statement", node, ";"]];
  if (ts.isVariableDeclarationList(node) && isDisposed(node)) {
    return [["statement", node, `const ${node.declarations.map((one) => one.getText()).join(", ")}`]];
  }
  return [];
}

function isDisposed(node: ts.VariableDeclarationList): boolean {
  const kind = node.flags & ts.NodeFlags.BlockScoped;
  return kind === ts.NodeFlags.Using || kind === ts.NodeFlags.AwaitUsing;
}

function ofCall(node: ts.Node): Made {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return [];
  const { name, expression: subject, questionDotToken } = node.expression;
  const swapped = SWAPPED.get(name.text);
  if (swapped !== undefined) return [["call", name, swapped]];
  // A copy is made by `slice()`; that nobody changes it most often cannot be seen.
  const isCopy = name.text === "slice" && node.arguments.length === 0;
  if (!DROPPED.has(name.text) || isCopy || questionDotToken !== undefined) return [];
  // As a statement of its own it is a dropped statement already, except in a handler of an error.
  if (ts.isExpressionStatement(node.parent) && !/^(?:catch|finally)$/.test(name.text)) return [];
  return [["call", node, subject.getText()]];
}

function ofUnary(node: ts.Node): Made {
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
    return [["boolean", node, node.operand.getText()]];
  }
  if (!ts.isPrefixUnaryExpression(node) && !ts.isPostfixUnaryExpression(node)) return [];
  const turned =
    { [ts.SyntaxKind.PlusPlusToken]: "--", [ts.SyntaxKind.MinusMinusToken]: "++" }[node.operator as number];
  if (turned === undefined) return [];
  const operand = node.operand.getText();
  return [["arithmetic", node, ts.isPrefixUnaryExpression(node) ? turned + operand : operand + turned]];
}
