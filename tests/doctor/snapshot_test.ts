import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ageText } from "../../src/doctor/checks.ts";
import * as facts from "../../src/doctor/installation_facts.ts";
import type { Identity } from "../../src/doctor/identity.ts";
import type { Mount } from "../../src/host/mounts.ts";
import { snapshotLock } from "../../src/snapshot/snapshot_lock.ts";
import { bytesOf, serverFormOf } from "../snapshot/server_form_once.ts";
import { sealSnapshot } from "../snapshot/sealed_once.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { mounting } from "../support/mounting.ts";
import { findingsAbout, findingsOf, levels, machineWith, subjectWith } from "./subject.ts";

const SEALED = await sealSnapshot({ variables: { x: "y" } }, { variables: { x: "y" } });
const PLACE = { mount: null, isOwnMount: false, space: null, snapshotBytes: 0 };

function judgeGroup(group: string | null, gid: number | null, user: Identity) {
  const settings: Record<string, string> = group === null ? {} : { "Snapshot:Group": group };
  const file = { path: "/x", read: { state: "none" }, gid, now: 0 } as const;
  return findingsAbout(facts.snapshotFile, file, subjectWith(settings, { user })).slice(1);
}

function judgeSnapshotFileSystem(mount: Mount | null, isOwnMount: boolean) {
  return findingsAbout(facts.snapshotPlace, { ...PLACE, mount, isOwnMount })[0]!;
}

function judgeSpace(space: { freeBytes: number; freeInodes: number | null } | null, snapshotBytes: number) {
  return findingsAbout(facts.snapshotPlace, { ...PLACE, space, snapshotBytes }).slice(1);
}

function judgeClock(synchronised: string | null) {
  return findingsAbout(facts.clock, { synchronised, writtenMilliseconds: null, now: 0 })[0]!;
}

function judgeSnapshotTime(writtenMilliseconds: number | null, now: number) {
  return findingsAbout(facts.clock, { synchronised: "yes", writtenMilliseconds, now }).slice(1);
}

const ACTIVE = { state: "known", name: "x.service", properties: { ActiveState: "active" } } as const;

Deno.test("a whole snapshot is reported with its hash and age; its mode and group must be those of the options", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("config.snapshot.json");
  await Deno.writeFile(path, SEALED.bytes);
  await Deno.chmod(path, 0o640);
  const own = { "Snapshot:Path": path, "Snapshot:Group": String(Deno.gid()) };
  const [whole, ...others] = await findingsOf(facts.snapshotFile, subjectWith(own));
  assertEquals([whole?.level, others], ["ok", []]);
  assertStringIncludes(whole!.what, SEALED.hash.slice(0, 8));
  await Deno.chmod(path, 0o600);
  const other = { "Snapshot:Path": path, "Snapshot:Group": "4242" };
  assertEquals(levels(await findingsOf(facts.snapshotFile, subjectWith(other))), [
    "ok snapshot/file",
    "warning snapshot/mode",
    "warning snapshot/group",
  ]);
});

Deno.test("a snapshot that is damaged is an error, a newer version's a warning, and nothing is changed", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("config.snapshot.json");
  const judged = async (text: string) => {
    await Deno.writeTextFile(path, text);
    await Deno.chmod(path, 0o640);
    return levels(await findingsOf(facts.snapshotFile, subjectWith({ "Snapshot:Path": path })));
  };
  assertEquals(await judged(new TextDecoder().decode(SEALED.bytes).replace('"y"', '"z"')), ["error snapshot/file"]);
  assertEquals(await judged(""), ["error snapshot/file"]);
  assertEquals(await judged('{"$snapshot":{"format":99}}\n'), ["warning snapshot/file"]);
  assertEquals([...Deno.readDirSync(directory.path)].map(({ name }) => name), ["config.snapshot.json"]);
});

Deno.test("no snapshot is an error if the daemon runs, and a note before it does", async () => {
  const settings = { "Snapshot:Path": "/nonexistent/config.snapshot.json" };
  assertEquals(levels(await findingsOf(facts.snapshotFile, subjectWith(settings))), ["note snapshot/file"]);
  const running = subjectWith(settings, { unit: ACTIVE });
  assertEquals(levels(await findingsOf(facts.snapshotFile, running)), ["error snapshot/file"]);
});

