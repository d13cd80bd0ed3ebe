import { assertEquals } from "@std/assert";
import { tidy } from "../../scripts/tidy.ts";
import { temporaryTree } from "./temporary_tree.ts";

const TOP = "// What it guarantees.\n";

/** The violations that tidy prints for a tree of these files. */
async function tidied(files: Record<string, string>): Promise<string[]> {
  await using tree = await temporaryTree(files);
  return (await tidy(tree.root)).map(({ path, line, message }) => `${path}:${line}: ${message}`);
}

/** Only the places, for rules whose words are checked once elsewhere. */
async function places(files: Record<string, string>): Promise<string[]> {
  return (await tidied(files)).map((violation) => violation.split(": ")[0]!);
}

/** A file whose only line after the first is this import. */
function importing(line: string): string {
  return `${TOP}${line}\n`;
}

Deno.test("a tree without a fault, or without any file, has nothing to mend", async () => {
  assertEquals(await tidied({}), []);
  assertEquals(
    await tidied({
      "main.ts": importing(`import { a } from "./src/cli/a.ts";`),
      "src/cli/a.ts": `${TOP}import { daemon } from "../daemon.ts";\n/** A. */\nexport const a = daemon;\n`,
      "src/daemon.ts": `${TOP}/** A. */\nexport const daemon = 1;\n`,
      "tests/cli/a_test.ts": `import { a } from "../../src/cli/a.ts";\nconsole.log(a);\n`,
    }),
    [],
  );
});

Deno.test("a room imports the rooms below it", async () => {
  assertEquals(
    await tidied({
      "src/compile.ts": importing(`import "./config/a.ts";`),
      "src/snapshot/a.ts": importing(`import "../server/a.ts";\nimport "../diagnostic/a.ts";\nimport "./b.ts";`),
      "src/cli/a.ts": importing(`import "../reload/a.ts";\nimport "../source/a.ts";\nimport "../daemon.ts";`),
      "src/daemon.ts": importing(`import "./cluster/a.ts";\nimport "./admin/a.ts";`),
    }),
    [],
  );
});

Deno.test("a room that imports a later one is reported with its allowed imports", async () => {
  assertEquals(
    await tidied({
      "src/diagnostic/a.ts": importing(`import type { A } from "../document/a.ts";`),
      "src/config/a.ts": importing(`import "../document/a.ts";\nimport "../snapshot/a.ts";`),
      "src/reload/a.ts": importing(`import "../source/a.ts";`),
    }),
    [
      "src/config/a.ts:3: imports src/snapshot/a.ts, imports point one way and config may import time, diagnostic, host, document, server",
      "src/diagnostic/a.ts:2: imports src/document/a.ts, imports point one way and diagnostic may import time",
      "src/reload/a.ts:2: imports src/source/a.ts, imports point one way and reload may import time, diagnostic, agreement, releases, rollout",
    ],
  );
});

Deno.test("every form of an import counts", async () => {
  const forms = [
    `import a from "../reload/a.ts";`,
    `export { a } from "../reload/a.ts";`,
    `export * from "../reload/a.ts";`,
    `await import("../reload/a.ts");`,
    `type A = import("../reload/a.ts").A;`,
    `new Worker(new URL("../reload/a.ts", import.meta.url), { type: "module" });`,
    `new Worker("../reload/a.ts");`,
  ];
  assertEquals(
    await places({ "src/config/a.ts": importing(forms.join("\n")) }),
    forms.map((_, index) => `src/config/a.ts:${index + 2}`),
  );
});

Deno.test("to name a file that runs as its own process is no import", async () => {
  assertEquals(await tidied({ "src/config/a.ts": importing(`new URL("../../main.ts", import.meta.url);`) }), []);
});

