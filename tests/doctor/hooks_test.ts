import { assertEquals, assertStringIncludes } from "@std/assert";
import { coded, type Subject } from "../../src/doctor/examination.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import * as hooks from "../../src/doctor/hooks.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { findingsOf, levels, machineWith, NO_SYSTEMD, subjectWith } from "./subject.ts";

const STRANGER = { name: "stranger", uid: 54_321, gids: [54_321] };

const UNIT = { ...NO_SYSTEMD, state: "not-installed" } as const;

/** The findings about one hook. */
async function judged(
  hook: Readonly<Record<string, string>>,
  given: Partial<Subject> = {},
): Promise<readonly Finding[]> {
  const settings = Object.entries({ Name: "reload", ...hook }).map(([name, value]) => [`Hooks:List:0:${name}`, value]);
  const subject = subjectWith(Object.fromEntries(settings), given);
  const sections = [hooks.programs, hooks.pidFiles, hooks.processes, hooks.units];
  return (await Promise.all(sections.map((section) => findingsOf(section, subject)))).flat();
}

Deno.test("a hook's program is found by its path or along PATH, and must be one that the daemon's user may run", async () => {
  await using directory = await temporaryDirectory();
  await Deno.chmod(directory.path, 0o755);
  const program = await directory.write("reload.sh", "#!/bin/sh\n");
  await Deno.chmod(program, 0o644);
  assertEquals(levels(await judged({ "Command:0": "sh" })), ["ok hooks/command"]);
  const [none] = await judged({ "Command:0": "no-such-program", "Command:1": "--token=hush-hush" });
  assertEquals([none?.level, none?.what], ["error", "Hook reload: there is no program no-such-program"]);
  assertEquals(levels(await judged({ "Command:0": "/nonexistent/x" })), ["error hooks/command"]);
  assertEquals(levels(await judged({ "Command:0": directory.path })), ["error hooks/command"]);
  assertEquals(levels(await judged({ "Command:0": program })), ["error hooks/command"]);
  await Deno.chmod(program, 0o755);
  assertEquals(levels(await judged({ "Command:0": program }, { user: STRANGER })), ["ok hooks/command"]);
  await Deno.chmod(program, 0o777);
  const [everyones] = await judged({ "Command:0": program });
  assertEquals([everyones?.level, everyones?.todo], ["error", `chmod o-w ${program}`]);
  await Deno.chmod(program, 0o700);
  assertEquals(levels(await judged({ "Command:0": program }, { user: STRANGER })), ["error hooks/command"]);
});

Deno.test("a pid file names a process that runs, and that the daemon's user may signal", async () => {
  await using directory = await temporaryDirectory();
  await Deno.chmod(directory.path, 0o755);
  const file = directory.file("server.pid");
  const judgedWith = async (text: string, given: Partial<Subject> = {}) => {
    await Deno.writeTextFile(file, text);
    await Deno.chmod(file, 0o644);
    return levels(await judged({ Signal: "HUP", PidFile: file }, given));
  };
  assertEquals(levels(await judged({ Signal: "HUP", PidFile: file })), ["warning hooks/signal"]);
  assertEquals(await judgedWith("nonsense\n"), ["ok hooks/signal", "error hooks/signal"]);
  assertEquals(await judgedWith("-1\n"), ["ok hooks/signal", "error hooks/signal"]);
  assertEquals(await judgedWith("4194305\n"), ["ok hooks/signal", "warning hooks/signal"]);
  assertEquals(await judgedWith(`${Deno.pid}\n`), ["ok hooks/signal"]);
  assertEquals(await judgedWith(`${Deno.pid}\n`, { user: STRANGER }), ["ok hooks/signal", "warning hooks/signal"]);
  const denied = await judged({ Signal: "HUP", PidFile: file }, { user: STRANGER });
  assertStringIncludes(denied.at(-1)?.todo ?? "", "SystemdUnit");
  await Deno.chmod(file, 0o600);
  assertEquals(levels(await judged({ Signal: "HUP", PidFile: file }, { user: STRANGER }))[0], "error hooks/signal");
});

Deno.test("a unit is one that systemd can use, and a host without systemd has none", async () => {
  const machine = (out: string) => machineWith({ run: () => Promise.resolve({ code: 0, out, error: "" }) });
  const judgedWith = async (out: string) =>
    levels(await judged({ SystemdUnit: "nginx.service" }, { unit: UNIT, machine: machine(out) }));
  assertEquals(await judgedWith("LoadState=loaded\n"), ["ok hooks/unit"]);
  assertEquals(await judgedWith("LoadState=not-found\n"), ["error hooks/unit"]);
  assertEquals(levels(await judged({ SystemdUnit: "nginx.service" })), ["error hooks/unit"]);
});

