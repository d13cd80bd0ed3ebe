import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { doctor, type DoctorRequest } from "../../src/cli/doctor.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import type { Installation } from "../../src/doctor/unit.ts";
import { hostMachine, type Machine } from "../../src/doctor/machine.ts";
import { SAMPLE_CONNECTION, sampleSource } from "../support/sample_source.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary.ts";
import { cannedDaemon, json, keepingTerminal, statusWith } from "./canned_daemon.ts";

const MAPS = "honua-configd@maps.service";

/** A host of a test's own with the directories of an installation. */
interface Host extends AsyncDisposable {
  readonly directory: TemporaryDirectory;
  readonly installation: Installation;
}

async function hostOf(): Promise<Host> {
  const directory = await temporaryDirectory();
  await Deno.chmod(directory.path, 0o755);
  for (const name of ["options", "source", "state", "run"]) await Deno.mkdir(directory.file(name));
  return {
    directory,
    installation: {
      optionsDirectory: directory.file("options"),
      sourceDirectory: directory.file("source"),
      stateDirectory: directory.file("state"),
      runtimeDirectory: directory.file("run"),
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** A host that systemd runs, as systemctl tells of the unit. */
function machineTelling(lines: readonly string[]): Machine {
  return {
    ...hostMachine,
    look: (path) => hostMachine.look(path === "/run/systemd/system" ? "/" : path),
    run: (program, args, signal) =>
      program === "systemctl"
        ? Promise.resolve({
          code: 0,
          out: ["LoadState=loaded", "ActiveState=active", ...lines, ""].join("\n"),
          error: "",
        })
        : hostMachine.run(program, args, signal),
  };
}

interface Examined {
  readonly code: number;
  readonly findings: readonly Finding[];
  readonly text: string;
}

async function examined(
  { installation }: Host,
  unit: string,
  { machine = hostMachine, environment = {} }: {
    readonly machine?: Machine;
    readonly environment?: Readonly<Record<string, string>>;
  } = {},
): Promise<Examined> {
  const { terminal, out } = keepingTerminal();
  const request: DoctorRequest = {
    config: null,
    optionsFile: null,
    settings: [],
    set: [],
    unit,
    timeoutSeconds: 60,
    format: "json",
  };
  const code = await doctor(request, { ...terminal, environment }, machine, installation);
  const text = out.join("");
  return { code, text, findings: JSON.parse(text).findings };
}

/** All texts under an id. */
function saidOf(findings: readonly Finding[], check: string): string {
  return findings.filter((one) => one.check === check).map(({ what, todo }) => `${what} → ${todo}`).join("\n");
}

Deno.test("without options those of the unit are examined, with the environment that the unit has", async () => {
  await using host = await hostOf();
  const { directory } = host;
  await directory.write("options/options.json", "{}");
  await directory.write("options/maps.json", '{ "Admin": { "Socket": "" } }');
  await directory.write("options/environment", 'ConnectionStrings__Redis="hush"\nHighAvailability__Enabled=perhaps\n');
  const { code, findings } = await examined(host, "honua-configd.service");
  assertEquals(code, 2);
  assertStringIncludes(findings[0]!.what, "HighAvailability:Enabled must be true or false");
  assertStringIncludes(saidOf(findings, "options/file"), "those of honua-configd.service are examined");
  await directory.write("options/environment", "");
  const service = await examined(host, "honua-configd.service");
  assertStringIncludes(service.findings[0]!.what, directory.file("options/options.json"));
  const instance = await examined(host, MAPS);
  assertStringIncludes(instance.findings[0]!.what, directory.file("options/maps.json"));
});

Deno.test("an instance is examined with its unit's source, socket, snapshot, credential and variables", async () => {
  await using host = await hostOf();
  const { directory } = host;
  await using daemon = await cannedDaemon(() => json(statusWith()));
  const options = {
    Admin: { Listen: "127.0.0.1:8080", TokenFile: "admin-token" },
  };
  await directory.write("options/maps.json", JSON.stringify(options));
  await directory.write("options/maps.environment", `SAMPLE_CONNECTION='${SAMPLE_CONNECTION}'\nSnapshot__Mode=0600\n`);
  await directory.write("options/environment", "Snapshot__Mode=9999\n");
  await Deno.mkdir(directory.file("options/credentials/maps"), { recursive: true });
  await directory.write("options/credentials/maps/admin-token", "short");
  await directory.write("source/elsewhere.hcl", sampleSource("first"));
  await Deno.mkdir(directory.file("snap shots"));
  const machine = machineTelling([
    `Environment=HONUA_CONFIG_PATH=${directory.file("source/elsewhere.hcl")} ` +
    `"Snapshot__Path=${directory.file("snap shots/x.json")}" Admin__Socket=${daemon.at} Snapshot__Mode=9999`,
    `EnvironmentFiles=${directory.file("options/maps.environment")} (ignore_errors=yes)`,
  ]);
  const { findings, text } = await examined(host, MAPS, { machine });
  assertMatch(saidOf(findings, "source/valid"), /elsewhere\.hcl is valid/);
  assertStringIncludes(saidOf(findings, "daemon/answers"), "The daemon answers");
  assertStringIncludes(saidOf(findings, "snapshot/directory"), directory.file("snap shots"));
  assertStringIncludes(saidOf(findings, "options/secrets"), "Admin:TokenFile: ");
  assertEquals(text.includes("nowhere to be seen"), false);
  assertEquals(text.includes(SAMPLE_CONNECTION), false);
});

Deno.test("if systemd does not run, the settings of an instance's unit are known from its name", async () => {
  await using host = await hostOf();
  const { directory } = host;
  await using daemon = await cannedDaemon(() => json(statusWith()));
  const admin = { Listen: "127.0.0.1:8080", TokenFile: "admin-token" };
  await directory.write("options/maps.json", JSON.stringify({ Admin: admin }));
  await directory.write("options/maps.environment", `SAMPLE_CONNECTION='${SAMPLE_CONNECTION}'\n`);
  await directory.write("source/maps.hcl", sampleSource("first"));
  for (const name of ["state/maps", "run/maps"]) await Deno.mkdir(directory.file(name));
  await Deno.symlink(daemon.at, directory.file("run/maps/admin.sock"));
  const { findings } = await examined(host, MAPS);
  assertMatch(saidOf(findings, "source/valid"), /source\/maps\.hcl is valid/);
  assertStringIncludes(saidOf(findings, "daemon/answers"), "The daemon answers");
  assertStringIncludes(saidOf(findings, "snapshot/directory"), directory.file("state/maps"));
  assertStringIncludes(
    saidOf(findings, "options/secrets"),
    `Put it into ${directory.file("options/credentials/maps/admin-token")}, or name a file`,
  );
});

Deno.test("a drop-in's environment counts for the main unit, and the operator's own does not", async () => {
  await using host = await hostOf();
  const { directory } = host;
  await directory.write("options/options.json", "{}");
  await directory.write("source/other.hcl", sampleSource("first"));
  const machine = machineTelling([`Environment=HONUA_CONFIG_PATH=${directory.file("source/other.hcl")}`]);
  const environment = { SAMPLE_CONNECTION, Snapshot__Mode: "9999" };
  const { code, findings } = await examined(host, "honua-configd.service", { machine, environment });
  assertEquals(code, 1);
  assertMatch(saidOf(findings, "source/valid"), /other\.hcl is not valid: .*environment/);
});

Deno.test("the source of the unit is searched from the unit's directory and not from the operator's", async () => {
  await using host = await hostOf();
  const { directory } = host;
  await directory.write("options/options.json", "{}");
  await Deno.mkdir(directory.file("home"));
  await directory.write("home/honua.hcl", sampleSource("first"));
  const before = Deno.cwd();
  Deno.chdir(directory.file("home"));
  try {
    const lacking = await examined(host, "honua-configd.service");
    assertStringIncludes(saidOf(lacking.findings, "source/found"), "No configuration file was found");
    await directory.write("source/config.hcl", sampleSource("first"));
    const { findings } = await examined(host, "honua-configd.service");
    assertStringIncludes(saidOf(findings, "source/valid"), directory.file("source/config.hcl"));
  } finally {
    Deno.chdir(before);
  }
});

Deno.test("the command that shows a source's mistakes has the environment files that are known", async () => {
  await using host = await hostOf();
  const { directory } = host;
  const own = await directory.write("source/db access.env", "X=1\n");
  const options = { ConfigurationWatcher: { EnvironmentFiles: [own] } };
  await directory.write("options/maps.json", JSON.stringify(options));
  const given = await directory.write("options/maps.environment", "Y=1\n");
  const source = await directory.write("source/maps.hcl", "honua {\n");
  const { findings } = await examined(host, MAPS);
  const command = `sudo honua-configd validate --env-file ${given} --env-file '${own}' ${source}`;
  assertStringIncludes(saidOf(findings, "source/valid"), `→ ${command} shows the lines`);
});

Deno.test("an instance without options is reported as one that cannot start", async () => {
  await using host = await hostOf();
  const { code, findings } = await examined(host, "honua-configd@typo.service");
  assertEquals([code, findings[0]?.level], [3, "error"]);
  assertStringIncludes(findings[0]!.what, host.directory.file("options/typo.json"));
});
