// The right to write a snapshot: one process has it, by any name of the file, and never waits for it.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { holderIn, lockMode, lockOf, lockPathOf, snapshotLock } from "../../src/snapshot/snapshot_lock.ts";
import { openStore } from "../../src/snapshot/store.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { sealSnapshot } from "./sealed_once.ts";

Deno.test("of two that name one snapshot, one through a symbolic link, the second is refused and learns the owner", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("snapshot.json");
  await Deno.symlink(path, directory.file("other.json"));
  using first = snapshotLock(path);
  using second = snapshotLock(directory.file("other.json"));
  assertEquals(await first.take(), { ok: true, lockWarning: null });
  const taken = await second.take();
  assert(!taken.ok);
  assertEquals(taken.code, "LOCKED");
  assertStringIncludes(
    taken.message,
    `Another process (pid ${Deno.pid}) writes the snapshot ${directory.file("other.json")}`,
  );
  assertEquals(await first.take(), { ok: true, lockWarning: null });
  first[Symbol.dispose]();
  assertEquals((await second.take()).ok, true);
  assertEquals(Deno.lstatSync(lockPathOf(path)).mode! & 0o777, 0o600);
});

Deno.test("snapshots that are beside each other have their own locks", async () => {
  await using directory = await temporaryDirectory();
  using first = snapshotLock(directory.file("a.json"));
  using second = snapshotLock(directory.file("b.json"));
  assertEquals([(await first.take()).ok, (await second.take()).ok], [true, true]);
});

Deno.test("a lock whose file was removed is taken again, and lost to a quicker process", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("snapshot.json");
  using first = snapshotLock(path);
  using second = snapshotLock(path);
  await first.take();
  await Deno.remove(lockPathOf(path));
  assertEquals((await second.take()).ok, true);
  const taken = await first.take();
  assertEquals(taken.ok ? null : taken.code, "LOCKED");
  second[Symbol.dispose]();
  assertEquals((await first.take()).ok, true);
});

Deno.test("a store whose lock another process has writes nothing", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("snapshot.json");
  using other = snapshotLock(path);
  await other.take();
  using lock = snapshotLock(path);
  const opened = await openStore({ path, lock });
  assert(opened.ok);
  const written = await opened.store.write(await sealSnapshot({ a: 1 }, { a: 1 }));
  assertEquals(written.ok ? null : written.code, "LOCKED");
  other[Symbol.dispose]();
  assertEquals((await opened.store.write(await sealSnapshot({ a: 1 }, { a: 1 }))).ok, true);
});

Deno.test("anything but a file at the lock's place is refused, and neither waited for nor followed", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("snapshot.json");
  await new Deno.Command("mkfifo", { args: [lockPathOf(path)] }).output();
  using lock = snapshotLock(path);
  const codeOf = async () => {
    const taken = await lock.take();
    return taken.ok ? null : taken.code;
  };
  assertEquals(await codeOf(), "NOT_A_FILE");
  await Deno.remove(lockPathOf(path));
  await Deno.symlink(directory.file("elsewhere"), lockPathOf(path));
  assertEquals(await codeOf(), "NOT_A_FILE");
  await Deno.remove(directory.path, { recursive: true });
  assertEquals(await codeOf(), "ENOENT");
  await Deno.mkdir(directory.path);
  assertEquals(await codeOf(), null);
});

Deno.test("a file system that cannot lock is reported, and keeps nobody from writing", async () => {
  await using directory = await temporaryDirectory();
  const tryLock = () => Promise.reject(Object.assign(new Error("No locks available"), { code: "ENOLCK" }));
  using lock = snapshotLock(directory.file("snapshot.json"), { tryLock });
  const taken = await lock.take();
  assert(taken.ok);
  assertStringIncludes(
    taken.lockWarning ?? "",
    `The file system of ${directory.file("snapshot.json")} cannot lock (ENOLCK)`,
  );
});

Deno.test("a lock that root makes belongs to the owner of its directory", async () => {
  await using directory = await temporaryDirectory();
  if (Deno.uid() !== 0) return console.log("only root can give a file to another: this is not tried");
  await Deno.chown(directory.path, 65534, 65534);
  using lock = snapshotLock(directory.file("snapshot.json"));
  await lock.take();
  const { uid, gid } = Deno.lstatSync(lockPathOf(directory.file("snapshot.json")));
  assertEquals([uid, gid], [65534, 65534]);
});

