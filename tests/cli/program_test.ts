import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { VERSION } from "../../src/cli/version.ts";
import { runRecorded } from "../support/recording_terminal.ts";

for (const command of ["run", "validate", "init", "print", "version"]) {
  Deno.test(`${command} --help answers with an example`, async () => {
    const { code, out } = await runRecorded([command, "--help"]);
    assertEquals(code, 0);
    assertStringIncludes(out, `Examples:\n  honua-configd ${command}`);
  });
}

Deno.test("version names the version, its origin, Deno and V8", async () => {
  const { code, out } = await runRecorded(["version"]);
  assertEquals(code, 0);
  assertMatch(
    out,
    new RegExp(`^honua-configd ${VERSION.replaceAll(".", "\\.")} \\(not compiled, deno 2\\.\\d+\\.\\d+, v8 .*\\)\n$`),
  );
});

Deno.test("the version is the newest release of the changelog", async () => {
  const changelog = await Deno.readTextFile(new URL("../../CHANGELOG.md", import.meta.url));
  assertStringIncludes(changelog.split("\n").find((line) => /^## \d/.test(line))!, VERSION);
});

const MISTAKES: [string[], string][] = [
  [["valdate"], "Did you mean validate?"],
  [["run", "--onec"], "Did you mean --once?"],
  [["validate"], "missing required argument"],
  [["print", "a", "b"], "too many arguments"],
  [["validate", "--format", "xml", "a"], "Allowed choices are text, json"],
  [[], "Usage: honua-configd"],
];

for (const [args, says] of MISTAKES) {
  Deno.test(`wrong usage (${args.join(" ") || "no command"}) ends with 2 and shows the right usage`, async () => {
    const { code, out, error } = await runRecorded(args);
    assertEquals([code, out], [2, ""]);
    assertStringIncludes(error, says);
  });
}
