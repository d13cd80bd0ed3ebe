import { assertEquals, assertStringIncludes } from "@std/assert";
import { warningDiagnostic } from "../../src/diagnostic/diagnostic.ts";
import type { StatusAnswer } from "../../src/doctor/examination.ts";
import { type ServiceFacts, statusLine } from "../../src/daemon/service.ts";
import type { Identity } from "../../src/doctor/access.ts";
import * as host from "../../src/doctor/host.ts";
import { hostMachine } from "../../src/doctor/machine.ts";
import { settings, sshKeygen } from "../../src/doctor/options.ts";
import { environmentIn, propertiesIn, readUnit, type UnitFacts } from "../../src/doctor/unit.ts";
import { hashOf } from "../cli/canned_daemon.ts";
import { findingsAbout, findingsOf, levels, machineWith, NO_SYSTEMD, subjectWith, unitWith } from "./subject.ts";

function judgeUnit(unit: UnitFacts) {
  return findingsAbout(host.unit, null, { unit });
}

function judgeBinary(path: string, isProgram: boolean, real: string, own: string) {
  return findingsAbout(host.unit, { path, isProgram, real, own }, subjectWith({})).at(-1)!;
}

function judgeDaemon(answer: StatusAnswer, unit: UnitFacts) {
  return findingsAbout(host.daemon, answer, subjectWith({}, { unit }));
}

function judgeUser(user: Identity | null, userOfUnit: boolean) {
  return findingsAbout(settings, null, subjectWith({}, { user, userOfUnit }))[0]!;
}

const NAME = "honua-configd.service";
const SHOWN = `LoadState=loaded
UnitFileState=enabled
ActiveState=active
SubState=running
Result=success
NRestarts=0
FragmentPath=/etc/systemd/system/honua-configd.service
DropInPaths=
NeedDaemonReload=no
Type=notify
NotifyAccess=main
ExecStart={ path=/usr/local/bin/honua-configd ; argv[]=/usr/local/bin/honua-configd run --set a=secret ; ignore_errors=no }
User=honua-configd
SupplementaryGroups=
StatusText=a1b2c3d4 in force
Environment=A=b "C=d e"
EnvironmentFiles=/etc/a (ignore_errors=yes)
EnvironmentFiles=/etc/b (ignore_errors=no)
TTYPath=hush-hush
__proto__=hush-hush
`;

function judged(changes: Readonly<Record<string, string>>): string[] {
  const properties = { ...propertiesIn(SHOWN), ...changes };
  return levels(judgeUnit({ state: "known", name: NAME, properties })).filter((one) => !one.startsWith("ok"));
}

Deno.test("a unit that is installed, enabled and active is well", () => {
  assertEquals(judged({}), []);
});

const TROUBLES: readonly [string, Readonly<Record<string, string>>, string][] = [
  ["is masked", { LoadState: "masked" }, "error unit/installed"],
  ["has a bad setting", { LoadState: "bad-setting" }, "error unit/installed"],
  ["does not start with the machine", { UnitFileState: "disabled" }, "warning unit/enabled"],
  ["is stopped", { ActiveState: "inactive" }, "warning unit/active"],
  ["failed", { ActiveState: "failed", Result: "watchdog" }, "error unit/active"],
  ["is starting", { ActiveState: "activating" }, "warning unit/active"],
  ["was restarted", { NRestarts: "3" }, "note unit/active"],
  ["changed on the disk", { NeedDaemonReload: "yes" }, "warning unit/files"],
];

for (const [what, changes, finding] of TROUBLES) {
  Deno.test(`a unit that ${what} is reported`, () => assertEquals(judged(changes), [finding]));
}

/** A host that systemd runs, with this output of systemctl. */
function machineTelling(out: string, code = 0) {
  return machineWith({
    look: (path) => hostMachine.look(path === "/run/systemd/system" ? "/" : path),
    run: () => Promise.resolve({ code, out, error: "Failed to connect to bus\nmore" }),
  });
}

