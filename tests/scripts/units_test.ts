import { assert, assertEquals } from "@std/assert";
import { parseOptionsFile } from "../../src/options/options_file.ts";
import { readOptions } from "../../src/options/option_reader.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { hasProgram, listing, runProgram, writeStandIn } from "./stand_in.ts";

const UNITS = ["honua-configd.service", "honua-configd@.service"];
const hasAnalyze = await hasProgram("systemd-analyze");

/** Lays the units with a program that is there, for `verify` looks for it; resolves with their directory. */
async function installedUnits(directory: string): Promise<string> {
  const binary = await writeStandIn(`${directory}/binary`, { version: "1" });
  const { code, text } = await runProgram(["sh", "scripts/install.sh", "--prefix", directory, "--binary", binary], {
    DESTDIR: `${directory}/root`,
  });
  assertEquals(code, 0, text);
  await Deno.mkdir(`${directory}/bin`);
  await Deno.copyFile(binary, `${directory}/bin/honua-configd`);
  return `${directory}/root/etc/systemd/system`;
}

Deno.test({
  name: "systemd finds nothing wrong in the units and in the examples",
  ignore: !hasAnalyze,
  async fn() {
    await using directory = await temporaryDirectory();
    const units = await installedUnits(directory.path);
    for (const path of await listing("systemd/examples", "%y %P\\n")) {
      const [kind, name] = path.split(" ");
      if (kind === "d") await Deno.mkdir(`${units}/${name}`);
      else await Deno.copyFile(`systemd/examples/${name}`, `${units}/${name}`);
    }
    for (const name of ["honua-server.service", "honua-server@.service"]) {
      await Deno.writeTextFile(`${units}/${name}`, "[Service]\nExecStart=/bin/true\n");
    }
    await Deno.remove(`${units}/honua-configd.service.d/encrypted-credentials.conf`);
    const servers = ["honua-server.service", "honua-server@a.service"];
    const names = [...UNITS, ...servers, "honua-server-restart.path", "honua-server-restart.service"];
    // Without the manual pages, which verify looks for with man(1).
    const words = ["systemd-analyze", "--man=no", "verify", ...names.map((name) => `${units}/${name}`)];
    assertEquals(await runProgram(words), { code: 0, text: "" });
  },
});

for (const unit of UNITS) {
  Deno.test({
    name: `${unit} is exposed to no more than 1.5 of 10`,
    ignore: !hasAnalyze,
    async fn() {
      const words = ["systemd-analyze", "security", "--offline=true", "--threshold=15", `systemd/${unit}`];
      const { code, text } = await runProgram(words);
      assertEquals(code, 0, text);
      assert(/Overall exposure level for honua-configd(@\w*)?\.service: (0\.\d|1\.[0-5]) /.test(text), text);
    },
  });
}

/** The settings of a unit, each with its section. */
async function settingsOf(unit: string): Promise<string[]> {
  let section = "";
  return (await Deno.readTextFile(`systemd/${unit}`)).split("\n").flatMap((line) => {
    if (line.startsWith("[")) section = line;
    return line === "" || line.startsWith("#") || line.startsWith("[") ? [] : [`${section} ${line}`];
  });
}

Deno.test("the units differ only by the parts that an instance has of its own", async () => {
  const [single, template] = await Promise.all(UNITS.map(settingsOf));
  const differing = (from: string[], other: string[]) => {
    return new Set(from.filter((line) => !other.includes(line)).map((line) => line.split(" ")[1]!.split("=")[0]!));
  };
  const both = ["Description", "ExecStart", "ExecReload", "StateDirectory", "RuntimeDirectory", "EnvironmentFile"];
  assertEquals(differing(single!, template!), new Set([...both, "RuntimeDirectoryPreserve", "LoadCredential"]));
  assertEquals(differing(template!, single!), new Set([...both, "AssertPathExists", "Environment", "LoadCredential"]));
  for (const line of template!.filter((one) => !single!.includes(one))) assert(line.includes("%i"), line);
});

