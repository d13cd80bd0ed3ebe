// Compares the pages for maintainers with the code: the files and names that they mention, the tests of a rule, and the
// drawing of imports between rooms. A page without a check is wrong within a month.
import { importsOf, roomOf } from "./imports.ts";
import type { MarkdownFile, Tree } from "./tree.ts";
import type { Violation } from "./violation.ts";

/** Rooms that every room may import; the drawing leaves them out. */
const GROUND: ReadonlySet<string> = new Set(["diagnostic", "host", "time"]);

/** Checks ARCHITECTURE.md and the pages beside the code. */
export function checkClaims(tree: Tree): Violation[] {
  return tree.markdown.filter(isForMaintainers).flatMap((page) => [
    ...missingPaths(page, tree),
    ...missingNames(page, tree),
    ...missingTests(page, tree),
    ...missingPages(page, tree),
    ...page.path === "ARCHITECTURE.md" ? wrongDrawing(page, tree) : [],
  ]);
}

function isForMaintainers({ path }: MarkdownFile): boolean {
  return /^(?:ARCHITECTURE\.md|CONTRIBUTING\.md|docs\/decisions\.md|src\/.*)$/.test(path);
}

/** Finds `src/room/file.ts` and `tests/room/` that do not exist. */
function missingPaths(page: MarkdownFile, { paths }: Tree): Violation[] {
  return [...page.text.matchAll(/`((?:src|tests|scripts|bench)\/[\w./-]*)`/g)].flatMap((match) => {
    const path = match[1]!;
    if (path.startsWith("tests/fixtures/")) return [];
    if (paths.some((one) => one === path || one.startsWith(path.endsWith("/") ? path : `${path}/`))) return [];
    return [violation(page, match.index, `names ${path}, which is not there`)];
  });
}

/** Finds `name` (`src/room/file.ts`) whose file does not have the name. */
function missingNames(page: MarkdownFile, { code }: Tree): Violation[] {
  return [...page.text.matchAll(/`(\w+)(?:\(\))?`\s+\(`([\w./-]+\.ts)`\)/g)].flatMap((match) => {
    const [, name, path] = match;
    const file = code.find((one) => one.path === path);
    if (file === undefined || new RegExp(`\\b${name}\\b`).test(file.text)) return [];
    return [violation(page, match.index, `names ${name}, which ${path} does not have`)];
  });
}

/** Finds `tests/room/file_test.ts`: "a test", "another test" whose file does not have such a test. */
function missingTests(page: MarkdownFile, { code }: Tree): Violation[] {
  const lists = page.text.matchAll(/`(tests\/[\w./-]+\.ts)`:((?:,?\s+"[^"]+")+)/g);
  return [...lists].flatMap((list) => {
    const [, path, names] = list;
    const text = code.find((one) => one.path === path)?.text;
    if (text === undefined) return [];
    return [...names!.matchAll(/"([^"]+)"/g)].map((match) => match[1]!.replaceAll(/\s+/g, " "))
      .filter((name) => !text.includes(`"${name}"`))
      .map((name) => violation(page, list.index, `names the test "${name}", which ${path} does not have`));
  });
}

/** Finds links to pages that do not exist. */
function missingPages(page: MarkdownFile, { markdown }: Tree): Violation[] {
  return [...page.text.matchAll(/\]\(([\w./-]+\.md)(?:#[\w-]+)?\)/g)].flatMap((match) => {
    const path = new URL(match[1]!, `file:///${page.path}`).pathname.slice(1);
    if (markdown.some((one) => one.path === path)) return [];
    return [violation(page, match.index, `links to ${path}, which is not there`)];
  });
}

/**
 * Compares the lines `room → other rooms` with the imports of the files; a room of which only types are imported is in
 * parentheses.
 */
function wrongDrawing(page: MarkdownFile, tree: Tree): Violation[] {
  const start = page.text.search(/^## The rooms$/m);
  const drawn = /^```text\n([^]*?)^```$/m.exec(page.text.slice(start))?.[1];
  if (start < 0 || drawn === undefined) return [violation(page, 0, "has no drawing of which room imports which")];
  const offset = page.text.indexOf(drawn, start);
  const actual = drawingOf(tree);
  // A line that begins with spaces continues the one before it.
  const lines = [...drawn.matchAll(/^(\S[^→\n]*?) *(?:→((?:.*\n +)*.*))?$/gm)].map(({ 1: room, 2: others, index }) => ({
    room: room!,
    others: (others ?? "").trim().replaceAll(/\s+/g, " "),
    place: offset + index,
  }));
  const wrong = lines.flatMap(({ room, others, place }) => {
    const imported = actual.get(room);
    if (imported === undefined) return [violation(page, place, `draws ${room}, which is no room`)];
    if (imported === others) return [];
    return [violation(page, place, `draws the imports of ${room} wrongly, they are: ${room} → ${imported}`.trimEnd())];
  });
  const missing = [...actual.keys()].filter((room) => !GROUND.has(room) && !lines.some((one) => one.room === room));
  return [
    ...wrong,
    ...missing.map((room) => violation(page, offset, `does not draw ${room} → ${actual.get(room)}`.trimEnd())),
  ];
}

/** The imports of each room, as the drawing writes them. */
function drawingOf({ code }: Tree): Map<string, string> {
  const rooms = new Map<string, Map<string, boolean>>();
  for (const file of code) {
    const room = roomOf(file.path);
    if (room === null) continue;
    const imported = rooms.get(room) ?? new Map<string, boolean>();
    rooms.set(room, imported);
    for (const { specifier, typeOnly } of importsOf(file)) {
      if (!specifier.startsWith(".")) continue;
      const other = roomOf(new URL(specifier, `file:///${file.path}`).pathname.slice(1));
      if (other === null || other === room || GROUND.has(other)) continue;
      imported.set(other, (imported.get(other) ?? true) && typeOnly);
    }
  }
  return new Map(
    [...rooms].map(([room, imported]) => {
      const names = [...imported].sort(([one], [other]) => one < other ? -1 : 1);
      return [room, names.map(([name, typeOnly]) => typeOnly ? `(${name})` : name).join(" ")];
    }),
  );
}

function violation({ path, text }: MarkdownFile, offset: number, message: string): Violation {
  return { path, line: text.slice(0, offset).split("\n").length, message };
}
