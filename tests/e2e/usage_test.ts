// The command line as people meet it: help with examples, suggestions for a word that is nearly one, and exit code 2
// for any wrong usage.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { programCommand, runCommand } from "../support/command.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const COMMANDS = ["run", "validate", "init", "print", "version"];

Deno.test("every command has a help that shows an example, and the program's names them all", async () => {
  const { code, stdout, stderr } = await runCommand(["--help"]);
  assertEquals([code, stderr], [0, ""]);
  for (const command of COMMANDS) assertMatch(stdout, new RegExp(`^  ${command} `, "m"));
  assertMatch(stdout, /^Examples:\n {2}honua-configd /m);
  for (const command of COMMANDS) {
    const help = await runCommand([command, "--help"]);
    assertEquals([help.code, help.stderr], [0, ""], command);
    assertMatch(help.stdout, new RegExp(`^Examples:\n  honua-configd ${command}\\b`, "m"), command);
  }
});

Deno.test("version says which program and version it is, whichever way it is asked", async () => {
  const { code, stdout } = await runCommand(["version"]);
  assertEquals(code, 0);
  assertMatch(stdout, /^honua-configd \d+\.\d+\.\d+ .+\n$/);
  assertEquals((await runCommand(["--version"])).stdout, stdout);
});

Deno.test("a command or an option that is nearly one is suggested, and all wrong usage ends with 2", async () => {
  const wrong: [readonly string[], string][] = [
    [[], "Usage: honua-configd"],
    [["validat", "x.hcl"], "Did you mean validate?"],
    [["zzz"], "unknown command 'zzz'"],
    [["run", "--confg", "x.hcl"], "Did you mean --config?"],
    [["validate"], "missing required argument"],
    [["validate", "--format", "xml", "x.hcl"], "Allowed choices are text, json"],
    [["print", "a.hcl", "b.hcl"], "too many arguments"],
    [["run", "--set", "nonsense"], "KEY=VALUE"],
  ];
  for (const [args, expected] of wrong) {
    const { code, stdout, stderr } = await runCommand(args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertStringIncludes(stderr, expected);
  }
});

Deno.test("an option outside its bounds is reported with its place and its bounds, from any source", async () => {
  await using temporary = await temporaryDirectory();
  const directory = temporary.path;
  const file = `${directory}/options.json`;
  await Deno.writeTextFile(
    file,
    '{\n  // How often.\n  "ConfigurationWatcher": {\n    "PollSeconds": 3601\n  }\n}\n',
  );
  const inFile = await runCommand(["run", "--config", `${directory}/x.hcl`, "--options", file]);
  assertEquals(inFile.code, 2);
  assertStringIncludes(inFile.stderr, `${file}:4:20`);
  assertMatch(inFile.stderr, /ConfigurationWatcher:PollSeconds must be .* from 0 to 3600/);
  const asFlag = await runCommand(["run", "--set", "ConfigurationWatcher:DebounceMilliseconds=60001"]);
  assertEquals(asFlag.code, 2);
  assertMatch(asFlag.stderr, /DebounceMilliseconds must be .* from 0 to 60000.*\(--set\)/);
  const env = { CONFIGURATIONWATCHER__ENABLEFILEWATCHING: "perhaps" };
  const inEnvironment = await runCommand(["run"], { env });
  assertEquals(inEnvironment.code, 2);
  assertMatch(inEnvironment.stderr, /EnableFileWatching must be true or false/);
  assert(!inEnvironment.stderr.includes("perhaps"), "a value of the environment was quoted");
});

Deno.test("an unknown option is suggested, and an options file that is not there ends with 3", async () => {
  const unknown = await runCommand(["run", "--set", "ConfigurationWatcher:PollSecond=1"]);
  assertEquals(unknown.code, 2);
  assertStringIncludes(unknown.stderr, "Did you mean ConfigurationWatcher:PollSeconds?");
  const missing = await runCommand(["run", "--options", "/nowhere/options.json"]);
  assertEquals(missing.code, 3);
  assertStringIncludes(missing.stderr, "/nowhere/options.json");
});

Deno.test("a reader of the output that went away is no failure", async () => {
  const process = programCommand(["init", "-"]).spawn();
  await Promise.all([process.stdin.close(), process.stdout.cancel()]);
  const [{ code }, stderr] = await Promise.all([process.status, new Response(process.stderr).text()]);
  assertEquals([code, stderr], [0, ""]);
});