Deno.test("the users that may write a directory may lock in it, and in one with a sticky bit only the owner", async () => {
  await using directory = await temporaryDirectory();
  if (Deno.uid() !== 0) return console.log("only root can give a file to another: this is not tried");
  const path = directory.file("snapshot.json");
  const modeIn = async (mode: number) => {
    await Deno.chmod(directory.path, mode);
    using lock = snapshotLock(path);
    assertEquals(await lock.take(), { ok: true, lockWarning: null });
    const { mode: made, gid } = Deno.lstatSync(lockPathOf(path));
    await Deno.remove(lockPathOf(path));
    return [(made! & 0o777).toString(8), gid];
  };
  await Deno.chown(directory.path, 0, 65534);
  assertEquals(await modeIn(0o770), ["660", 65534]);
  assertEquals(await modeIn(0o750), ["600", 65534]);
  assertEquals(await modeIn(0o777), ["666", 65534]);
  assertEquals(await modeIn(0o1777), ["600", 65534]);
  assertEquals(await modeIn(0o702), ["606", 65534]);
  assertEquals(await modeIn(0o720), ["660", 65534]);
  assertEquals(await modeIn(0o1770), ["600", 65534]);
  assertEquals(await modeIn(0o2775), ["660", 65534]);
});

Deno.test("a lock's file is written by others if they write its directory, by a group only if it is the directory's", () => {
  const modes = (isOfItsGroup: boolean) =>
    [0o755, 0o770, 0o702, 0o777, 0o1777, 0o2770].map((mode) => lockMode(mode, isOfItsGroup).toString(8));
  assertEquals(modes(true), ["600", "660", "606", "666", "600", "660"]);
  assertEquals(modes(false), ["600", "600", "606", "606", "600", "600"]);
});

Deno.test("of many that make the lock's file at once one has it, and the others are refused", async () => {
  await using directory = await temporaryDirectory();
  const locks = Array.from({ length: 24 }, () => snapshotLock(directory.file("snapshot.json")));
  const taken = await Promise.all(locks.map((lock) => lock.take()));
  const codes = taken.map((one) => one.ok ? "taken" : one.code).sort();
  assertEquals(codes, [...Array(23).fill("LOCKED"), "taken"]);
  for (const lock of locks) lock[Symbol.dispose]();
});

Deno.test("several locks are taken as one, and the first that another process has is reported by its name", async () => {
  await using directory = await temporaryDirectory();
  const [path, serverPath] = [directory.file("a.json"), directory.file("a.honua")];
  const own = () => lockOf([snapshotLock(path), snapshotLock(serverPath, { name: "server form" })]);
  using other = snapshotLock(serverPath);
  await other.take();
  using lock = own();
  const taken = await lock.take();
  assert(!taken.ok);
  assertStringIncludes(taken.message, `writes the server form ${serverPath}: end it`);
  other[Symbol.dispose]();
  assertEquals(await lock.take(), { ok: true, lockWarning: null });
  using second = own();
  assertEquals((await second.take()).ok, false);
  lock[Symbol.dispose]();
  assertEquals((await second.take()).ok, true);
});

Deno.test("of several locks the first that the file system does not know is reported", async () => {
  await using directory = await temporaryDirectory();
  const tryLock = () => Promise.reject(Object.assign(new Error("no"), { code: "ENOLCK" }));
  using lock = lockOf([
    snapshotLock(directory.file("a.json")),
    snapshotLock(directory.file("a.honua"), { name: "server form", tryLock }),
  ]);
  const taken = await lock.take();
  assert(taken.ok);
  assertStringIncludes(taken.lockWarning ?? "", "see that no second process writes this server form");
});

Deno.test("a lock whose file is replaced again and again is given up after five times, and all files are closed", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("snapshot.json");
  for (const [replacements, expected] of [[4, null], [5, "EBUSY"]] as const) {
    const files: Deno.FsFile[] = [];
    const tryLock = async (file: Deno.FsFile) => {
      files.push(file);
      if (files.length <= replacements) await Deno.remove(lockPathOf(path));
      return true;
    };
    const lock = snapshotLock(path, { tryLock });
    const taken = await lock.take();
    assertEquals([taken.ok ? null : taken.code, files.length], [expected, 5]);
    if (!taken.ok) assertStringIncludes(taken.message, `cannot write ${path}: lock failed with EBUSY`);
    lock[Symbol.dispose]();
    for (const file of files) await assertRejects(() => file.stat(), Deno.errors.BadResource);
    await Deno.remove(lockPathOf(path)).catch(() => {});
  }
});

