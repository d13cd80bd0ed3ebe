import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { doctor, type DoctorRequest } from "../../src/cli/doctor.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import type { Installation } from "../../src/doctor/unit.ts";
import { hostMachine, type Machine } from "../../src/doctor/machine.ts";
import { sampleSource } from "../support/sample_source.ts";
import { runRecorded } from "../support/recording_terminal.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary.ts";
import { cannedDaemon, json, keepingTerminal, statusWith } from "./canned_daemon.ts";

const ENVIRONMENT = { SAMPLE_CONNECTION: "Host=db;Password=hush-hush" };

const REQUEST: DoctorRequest = {
  config: null,
  optionsFile: null,
  settings: [],
  set: [],
  unit: "honua-configd.service",
  timeoutSeconds: 60,
  format: "json",
};

const NOT_INSTALLED: Installation = {
  optionsDirectory: "/nonexistent",
  sourceDirectory: "/nonexistent",
  stateDirectory: "/nonexistent",
  runtimeDirectory: "/nonexistent",
};

/** A host that is well: a source, an options file, a place for the snapshot, and a daemon that answers. */
async function hostOf(directory: TemporaryDirectory, socket: string): Promise<string> {
  await Deno.chmod(directory.path, 0o755);
  const source = await directory.write("honua.hcl", sampleSource("first"));
  const options = {
    Honua: { ConfigurationV2: { Path: source } },
    Snapshot: { Path: directory.file("config.snapshot.json") },
    Admin: { Socket: socket },
  };
  return await directory.write("options.json", JSON.stringify(options));
}

