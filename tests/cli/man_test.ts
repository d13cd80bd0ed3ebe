// The manual page: that it is complete, and that its settings agree with the schema.
import fc from "fast-check";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { missing } from "../../scripts/test_setup.ts";
import { roffLine, roffLiteral, roffProse, VERSION_DATE } from "../../src/cli/man.ts";
import {
  EXIT_CODE_LIST,
  FILE_LIST,
  HOOK_VARIABLE_LIST,
  SIGNAL_LIST,
  VARIABLE_LIST,
} from "../../src/cli/manual_lists.ts";
import { settingNames } from "../../src/cli/command_outline.ts";
import { HOOK_TEXTS, SETTING_TEXTS } from "../../src/cli/settings_reference.ts";
import { VERSION } from "../../src/cli/version.ts";
import { checkOptions } from "../../src/options/option_schema.ts";
import { readOptions } from "../../src/options/option_reader.ts";
import { runRecorded } from "../support/recording_terminal.ts";

const lacking = await missing([{ program: "mandoc", debianPackage: "mandoc" }], Deno.env.get("PATH") ?? "");
if (lacking.length > 0) console.error("man_test: mandoc is not there, so its tests are ignored");

async function page(): Promise<string> {
  const { code, out } = await runRecorded(["man"]);
  assertEquals(code, 0);
  return out;
}

async function mandoc(args: readonly string[], input: string): Promise<{ code: number; out: string }> {
  const process = new Deno.Command("mandoc", { args: [...args], stdin: "piped", stdout: "piped", stderr: "piped" })
    .spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout } = await process.output();
  return { code, out: new TextDecoder().decode(stdout) };
}

/** As a reader sees it, each run of white space one space. */
async function rendered(source: string): Promise<string> {
  const { code, out } = await mandoc(["-Tutf8", "-Owidth=900"], source);
  assertEquals(code, 0);
  // Bold is a character, a backspace and the character again.
  // deno-lint-ignore no-control-regex
  return out.replaceAll(/.\x08/gu, "").replaceAll(/\s+/g, " ");
}

Deno.test({ name: "mandoc has no warning about the page", ignore: lacking.length > 0 }, async () => {
  assertEquals(await mandoc(["-Tlint", "-Wwarning"], await page()), { code: 0, out: "" });
});

Deno.test(
  { name: "the page shows every command, flag, setting, variable and file", ignore: lacking.length > 0 },
  async () => {
    const text = await rendered(await page());
    const { out: help } = await runRecorded(["--help"]);
    const commands = [...help.slice(help.indexOf("Commands:")).matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!);
    assert(commands.length > 10);
    for (const command of commands) {
      assertStringIncludes(text, `honua-configd ${command}`);
      const { out } = await runRecorded([command, "--help"]);
      const flags = [...out.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag]) => flag!);
      for (const flag of flags.filter((one) => one !== "--help" && command !== "help")) {
        assertStringIncludes(
          text,
          flag,
        );
      }
      for (const [, example] of out.matchAll(/^ {2}(honua-configd .*)$/gm)) assertStringIncludes(text, example!);
    }
    for (const { name } of [...SETTING_TEXTS, ...HOOK_TEXTS]) assertStringIncludes(text, ` ${name} `);
    for (const list of [EXIT_CODE_LIST, FILE_LIST, HOOK_VARIABLE_LIST, SIGNAL_LIST, VARIABLE_LIST]) {
      for (const { term, meaning } of list) assertStringIncludes(text, plain(`${term} ${meaning}`));
    }
  },
);

Deno.test("the page is the same each time, and not offered as a command", async () => {
  assertEquals(await page(), await page());
  assert(!/^ {2}man\b/m.test((await runRecorded(["--help"])).out));
});

Deno.test("the page has the date of the newest version in CHANGELOG.md", async () => {
  const changelog = await Deno.readTextFile(new URL("../../CHANGELOG.md", import.meta.url));
  const heading = changelog.split("\n").find((line) => /^## \d/.test(line));
  assertEquals(heading, `## ${VERSION} - ${VERSION_DATE}`);
});

const HOSTILE = [".SH x", "'x", "a\\fBb", "\\", "-x --y a-b", '"q"', "`a` b", "^~", "…–é", "𝒜", "\u0007"];

Deno.test(
  { name: "the page shows any text unchanged", ignore: lacking.length > 0 },
  async () => {
    const texts = fc.array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "grapheme" })), { maxLength: 5 })
      .map((parts) => parts.join(" ").replaceAll(/[\p{Cc}\p{M}\p{Cf}\s]+/gu, " ").trim())
      .filter((text) => text !== "");
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const source = `.TH X 1 2026-01-01\n.nh\n.SH NAME\n${roffLine(roffLiteral(text))}\n.PP\n${
          roffLine(roffProse(text))
        }\n`;
        const shown = await rendered(source);
        assertStringIncludes(shown, ` ${text} ${plain(text).replaceAll(/\s+/g, " ")}`.trimEnd());
      }),
      { numRuns: 40 },
    );
  },
);