Deno.test("a lock that is held is not locked again, and one whose file was replaced is", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("snapshot.json");
  let tries = 0;
  using lock = snapshotLock(path, { tryLock: () => Promise.resolve(tries++ >= 0) });
  for (let time = 0; time < 3; time++) assertEquals(await lock.take(), { ok: true, lockWarning: null });
  assertEquals(tries, 1);
  await Deno.rename(lockPathOf(path), directory.file("away"));
  await Deno.writeTextFile(lockPathOf(path), "");
  for (let time = 0; time < 2; time++) assertEquals((await lock.take()).ok, true);
  assertEquals([tries, Deno.readTextFileSync(lockPathOf(path))], [2, `${Deno.pid}\n`]);
  lock[Symbol.dispose]();
  assertEquals([(await lock.take()).ok, tries], [true, 3]);
});

Deno.test("a lock goes with the file that the snapshot's path leads to", async () => {
  await using directory = await temporaryDirectory();
  for (const name of ["a", "b"]) await Deno.mkdir(directory.file(name));
  const path = directory.file("link");
  await Deno.symlink("a/snapshot.json", path);
  using lock = snapshotLock(path);
  assertEquals((await lock.take()).ok, true);
  await Deno.remove(path);
  await Deno.symlink("b/snapshot.json", path);
  assertEquals((await lock.take()).ok, true);
  using inA = snapshotLock(directory.file("a/snapshot.json"));
  using inB = snapshotLock(directory.file("b/snapshot.json"));
  assertEquals([(await inA.take()).ok, (await inB.take()).ok], [true, false]);
});

Deno.test("a holder is a process's number and nothing else, and an unknown one is any process", async () => {
  const texts = ["1\n", "4194304\n", "1234567890\n", "12345678901\n", "0\n", "01\n", "1", "1\n\n", " 1\n", "x1\n", ""];
  assertEquals(texts.map(holderIn), [1, 4194304, 1234567890, ...Array(8).fill(null)]);
  await using directory = await temporaryDirectory();
  const path = directory.file("snapshot.json");
  using first = snapshotLock(path);
  using second = snapshotLock(path);
  await first.take();
  for (const text of ["", "garbage", "1".repeat(100)]) {
    await Deno.writeTextFile(lockPathOf(path), text);
    const taken = await second.take();
    assert(!taken.ok);
    assertEquals(taken.message, `Another process writes the snapshot ${path}: end it, or name another path`);
  }
  // The next holder overwrites the whole text.
  first[Symbol.dispose]();
  await second.take();
  assertEquals(await Deno.readTextFile(lockPathOf(path)), `${Deno.pid}\n`);
});

Deno.test("a lock whose file cannot be made is refused with the system's error", async () => {
  // Nobody can make files there, not even root.
  const directory = "/sys/kernel";
  if (!await Deno.stat(directory).catch(() => null)) return console.warn(`not tried: there is no ${directory}`);
  using lock = snapshotLock(`${directory}/snapshot.json`);
  const taken = await lock.take();
  assert(!taken.ok);
  assert(["EACCES", "EPERM", "EROFS"].includes(taken.code), taken.message);
});

Deno.test("a lock of a group that is not its directory's is not for that group to write", async () => {
  await using directory = await temporaryDirectory();
  await Deno.mkdir(directory.file("cache"));
  await Deno.mkdir(directory.file("place"));
  for (const [name, mode] of [["", 0o755], ["cache", 0o777], ["place", 0o777]] as const) {
    await Deno.chmod(directory.file(name), mode);
  }
  const child = new URL("lock_child.ts", import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command("setpriv", {
    args: [
      ...["--reuid=65534", "--regid=65534", "--clear-groups", "--", Deno.execPath(), "run", "-A", "--no-config"],
      ...["--no-lock", child, directory.file("place/snapshot.json")],
    ],
    env: { DENO_DIR: directory.file("cache") },
  }).output().catch((error) => ({ success: false, stdout: new Uint8Array(), stderr: new TextEncoder().encode(error) }));
  if (!success) return console.warn(`not tried as another user: ${new TextDecoder().decode(stderr).split("\n")[0]}`);
  assertEquals(new TextDecoder().decode(stdout), "606\n");
});