interface Examined {
  readonly code: number;
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

async function examined(
  request: Partial<DoctorRequest>,
  machine: Machine = hostMachine,
): Promise<Examined> {
  const { terminal, out } = keepingTerminal();
  const surroundings = { ...terminal, environment: ENVIRONMENT };
  const code = await doctor({ ...REQUEST, ...request }, surroundings, machine, NOT_INSTALLED);
  return { code, ...JSON.parse(out.join("")) };
}

Deno.test("a host that is well ends with 0, and the answer for machines has every finding", async () => {
  await using daemon = await cannedDaemon(() => json(statusWith()));
  const optionsFile = await hostOf(daemon.directory, daemon.at);
  const { code, ok, findings } = await examined({ optionsFile });
  assertEquals(findings.filter(({ level }) => level === "error"), []);
  assertEquals([code, ok], [0, true]);
  for (const check of ["options/file", "source/valid", "snapshot/space", "host/parser", "daemon/answers"]) {
    assertEquals(findings.find((one) => one.check === check)?.level === "error", false, check);
    assert(findings.some((one) => one.check === check), check);
  }
});

Deno.test("an error ends with 1, and the text has the advice", async () => {
  await using daemon = await cannedDaemon(() => json(statusWith()));
  const options = await hostOf(daemon.directory, daemon.at);
  await Deno.chmod(daemon.directory.file("honua.hcl"), 0o666);
  const { code, out, error } = await runRecorded(["doctor", "--timeout", "60", "--options", options], {
    environment: ENVIRONMENT,
  });
  assertEquals([code, error], [1, ""]);
  assertStringIncludes(out, `→ chmod o-w ${daemon.directory.file("honua.hcl")}\n`);
  assertStringIncludes(out, "\nSomething is wrong: 1 error, ");
});

Deno.test("wrong options end with 2, each with its place, and the checks that need none are made all the same", async () => {
  await using directory = await temporaryDirectory();
  const optionsFile = await directory.write("options.json", '{ "State": { "Diretory": "/x", "Directory": 7 } }');
  const { code, findings } = await examined({ optionsFile });
  assertEquals(code, 2);
  const wrong = findings.filter(({ check }) => check === "options/valid");
  assertEquals(wrong.length, 2);
  assertStringIncludes(wrong[0]!.what, `${optionsFile}:1:14: error: Unknown setting Diretory in State`);
  assertEquals(wrong[0]!.todo, "Did you mean State:Directory?");
  assert(findings.some(({ check }) => check === "host/parser"));
});

Deno.test("an options file that cannot be read ends with 3, as the daemon itself does", async () => {
  const { code, findings } = await examined({ optionsFile: "/nonexistent/options.json" });
  assertEquals([code, findings[0]?.check, findings[0]?.level], [3, "options/valid", "error"]);
});

Deno.test("a snapshot over the source is a wrong option", async () => {
  await using directory = await temporaryDirectory();
  const source = await directory.write("honua.hcl", sampleSource("first"));
  const settings = [{ flag: "--snapshot", key: "Snapshot:Path", value: source }];
  const { code, findings } = await examined({ config: source, settings });
  assertEquals([code, findings[0]?.check], [2, "options/valid"]);
});

Deno.test("root judges permissions for the unit's user", { ignore: Deno.uid() !== 0 }, async () => {
  await using directory = await temporaryDirectory();
  const source = await directory.write("honua.hcl", sampleSource("first"));
  const machine: Machine = {
    ...hostMachine,
    look: (path) => hostMachine.look(path === "/run/systemd/system" ? "/" : path),
    run: (program, args, signal) =>
      program === "systemctl"
        ? Promise.resolve({ code: 0, out: "LoadState=loaded\nUser=daemon\nActiveState=active\n", error: "" })
        : hostMachine.run(program, args, signal),
  };
  const { findings } = await examined({ config: source }, machine);
  assertStringIncludes(findings[0]!.what, "Permissions are judged for daemon, the unit's user");
  assertStringIncludes(
    findings.find(({ check }) => check === "source/permissions")!.what,
    `daemon cannot read ${source}: ${directory.path} keeps it out`,
  );
});

Deno.test("a daemon that answers is judged by its own status, and one of another version is no daemon", async () => {
  let body: unknown = statusWith();
  await using daemon = await cannedDaemon(() => json(body));
  const optionsFile = await hostOf(daemon.directory, daemon.at);
  const judged = async (status: unknown) => {
    body = status;
    const { findings } = await examined({ optionsFile });
    return findings.filter(({ check }) => /^(daemon|watcher)/.test(check)).map(({ check, level }) =>
      `${level} ${check}`
    );
  };
  assertEquals(await judged(statusWith()), ["ok daemon/answers", "ok daemon/status"]);
  assertEquals(await judged(statusWith({ standing: "diverged", restartNeeded: true })), [
    "ok daemon/answers",
    "error daemon/status",
    "warning daemon/options",
  ]);
  assertEquals(await judged(statusWith({ watch: { by: "polling", reason: "ENOSPC" } })), [
    "ok daemon/answers",
    "ok daemon/status",
    "warning watcher/limits",
  ]);
  const { findings } = await examined({ optionsFile });
  assertEquals(findings.filter(({ check }) => check === "admin/listener"), []);
  body = { ...statusWith(), listenerTroubles: ["Port 80 cannot be listened on"] };
  const troubled = (await examined({ optionsFile })).findings.find(({ check }) => check === "admin/listener");
  assertEquals([troubled?.level, troubled?.what], ["error", "Port 80 cannot be listened on"]);
  assertEquals(await judged({ strange: 1 }), ["warning daemon/answers"]);
});

Deno.test("a daemon that hangs is an error, and so is a file in the socket's place; neither is to be started", async () => {
  await using directory = await temporaryDirectory();
  const socket = directory.file("admin.sock");
  const optionsFile = await hostOf(directory, socket);
  const answers = async () => {
    const { code, findings } = await examined({ optionsFile, timeoutSeconds: 2 });
    return [code, ...findings.filter(({ check }) => check === "daemon/answers")];
  };
  const hanging = Deno.listen({ transport: "unix", path: socket });
  const check = "daemon/answers";
  assertEquals(await answers(), [1, {
    check,
    level: "error",
    what: `${socket} did not answer within 1.6 s`,
    todo: "Look at the daemon's process, which listens there: it is stopped, or the host is overloaded",
  }]);
  hanging.close();
  await Deno.writeTextFile(socket, "");
  const what = `${socket} is not a socket, and is left in place: name another path`;
  const todo = "The daemon refuses to start: move away what is there, or set Admin:Socket";
  assertEquals(await answers(), [1, { check, level: "error", what, todo }]);
});

const MISTAKES: [string[], string][] = [
  [["--timeout", "0"], "It must be a whole number from 1 on."],
  [["--timeout", "601"], "It must be at most 600."],
  [["--unit", "-x"], "It must be a unit's name."],
  [["--unit", "a b"], "It must be a unit's name."],
];

for (const [args, says] of MISTAKES) {
  Deno.test(`doctor ${args.join(" ")} is wrong usage`, async () => {
    const { code, out, error } = await runRecorded(["doctor", ...args]);
    assertEquals([code, out], [2, ""]);
    assertStringIncludes(error, says);
  });
}

Deno.test("doctor --help explains its exit codes", async () => {
  const { code, out } = await runRecorded(["doctor", "--help"]);
  assertEquals(code, 0);
  assertStringIncludes(out, "Ends with:\n  0  no error was found");
  assertStringIncludes(out, "\n  2  the options are wrong");
  assertStringIncludes(out, "Examples:\n  honua-configd doctor");
});

Deno.test("a host whose source is in the store misses no file", async () => {
  await using daemon = await cannedDaemon(() => json(statusWith({ source: null, sourceFrom: "store" })));
  const options = {
    Source: { From: "store" },
    HighAvailability: { Enabled: true, RedisConnectionString: "127.0.0.1:1", ConnectionTimeoutMs: 1_000 },
    Snapshot: { Path: daemon.directory.file("config.snapshot.json") },
    Admin: { Socket: daemon.at },
  };
  const optionsFile = await daemon.directory.write("options.json", JSON.stringify(options));
  const { findings } = await examined({ optionsFile });
  const about = findings.filter(({ check }) => check.startsWith("source/"));
  assertEquals(about.map(({ check, level, what }) => [check, level, what]), [
    ["source/found", "note", "No file is read: the store has the source (Source:From)"],
  ]);
  const told = findings.filter(({ check }) => check.startsWith("daemon/")).map(({ level }) => level);
  assert(told.length > 0 && !told.includes("error"), JSON.stringify(findings));
});