/** A text without the marks of code. */
function plain(text: string): string {
  return text.replaceAll("`", "");
}

Deno.test("every setting of the schema is explained, and no other", () => {
  const isHook = (name: string) => name.startsWith("Hooks:List:0:");
  const known = settingNames().map(({ name }) => name);
  const listNames = (names: readonly string[]) =>
    [...new Set(names.map((name) => name.replace(/(:\d+)+$/, "")))].sort();
  assertEquals(
    SETTING_TEXTS.map(({ name }) => name).filter((name) => name !== "Hooks:List").sort(),
    listNames(known.filter((name) => !isHook(name))),
  );
  // Members under names of its own have none in the schema.
  const maps = ["Http:Headers", "Http:HeaderFiles", "Ready:Http:Headers", "Ready:Http:HeaderFiles"];
  assertEquals(
    HOOK_TEXTS.map(({ name }) => name).filter((name) => !maps.includes(name)).sort(),
    listNames(known.filter(isHook).map((name) => name.slice("Hooks:List:0:".length))),
  );
});

/** The daemon's own defaults, by the names that people write, in lower case. */
function defaults(input: unknown): Map<string, unknown> {
  const result = checkOptions(input);
  assert(result.ok, JSON.stringify(result));
  const found = new Map<string, unknown>();
  const walk = (value: unknown, path: string): void => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) return void found.set(path, value);
    for (const [key, below] of Object.entries(value)) walk(below, path === "" ? key : `${path}:${key}`.toLowerCase());
  };
  walk(result.options, "");
  return found;
}

Deno.test("the documented defaults are the real ones", () => {
  const options = defaults({});
  const hook = defaults({ hooks: { list: [{ name: "x", http: { url: "http://h/" }, ready: { command: ["x"] } }] } })
    .get("hooks:list");
  const hookDefaults = defaultsOfHook(hook);
  const texts = [
    ...SETTING_TEXTS.map((one) => [one, options.get(one.name.toLowerCase())] as const),
    ...HOOK_TEXTS.map((one) => [one, hookDefaults.get(one.name.toLowerCase())] as const),
  ];
  for (const [{ name, initial }, value] of texts) {
    const code = /^`"?([^`"]*)"?`$/.exec(initial)?.[1];
    // A reference to another setting, or words for an absent default.
    if (code === undefined || code.includes("ConnectionStrings")) {
      assert(
        value === null || value === undefined || (Array.isArray(value) && value.length === 0),
        `${name}: ${value}`,
      );
    } else {
      assertEquals(name === "Snapshot:Mode" ? `0${(value as number).toString(8)}` : String(value), code, name);
    }
  }
});

function defaultsOfHook(list: unknown): Map<string, unknown> {
  const [hook] = list as Record<string, unknown>[];
  const found = new Map<string, unknown>();
  for (const [key, value] of Object.entries(hook!)) {
    found.set(key.toLowerCase(), value);
    if (value === null || typeof value !== "object" || Array.isArray(value)) continue;
    for (const [below, one] of Object.entries(value)) found.set(`${key}:${below}`.toLowerCase(), one);
  }
  // The given action, since a hook must have one.
  for (const given of ["name", "http:url", "http:headers", "http:headerfiles", "ready:command"]) found.delete(given);
  return found;
}

Deno.test("the documented bounds are those that are checked", () => {
  for (
    const { name, bounds } of [...SETTING_TEXTS, ...HOOK_TEXTS.map((one) => ({ ...one, name: `Hooks:0:${one.name}` }))]
  ) {
    const range = /^(\d+) to (\d+)$/.exec(bounds);
    const words = [...bounds.matchAll(/`(\w+)`/g)].map(([, word]) => word!);
    const isList = bounds.startsWith("a list of `");
    if (range !== null) {
      assertMatch(refusal(name, "x"), new RegExp(`from ${range[1]} to ${range[2]}\\b`), name);
    } else if (words.length > 1 && (isList || /^`\w+`(, `\w+`)*$/.test(bounds))) {
      const says = words.join() === "true,false" ? "must be true or false" : `must be one of ${words.join(", ")}`;
      assertStringIncludes(refusal(isList ? `${name}:0` : name, "x"), says);
    }
  }
});

/** The message about an invalid value. */
function refusal(key: string, value: string): string {
  const flags = [
    { flag: "--set", key, value },
    { flag: "--set", key: "Hooks:0:Name", value: "hook" },
    ...key.startsWith("Hooks:0:Http") ? [{ flag: "--set", key: "Hooks:0:Http:Url", value: "http://h/" }] : [],
  ];
  const read = readOptions({ flags, environment: {}, file: null });
  return read.ok ? "" : read.diagnostics.map(({ summary }) => summary).join("\n");
}