Deno.test("the output of systemctl becomes facts, with nothing that was not asked for", async () => {
  const { signal } = new AbortController();
  const read = await readUnit(machineTelling(SHOWN), NAME, signal);
  assertEquals(JSON.stringify(read).includes("hush-hush"), false);
  const machine = machineWith({ look: () => Promise.resolve({ ok: false, code: "ENOENT" }) });
  const binary = (await findingsOf(host.unit, subjectWith({}, { unit: read, machine }))).at(-1);
  assertEquals(binary?.what, "/usr/local/bin/honua-configd, which the unit starts, is no program");
  assertEquals((await readUnit(machineTelling("LoadState=not-found\n"), NAME, signal)).state, "not-installed");
  const refused = await readUnit(machineTelling("", 1), NAME, signal);
  assertEquals(refused, { state: "unknown", name: NAME, properties: {}, why: "Failed to connect to bus" });
  assertEquals(levels(judgeUnit(refused)), ["warning unit/installed"]);
  const none = machineWith({ look: () => Promise.resolve({ ok: false, code: "ENOENT" }) });
  assertEquals(levels(judgeUnit(await readUnit(none, NAME, signal))), ["note unit/installed"]);
});

Deno.test("a property that is a list of lines has all of them", () => {
  assertEquals(propertiesIn(SHOWN)["EnvironmentFiles"], "/etc/a (ignore_errors=yes)\n/etc/b (ignore_errors=no)");
});

const SHOWN_ENVIRONMENTS: readonly [string, Readonly<Record<string, string>>][] = [
  ["", {}],
  ["A=b", { A: "b" }],
  ['A=b "C=d e" D=', { A: "b", C: "d e", D: "" }],
  ['"A=\\"q\\" \\$x \\`y\\`" B=1', { A: '"q" $x `y`', B: "1" }],
  [String.raw`"PLACE=a\\x2db" "LINES=1\n2\t3" "BELL=\a\033"`, { PLACE: "a\\x2db", LINES: "1\n2\t3", BELL: "\x07\x1b" }],
  ["A=b=c A=later", { A: "later" }],
  ["A=\u{1f30d} nonsense", { A: "\u{1f30d}" }],
];

for (const [shown, environment] of SHOWN_ENVIRONMENTS) {
  Deno.test(`the environment that systemctl shows as ${JSON.stringify(shown)} is taken as the unit has it`, () => {
    assertEquals(environmentIn(shown), environment);
  });
}

Deno.test("a variable of any name is a variable like others", () => {
  assertEquals(Object.entries(environmentIn("__proto__=x constructor=y")), [["__proto__", "x"], ["constructor", "y"]]);
});

const AT_WORK: ServiceFacts = {
  isBusy: false,
  hash: hashOf("a"),
  trouble: null,
  hasLooked: true,
  standing: null,
  isolation: null,
  generation: null,
  isWatching: true,
  failedHooks: [],
};

const STATUSES: readonly [string, Partial<ServiceFacts>, readonly string[]][] = [
  ["a snapshot in force", {}, []],
  ["a generation agreed with", { generation: 4, standing: "agreed" }, []],
  ["failed hooks", { failedHooks: ["s"] }, ["warning unit/active"]],
  ["a rejected source", { trouble: { kind: "rejected", reason: "2 errors" } }, ["warning unit/active"]],
  ["a source that cannot be read", { trouble: { kind: "unreadable", reason: "EACCES" } }, ["warning unit/active"]],
  ["a snapshot that is not written", { trouble: { kind: "write-failed", reason: "EBUSY" } }, ["warning unit/active"]],
  ["no snapshot", { hash: null }, ["warning unit/active"]],
];

for (const [what, facts, findings] of STATUSES) {
  Deno.test(`a unit that is active and whose status reports ${what} is ${findings.length ? "a warning" : "well"}`, () => {
    const StatusText = statusLine({ ...AT_WORK, ...facts });
    assertEquals(judged({ StatusText }), findings);
    assertEquals(judged({ StatusText, NRestarts: "2" }), findings.length ? findings : ["note unit/active"]);
  });
}

Deno.test("the unit's program is there, and another one than the doctor's is a note", () => {
  const path = "/usr/bin/honua-configd";
  assertEquals(judgeBinary(path, false, path, path).level, "error");
  assertEquals(judgeBinary(path, true, path, path).level, "ok");
  assertEquals(judgeBinary(path, true, path, "/home/me/honua-configd").level, "note");
  assertEquals(judgeBinary(path, true, path, "/usr/bin/deno").level, "ok");
});

Deno.test("the user whose permissions are judged is reported", () => {
  const user = { name: "honua-configd", uid: 7, gids: [7] };
  assertEquals([judgeUser(user, true).level, judgeUser(user, false).level, judgeUser(null, false).level], [
    "ok",
    "note",
    "warning",
  ]);
});