Deno.test("hooks and server take only types of some rooms", async () => {
  assertEquals(
    await tidied({
      "src/server/a.ts": importing(`import type { A } from "../config/a.ts";\nimport "../diagnostic/a.ts";`),
      "src/hooks/a.ts": importing(`import { type A, type B } from "../snapshot/a.ts";`),
      "src/hooks/b.ts": importing(`import { type A, b } from "../snapshot/a.ts";`),
    }),
    ["src/hooks/b.ts:2: imports src/snapshot/a.ts, of snapshot hooks may import only types (import type)"],
  );
  assertEquals(
    await places({
      "src/server/a.ts": importing(`import A, { type B } from "../config/a.ts";`),
      "src/hooks/a.ts": importing(`import {} from "../snapshot/a.ts";`),
      "src/source/a.ts": importing(`import "../options/a.ts";`),
    }),
    ["src/hooks/a.ts:2", "src/server/a.ts:2", "src/source/a.ts:2"],
  );
});

Deno.test("daemon.ts does not import cli, which imports it", async () => {
  assertEquals(await places({ "src/daemon.ts": importing(`import "./cli/a.ts";`) }), ["src/daemon.ts:2"]);
});

Deno.test("only cli and main.ts import daemon.ts", async () => {
  assertEquals(
    await places({
      "main.ts": importing(`import "./src/daemon.ts";`),
      "src/admin/a.ts": importing(`import "../daemon.ts";`),
      "src/cli/a.ts": importing(`import "../daemon.ts";`),
      "src/reload/a.ts": importing(`import "../daemon.ts";`),
    }),
    ["src/admin/a.ts:2", "src/reload/a.ts:2"],
  );
});

Deno.test("the program imports neither tests nor scripts nor the bench", async () => {
  assertEquals(
    await tidied({
      "main.ts": importing(`import "./scripts/a.ts";`),
      "src/config/a.ts": importing(`import "../../tests/support/a.ts";\nimport "../../bench/a.ts";`),
      "tests/a_test.ts": importing(`import "../scripts/a.ts";\nimport "../bench/a.ts";`),
    }),
    [
      "main.ts:2: imports scripts/a.ts, the program is only main.ts and src/",
      "src/config/a.ts:2: imports tests/support/a.ts, the program is only main.ts and src/",
      "src/config/a.ts:3: imports bench/a.ts, the program is only main.ts and src/",
    ],
  );
});

Deno.test("a room that the table does not know has no place, under any name", async () => {
  assertEquals(
    await places({ "src/constructor/a.ts": TOP, "src/rooms/a.ts": TOP, "src/stray.ts": TOP, "src/config/a.ts": TOP }),
    ["src/constructor/a.ts:1", "src/rooms/a.ts:1", "src/stray.ts:1"],
  );
});

Deno.test("imports are bare names, relative or Deno's own, in tests and scripts too", async () => {
  assertEquals(
    await tidied({
      "src/config/a.ts": importing(`import "zod";\nimport "@std/assert";\nimport "node:crypto";\nimport "npm:zod@4";`),
    }),
    [`src/config/a.ts:5: imports "npm:zod@4", packages are imported by the bare name that deno.json pins`],
  );
  assertEquals(
    await places({
      "scripts/a.ts": importing(`import "jsr:@std/assert";`),
      "tests/a_test.ts": importing(`import "https://example.org/a.ts";\nimport "/a.ts";\nawait import("data:,1");`),
    }),
    ["scripts/a.ts:2", "tests/a_test.ts:2", "tests/a_test.ts:3", "tests/a_test.ts:4"],
  );
});

