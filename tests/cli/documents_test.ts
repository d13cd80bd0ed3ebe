// README.md and docs/: that they agree with the manual page, that their examples are accepted, and that their links
// lead somewhere.
import { assert, assertEquals } from "@std/assert";
import {
  EXIT_CODE_LIST,
  FILE_LIST,
  HOOK_VARIABLE_LIST,
  type ListEntry,
  SIGNAL_LIST,
  VARIABLE_LIST,
} from "../../src/cli/manual_lists.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import { renderLine } from "../../src/diagnostic/render.ts";
import { openMetrics } from "../../src/telemetry/metrics.ts";
import { readOptions } from "../../src/options/option_reader.ts";
import { runRecorded } from "../support/recording_terminal.ts";

const ROOT = new URL("../../", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", ROOT));

/** The texts by their URLs: README.md and all pages of docs/. */
const documents = new Map([[new URL("README.md", ROOT).href, readme]]);
for await (const { name } of Deno.readDir(new URL("docs/", ROOT))) {
  const url = new URL(`docs/${name}`, ROOT);
  if (name.endsWith(".md")) documents.set(url.href, await Deno.readTextFile(url));
}

const all = [...documents.values()].join("\n");

/** A text without the marks of code, and without links. */
function plain(text: string): string {
  return text.replaceAll("`", "").replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");
}

/** All rows of the tables in a text, their cells joined. */
function rowsOf(text: string): string[] {
  return text.split("\n").filter((line) => line.startsWith("| ")).map((row) =>
    row.slice(1, -1).split(" | ").map((cell) => plain(cell.trim())).join(" | ")
  );
}

const rows: ReadonlySet<string> = new Set([...documents.values()].flatMap(rowsOf));

const LISTS: [string, readonly ListEntry[]][] = [
  ["exit codes", EXIT_CODE_LIST],
  ["signals", SIGNAL_LIST],
  ["variables of the environment", VARIABLE_LIST],
  ["variables of a hook", HOOK_VARIABLE_LIST],
  ["files", FILE_LIST],
];

for (const [what, list] of LISTS) {
  Deno.test(`the documents list the ${what} as the manual page does`, () => {
    assertEquals(list.map(({ term, meaning }) => plain(`${term} | ${meaning}`)).filter((row) => !rows.has(row)), []);
  });
}

Deno.test("README.md names every command of the program", async () => {
  const { out } = await runRecorded(["--help"]);
  const names = [...out.slice(out.indexOf("Commands:")).matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!);
  assert(names.length > 10);
  const named = rowsOf(readme).map((row) => /^[a-z]+/.exec(row)?.[0]);
  assertEquals(names.filter((name) => name !== "help" && !named.includes(name)), []);
});

Deno.test("every command line that the documents show has a command and flags that there are", async () => {
  const shells = [...all.matchAll(/^( *)```(?:sh|yaml)\n(.*?)^ *```$/gms)].map(([, , text]) => text!).join("\n");
  const inText = [...all.matchAll(/`(honua-configd [^`]*)`/g)].map(([, line]) => line!).join("\n");
  const lines = [...`${shells}\n${inText}`.matchAll(/\bhonua-configd ([a-z]+\b[^#;|&\n]*)/g)].map(([, line]) => line!)
    .filter((line) => !/^(head|cat|server form|is|on)\b/.test(line));
  assert(lines.length > 40, `${lines.length} command lines were found`);
  for (const line of new Set(lines)) {
    const [command, ...words] = line.split(/[\s=]+/);
    const { code, out } = await runRecorded([command!, "--help"]);
    assertEquals(code, 0, line);
    const flags = words.filter((word) => /^--[a-z]/.test(word));
    assertEquals(flags.filter((flag) => !new RegExp(`${flag}\\b`).test(out)), [], line);
  }
});

Deno.test("every options file that the documents show is accepted as it is", () => {
  const sections = /^\{\s*"(ConfigurationWatcher|Honua|HighAvailability|Admin|Hooks)"/;
  const files = [...all.matchAll(/^( *)```json\n(.*?)^ *```$/gms)].map(([, , text]) => text!)
    .filter((text) => sections.test(text.trim()));
  assert(files.length > 10, `${files.length} options files were found`);
  for (const text of files) {
    const read = readOptions({ flags: [], environment: {}, file: sourceText("options.json", text) });
    const reported = read.ok ? read.warnings : read.diagnostics;
    assertEquals(reported.map((one) => renderLine(one)), [], text);
  }
});

/** The anchor of a heading, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
}

Deno.test("every link of the documents leads to a heading or a file that is there", async () => {
  const anchors = new Set(
    [...documents].flatMap(([url, text]) =>
      [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => `${url}#${anchorOf(heading!)}`)
    ),
  );
  const targets = [...documents].flatMap(([url, text]) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => new URL(target!, url).href)
  ).filter((target) => target.startsWith("file:"));
  assert(targets.length > 20);
  for (const target of targets) {
    if (target.includes("#")) assert(anchors.has(target), `no heading for ${target}`);
    else await Deno.stat(new URL(target));
  }
});

Deno.test("the documents name the alerts that there are", async () => {
  const alerts = await Deno.readTextFile(new URL("monitoring/alerts.yml", ROOT));
  const defined = new Set([...alerts.matchAll(/^ *- alert: (\w+)$/gm)].map(([, name]) => name!));
  const named = new Set([...all.matchAll(/`(HonuaConfigd\w+)`/g)].map(([, name]) => name!));
  assertEquals([...named].sort(), [...defined].sort());
});

Deno.test("docs/metrics.md lists each metric with its type", async () => {
  const page = await Deno.readTextFile(new URL("docs/metrics.md", ROOT));
  const listed = [...page.matchAll(/^- `(\w+)(?:\{[^}]*\})?`, (\w+):/gm)].map(([, name, type]) => `${name} ${type}`);
  const { text } = openMetrics({ version: "1", startTimeSeconds: 1, hooks: ["server"] });
  const exposed = [...text().matchAll(/^# TYPE (?:honua_configd_)?(\w+) (\w+)$/gm)]
    .map(([, name, type]) => `${name} ${type}`);
  assertEquals(listed.sort(), exposed.sort());
});

Deno.test("docs/admin-api.md lists each code of a problem", async () => {
  const page = await Deno.readTextFile(new URL("docs/admin-api.md", ROOT));
  const listed = new Set(
    [...page.matchAll(/^\| [45]\d\d \| ([^|]*) \|/gm)].flatMap(([, cell]) => plain(cell!).split(", ")),
  );
  const given = new Set<string>();
  for (const folder of ["src/admin/", "src/admin/ui/"]) {
    for await (const { name, isFile } of Deno.readDir(new URL(folder, ROOT))) {
      const code = isFile ? await Deno.readTextFile(new URL(`${folder}${name}`, ROOT)) : "";
      for (const [, word] of code.matchAll(/"admin\/([a-z-]+)"/g)) given.add(word!);
    }
  }
  assertEquals([...listed].sort(), [...given].sort());
});
