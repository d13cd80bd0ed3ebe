import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Finding } from "../../src/doctor/finding.ts";
import { listener } from "../../src/doctor/admin_interface.ts";
import { optionsFile, secretFiles, signers } from "../../src/doctor/options.ts";
import { sealing } from "../../src/doctor/sealing.ts";
import { snapshotDirectory, socketDirectory, stateDirectory, stateFiles } from "../../src/doctor/snapshot.ts";
import { permissions } from "../../src/doctor/source.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary.ts";
import { findingsOf, levels, machineOwnedBy, subjectWith, unitWith } from "./subject.ts";

/** Not the user of the tests, and in none of its groups. */
const STRANGER = { name: "stranger", uid: 54_321, gids: [54_321] };
const OWN = { name: "tester", uid: Deno.uid() ?? 0, gids: [Deno.gid() ?? 0] };

/** All files are root's, whichever user runs the tests. */
const machine = machineOwnedBy(0, 0);

async function directoryOf(mode: number): Promise<TemporaryDirectory> {
  const directory = await temporaryDirectory();
  await Deno.chmod(directory.path, mode);
  return directory;
}

async function fileOf(directory: TemporaryDirectory, name: string, mode: number, text = "x"): Promise<string> {
  const path = await directory.write(name, text);
  await Deno.chmod(path, mode);
  return path;
}

Deno.test("a source that the daemon reads and that only its owner writes is well", async () => {
  await using directory = await directoryOf(0o755);
  const path = await fileOf(directory, "honua.hcl", 0o644);
  const subject = subjectWith({}, { source: { path, decidedBy: "--config" }, machine, user: STRANGER });
  assertEquals(levels(await findingsOf(permissions, subject)), ["ok source/permissions"]);
});

Deno.test("a source that everyone can write or replace is an error with the command that mends it", async () => {
  await using directory = await directoryOf(0o777);
  const path = await fileOf(directory, "honua.hcl", 0o666);
  const found = await findingsOf(
    permissions,
    subjectWith({}, { source: { path, decidedBy: "--config" }, machine }),
  );
  assertEquals(levels(found), ["error source/permissions", "error source/permissions"]);
  assertEquals(found.map(({ todo }) => todo), [`chmod o-w ${path}`, `chmod o-w ${directory.path}`]);
  await Deno.chmod(path, 0o644);
  await Deno.chmod(directory.path, 0o1777);
  assertEquals(
    levels(
      await findingsOf(permissions, subjectWith({}, { source: { path, decidedBy: "--config" }, machine })),
    ),
    [
      "ok source/permissions",
    ],
  );
});

Deno.test("a source that the daemon's user cannot read names the user and the place", async () => {
  await using directory = await directoryOf(0o700);
  const path = await fileOf(directory, "honua.hcl", 0o644);
  const subject = subjectWith({}, { source: { path, decidedBy: "--config" }, machine, user: STRANGER });
  const [found] = await findingsOf(permissions, subject);
  assertEquals(found?.what, `stranger cannot read ${path}: ${directory.path} keeps it out`);
  assertEquals(found?.todo, `Give stranger or a group of its execute permission on ${directory.path}`);
});

Deno.test("links that lead in a circle are no matter for root", async () => {
  await using directory = await directoryOf(0o755);
  const path = directory.file("loop");
  await Deno.symlink(path, path);
  const [found] = await findingsOf(permissions, subjectWith({}, { source: { path, decidedBy: "--config" } }));
  assertEquals([found?.what, found?.todo], [
    `root cannot read ${path}: ${path}: ELOOP`,
    "Mend the path, or name another",
  ]);
});

Deno.test("permissions are judged on the file that a symbolic link leads to", async () => {
  await using directory = await directoryOf(0o755);
  const path = await fileOf(directory, "real.hcl", 0o600);
  await Deno.symlink(path, directory.file("honua.hcl"));
  const subject = subjectWith({}, {
    source: { path: directory.file("honua.hcl"), decidedBy: "--config" },
    machine,
    user: STRANGER,
  });
  const [found] = await findingsOf(permissions, subject);
  assertEquals([found?.level, found?.todo?.endsWith(path)], ["error", true]);
});

