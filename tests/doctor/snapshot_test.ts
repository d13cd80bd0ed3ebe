import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Identity } from "../../src/doctor/access.ts";
import type { StatusAnswer } from "../../src/doctor/examination.ts";
import { snapshotLock } from "../../src/snapshot/snapshot_lock.ts";
import { clock } from "../../src/doctor/host.ts";
import * as facts from "../../src/doctor/snapshot.ts";
import { bytesOf, serverFormOf } from "../snapshot/server_form_once.ts";
import { sealSnapshot } from "../snapshot/sealed_once.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { mounting } from "../support/mounting.ts";
import { findingsAbout, findingsOf, levels, machineWithTexts, NO_SYSTEMD, subjectWith, unitWith } from "./subject.ts";

const SEALED = await sealSnapshot({ variables: { x: "y" } }, { variables: { x: "y" } });

function judgeGroup(group: string | null, gid: number | null, user: Identity) {
  const settings: Record<string, string> = group === null ? {} : { "Snapshot:Group": group };
  const file = { path: "/x", read: { state: "none" }, gid, isOwnMount: false } as const;
  return findingsAbout(facts.snapshotFile, file, subjectWith(settings, { user })).slice(1);
}

/** The findings about the snapshot's directory and file if these are the mounts; in `LINE` the directory is `/`. */
async function judgedOn(mounts: string): Promise<string[]> {
  const machine = machineWithTexts({ "/proc/self/mountinfo": mounts });
  const subject = subjectWith({ "Snapshot:Path": "/config.snapshot.json" }, { machine });
  const found = [
    ...await findingsOf(facts.snapshotDirectory, subject),
    ...await findingsOf(facts.snapshotFile, subject),
  ];
  return levels(found).filter((one) => !one.startsWith("note"));
}

function judgeSpace(freeBytes: number, freeInodes: number | null, fileBytes = 0) {
  return findingsAbout(facts.space, { freeBytes, freeInodes, fileBytes })[0]?.level;
}

const ACTIVE = unitWith({ ActiveState: "active" });

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
  ]);
  await Deno.chmod(path, 0o640);
  assertEquals(levels(await findingsOf(facts.snapshotFile, subjectWith(other))).at(-1), "warning snapshot/mode");
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

Deno.test("a path with which a daemon refuses to start, because no file can be there, is an error with advice", async () => {
  await using directory = await temporaryDirectory();
  const loop = directory.file("loop");
  await Deno.symlink(loop, loop);
  const judged = async (path: string) => {
    const [found] = await findingsOf(facts.snapshotFile, subjectWith({ "Snapshot:Path": path }));
    return [found?.level, found?.what, found?.todo];
  };
  assertEquals(await judged(directory.path), [
    "error",
    `The snapshot ${directory.path} cannot be read: EISDIR`,
    "a directory is at the file's path; name a file, or move the directory away",
  ]);
  assertEquals(await judged(loop), [
    "error",
    `The snapshot ${loop} cannot be read: ELOOP`,
    "the path is a circle of symlinks; correct them",
  ]);
});

