// The right to write a snapshot: one process has it, by whatever name it knows the file, and never waits for it.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { lockOf, lockPathOf, snapshotLock } from "../../src/snapshot/snapshot_lock.ts";
import { openStore } from "../../src/snapshot/store.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { sealSnapshot } from "./sealed_once.ts";

Deno.test("of two that name one snapshot, one through a symbolic link, the second is refused and told who has it", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("snapshot.json");
  await Deno.symlink(path, directory.file("other.json"));
  using first = snapshotLock(path);
  using second = snapshotLock(directory.file("other.json"));
  assertEquals(await first.take(), { ok: true, unlockable: null });
  const taken = await second.take();
  assert(!taken.ok);
  assertEquals(taken.code, "LOCKED");
  assertStringIncludes(
    taken.message,
    `Another process (pid ${Deno.pid}) writes the snapshot ${directory.file("other.json")}`,
  );
  assertEquals(await first.take(), { ok: true, unlockable: null });
  first[Symbol.dispose]();
  assertEquals((await second.take()).ok, true);
  assertEquals(Deno.lstatSync(lockPathOf(path)).mode! & 0o777, 0o600);
});

Deno.test("snapshots that are beside each other have locks of their own", async () => {
  await using directory = await temporaryDirectory();
  using first = snapshotLock(directory.file("a.json"));
  using second = snapshotLock(directory.file("b.json"));
  assertEquals([(await first.take()).ok, (await second.take()).ok], [true, true]);
});

Deno.test("a lock whose file was removed is taken anew, and lost to whom was quicker", async () => {
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

Deno.test("what is no file at the lock's place is refused, and neither waited for nor followed", async () => {
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

Deno.test("a file system that cannot lock is said, and keeps nobody from writing", async () => {
  await using directory = await temporaryDirectory();
  const tryLock = () => Promise.reject(Object.assign(new Error("No locks available"), { code: "ENOLCK" }));
  using lock = snapshotLock(directory.file("snapshot.json"), { tryLock });
  const taken = await lock.take();
  assert(taken.ok);
  assertStringIncludes(
    taken.unlockable ?? "",
    `The file system of ${directory.file("snapshot.json")} cannot lock (ENOLCK)`,
  );
});

Deno.test("a lock that root makes belongs to whom its directory belongs to", async () => {
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
    assertEquals(await lock.take(), { ok: true, unlockable: null });
    const { mode: made, gid } = Deno.lstatSync(lockPathOf(path));
    await Deno.remove(lockPathOf(path));
    return [(made! & 0o777).toString(8), gid];
  };
  await Deno.chown(directory.path, 0, 65534);
  assertEquals(await modeIn(0o770), ["660", 65534]);
  assertEquals(await modeIn(0o750), ["600", 65534]);
  assertEquals(await modeIn(0o777), ["666", 65534]);
  assertEquals(await modeIn(0o1777), ["600", 65534]);
});

Deno.test("several locks are taken as one, and the first that another process has is told by its name", async () => {
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
  assertEquals(await lock.take(), { ok: true, unlockable: null });
  using second = own();
  assertEquals((await second.take()).ok, false);
  lock[Symbol.dispose]();
  assertEquals((await second.take()).ok, true);
});

Deno.test("of several locks the first that the file system does not know is told", async () => {
  await using directory = await temporaryDirectory();
  const tryLock = () => Promise.reject(Object.assign(new Error("no"), { code: "ENOLCK" }));
  using lock = lockOf([
    snapshotLock(directory.file("a.json")),
    snapshotLock(directory.file("a.honua"), { name: "server form", tryLock }),
  ]);
  const taken = await lock.take();
  assert(taken.ok);
  assertStringIncludes(taken.unlockable ?? "", "see that no second process writes this server form");
});
