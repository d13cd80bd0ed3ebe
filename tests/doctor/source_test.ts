import { assertEquals, assertMatch } from "@std/assert";
import { errorDiagnostic } from "../../src/diagnostic/diagnostic.ts";
import { judgeRejected } from "../../src/doctor/checks.ts";
import type { Found, Subject } from "../../src/doctor/examination.ts";
import * as facts from "../../src/doctor/installation_facts.ts";
import { readWatcherFacts } from "../../src/doctor/installation_facts.ts";
import { hostMachine } from "../../src/doctor/machine.ts";
import type { WatcherOptions } from "../../src/options/options.ts";
import type { Mount } from "../../src/host/mounts.ts";
import { sampleSource } from "../support/sample_source.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import {
  findingsAbout,
  findingsOf,
  levels,
  machineWith,
  machineWithTexts,
  optionsWith,
  subjectWith,
} from "./subject.ts";

type WatcherFacts = NonNullable<Found<typeof facts.watcher>>;

function judgeWatchers(found: WatcherFacts, pollSeconds: number) {
  const subject = subjectWith({ "ConfigurationWatcher:PollSeconds": String(pollSeconds) });
  return findingsAbout(facts.watcher, found, subject)[0]!;
}

function judgeSourceFileSystem(mount: Mount, configurationWatcher: WatcherOptions) {
  const options = { ...optionsWith({}), configurationWatcher };
  return findingsAbout(facts.sourceMount, mount, subjectWith({}, { options }))[0]!;
}

/** Of the checks that judge only the subject, the one of the source. */
async function namesOf(subject: Subject) {
  return (await findingsOf(facts.settings, subject)).filter(({ check }) => check === "source/name");
}

const ENVIRONMENT = { SAMPLE_CONNECTION: "Host=db;Password=hush-hush" };

Deno.test("a source is compiled as a reload would, with its environment files", async () => {
  await using directory = await temporaryDirectory();
  const path = await directory.write("honua.hcl", sampleSource("first"));
  const [valid] = await findingsOf(
    facts.source,
    subjectWith({}, { source: { path, decidedBy: "--config" }, environment: ENVIRONMENT }),
  );
  assertEquals([valid?.check, valid?.level === "ok" || valid?.level === "note"], ["source/valid", true]);
  const [lacking] = await findingsOf(facts.source, subjectWith({}, { source: { path, decidedBy: "--config" } }));
  assertEquals([lacking?.level, lacking?.todo?.includes("--env-file")], ["error", true]);
  const file = await directory.write("db.env", "SAMPLE_CONNECTION=Host=db\nexport Y=1\n");
  const settings = { "ConfigurationWatcher:EnvironmentFiles:0": file };
  const filled = await findingsOf(facts.source, subjectWith(settings, { source: { path, decidedBy: "--config" } }));
  assertEquals(levels(filled)[0], "warning source/environment");
  assertEquals(filled.every(({ level }) => level !== "error"), true);
});

Deno.test("the setting that decided on the source is named, and a source that was not found has its own check", async () => {
  const source = { path: "/etc/honua/honua.hcl", decidedBy: "HONUA_CONFIG_PATH" };
  const [named] = await namesOf(subjectWith({}, { source }));
  assertEquals([named?.level, named?.what], ["ok", "The source is /etc/honua/honua.hcl, by HONUA_CONFIG_PATH"]);
  const trouble = errorDiagnostic("options/no-source", "No configuration file was found");
  assertEquals(await namesOf(subjectWith({}, { source: { trouble } })), []);
});

Deno.test("a source that is not there, not valid or not named is an error that says so", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("honua.hcl");
  const judged = async () =>
    (await findingsOf(facts.source, subjectWith({}, { source: { path, decidedBy: "--config" } })))[0];
  assertEquals([(await judged())?.check, (await judged())?.level], ["source/found", "error"]);
  await directory.write("honua.hcl", "honua {\n");
  assertEquals([(await judged())?.check, (await judged())?.level], ["source/valid", "error"]);
  const trouble = errorDiagnostic("options/no-source", "No configuration file was found", { suggestion: "Name it" });
  const [unnamed] = await findingsOf(facts.source, subjectWith({}, { source: { trouble } }));
  assertEquals([unnamed?.check, unnamed?.level, unnamed?.todo], ["source/found", "error", "Name it"]);
});

Deno.test("a source's values from the environment are hidden", async () => {
  await using directory = await temporaryDirectory();
  const path = await directory.write("honua.hcl", sampleSource("first"));
  const hidden: string[] = [];
  const within = {
    signal: new AbortController().signal,
    limitMilliseconds: 10_000,
    hide: (secrets: readonly string[]) => void hidden.push(...secrets),
  };
  await facts.source.gather(
    subjectWith({}, { source: { path, decidedBy: "--config" }, environment: ENVIRONMENT }),
    within,
  );
  assertEquals(hidden.includes(ENVIRONMENT.SAMPLE_CONNECTION), true);
});