Deno.test("another process that writes the snapshot or the server form is an error, unless it can be the daemon", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("config.snapshot.json");
  const silent = { ok: false, message: "Nothing answers" } as const;
  const judged = async (answer: StatusAnswer = silent, unit = NO_SYSTEMD) => {
    const given = { unit, askStatus: () => Promise.resolve(answer) };
    return (await findingsOf(facts.writer, subjectWith({ "Snapshot:Path": path }, given))).map(({ what }) => what);
  };
  assertEquals(await judged(), []);
  for (const [name, written] of [["snapshot", path], ["server form", path.replace(".json", ".honua")]] as const) {
    using lock = snapshotLock(written);
    await lock.take();
    const who = `Another process (pid ${Deno.pid})`;
    assertEquals(await judged(), [`${who} writes the ${name} ${written}: end it, or name another path`]);
    assertEquals(await judged(silent, ACTIVE), []);
    assertEquals(await judged({ ...silent, isOverdue: true }), []);
  }
  // The lock is not kept.
  using lock = snapshotLock(path);
  assertEquals((await lock.take()).ok, true);
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

Deno.test("a file system that is read-only or gone with the host is reported, and so is a mount point of its own", async () => {
  assertEquals(await judgedOn("1 1 0:1 / / rw - ext4 /dev/vda rw\n"), ["ok snapshot/directory"]);
  assertEquals(await judgedOn("1 1 0:1 / / ro - ext4 /dev/vda rw\n"), ["error snapshot/directory"]);
  assertEquals(await judgedOn("1 1 0:1 / / rw - tmpfs tmpfs rw\n"), ["warning snapshot/directory"]);
  const own = "1 1 0:1 / /config.snapshot.json rw - ext4 /dev/vda rw\n";
  assertEquals(await judgedOn(own), ["ok snapshot/directory", "error snapshot/file"]);
  assertEquals(await judgedOn(""), ["ok snapshot/directory"]);
});

Deno.test("space for one snapshot more is needed, and for a few is well", async () => {
  const mebibyte = 1024 * 1024;
  assertEquals(judgeSpace(100 * mebibyte, 1000), "ok");
  assertEquals(judgeSpace(100 * mebibyte, null), "ok");
  assertEquals(judgeSpace(8 * mebibyte, 1000), "warning");
  assertEquals(judgeSpace(100 * mebibyte, 1000, 50 * mebibyte), "warning");
  assertEquals(judgeSpace(100 * mebibyte, 1000, 101 * mebibyte), "error");
  assertEquals(judgeSpace(0, 1000), "error");
  assertEquals(judgeSpace(100 * mebibyte, 0), "error");
  assertEquals(judgeSpace(100 * mebibyte, 5), "warning");
  const nowhere = subjectWith({ "Snapshot:Path": "/nonexistent/config.snapshot.json" });
  assertEquals(await findingsOf(facts.space, nowhere), []);
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
  assertEquals(await mounting("mount", "-t", "tmpfs", "-o", "size=1m,mode=755", "tmpfs", place), null);
  const path = `${place}/config.snapshot.json`;
  const judged = async (snapshot: string) => {
    const subject = subjectWith({ "Snapshot:Path": snapshot });
    const sections = [facts.snapshotDirectory, facts.space, facts.snapshotFile];
    return levels((await Promise.all(sections.map((section) => findingsOf(section, subject)))).flat());
  };
  try {
    assertEquals(await judged(path), [
      "warning snapshot/directory",
      "warning snapshot/space",
      "note snapshot/file",
    ]);
    await Deno.writeFile(path, SEALED.bytes);
    await Deno.chmod(path, 0o640);
    const target = await directory.write("bound.json", "");
    assertEquals(await mounting("mount", "--bind", path, target), null);
    assertEquals((await judged(target)).at(-1), "error snapshot/file");
    assertEquals(await mounting("umount", target), null);
    assertEquals(await mounting("mount", "-o", "remount,ro", place), null);
    assertEquals((await judged(path))[0], "error snapshot/directory");
  } finally {
    await mounting("umount", directory.file("bound.json"));
    await mounting("umount", place);
  }
}

Deno.test("the clock is synchronised, not synchronised, or not known", () => {
  assertEquals(levels(findingsAbout(clock, "yes")), ["ok clock/synchronised"]);
  assertEquals(levels(findingsAbout(clock, "no")), ["warning clock/synchronised"]);
  assertEquals(findingsAbout(clock, ""), []);
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
  assertEquals(await findings(), ["error server-form/file"]);
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
  ]);
  assertEquals(await findings({}, { "Snapshot:ServerPath": "" }), []);
});

Deno.test("the directories of a server form and of a state elsewhere are judged too", async () => {
  await using directory = await temporaryDirectory();
  await using elsewhere = await temporaryDirectory();
  const settings = (place: string) => ({
    "Snapshot:Path": directory.file("config.snapshot.json"),
    "Snapshot:ServerPath": `${place}/server.honua`,
    "State:Directory": place,
  });
  const judged = async (place: string) => {
    const subject = subjectWith(settings(place));
    return levels([
      ...await findingsOf(facts.serverDirectory, subject),
      ...await findingsOf(facts.stateDirectory, subject),
    ]);
  };
  assertEquals(await judged(elsewhere.path), ["ok server-form/directory", "ok state/directory"]);
  assertEquals(await judged("/nonexistent"), ["error server-form/directory", "error state/directory"]);
  // The snapshot's directory has its own check.
  assertEquals(await judged(directory.path), []);
});