Deno.test("an environment file that everyone can read is a warning, one that may be missing is none", async () => {
  await using directory = await directoryOf(0o755);
  const path = await fileOf(directory, "honua.hcl", 0o644);
  const environment = await fileOf(directory, "db.env", 0o644);
  const settings = {
    "ConfigurationWatcher:EnvironmentFiles:0": environment,
    "ConfigurationWatcher:EnvironmentFiles:1": `-${directory.file("missing.env")}`,
  };
  const found = await findingsOf(
    permissions,
    subjectWith(settings, { source: { path, decidedBy: "--config" }, machine }),
  );
  assertEquals(levels(found), ["warning source/permissions"]);
  assertStringIncludes(found[0]!.what, `Everyone can read ${environment}`);
});

Deno.test("an options file with a secret in it is not for everyone to read", async () => {
  await using directory = await directoryOf(0o755);
  const optionsPath = await fileOf(directory, "options.json", 0o644);
  assertEquals(levels(await findingsOf(optionsFile, subjectWith({}, { optionsPath, machine }))), [
    "ok options/file",
  ]);
  const secret = subjectWith({ "ConnectionStrings:Redis": "redis:6379,password=hush-hush" }, { optionsPath, machine });
  assertEquals(levels(await findingsOf(optionsFile, secret)), ["warning options/file"]);
  await Deno.chmod(optionsPath, 0o640);
  assertEquals(levels(await findingsOf(optionsFile, secret)), ["ok options/file"]);
});

Deno.test("a token is there, readable, long enough, and not everyone's", async () => {
  await using directory = await directoryOf(0o755);
  const tokenFile = directory.file("token");
  const subject = subjectWith({ "Admin:TokenFile": tokenFile, "Admin:Listen": "127.0.0.1:8080" });
  const judged = async (given = subject) =>
    levels([...await findingsOf(secretFiles, given), ...await findingsOf(listener, given)]);
  assertEquals(await judged(), ["error options/secrets"]);
  await fileOf(directory, "token", 0o600, "short\n");
  assertEquals(await judged(), ["ok options/secrets", "error admin/listener"]);
  await fileOf(directory, "token", 0o644, "0123456789abcdef\n");
  assertEquals(await judged(), ["warning options/secrets", "ok admin/listener"]);
  await Deno.chmod(tokenFile, 0o600);
  assertEquals(await judged(), ["ok options/secrets", "ok admin/listener"]);
  assertEquals(await judged({ ...subject, user: STRANGER }), ["error options/secrets", "ok admin/listener"]);
  assertEquals(await judged(subjectWith({ "Admin:TokenFile": "/nonexistent" })), []);
});

Deno.test("the files of signers are there, readable, and only root may write them", async () => {
  await using directory = await directoryOf(0o755);
  const paths = {
    "Approvals:AllowedSigners": directory.file("signers"),
    "Approvals:RevokedKeys": directory.file("revoked"),
  };
  const settings = { ...paths, "Approvals:Required": "1", "HighAvailability:Enabled": "true" };
  const judged = async (given: Parameters<typeof subjectWith>[1] = {}) =>
    await findingsOf(signers, subjectWith(settings, { machine, ...given }));
  await fileOf(directory, "signers", 0o644);
  const missing = await judged();
  assertEquals(missing.map(({ level, what }) => [level, what]), [
    ["error", `Approvals:RevokedKeys: ${directory.file("revoked")} does not exist`],
  ]);
  await fileOf(directory, "revoked", 0o640);
  assertEquals(levels(await judged()), ["ok approvals/files"]);
  assertEquals((await judged({ user: STRANGER })).map(({ level, what }) => [level, what]), [
    ["error", `Approvals:RevokedKeys: stranger cannot read ${directory.file("revoked")}`],
  ]);
  const owned = await judged({ machine: machineOwnedBy(STRANGER.uid, 0) });
  assertStringIncludes(owned[0]!.what, "and can decide which signatures count");
  const own = await judged({ machine: machineOwnedBy(OWN.uid || 1, 0), daemonUid: OWN.uid || 1 });
  assertEquals(levels(own), ["ok approvals/files"]);
  // Without an approval that is needed nobody reads them.
  assertEquals(await findingsOf(signers, subjectWith(paths)), []);
});

