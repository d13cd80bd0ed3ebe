// Which tests may notice a mutant of a file, the nearest first: a test file reaches a source file if it imports it, at
// any distance, or starts a program that does.
import ts from "typescript";
import { importsOf } from "../../scripts/tidy/imports.ts";
import { type CodeFile, type Tree } from "../../scripts/tidy/tree.ts";

/** Answers for one checkout. */
export interface NearestTests {
  /**
   * Returns the stages in which the tests of a source file are run, each a list of test files: its own tests, those of
   * its room, the nearest of other rooms, and the long ones of its room. A stage without tests is left out.
   */
  of(file: string): string[][];
}

/** Of other rooms at most this many test files are run. */
const MAX_NEIGHBOURS = 20;

/** In imports; a test that is farther away tests a whole program. */
const MAX_NEIGHBOUR_DISTANCE = 3;

/** They start whole programs, clusters and machines: minutes for each mutant. */
const SLOW_FOLDERS = ["tests/e2e/", "tests/systemd/", "tests/bench/", "tests/scripts/", "tests/mutation/"];

/** Reads which file imports which. */
export function nearestTests(tree: Tree): NearestTests {
  const importers = new Map<string, string[]>();
  for (const file of tree.code) {
    for (const target of targetsOf(file)) {
      const known = importers.get(target);
      if (known === undefined) importers.set(target, [file.path]);
      else known.push(file.path);
    }
  }
  return { of: (file) => stagesOf(file, distances(file, importers)) };
}

/** The files that a file imports, or names by `new URL(…, import.meta.url)` to run them. */
function targetsOf(file: CodeFile): Set<string> {
  const specifiers = importsOf(file).filter(({ typeOnly }) => !typeOnly).map(({ specifier }) => specifier);
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && node.expression.getText() === "URL") {
      const [name] = node.arguments ?? [];
      if (name !== undefined && ts.isStringLiteralLike(name) && name.text.endsWith(".ts")) specifiers.push(name.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file.syntax);
  const relative = specifiers.filter((specifier) => /^\.\.?\//.test(specifier));
  return new Set(relative.map((specifier) => new URL(specifier, `file:///${file.path}`).pathname.slice(1)));
}

/** How many imports lead from each test file to the source file; those of one file of tests by another do not count. */
function distances(file: string, importers: ReadonlyMap<string, readonly string[]>): Map<string, number> {
  const found = new Map([[file, 0]]);
  for (const [path, distance] of found) {
    const next = path.startsWith("tests/") ? distance : distance + 1;
    for (const importer of importers.get(path) ?? []) {
      if ((found.get(importer) ?? Infinity) <= next) continue;
      // At the end of the map it is visited again.
      found.delete(importer);
      found.set(importer, next);
    }
  }
  return new Map([...found].filter(([path]) => path.startsWith("tests/") && path.endsWith("_test.ts")));
}

function stagesOf(file: string, reached: ReadonlyMap<string, number>): string[][] {
  const [, room] = /^src\/([^/]+)\//.exec(file) ?? [];
  const folder = room === undefined ? "tests/" : `tests/${room}/`;
  const stem = file.slice(file.lastIndexOf("/") + 1).replace(/\.ts$/, "");
  const byDistance = [...reached].sort(([one, near], [other, far]) => near - far || (one < other ? -1 : 1));
  const reachedPaths = byDistance.map(([path]) => path);
  const all = reachedPaths.filter((path) => !path.endsWith("_long_test.ts"));
  const isInRoom = (path: string) => path.startsWith(folder);
  const isOwn = (path: string) => isInRoom(path) && path.slice(path.lastIndexOf("/") + 1).startsWith(`${stem}_`);
  const isNear = (path: string) => reached.get(path)! <= MAX_NEIGHBOUR_DISTANCE;
  const isSlow = (path: string) => SLOW_FOLDERS.some((slow) => path.startsWith(slow));
  const others = all.filter((path) => !isInRoom(path) && isNear(path) && !isSlow(path));
  return [
    all.filter(isOwn),
    all.filter((path) => isInRoom(path) && !isOwn(path)),
    others.slice(0, MAX_NEIGHBOURS),
    reachedPaths.filter((path) => isInRoom(path) && path.endsWith("_long_test.ts")),
  ].filter((stage) => stage.length > 0);
}