Deno.test("an options file that is not named is a note, and a warning about an option is one here", () => {
  const judge = (given: Parameters<typeof subjectWith>[1]) =>
    levels(findingsAbout(settings, null, subjectWith({}, given))).filter((one) => one.endsWith("options/file"));
  assertEquals(judge({}), ["note options/file"]);
  const warnings = [warningDiagnostic("options/value", "It is odd")];
  assertEquals(judge({ optionsPath: "/x", warnings }), ["warning options/file"]);
});

const ACTIVE = unitWith({ ActiveState: "active" });

Deno.test("a daemon that does not answer is an error if its unit is active, and else a warning", async () => {
  const silent = { ok: false, message: "Nothing answers" } as const;
  assertEquals(levels(judgeDaemon(silent, ACTIVE)), ["error daemon/answers"]);
  assertEquals(levels(judgeDaemon(silent, NO_SYSTEMD)), ["warning daemon/answers"]);
  assertEquals(levels(await findingsOf(host.daemon, subjectWith({ "Admin:Socket": "" }))), ["note daemon/answers"]);
});

Deno.test("a daemon's own status is judged", () => {
  const well = {
    ok: true as const,
    version: "1.0.0",
    headline: "In force",
    isWell: true,
    restartNeeded: false,
    pollsBecause: null as string | null,
    listenerTroubles: [],
  };
  const judge = (status: Partial<typeof well>) => levels(judgeDaemon({ ...well, ...status }, NO_SYSTEMD)).slice(1);
  assertEquals(judge({}), ["ok daemon/status"]);
  assertEquals(judge({ isWell: false }), ["error daemon/status"]);
  assertEquals(judge({ restartNeeded: true, pollsBecause: "no watches" }), [
    "ok daemon/status",
    "warning daemon/options",
    "warning watcher/limits",
  ]);
});

Deno.test("the parser's process starts on this host, and one that does not is an error", async () => {
  assertEquals(levels(await findingsOf(host.parser, subjectWith({}))), ["ok host/parser"]);
  assertEquals(levels(findingsAbout(host.parser, "crash")), ["error host/parser"]);
});

Deno.test("/proc and setpriv are looked for, and are warnings if they are missing", async () => {
  assertEquals(levels(await findingsOf(host.ownMemory, subjectWith({}))), ["ok host/proc"]);
  assertEquals(levels(findingsAbout(host.ownMemory, null)), ["warning host/proc"]);
  assertEquals(levels(await findingsOf(host.setpriv, subjectWith({}))), ["ok host/setpriv"]);
  const [missing] = findingsAbout(host.setpriv, null);
  assertStringIncludes(missing?.todo ?? "", "util-linux");
});

Deno.test("a deadline of rollouts that is over before the hosts of a step can be healthy is reported", () => {
  const judged = (deadline: number, others: Readonly<Record<string, string>> = {}, steps = ["1"]) => {
    const own = { "Rollout:DeadlineSeconds": `${deadline}`, "Hooks:Splay": "30", ...others };
    const given = Object.fromEntries(steps.map((step, index) => [`Rollout:Steps:${index}`, step]));
    const found = findingsAbout(settings, null, subjectWith({ ...own, ...given }));
    return levels(found).filter((one) => one.includes("deadline"));
  };
  const health = { "Hooks:List:0:Name": "a", "Hooks:List:0:On": "health", "Hooks:List:0:Command:0": "/bin/true" };
  assertEquals(judged(31), ["ok rollout/deadline"]);
  assertEquals(judged(30), ["warning rollout/deadline"]);
  assertEquals(judged(90, health), ["warning rollout/deadline"]);
  assertEquals(judged(91, health), ["ok rollout/deadline"]);
  assertEquals(judged(60, health), ["error rollout/deadline"]);
  assertEquals(judged(1, health, []), []);
});

Deno.test("ssh-keygen must be there if approvals are required", async () => {
  const settings = { "Approvals:Required": "1", "Approvals:AllowedSigners": "/x", "HighAvailability:Enabled": "true" };
  const required = subjectWith(settings);
  assertEquals(levels(await findingsOf(sshKeygen, required)), ["ok approvals/ssh-keygen"]);
  const [finding] = findingsAbout(sshKeygen, null, required);
  assertEquals([finding?.level, finding?.todo], ["error", "Install openssh-client"]);
  assertEquals(findingsAbout(sshKeygen, null), []);
});
