// The completion scripts, in the shells that they are for. A shell that is not there is reported, and its tests are
// ignored.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { missing } from "../../scripts/test_setup.ts";
import { settingNames } from "../../src/cli/command_outline.ts";
import { runRecorded } from "../support/recording_terminal.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { completedLines } from "./line_editor.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

const lacking = new Set(
  (await missing(SHELLS.map((program) => ({ program, debianPackage: program })), Deno.env.get("PATH") ?? ""))
    .map(({ program }) => program),
);
for (const shell of lacking) console.error(`completion_test: ${shell} is not there, so its tests are ignored`);

async function scriptOf(shell: string): Promise<string> {
  const { code, out } = await runRecorded(["completion", shell]);
  assertEquals(code, 0);
  return out;
}

/** Everything that the program's own help offers: commands, and the flags of each. */
async function offered(): Promise<Map<string, string[]>> {
  const flagsOf = (help: string) => [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag]) => flag!);
  const { out } = await runRecorded(["--help"]);
  const names = [...out.slice(out.indexOf("Commands:")).matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!);
  const found = new Map([["", flagsOf(out)]]);
  // `help --help` is the program's own help.
  for (const name of names.filter((one) => one !== "help")) {
    found.set(name, flagsOf((await runRecorded([name, "--help"])).out));
  }
  return found;
}

for (const shell of SHELLS) {
  Deno.test(`the script for ${shell} has every command and every flag that the help has`, async () => {
    const script = await scriptOf(shell);
    const known = await offered();
    assert(known.size > 9 && known.get("run")!.length > 8, "the help was not understood");
    for (const [command, flags] of known) {
      const part = partOf(shell, command, script);
      assertStringIncludes(script, command);
      for (const flag of flags) {
        assert(new RegExp(shell === "fish" ? `-l ${flag.slice(2)}\\b` : `${flag}\\b`).test(part), `${command} ${flag}`);
      }
    }
  });

  Deno.test(`the script for ${shell} has every setting`, async () => {
    const script = await scriptOf(shell);
    const names = settingNames();
    assert(names.length > 40);
    for (const { name } of names) assertStringIncludes(script, `${name}=`);
  });

  Deno.test({
    name: `${shell} reads its script without a complaint`,
    ignore: lacking.has(shell),
    async fn() {
      await using directory = await temporaryDirectory();
      const script = await directory.write(`completion.${shell}`, await scriptOf(shell));
      const { code, stderr } = await new Deno.Command(shell, { args: ["-n", script], stderr: "piped" }).output();
      assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    },
  });
}

/** The part of a script that is about a command; of the program itself, the first. */
function partOf(shell: typeof SHELLS[number], command: string, script: string): string {
  if (shell === "fish") {
    const condition = command === "" ? "__fish_use_subcommand" : `'__fish_seen_subcommand_from ${command}'`;
    return script.split("\n").filter((line) => line.includes(`-n ${condition}`)).join("\n");
  }
  if (shell === "zsh" && command === "") return script.slice(script.indexOf("\n_honua-configd()"));
  const name = command === "" ? "''" : command;
  const begin = script.indexOf(`\n    ${name})\n`);
  assert(begin > 0, command);
  return script.slice(begin, script.indexOf("\n      ;;", begin));
}

/** The words that bash would offer, with the line cut into words as readline cuts it. */
async function bashReplies(script: string, words: readonly string[]): Promise<string[]> {
  const ask = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _honua_configd; ' +
    'complete -p honua-configd >&2; printf "%s\\n" "${COMPREPLY[@]}"';
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["--norc", "--noprofile", "-c", ask, "bash", script, "honua-configd", ...words],
    stderr: "piped",
  }).output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, "complete -F _honua_configd honua-configd\n"]);
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "").sort();
}

const BASH_REPLIES: [string[], string[]][] = [
  [["re"], ["reject", "release-hold", "reload"]],
  [["--v"], ["--version"]],
  [["man"], []],
  [["run", "--log-"], ["--log-format", "--log-level"]],
  [["run", "--log-format", ""], ["auto", "json", "text"]],
  [["run", "--log-level", "c"], ["critical"]],
  [["validate", "--format", "=", ""], ["json", "text"]],
  [["validate", "--format", "="], ["json", "text"]],
  [["run", "--set", "Snapshot"], ["Snapshot:Group=", "Snapshot:Mode=", "Snapshot:Path=", "Snapshot:ServerPath="]],
  [["run", "--set", "Snapshot", ":", "P"], ["Path="]],
  [["run", "--set", "HighAvailability", ":", "Enabled", "=", ""], ["false", "true"]],
  [["run", "--set", "=", "HighAvailability", ":", "Enabled", "=", "t"], ["true"]],
  [["run", "--set", "Logging", ":", "Format", "=", "x"], []],
  [["run", "--set", "Snapshot", ":", "Path", "=", ""], []],
  [["completion", ""], ["bash", "fish", "zsh"]],
  [["status", ""], []],
  [["nothing", ""], []],
];

