import { assertEquals, assertMatch } from "@std/assert";
import { errorDiagnostic } from "../../src/diagnostic/diagnostic.ts";
import type { Subject } from "../../src/doctor/examination.ts";
import { fileSystem, judgeRejected, mountedFiles, source } from "../../src/doctor/source.ts";
import type { WatcherOptions } from "../../src/options/options.ts";
import type { Mount } from "../../src/host/mounts.ts";
import { sampleSource } from "../support/sample_source.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { findingsAbout, findingsOf, levels, machineWithTexts, optionsWith, subjectWith } from "./subject.ts";

function judgeSourceFileSystem(mount: Mount, configurationWatcher: WatcherOptions) {
  const options = { ...optionsWith({}), configurationWatcher };
  return findingsAbout(fileSystem, mount, subjectWith({}, { options }));
}

/** The findings about a source that is named thus, except for its name. */
async function judgedSource(given: Partial<Subject>, settings: Readonly<Record<string, string>> = {}) {
  const found = await findingsOf(source, subjectWith(settings, given));
  return found.filter(({ check }) => check !== "source/name");
}

const ENVIRONMENT = { SAMPLE_CONNECTION: "Host=db;Password=hush-hush" };

Deno.test("a source is compiled as a reload would, with its environment files", async () => {
  await using directory = await temporaryDirectory();
  const path = await directory.write("honua.hcl", sampleSource("first"));
  const source = { path, decidedBy: "--config" };
  const [valid] = await judgedSource({ source, environment: ENVIRONMENT });
  assertEquals([valid?.check, valid?.level === "ok" || valid?.level === "note"], ["source/valid", true]);
  const [lacking] = await judgedSource({ source });
  assertEquals([lacking?.level, lacking?.todo?.includes("--env-file")], ["error", true]);
  const file = await directory.write("db.env", "SAMPLE_CONNECTION=Host=db\nexport Y=1\n");
  const settings = { "ConfigurationWatcher:EnvironmentFiles:0": file };
  const filled = await judgedSource({ source }, settings);
  assertEquals(levels(filled)[0], "warning source/environment");
  assertEquals(filled.every(({ level }) => level !== "error"), true);
  await Deno.remove(file);
  assertEquals(levels(await judgedSource({ source }, settings)), ["error source/environment"]);
});

Deno.test("the setting that decided on the source is named, and a source that was not found has no name", async () => {
  const found = { path: "/etc/honua/honua.hcl", decidedBy: "HONUA_CONFIG_PATH" };
  const [named] = await findingsOf(source, subjectWith({}, { source: found }));
  assertEquals([named?.level, named?.what], ["ok", "The source is /etc/honua/honua.hcl, by HONUA_CONFIG_PATH"]);
  const trouble = errorDiagnostic("options/no-source", "No configuration file was found", {
    why: "Looked in .",
    suggestion: "Name it",
  });
  const unnamed = await findingsOf(source, subjectWith({}, { source: { trouble } }));
  assertEquals(unnamed.map(({ check, what, todo }) => [check, what, todo]), [
    ["source/found", "error: No configuration file was found [options/no-source]: Looked in .", "Name it"],
  ]);
});

Deno.test("a source that is not there or not valid is an error that says so", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("honua.hcl");
  const judged = async () => levels(await judgedSource({ source: { path, decidedBy: "--config" } }));
  assertEquals(await judged(), ["error source/found"]);
  await directory.write("honua.hcl", "honua {\n");
  assertEquals(await judged(), ["error source/valid"]);
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
  await source.gather(
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

const KINDS: readonly [string, number, string][] = [
  ["ext4", 5, "ok"],
  ["ext4", 0, "note"],
  ["nfs4", 5, "ok"],
  ["nfs4", 0, "error"],
  ["fuse.sshfs", 0, "error"],
  ["9p", 0, "error"],
  ["overlay", 5, "ok"],
  ["overlay", 0, "warning"],
];

for (const [type, pollSeconds, level] of KINDS) {
  Deno.test(`a source on ${type} that is polled every ${pollSeconds} s is a matter of level ${level}`, () => {
    const { configurationWatcher } = optionsWith({ "ConfigurationWatcher:PollSeconds": String(pollSeconds) });
    const mount = { point: "/srv", type, readOnly: false };
    const [found] = judgeSourceFileSystem(mount, configurationWatcher);
    assertEquals(found?.level, level);
    if (pollSeconds === 0) assertEquals(found?.todo, "Set ConfigurationWatcher:PollSeconds to 5");
    assertEquals(judgeSourceFileSystem(mount, { ...configurationWatcher, enableFileWatching: false }), []);
  });
}

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
    mountedFiles,
    subjectWith(settings, { source: { path, decidedBy: "--config" }, optionsPath, machine }),
  );
  assertEquals(levels(found), Array(4).fill("warning files/single-mount"));
});
