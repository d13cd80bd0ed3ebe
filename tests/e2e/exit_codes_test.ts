// The meaning of exit codes, at the edges: 1 means that the configuration is invalid, and nothing else.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { programCommand, runCommand } from "../support/command.ts";
import { openEdgeHost } from "../support/edge_host.ts";
import { eventually } from "../support/eventually.ts";
import { greedySource } from "../support/greedy_source.ts";
import { childrenOf, isRunning, userTicks } from "../support/process_tree.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const VALID = '{ "honua": { "version": "1.0" } }\n';

/** A parser that has used so much has begun with its text: a start takes a fifth of it. */
const WORKING_TICKS = 100;

/** Words that run the program in a shell, with its streams redirected. */
function redirected(redirections: string): readonly string[] {
  return ["/bin/sh", "-c", `exec "$@" ${redirections}`, "sh"];
}

Deno.test("standard input is read by every name that it has, as - is", async () => {
  await using directory = await temporaryDirectory();
  const wrapper = redirected(`<'${await directory.write("valid.json", VALID)}'`);
  for (const name of ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]) {
    const { code, stdout } = await runCommand(["validate", name, "--name", "my.json"], { input: VALID });
    assertEquals(code, 0, stdout);
    assertStringIncludes(stdout, `${name}: valid`);
  }
  const printed = await runCommand(["print", "/dev/stdin", "--name", "my.json"], { wrapper });
  assertEquals([printed.code, JSON.parse(printed.stdout).honua.version], [0, "1.0"], printed.stderr);
  const wrong = await runCommand(["validate", "/dev/stdin"], { input: "honua {\n" });
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.stdout, "--> /dev/stdin:");
});

Deno.test("another open descriptor, as of <(…), is refused with the way that works", async () => {
  await using directory = await temporaryDirectory();
  const file = await directory.write("valid.json", VALID);
  for (const [command, redirection] of [["validate", `9<'${file}'`], ["print", "9<&0"]] as const) {
    const wrapper = redirected(redirection);
    const { code, stdout, stderr } = await runCommand([command, "/dev/fd/9"], { wrapper });
    assertEquals(code, 3);
    assertStringIncludes(stdout + stderr, "- < FILE");
  }
});

Deno.test("standard input that cannot be read ends with 3 and the system's reason", async () => {
  const cases = [["validate", "</", "directory"], ["print", "0>/dev/null", "Bad file descriptor"]] as const;
  for (const [command, redirection, why] of cases) {
    const { code, stdout, stderr } = await runCommand([command, "-"], { wrapper: redirected(redirection) });
    assertEquals(code, 3, stderr);
    assertStringIncludes(stdout + stderr, "Standard input cannot be read");
    assertStringIncludes(stdout + stderr, why);
  }
});

Deno.test("an answer that cannot be written ends with 3, and only wrong usage keeps its 2", async () => {
  const wrapper = redirected(">/dev/full");
  for (const [args, input] of [[["--help"], ""], [["--version"], ""], [["validate", "-"], "honua {\n"]] as const) {
    assertEquals((await runCommand(args, { wrapper, input })).code, 3, args.join(" "));
  }
  const mute = redirected("2>/dev/full");
  assertEquals((await runCommand(["run", "--set", "Snapshot:Pth=x"], { wrapper: mute })).code, 2);
});

Deno.test("a parser that was killed under a command says nothing of the file: that ends with 3", async () => {
  await using directory = await temporaryDirectory();
  const file = await directory.write("honua.hcl", greedySource(256 * 1024));
  await Promise.all(["validate", "print"].map(async (command) => {
    const process = programCommand([command, file]).spawn();
    const output = process.output();
    await process.stdin.close();
    await eventually("its parser at work", async () => {
      const [parser] = await childrenOf(process.pid);
      if (parser === undefined || await userTicks(parser) < WORKING_TICKS) return false;
      Deno.kill(parser, "SIGKILL");
      return true;
    }, 60_000);
    const { code, stdout, stderr } = await output;
    const reported = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
    assertStringIncludes(reported, "document/parser-ended");
    assertEquals(code, 3);
  }));
});

Deno.test("a daemon whose working directory is removed goes on: its parser and its hooks can be started", async () => {
  await using host = await openEdgeHost();
  const started = `${host.directory}/started`;
  const cwd = `${host.directory}/working`;
  await Deno.mkdir(cwd);
  const hook = JSON.stringify({ Hooks: [{ Name: "touch", Command: ["/usr/bin/touch", started] }] });
  await Deno.writeTextFile(`${host.directory}/options.json`, hook);
  const daemon = await host.follow("first", { args: ["--options", `${host.directory}/options.json`], cwd });
  await eventually("the hook", () => Deno.stat(started));
  await Deno.remove(started);
  await Deno.remove(cwd);
  const [parser] = await childrenOf(daemon.pid);
  Deno.kill(parser!, "SIGKILL");
  await eventually("the parser is gone", async () => !await isRunning(parser!));
  // A setting that no parser has seen yet.
  await host.put(greedySource(4));
  await host.hasSnapshot("greedy");
  await eventually("the hook", () => Deno.stat(started));
});