Deno.test("hcl2json and ioredis have one importer each, in their room; tests and the bench may import them too", async () => {
  assertEquals(
    await tidied({
      "src/cluster/a.ts": importing(`import { Redis } from "ioredis";`),
      "src/document/a.ts": importing(`await import("@cdktf/hcl2json");\nimport "@cdktf/hcl2json/lib/a.js";`),
      "tests/a_test.ts": importing(`import "ioredis";`),
      "bench/a.ts": importing(`import "@cdktf/hcl2json";`),
    }),
    [],
  );
  assertEquals(
    await tidied({
      "scripts/a.ts": importing(`import "@cdktf/hcl2json";`),
      "src/cluster/a.ts": importing(`import type { Redis } from "ioredis";`),
      "src/cluster/b.ts": importing(`import { Redis } from "ioredis";`),
      "src/config/a.ts": importing(`import "@cdktf/hcl2json";`),
    }),
    [
      "scripts/a.ts:2: imports @cdktf/hcl2json, which only one file of src/document/ may import",
      "src/cluster/b.ts:2: imports ioredis, which src/cluster/a.ts imports already and only one file may",
      "src/config/a.ts:2: imports @cdktf/hcl2json, which only one file of src/document/ may import",
    ],
  );
});

Deno.test("a file has at most 600 lines", async () => {
  const lines = (count: number) => TOP.repeat(count);
  assertEquals(
    await tidied({ "src/config/a.ts": lines(600), "src/config/b.ts": lines(601), "tests/a_test.ts": lines(602) }),
    [
      "src/config/b.ts:1: a file of 601 lines, more than 600 is more than one thing",
      "tests/a_test.ts:1: a file of 602 lines, more than 600 is more than one thing",
    ],
  );
});

Deno.test("a function has at most 70 lines, in any form", async () => {
  const body = (lines: number) => `{\n${"  // Nothing.\n".repeat(lines - 2)}}`;
  const forms = (lines: number) =>
    `${TOP}function a() ${body(lines)}
const b = () => ${body(lines)};
class C { d() ${body(lines)} }
run(() => ${body(lines)});
`;
  assertEquals(await tidied({ "src/config/a.ts": forms(70) }), []);
  assertEquals(await tidied({ "tests/a_test.ts": forms(71) }), [
    "tests/a_test.ts:2: the function a has 71 lines, more than 70 is more than one thing",
    "tests/a_test.ts:73: the function b has 71 lines, more than 70 is more than one thing",
    "tests/a_test.ts:144: the function d has 71 lines, more than 70 is more than one thing",
    "tests/a_test.ts:215: a function without a name has 71 lines, more than 70 is more than one thing",
  ]);
});

Deno.test("no file or folder is named for a drawer", async () => {
  assertEquals(
    await tidied({
      "src/config/content_types_map.ts": TOP,
      "src/config/manager_of_one.ts": TOP,
      "tests/fixtures/utils.ts": "",
    }),
    [],
  );
  assertEquals(await tidied({ "src/config/string_utils.ts": TOP }), [
    `src/config/string_utils.ts:1: "utils" in its name, a file is named for the one thing it is`,
  ]);
  assertEquals(
    await places({
      "scripts/misc.sh": "",
      "src/common/a.md": "",
      "src/config/reloadManager.ts": TOP,
      "src/config/types.ts": TOP,
      "tests/test-helper_test.ts": "",
    }),
    [
      "scripts/misc.sh:1",
      "src/common/a.md:1",
      "src/config/reloadManager.ts:1",
      "src/config/types.ts:1",
      "tests/test-helper_test.ts:1",
    ],
  );
});

Deno.test("no folder is made before its first file", async () => {
  assertEquals(await tidied({ "src/config/rules/a.ts": TOP, "tests/": "" }), []);
  assertEquals(await places({ "src/rollout/": "", "tests/a/b/": "" }), ["src/rollout:1", "tests/a:1", "tests/a/b:1"]);
});

Deno.test("a file of the program or its tools opens with a comment", async () => {
  assertEquals(
    await places({
      "main.ts": `#!/usr/bin/env deno\n${TOP}`,
      "bench/a.ts": "const a = 1;\n",
      "scripts/a.ts": "const a = 1;\n",
      "src/config/a.ts": "\n// Late.\n",
      "src/config/b.ts": "// deno-lint-ignore-file\n// Late.\n",
      "tests/a_test.ts": "const a = 1;\n",
      "tests/support/a.ts": "const a = 1;\n",
    }),
    ["bench/a.ts:1", "scripts/a.ts:1", "src/config/a.ts:1", "src/config/b.ts:1", "tests/support/a.ts:1"],
  );
});