Deno.test("a group must be there, and the daemon's user a member of it", () => {
  const user = { name: "honua-configd", uid: 7, gids: [70] };
  assertEquals(judgeGroup(null, null, user), []);
  assertEquals(levels(judgeGroup("site", null, user)), ["error snapshot/group"]);
  assertEquals(judgeGroup("site", 70, user), []);
  assertEquals(judgeGroup("site", 71, user)[0]?.todo?.startsWith("usermod --append --groups site"), true);
  assertEquals(judgeGroup("site", 71, { ...user, uid: 0 }), []);
});

Deno.test("a file system that is read-only or gone with the host is reported, and so is a mount point of its own", () => {
  const mount = { point: "/x", type: "ext4", readOnly: false };
  assertEquals(judgeSnapshotFileSystem(mount, false).level, "ok");
  assertEquals(judgeSnapshotFileSystem({ ...mount, readOnly: true }, false).level, "error");
  assertEquals(judgeSnapshotFileSystem({ ...mount, type: "tmpfs" }, false).level, "warning");
  assertEquals(judgeSnapshotFileSystem(mount, true).level, "error");
  assertEquals(judgeSnapshotFileSystem(null, false).level, "note");
});

Deno.test("space for one snapshot more is needed, and for a few is well", () => {
  const mebibyte = 1024 * 1024;
  const level = (freeBytes: number, freeInodes: number | null, size = 0) =>
    judgeSpace({ freeBytes, freeInodes }, size)[0]?.level;
  assertEquals(level(100 * mebibyte, 1000), "ok");
  assertEquals(level(100 * mebibyte, null), "ok");
  assertEquals(level(8 * mebibyte, 1000), "warning");
  assertEquals(level(100 * mebibyte, 1000, 50 * mebibyte), "warning");
  assertEquals(level(100 * mebibyte, 1000, 101 * mebibyte), "error");
  assertEquals(level(0, 1000), "error");
  assertEquals(level(100 * mebibyte, 0), "error");
  assertEquals(level(100 * mebibyte, 5), "warning");
  assertEquals(judgeSpace(null, 0)[0]?.level, "note");
});

