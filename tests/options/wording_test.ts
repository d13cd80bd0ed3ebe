// That diagnostics of options read like all others.
import { assert, assertEquals } from "@std/assert";
import type { Diagnostic } from "../../src/diagnostic/diagnostic.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import { parseFlagSetting, readOptions } from "../../src/options/option_reader.ts";
import { readOptionsFile } from "../../src/options/options_file.ts";
import { findSource } from "../../src/options/source_path.ts";
import { misworded } from "../support/wording.ts";

const FILES = [
  "",
  "[]",
  "{ a: 1 }",
  '{ "a" 1 }',
  '{ "a": 1 "b": 2 }',
  '{ "a": [1 }',
  '{ "a": 1',
  '{ "a": 1 } x',
  '{ "a": "x }',
  '{ "a": "\\q" } /*',
  `{ "a": ${"[".repeat(100)}`,
  '{ "Snapshot": { "Path": "/a", "path": "/b" }, "snapshot:path": 1 }',
  '{ "Snapshot": { "Pth": "/a", "Mode": "9" }, "Sanpshot": 1, "honua": { "ConfigPth": "" }, "Hooks": [{ "Name": "x" }], "Admin": [] }',
];

const ENVIRONMENTS: readonly Readonly<Record<string, string>>[] = [
  { Snapshot__Pth: "x", Snapshot__Path__0: "x", Hooks__x: "y" },
  { ConfigurationWatcher__EnvironmentFiles: "x", ADMIN__LISTEN: "x", Admin__Listen: "y" },
];

Deno.test("every text about options begins as a sentence and has no full stop at its end", async () => {
  const found: Diagnostic[] = [];
  const add = (result: ReturnType<typeof readOptions>) =>
    found.push(...(result.ok ? result.warnings : result.diagnostics));
  for (const text of FILES) add(readOptions({ flags: [], environment: {}, file: sourceText("options.json", text) }));
  for (const environment of ENVIRONMENTS) add(readOptions({ flags: [], environment, file: null }));
  const flags = [{ flag: "--set", key: "ConfigurationWatcher:Poll", value: "1" }];
  add(readOptions({ flags, environment: {}, file: null }));
  const others = [
    parseFlagSetting("x"),
    await readOptionsFile("/dev/null/none"),
    await readOptionsFile("/dev/null"),
    await findSource({
      flag: null,
      options: { configurationV2: { path: null }, configPath: null },
      environment: {},
      directories: [],
      exists: () => Promise.resolve(false),
    }),
  ];
  for (const one of others) if ("diagnostic" in one) found.push(one.diagnostic);
  assert(found.length > 20);
  assertEquals(found.flatMap(misworded), []);
});
