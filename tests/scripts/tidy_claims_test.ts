import { assertEquals } from "@std/assert";
import { tidy } from "../../scripts/tidy.ts";
import { temporaryTree } from "./temporary_tree.ts";

const TOP = "// What it guarantees.\n";

/** The violations that tidy prints for a tree of these files. */
async function tidied(files: Record<string, string>): Promise<string[]> {
  await using tree = await temporaryTree(files);
  return (await tidy(tree.root)).map(({ path, line, message }) => `${path}:${line}: ${message}`);
}

/** ARCHITECTURE.md with these lines in its drawing; the first of them is line 6. */
function drawing(...lines: string[]): string {
  return `# A\n\n## The rooms\n\n\`\`\`text\n${lines.join("\n")}\n\`\`\`\n`;
}

/** A file that imports these files. */
function importing(...specifiers: string[]): string {
  return TOP + specifiers.map((one) => `import ${one.replace(/\S+$/, (path) => `"${path}"`)};\n`).join("");
}

const HOUSE = {
  "src/cli/a.ts": importing("../snapshot/a.ts", "type { A } from ../config/a.ts", "../time/a.ts", "./b.ts", "zod"),
  "src/cli/b.ts": importing("../config/a.ts", "type { A } from ../document/a.ts", "type { A } from ../snapshot/a.ts"),
  "src/config/a.ts": TOP,
  "src/document/a.ts": TOP,
  "src/snapshot/a.ts": importing("../server/a.ts"),
  "src/server/a.ts": TOP,
  "src/time/a.ts": TOP,
};

Deno.test("a drawing of the rooms' imports leaves out the ground, and has types in parentheses", async () => {
  const page = drawing(
    "cli → config (document)",
    "      snapshot",
    "snapshot   → server",
    "config     →",
    "document →",
    "server →",
  );
  assertEquals(await tidied({ ...HOUSE, "ARCHITECTURE.md": page }), []);
});

Deno.test("a drawing that is wrong is reported with the line that is right", async () => {
  const page = drawing("cli → config document snapshot", "snapshot → server", "server →", "attic →", "config → time");
  assertEquals(await tidied({ ...HOUSE, "ARCHITECTURE.md": page }), [
    "ARCHITECTURE.md:6: draws the imports of cli wrongly, they are: cli → config (document) snapshot",
    "ARCHITECTURE.md:6: does not draw document →",
    "ARCHITECTURE.md:9: draws attic, which is no room",
    "ARCHITECTURE.md:10: draws the imports of config wrongly, they are: config →",
  ]);
  assertEquals(await tidied({ "ARCHITECTURE.md": "# A\n\n```text\ncli →\n```\n\n## The rooms\n" }), [
    "ARCHITECTURE.md:1: has no drawing of which room imports which",
  ]);
});

const TEST = `Deno.test("what holds is named", () => {});\nDeno.test("so is this", () => {});\n`;

Deno.test("pages for maintainers mention files, names, tests and pages that are there", async () => {
  const page = "`a` (`src/config/a.ts`), `src/config/`, `tests/config`, `tests/fixtures/gone.hcl`, `srcs/gone`.\n" +
    '`tests/config/a_test.ts`: "what holds\n   is named", "so is this". "Not a test" ([b](../document/b.md#c))\n';
  const files = {
    "src/config/a.ts": `${TOP}const a = 1;\n`,
    "src/config/PAGE.md": page,
    "src/document/b.md": "# B\n",
    "tests/config/a_test.ts": TEST,
  };
  assertEquals(await tidied(files), []);
});

Deno.test("a file, name, test or page that is gone is named with its place, on pages for maintainers", async () => {
  const page = "`src/config/a`, `bench/a.ts` and\n`b()` (`src/config/a.ts`)\n" +
    '`tests/config/a_test.ts`: "so is this", "so\nis that"\n[b](gone.md)\n';
  const files = { "src/config/a.ts": `${TOP}const ab = 1;\n`, "tests/config/a_test.ts": TEST };
  const messages = [
    "1: names src/config/a, which is not there",
    "1: names bench/a.ts, which is not there",
    "2: names b, which src/config/a.ts does not have",
    '3: names the test "so is that", which tests/config/a_test.ts does not have',
  ];
  for (const [path, missing] of [["src/config/A.md", "src/config/gone.md"], ["docs/decisions.md", "docs/gone.md"]]) {
    const expected = [...messages, `5: links to ${missing}, which is not there`].map((one) => `${path}:${one}`);
    assertEquals(await tidied({ ...files, [path!]: page }), expected);
  }
  assertEquals(await tidied({ ...files, "CHANGELOG.md": page }), []);
});