Deno.test("a bare name is a credential's, whichever user owns it, and one that is nowhere is a warning", async () => {
  await using directory = await directoryOf(0o755);
  const settings = { "Admin:TokenFile": "admin-token", "Admin:Listen": "127.0.0.1:8080" };
  const subject = subjectWith(settings, { credentialDirectories: [directory.path], user: STRANGER });
  const [missing] = await findingsOf(secretFiles, subject);
  assertEquals([missing?.level, missing?.what], [
    "warning",
    "Admin:TokenFile: The credential admin-token is nowhere to be seen",
  ]);
  await fileOf(directory, "admin-token", 0o400, "0123456789abcdef");
  assertEquals(levels(await findingsOf(secretFiles, subject)), ["ok options/secrets"]);
});

Deno.test("the directories of snapshot, state and socket are the daemon's to write", async () => {
  await using directory = await directoryOf(0o755);
  const settings = {
    "Snapshot:Path": directory.file("config.snapshot.json"),
    "State:Directory": directory.file("state"),
    "Admin:Socket": directory.file("run/admin.sock"),
  };
  const own = subjectWith(settings, { user: OWN });
  assertEquals(levels(await findingsOf(snapshotDirectory, own)), ["ok snapshot/directory"]);
  assertEquals(levels(await findingsOf(stateDirectory, own)), ["error state/directory"]);
  assertEquals(levels(await findingsOf(socketDirectory, own)), ["warning admin/socket"]);
  const stranger = { ...own, user: STRANGER };
  const [denied] = await findingsOf(snapshotDirectory, stranger);
  assertEquals(denied?.what, `stranger cannot write in ${directory.path}`);
  assertEquals(denied?.todo, `Give stranger or a group of its write permission on ${directory.path}`);
  await Deno.mkdir(directory.file("run"), { mode: 0o700 });
  assertEquals(levels(await findingsOf(socketDirectory, own)), ["ok admin/socket"]);
  assertEquals(levels(await findingsOf(socketDirectory, stranger)), ["warning admin/socket"]);
});

Deno.test("a directory under /dev, /proc or /sys cannot be written in, whatever its mode is", async () => {
  for (const path of ["/dev/shm", "/dev/shm/nonexistent", "/proc", "/sys/kernel"]) {
    const found = await findingsOf(stateDirectory, subjectWith({ "State:Directory": path }));
    assertEquals(found.map(({ level, what }) => [level, what]), [
      ["error", `Nothing can be written in ${path}: Deno refuses all that is under /dev, /proc and /sys`],
    ]);
  }
  assertEquals(levels(await findingsOf(socketDirectory, subjectWith({ "Admin:Socket": "/dev/shm/a.sock" }))), [
    "ok admin/socket",
  ]);
});

Deno.test("journal and history need not be there, and are the daemon's to write if they are", async () => {
  await using directory = await directoryOf(0o755);
  const settings = { "State:Directory": directory.path };
  const judged = async (given: Parameters<typeof subjectWith>[1] = {}) =>
    (await findingsOf(stateFiles, subjectWith(settings, given))).map(({ level, what }) => `${level} ${what}`);
  const [journal, history] = [directory.file("journal.jsonl"), directory.file("history")];
  assertEquals(await judged(), []);
  await Deno.mkdir(journal);
  await Deno.writeTextFile(history, "");
  const [first, second] = await findingsOf(stateFiles, subjectWith(settings));
  assertEquals([first?.what, second?.what], [`${journal} is not a file`, `${history} is not a directory`]);
  assertEquals(first?.todo, "Move it away: the daemon makes its own");
  // The journal's line tells more than "ask as root".
  const told = await findingsOf(sealing, subjectWith(settings));
  assertEquals(levels(told), []);
  await Deno.remove(journal);
  await Deno.remove(history);
  await fileOf(directory, "journal.jsonl", 0o640);
  await Deno.mkdir(history, { mode: 0o700 });
  assertEquals(await judged({ machine }), [`ok Owners and modes are right: ${journal}, ${history}`]);
  assertEquals(await judged({ machine, user: STRANGER }), [
    `error stranger cannot append to ${journal}`,
    `error stranger cannot write in ${history}`,
  ]);
  // The state's directory has a check of its own.
  await Deno.chmod(directory.path, 0o777);
  assertEquals(await judged({ machine }), [`ok Owners and modes are right: ${journal}, ${history}`]);
  await Deno.chmod(directory.path, 0o700);
  assertEquals(await judged({ machine: machineOwnedBy(1, 1), user: STRANGER }), [
    `ok Owners and modes are right: ${journal}, ${history}`,
  ]);
});