Deno.test("a rejected source names the first error and how many more there are", () => {
  const errors = ["first", "second"].map((what) => errorDiagnostic("config/x", what));
  const { what, todo } = judgeRejected("/x.hcl", errors, "sudo honua-configd validate --env-file /x.env /x.hcl");
  assertEquals(todo, "sudo honua-configd validate --env-file /x.env /x.hcl shows the lines; mend them");
  assertMatch(what, /^\/x\.hcl is not valid: error: first .*\(and 1 more\)$/);
});

const KINDS: readonly [string, number, boolean, string][] = [
  ["ext4", 5, true, "ok"],
  ["ext4", 0, true, "note"],
  ["nfs4", 5, true, "note"],
  ["nfs4", 0, true, "error"],
  ["nfs4", 0, false, "note"],
  ["fuse.sshfs", 0, true, "error"],
  ["9p", 0, true, "error"],
  ["overlay", 5, true, "note"],
  ["overlay", 0, true, "warning"],
];

for (const [type, pollSeconds, enableFileWatching, level] of KINDS) {
  const watching = enableFileWatching ? `polled every ${pollSeconds} s` : "not watched";
  Deno.test(`a source on ${type} that is ${watching} is a matter of level ${level}`, () => {
    const { configurationWatcher } = optionsWith({
      "ConfigurationWatcher:PollSeconds": String(pollSeconds),
      "ConfigurationWatcher:EnableFileWatching": String(enableFileWatching),
    });
    const found = judgeSourceFileSystem({ point: "/srv", type, readOnly: false }, configurationWatcher);
    assertEquals(found.level, level);
    if (pollSeconds === 0 && enableFileWatching) assertEquals(found.todo, "Set ConfigurationWatcher:PollSeconds to 5");
  });
}

const ROOM: WatcherFacts = {
  maxInstances: 128,
  maxWatches: 8192,
  usedInstances: 3,
  usedWatches: 20,
  isPartial: false,
};

Deno.test("limits of inotify with room are well; without room it matters whether something polls", () => {
  assertEquals(judgeWatchers(ROOM, 5).level, "ok");
  const tight = judgeWatchers({ ...ROOM, usedInstances: 120 }, 0);
  assertEquals([tight.level, tight.todo?.startsWith("sysctl fs.inotify.max_user_instances=512")], ["warning", true]);
  const full = { ...ROOM, usedWatches: 8192 };
  assertEquals([judgeWatchers(full, 5).level, judgeWatchers(full, 0).level], ["warning", "error"]);
  assertMatch(judgeWatchers({ ...full, isPartial: true }, 5).todo ?? "", /max_user_watches=16384/);
  assertEquals(judgeWatchers({ ...ROOM, maxWatches: null }, 5).level, "note");
});

Deno.test("the watches in use are counted over the processes of the user", async () => {
  await using directory = await temporaryDirectory();
  using _watcher = Deno.watchFs(directory.path);
  // Others on the host come and go, and ours is there.
  const own = await readWatcherFacts(onlyThisProcess(), Deno.uid());
  assertEquals([own.usedInstances >= 1, own.usedWatches >= 1], [true, true]);
  assertEquals([own.maxInstances, own.maxWatches].every((limit) => limit !== null && limit > 0), true);
});

function onlyThisProcess() {
  return machineWith({
    names: (path) => path === "/proc" ? Promise.resolve([String(Deno.pid), "self"]) : hostMachine.names(path),
  });
}

Deno.test("limits that cannot be read are not known", async () => {
  const machine = machineWithTexts({ "/proc/sys/fs/inotify/max_user_instances": "none\n" });
  assertEquals((await readWatcherFacts({ ...machine, names: () => Promise.resolve(null) }, 0)).maxInstances, null);
});

Deno.test("files that are mounted by themselves are warnings, the environment and options files too", async () => {
  await using directory = await temporaryDirectory();
  const path = await directory.write("honua.hcl", "");
  const file = await directory.write("db.env", "");
  const optionsPath = await directory.write("options.json", "{}");
  const signers = await directory.write("signers", "");
  const table = [path, file, optionsPath, signers].map((one) => `1 1 0:1 / ${one} rw - ext4 /dev/vda rw\n`).join("");
  const machine = machineWithTexts({ "/proc/self/mountinfo": table });
  const settings = { "ConfigurationWatcher:EnvironmentFiles:0": `-${file}`, "Approvals:AllowedSigners": signers };
  const found = await findingsOf(
    facts.mountedFiles,
    subjectWith(settings, { source: { path, decidedBy: "--config" }, optionsPath, machine }),
  );
  assertEquals(levels(found), Array(4).fill("warning files/single-mount"));
});