/** The answer of the rules to a request, with the list that an operator wrote. */
async function polkitAnswer(units: string, request: { user?: string; action?: string; unit: string; verb: string }) {
  const rules = await Deno.readTextFile("systemd/polkit/50-honua-configd.rules");
  const { user = "honua-configd", action = "org.freedesktop.systemd1.manage-units", unit, verb } = request;
  let rule: (action: unknown, subject: unknown) => string = () => "none";
  const polkit = {
    Result: { YES: "yes", NOT_HANDLED: "not handled" },
    addRule(given: typeof rule) {
      rule = given;
    },
  };
  new Function("polkit", `${units}\n${rules}`)(polkit);
  const details: Record<string, string> = { unit, verb };
  return rule({ id: action, lookup: (name: string) => details[name] }, { user });
}

const LIST = 'var honuaConfigdUnits = ["nginx.service", "tiles@a.service"];';

Deno.test("polkit's rule lets the daemon's user reload and restart only the listed units", async () => {
  for (const verb of ["reload", "restart", "try-restart", "reload-or-restart", "reload-or-try-restart"]) {
    for (const unit of ["nginx.service", "tiles@a.service"]) {
      assertEquals(await polkitAnswer(LIST, { unit, verb }), "yes");
    }
  }
});

Deno.test("polkit's rule answers to nothing else", async () => {
  const allowed = { unit: "nginx.service", verb: "reload" };
  const others = [
    { ...allowed, verb: "stop" },
    { ...allowed, verb: "start" },
    { ...allowed, unit: "ssh.service" },
    { ...allowed, unit: "nginx" },
    { ...allowed, unit: "tiles@b.service" },
    { ...allowed, unit: "constructor" },
    { ...allowed, user: "nobody" },
    { ...allowed, action: "org.freedesktop.systemd1.manage-unit-files" },
  ];
  for (const request of others) assertEquals(await polkitAnswer(LIST, request), "not handled");
  const shipped = await Deno.readTextFile("systemd/polkit/50-honua-configd-units.rules");
  for (const list of [shipped, "", 'var honuaConfigdUnits = "nginx.service";']) {
    assertEquals(await polkitAnswer(list, allowed), "not handled");
  }
});

Deno.test("the starter of the options is valid, and so is each setting that it shows", async () => {
  const text = await Deno.readTextFile("systemd/options.json");
  const shown = text.replaceAll(/^ {2}\/\/ {1,3}(["}].*|\s+.*)$/gm, "  $1");
  assert(shown.includes('\n  "HighAvailability"') && shown.includes('\n  "Hooks"'), shown);
  for (const content of [text, shown]) {
    const file = sourceText("options.json", content);
    assertEquals(parseOptionsFile(file).diagnostics, []);
    const read = readOptions({ flags: [], environment: {}, file });
    assertEquals(read.ok ? read.warnings : read.diagnostics, []);
  }
});

Deno.test({
  name: "sysusers.d and tmpfiles.d make the user, its group and the directories",
  ignore: !(await hasProgram("systemd-sysusers") && await hasProgram("systemd-tmpfiles")) || Deno.uid() !== 0,
  async fn() {
    await using directory = await temporaryDirectory();
    const root = directory.path;
    await Deno.mkdir(`${root}/etc`);
    for (const [program, ...args] of [["systemd-sysusers"], ["systemd-tmpfiles", "--create"]] as const) {
      const name = program.slice("systemd-".length);
      const words = [program, ...args, `--root=${root}`, `${Deno.cwd()}/systemd/${name}.d/honua-configd.conf`];
      const { code, text } = await runProgram(words, { SYSTEMD_LOG_LEVEL: "warning" });
      assertEquals([code, text], [0, ""]);
    }
    const passwd = await Deno.readTextFile(`${root}/etc/passwd`);
    assert(/^honua-configd:.*:\/nonexistent:\/usr\/sbin\/nologin$/m.test(passwd), passwd);
    const directories = (await listing(root, "%y %m %P\\n")).filter((line) => /^d.*honua/.test(line));
    assertEquals(directories, [
      "d 700 etc/honua-configd/credentials",
      "d 750 etc/honua-configd",
      "d 750 run/honua-configd",
      "d 750 var/lib/honua-configd",
      "d 755 etc/honua",
    ]);
  },
});