Deno.test("a directory that a unit makes when it starts need not be there before", async () => {
  const settings = { "Snapshot:Path": "/nonexistent/x.json", "Admin:Socket": "/nonexistent/admin.sock" };
  const subject = subjectWith(settings, { unit: unitWith({ ActiveState: "inactive" }) });
  assertEquals(await findingsOf(snapshotDirectory, subject), []);
  assertEquals(await findingsOf(socketDirectory, subject), []);
  const running = subjectWith(settings, { unit: unitWith({ ActiveState: "active" }) });
  assertEquals(levels(await findingsOf(snapshotDirectory, running)), ["error snapshot/directory"]);
});

/** The findings if options and source, and their directory, belong to these. */
async function judgedOwners(
  { uid, gid = 0, mode = 0o640, directoryMode = 0o755, daemonUid = 54_321 }: {
    readonly uid: number;
    readonly gid?: number;
    readonly mode?: number;
    readonly directoryMode?: number;
    readonly daemonUid?: number | null;
  },
): Promise<{ readonly options: readonly Finding[]; readonly source: readonly Finding[] }> {
  await using directory = await directoryOf(directoryMode);
  const path = await fileOf(directory, "options.json", mode);
  const subject = subjectWith({}, {
    source: { path, decidedBy: "--config" },
    optionsPath: path,
    user: null,
    daemonUid,
    machine: machineOwnedBy(uid, gid),
  });
  return {
    options: await findingsOf(optionsFile, subject),
    source: await findingsOf(permissions, subject),
  };
}

Deno.test("options and source of a user other than root and the daemon's let that user in", async () => {
  const { options, source } = await judgedOwners({ uid: 1000 });
  assertEquals(levels(options), ["error options/file", "error options/file"]);
  assertMatch(options[0]!.what, /^The user 1000 owns .*options\.json/);
  assertMatch(options[0]!.todo ?? "", /^chown root .*\/options\.json$/);
  assertMatch(options[1]!.what, /owns the directory of .*commands/);
  assertEquals(levels(source), ["warning source/permissions", "warning source/permissions"]);
});

Deno.test("options and source of the daemon's own user, or of root, are well", async () => {
  const own = await judgedOwners({ uid: 54_321 });
  assertEquals([levels(own.options), levels(own.source)], [["ok options/file"], ["ok source/permissions"]]);
  const root = await judgedOwners({ uid: 0 });
  assertEquals([levels(root.options), levels(root.source)], [["ok options/file"], ["ok source/permissions"]]);
  const asRoot = await judgedOwners({ uid: 0, daemonUid: 0 });
  assertEquals(levels(asRoot.options), ["ok options/file"]);
});

Deno.test("owners of files are not judged if the daemon's user is not known", async () => {
  const { options, source } = await judgedOwners({ uid: 1000, daemonUid: null });
  assertEquals([levels(options), levels(source)], [["ok options/file"], ["ok source/permissions"]]);
});

Deno.test("a group other than root's that can write the file or its directory is a warning", async () => {
  const file = await judgedOwners({ uid: 0, gid: 1000, mode: 0o664 });
  assertEquals([levels(file.options), levels(file.source)], [
    ["warning options/file"],
    ["warning source/permissions"],
  ]);
  assertMatch(file.options[0]!.what, /^The group 1000 can write .* \(mode 0664\)$/);
  const directory = await judgedOwners({ uid: 0, gid: 1000, directoryMode: 0o775 });
  assertMatch(directory.options[0]!.todo ?? "", /^chmod g-w \/.*[^n]$/);
  assertEquals(levels(directory.options), ["warning options/file"]);
  const sticky = await judgedOwners({ uid: 0, gid: 1000, directoryMode: 0o1775 });
  assertEquals(levels(sticky.options), ["ok options/file"]);
  const roots = await judgedOwners({ uid: 0, gid: 0, mode: 0o660 });
  assertEquals(levels(roots.options), ["ok options/file"]);
});