Deno.test("a function or type that another room uses is documented at its declaration", async () => {
  const names = "a, b, type C, type D, e as g, F, LIMIT";
  const user = importing(`import { ${names} } from "../document/a.ts";`);
  const documented = `${TOP}
/** A. */
export function a(x: number): void;
export function a(x: string): void;
export function a(): void {}
/** B. */
export const b = () => 1;
/** C. */
export interface C {
  readonly member: string;
}
/** D. */
export type D = string;
/** E. */
function e() {}
/** F. */
export class F {}
export const LIMIT = 1;
export function onlyItsOwnRoomUsesThis() {}
export { e };
`;
  assertEquals(await tidied({ "src/config/b.ts": user, "src/document/a.ts": documented }), []);
  const bare = `${TOP}export function a() {}
/** */
export const b = () => 1;
export interface C {}
export type D = string;
function e() {}
// Not a JSDoc comment.
export class F {}
export const LIMIT = 1;
export { e };
`;
  const expected = ["2: a", "4: b", "5: C", "6: D", "7: e", "9: F"].map((one) =>
    `src/document/a.ts:${one} has no JSDoc comment, which the other rooms that use it need`
  );
  assertEquals(await tidied({ "src/config/b.ts": user, "src/document/a.ts": bare }), expected);
  const passedOn = importing(`export { ${names} } from "../document/a.ts";`);
  assertEquals(await tidied({ "src/config/b.ts": passedOn, "src/document/a.ts": bare }), expected);
  const neighbours = { "src/document/a.ts": bare, "src/document/b.ts": importing(`import { a } from "./a.ts";`) };
  assertEquals(await tidied({ ...neighbours, "tests/a.ts": `import { a } from "../src/document/a.ts";\n` }), []);
});

Deno.test("a page has lines and cells that can be read, and tables without padding", async () => {
  const longest = "x".repeat(120);
  const fine = `# Title\n\n${longest}\n\n| a | b |\n| --- | :--- |\n| ${longest} | \`x \\| y\` |\n| | c |\n`;
  const code = `\n\`\`\`text\n|  wide  |\n${longest}x\n\`\`\`\n`;
  assertEquals(
    await tidied({ "docs/a.md": fine + code, "CHANGELOG.md": fine, "tests/fixtures/a.md": `${longest}x\n` }),
    [],
  );
  const bad = `${longest}x\n\nend \n\n| a  | b |\n| ---- | --- |\n|a | b |\n| ${longest}x | b |\n`;
  assertEquals(await tidied({ "docs/a.md": bad + code }), [
    "docs/a.md:1: a line of 121 characters, more than 120 are cut off",
    "docs/a.md:3: white space at the end of the line, which no reader sees",
    "docs/a.md:5: a padded row of a table, whose cells have one space at each side, and rules three hyphens",
    "docs/a.md:6: a padded row of a table, whose cells have one space at each side, and rules three hyphens",
    "docs/a.md:7: a padded row of a table, whose cells have one space at each side, and rules three hyphens",
    "docs/a.md:8: a cell of 121 characters, more than 120 are a paragraph or an item of a list",
  ]);
  assertEquals(await tidied({ "docs/a.md": `${code}${longest}x\n` }), [
    "docs/a.md:6: a line of 121 characters, more than 120 are cut off",
  ]);
});

Deno.test("the two pages that a stranger reads first have a longest length", async () => {
  const page = (lines: number) => "a\n".repeat(lines);
  assertEquals(await tidied({ "README.md": page(200), "CONTRIBUTING.md": page(300) }), []);
  assertEquals(await tidied({ "README.md": page(201) }), [
    "README.md:1: a page of 201 lines, more than 200 is read by nobody",
  ]);
});