for (const [words, replies] of BASH_REPLIES) {
  Deno.test({
    name: `bash offers for "${words.join(" ")}": ${replies.join(" ") || "nothing"}`,
    ignore: lacking.has("bash"),
    async fn() {
      await using directory = await temporaryDirectory();
      const script = await directory.write("completion.bash", await scriptOf("bash"));
      assertEquals(await bashReplies(script, words), replies);
    },
  });
}

/** The typed line, and the line after TAB; FILE is a directory's path with a slash. */
const TYPED: [string, string][] = [
  ["relo", "reload "],
  ["help val", "help validate "],
  ["run --on", "run --once "],
  ["run --log-format j", "run --log-format json "],
  ["validate --format=js", "validate --format=json "],
  ["run --set Snapshot:Pa", "run --set Snapshot:Path="],
  ["run --set HighAvailability:Enabled=t", "run --set HighAvailability:Enabled=true "],
  ["run --set=HighAvailability:Enabled=t", "run --set=HighAvailability:Enabled=true "],
  ["validate FILEhon", "validate FILEhonua.hcl "],
  ["run -c FILEhon", "run -c FILEhonua.hcl "],
  ["run --config=FILEhon", "run --config=FILEhonua.hcl "],
  ["validate FILEtwo", "validate FILEtwo\\ words.hcl "],
  ["run FILEhon", "run FILEhon"],
  ["completion z", "completion zsh "],
  ["frobnicate x", "frobnicate x"],
];

for (const shell of ["bash", "zsh"] as const) {
  Deno.test({
    name: `${shell} completes the typed words`,
    // The terminal that a shell is given is zsh's.
    ignore: lacking.has(shell) || lacking.has("zsh"),
    async fn() {
      await using directory = await temporaryDirectory();
      await directory.write("honua.hcl", "");
      await directory.write("two words.hcl", "");
      const script = await directory.write(`completion.${shell}`, await scriptOf(shell));
      const line = (text: string) => `honua-configd ${text.replaceAll("FILE", `${directory.path}/`)}`;
      const lines = await completedLines(shell, script, TYPED.map(([typed]) => line(typed)));
      assertEquals(lines, TYPED.map(([, completed]) => line(completed)));
    },
  });
}

Deno.test({
  name: "zsh finds the script as a file of its function path",
  ignore: lacking.has("zsh"),
  async fn() {
    await using directory = await temporaryDirectory();
    await directory.write("_honua-configd", await scriptOf("zsh"));
    const script = await directory.write("path.zsh", `fpath=(${directory.path} $fpath); compinit -u -D`);
    assertEquals(await completedLines("zsh", script, ["honua-configd relo"]), ["honua-configd reload "]);
  },
});

const FISH_OFFERS: [string, string[]][] = [
  ["relo", ["reload"]],
  ["run --log-", ["--log-format", "--log-level"]],
  ["run --log-format ", ["auto", "json", "text"]],
  ["validate --format=", ["--format=json", "--format=text"]],
  ["run --set HighAvailability:Enabled=", ["HighAvailability:Enabled=false", "HighAvailability:Enabled=true"]],
  ["run --set Snapshot:", ["Snapshot:Group=", "Snapshot:Mode=", "Snapshot:Path=", "Snapshot:ServerPath="]],
  ["completion ", ["bash", "fish", "zsh"]],
  ["validate FILEhon", ["FILEhonua.hcl"]],
  ["run -c FILEhon", ["FILEhonua.hcl"]],
  ["run FILEhon", []],
];

for (const [typed, offers] of FISH_OFFERS) {
  Deno.test({
    name: `fish offers for "${typed}": ${offers.join(" ") || "nothing"}`,
    ignore: lacking.has("fish"),
    async fn() {
      await using directory = await temporaryDirectory();
      await directory.write("honua.hcl", "");
      const script = await directory.write("completion.fish", await scriptOf("fish"));
      const here = (text: string) => text.replaceAll("FILE", `${directory.path}/`);
      const { stdout } = await new Deno.Command("fish", {
        args: ["--no-config", "--command", `source ${script}; complete -C "honua-configd ${here(typed)}"`],
        env: { HOME: directory.path },
      }).output();
      const names = new TextDecoder().decode(stdout).split("\n").map((line) => line.split("\t")[0]!);
      assertEquals(names.filter((name) => name !== "").sort(), offers.map(here));
    },
  });
}

Deno.test("a shell that is not known is wrong usage, with those that are", async () => {
  const { code, error } = await runRecorded(["completion", "tcsh"]);
  assertEquals(code, 2);
  assertStringIncludes(error, "Allowed choices are bash, zsh, fish");
});