/** The reason why nothing can be mounted here; null: mounts work. */
async function obstacleToMounting(): Promise<string | null> {
  await using directory = await temporaryDirectory();
  const obstacle = await mounting("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory.path);
  if (obstacle === null) await mounting("umount", directory.path);
  return obstacle;
}

const NO_MOUNT = await obstacleToMounting();
if (NO_MOUNT !== null) console.log(`ignored: real mounts, for nothing can be mounted here: ${NO_MOUNT}`);

Deno.test({
  name: "real mounts are seen: a small tmpfs, a read-only one, and a snapshot that is a mount point",
  ignore: NO_MOUNT !== null,
  fn: seeRealMounts,
});

async function seeRealMounts(): Promise<void> {
  await using directory = await temporaryDirectory();
  const place = directory.file("mounted");
  await Deno.mkdir(place);
  assertEquals(await mounting("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place), null);
  const path = `${place}/config.snapshot.json`;
  const judged = async (snapshot: string) =>
    levels(await findingsOf(facts.snapshotPlace, subjectWith({ "Snapshot:Path": snapshot })));
  try {
    assertEquals(await judged(path), ["warning snapshot/file-system", "warning snapshot/space"]);
    await Deno.writeFile(path, SEALED.bytes);
    const target = await directory.write("bound.json", "");
    assertEquals(await mounting("mount", "--bind", path, target), null);
    assertEquals((await judged(target))[0], "error snapshot/file-system");
    assertEquals(await mounting("umount", target), null);
    assertEquals(await mounting("mount", "-o", "remount,ro", place), null);
    assertEquals((await judged(path))[0], "error snapshot/file-system");
  } finally {
    await mounting("umount", directory.file("bound.json"));
    await mounting("umount", place);
  }
}

Deno.test("the clock is synchronised, not synchronised, or not known", () => {
  assertEquals([judgeClock("yes").level, judgeClock("no").level, judgeClock(null).level], ["ok", "warning", "note"]);
});

Deno.test("a snapshot from the future shows a clock that was set back", async () => {
  assertEquals(judgeSnapshotTime(null, 0), []);
  assertEquals(judgeSnapshotTime(4_000, 0), []);
  assertEquals(levels(judgeSnapshotTime(60_000, 0)), ["warning clock/snapshot"]);
  await using directory = await temporaryDirectory();
  const path = await directory.write("config.snapshot.json", "x");
  const machine = machineWith({ now: () => 0 });
  const found = await findingsOf(facts.clock, subjectWith({ "Snapshot:Path": path }, { machine }));
  assertEquals(levels(found).at(-1), "warning clock/snapshot");
});

Deno.test("an age has its largest unit", () => {
  assertEquals([0, 1000, 90_000, 7_200_000, 900_000_000].map(ageText), [
    "just now",
    "1 s ago",
    "1 min ago",
    "2 h ago",
    "10 d ago",
  ]);
});

Deno.test("the writer of the snapshot is reported, and is wrong if the unit's process is another", async () => {
  await using directory = await temporaryDirectory();
  const settings = { "Snapshot:Path": directory.file("config.snapshot.json") };
  const findings = async (properties: Record<string, string> = {}) => {
    const unit = { ...ACTIVE, properties: { ...ACTIVE.properties, ...properties } };
    return levels(await findingsOf(facts.snapshotLock, subjectWith(settings, { unit })));
  };
  assertEquals(await findings(), []);
  using lock = snapshotLock(settings["Snapshot:Path"]);
  await lock.take();
  assertEquals(await findings(), ["ok snapshot/lock"]);
  assertEquals(await findings({ MainPID: String(Deno.pid) }), ["ok snapshot/lock"]);
  assertEquals(await findings({ MainPID: "1" }), ["warning snapshot/lock"]);
  lock[Symbol.dispose]();
  assertEquals(await findings(), []);
});

Deno.test("a server form must be whole, of the snapshot beside it, with its mode and group; one that is not wanted is not judged", async () => {
  await using directory = await temporaryDirectory();
  const [path, serverPath] = [directory.file("config.snapshot.json"), directory.file("config.snapshot.honua")];
  const form = bytesOf(await serverFormOf(SEALED));
  const put = (path: string, bytes: Uint8Array) =>
    Deno.writeFile(path, bytes, { mode: 0o640 }).then(() => Deno.chmod(path, 0o640));
  const findings = async (given: Parameters<typeof subjectWith>[1] = {}, settings: Record<string, string> = {}) =>
    levels(await findingsOf(facts.serverForm, subjectWith({ "Snapshot:Path": path, ...settings }, given)));
  assertEquals(await findings(), ["note server-form/file"]);
  assertEquals(await findings({ unit: ACTIVE }), ["error server-form/file"]);
  await put(path, SEALED.bytes);
  await put(serverPath, form);
  assertEquals(await findings(), ["ok server-form/file"]);
  const other = await sealSnapshot({ variables: { x: "z" } }, { variables: { x: "z" } });
  await put(serverPath, bytesOf(await serverFormOf(other)));
  assertEquals(await findings(), ["ok server-form/file", "error server-form/file"]);
  await put(path, SEALED.bytes.subarray(1));
  assertEquals(await findings(), ["ok server-form/file"]);
  await put(serverPath, form.subarray(1));
  assertEquals(await findings(), ["error server-form/file"]);
  await put(serverPath, new TextEncoder().encode("# honua-configd server form 2\n"));
  assertEquals(await findings(), ["warning server-form/file"]);
  await put(serverPath, form);
  await Deno.chmod(serverPath, 0o600);
  assertEquals(await findings({}, { "Snapshot:Group": "4242" }), [
    "ok server-form/file",
    "warning server-form/mode",
    "warning server-form/group",
  ]);
  assertEquals(await findings({}, { "Snapshot:ServerPath": "" }), []);
});

Deno.test("a server form elsewhere has its directory and file system judged too", async () => {
  await using directory = await temporaryDirectory();
  await using elsewhere = await temporaryDirectory();
  const serverPath = elsewhere.file("server.honua");
  const settings = { "Snapshot:Path": directory.file("config.snapshot.json"), "Snapshot:ServerPath": serverPath };
  const findings = await findingsOf(facts.serverForm, subjectWith(settings));
  assertEquals(findings.map(({ check }) => check).toSorted(), [
    "server-form/directory",
    "server-form/file",
    "server-form/file-system",
  ]);
  const missing = { ...settings, "Snapshot:ServerPath": "/nonexistent/server.honua" };
  assert(levels(await findingsOf(facts.serverForm, subjectWith(missing))).includes("error server-form/directory"));
});
