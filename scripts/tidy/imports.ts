// Imports point one way and use a bare or relative name, and each package that needs care has one importer. An import
// is any form of it: static, dynamic, of a type, `export from`, a worker's file.
import ts from "typescript";
import { type CodeFile, lineOf, type Tree } from "./tree.ts";
import type { Violation } from "./violation.ts";

/** The imports that the files of a room may have, beside their own room's. */
interface Room {
  readonly imports: readonly string[];
  /** Rooms of which only types may be imported. */
  readonly types?: readonly string[];
}

/** Rooms that every room may import. */
const GROUND = ["time", "diagnostic", "host"];
const CONTENT = ["document", "server", "config", "snapshot"];
const PROCESS = ["options", "telemetry"];
const PARTS = ["source", "cluster", "hooks", "approvals"];
const PROGRAM = [
  ...GROUND,
  ...CONTENT,
  "compile.ts",
  ...PROCESS,
  "agreement",
  "releases",
  "rollout",
  "reload",
  ...PARTS,
];

/** The rooms and their allowed imports; a room that is not here is an error. */
const ROOMS: ReadonlyMap<string, Room> = new Map<string, Room>([
  ["time", { imports: [] }],
  ["diagnostic", { imports: ["time"] }],
  ["host", { imports: ["time", "diagnostic"] }],
  ["document", { imports: GROUND }],
  ["server", { imports: GROUND, types: ["config"] }],
  ["config", { imports: [...GROUND, "document", "server"] }],
  ["snapshot", { imports: [...GROUND, "server"], types: ["config"] }],
  ["compile.ts", { imports: [...GROUND, ...CONTENT] }],
  ["options", { imports: [...GROUND, "rollout"] }],
  ["telemetry", { imports: [...GROUND, "options"] }],
  ["agreement", { imports: ["time"] }],
  ["rollout", { imports: ["time", "agreement"] }],
  ["releases", { imports: [...GROUND, "agreement"], types: ["rollout"] }],
  ["reload", { imports: ["time", "diagnostic", "agreement", "releases", "rollout"] }],
  ["source", { imports: GROUND }],
  ["cluster", { imports: [...GROUND, "agreement"] }],
  ["approvals", { imports: GROUND }],
  ["hooks", { imports: [...GROUND, ...PROCESS], types: ["snapshot", "reload"] }],
  ["admin", { imports: PROGRAM }],
  ["daemon", { imports: [...PROGRAM, "admin"] }],
  ["daemon.ts", { imports: [...PROGRAM, "admin", "daemon"] }],
  ["doctor", { imports: [...PROGRAM, "admin"] }],
  ["cli", { imports: [...PROGRAM, "admin", "doctor", "daemon.ts"] }],
  ["main.ts", { imports: [...PROGRAM, "admin", "cli", "daemon.ts"] }],
]);

/** Packages that only one file may import, and the room of that file. */
const SOLE_IMPORTERS: ReadonlyMap<string, string> = new Map([
  ["@cdktf/hcl2json", "document"],
  ["ioredis", "cluster"],
]);

export interface Import {
  /** As it is written. */
  readonly specifier: string;
  /** Whether it is gone when the program runs. */
  readonly typeOnly: boolean;
  /** From 1. */
  readonly line: number;
}

/** Checks the imports of all files; those of tests may go anywhere, by a bare or relative name. */
export function checkImports(tree: Tree): Violation[] {
  const violations: Violation[] = [];
  const importers = new Map<string, string>();
  for (const file of tree.code) {
    const room = roomOf(file.path);
    if (room !== null && !ROOMS.has(room)) {
      const message = `src/ has no room for this file, a new room gets its place in the table of allowed imports first`;
      violations.push({ path: file.path, line: 1, message });
    }
    for (const one of importsOf(file)) {
      const message = troubleWithSpecifier(one) ?? troubleWithDirection(file.path, one) ??
        troubleWithImporter(file.path, one, importers);
      if (message !== null) violations.push({ path: file.path, line: one.line, message });
    }
  }
  return violations;
}

/** The room of a path: a folder of src/, `daemon.ts` or `main.ts`; null: it is no part of the program. */
export function roomOf(path: string): string | null {
  if (path === "main.ts") return path;
  const [top, room] = path.split("/");
  return top === "src" ? room! : null;
}

function troubleWithSpecifier({ specifier }: Import): string | null {
  if (/^\.\.?\//.test(specifier) || specifier.startsWith("node:")) return null;
  if (!/^[a-z][a-z0-9+.-]*:|^\//i.test(specifier)) return null;
  return `imports "${specifier}", packages are imported by the bare name that deno.json pins`;
}

function troubleWithDirection(path: string, { specifier, typeOnly }: Import): string | null {
  const from = roomOf(path);
  if (from === null || !specifier.startsWith(".")) return null;
  const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
  const to = roomOf(target);
  if (to === null) return `imports ${target}, the program is only main.ts and src/`;
  const room = ROOMS.get(from);
  if (room === undefined || to === from || room.imports.includes(to)) return null;
  if (room.types?.includes(to)) {
    return typeOnly ? null : `imports ${target}, of ${to} ${from} may import only types (import type)`;
  }
  const allowed = room.imports.length > 0 ? room.imports.join(", ") : "no other room";
  return `imports ${target}, imports point one way and ${from} may import ${allowed}`;
}

function troubleWithImporter(path: string, { specifier }: Import, importers: Map<string, string>): string | null {
  // Tests and the bench run a package without the program.
  if (/^(?:tests|bench)\//.test(path)) return null;
  for (const [name, room] of SOLE_IMPORTERS) {
    if (specifier !== name && !specifier.startsWith(`${name}/`)) continue;
    if (roomOf(path) !== room) return `imports ${name}, which only one file of src/${room}/ may import`;
    const first = importers.get(name) ?? path;
    importers.set(name, first);
    return first === path ? null : `imports ${name}, which ${first} imports already and only one file may`;
  }
  return null;
}

/** Returns every import of the file, in any form. */
export function importsOf(file: CodeFile): Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    const one = importIn(node);
    if (one !== null) found.push({ ...one, line: lineOf(file, node.getStart(file.syntax)) });
    ts.forEachChild(node, visit);
  };
  visit(file.syntax);
  return found;
}

function importIn(node: ts.Node): Omit<Import, "line"> | null {
  if (ts.isImportDeclaration(node)) return from(node.moduleSpecifier, isTypeOnlyImport(node.importClause));
  if (ts.isExportDeclaration(node)) return from(node.moduleSpecifier, node.isTypeOnly);
  if (ts.isImportTypeNode(node)) {
    return from(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true);
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return from(node.arguments[0], false);
  }
  if (ts.isNewExpression(node) && node.expression.getText() === "Worker") {
    return from(fileOf(node.arguments?.[0]), false);
  }
  return null;
}

function from(specifier: ts.Node | undefined, typeOnly: boolean): Omit<Import, "line"> | null {
  return specifier !== undefined && ts.isStringLiteralLike(specifier) ? { specifier: specifier.text, typeOnly } : null;
}

/** The name in `new URL(name, import.meta.url)`, which names a worker's file. */
function fileOf(node: ts.Node | undefined): ts.Node | undefined {
  return node !== undefined && ts.isNewExpression(node) ? node.arguments?.[0] : node;
}

function isTypeOnlyImport(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const names = clause.namedBindings;
  if (clause.name !== undefined || names === undefined || !ts.isNamedImports(names)) return false;
  return names.elements.length > 0 && names.elements.every((element) => element.isTypeOnly);
}