Deno.test("the probe of a server's readiness is judged beside the hook, without a polkit rule", async () => {
  const machine = machineWith({
    run: () => Promise.resolve({ code: 0, out: "LoadState=loaded\n", error: "" }),
    names: () => Promise.resolve([]),
  });
  const given = { unit: UNIT, machine, user: STRANGER };
  const restarted = { SystemdUnit: "nginx.service", "Ready:SystemdUnit": "nginx.service" };
  const levelsOf = async (hook: Readonly<Record<string, string>>) => levels(await judged(hook, given));
  assertEquals(await levelsOf(restarted), ["ok hooks/unit", "warning hooks/unit", "ok hooks/unit"]);
  assertEquals(await levelsOf({ SystemdUnit: "nginx.service", On: "health" }), ["ok hooks/unit"]);
  const asked = { "Command:0": "sh", "Ready:Command:0": "no-such-program" };
  assertEquals(await levelsOf(asked), ["error hooks/command"]);
  const url = { "Command:0": "sh", "Ready:Http:Url": "http://127.0.0.1:1/" };
  assertEquals(await levelsOf(url), ["ok hooks/command"]);
});

Deno.test("a unit that no polkit rule names is one that the daemon's user may not reload", () => {
  const judge = (texts: readonly string[], isPartial = false) =>
    coded("hooks/unit", hooks.judgePolkit("Hook reload", "nginx.service", { texts, isPartial }, STRANGER));
  assertEquals(judge(['var honuaConfigdUnits = ["nginx.service"];']), []);
  assertEquals(levels(judge(['var honuaConfigdUnits = ["other-nginx.service"];'])), ["warning hooks/unit"]);
  assertEquals(levels(judge([])), ["warning hooks/unit"]);
  assertEquals(levels(judge([], true)), ["note hooks/unit"]);
});

Deno.test("a unit that is only in a comment of the rules is one that they do not name", async () => {
  const shipped = await Deno.readTextFile("systemd/polkit/50-honua-configd-units.rules");
  const judge = (text: string, unit = "nginx.service") =>
    levels(coded("hooks/unit", hooks.judgePolkit("Hook reload", unit, { texts: [text], isPartial: false }, STRANGER)));
  for (const unit of ["honua-server.service", "nginx.service"]) {
    assertStringIncludes(shipped, `"${unit}"`);
    assertEquals(judge(shipped, unit), ["warning hooks/unit"]);
  }
  const edited = shipped.replace("honuaConfigdUnits = []", 'honuaConfigdUnits = ["nginx.service"]');
  assertEquals(judge(edited), []);
  assertEquals(judge('/* ["nginx.service"] */ var units = [];'), ["warning hooks/unit"]);
  assertEquals(judge('var a = [];\n/* "nginx.service"\nand no end'), ["warning hooks/unit"]);
  assertEquals(judge("var url = \"http://x/*\"; var units = ['nginx.service']; // */"), []);
  assertEquals(judge('var a = "it\'s // \\" /*"; var units = ["nginx.service"];'), []);
});

Deno.test("a first process that collects nothing is a warning if hooks start processes", async () => {
  const foundIn = async (comm: string | null, settings: Readonly<Record<string, string>>) => {
    const readText = () =>
      Promise.resolve(comm === null ? { ok: false, code: "ENOENT" } as const : { ok: true, text: comm } as const);
    return levels(await findingsOf(hooks.firstProcess, subjectWith(settings, { machine: machineWith({ readText }) })));
  };
  const command = { "Hooks:List:0:Name": "reload", "Hooks:List:0:Command:0": "sh" };
  const unit = { "Hooks:List:0:Name": "reload", "Hooks:List:0:SystemdUnit": "nginx.service" };
  assertEquals(await foundIn("honua-configd\n", command), ["warning hooks/init"]);
  assertEquals(await foundIn("tini\n", command), []);
  assertEquals(await foundIn(null, command), []);
  assertEquals(await foundIn("honua-configd\n", unit), []);
  const asked = { ...unit, "Hooks:List:0:Ready:Command:0": "true" };
  assertEquals(await foundIn("honua-configd\n", asked), ["warning hooks/init"]);
});
