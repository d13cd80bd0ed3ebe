// The place of a snapshot on a file system that hangs: the start reports the cause of its wait, and waits no longer
// than its limit.
import { assert, assertEquals } from "@std/assert";
import { openSnapshot } from "../../src/daemon/snapshot_opening.ts";
import { lockPathOf, snapshotLock } from "../../src/snapshot/snapshot_lock.ts";
import { obstacleToBindMounts, openBindMount } from "../support/bind_mount.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const WARNING = "The file system of the snapshot does not answer: it is waited for";

const NO_MOUNT = await obstacleToBindMounts();
if (NO_MOUNT !== null) console.log(`ignored: a file system that hangs: ${NO_MOUNT}`);

Deno.test({
  name: "a snapshot whose file system hangs is waited for and reported, and in the end refused",
  ignore: NO_MOUNT !== null,
  fn: openOnHungFileSystem,
});

async function openOnHungFileSystem(): Promise<void> {
  await using directory = await temporaryDirectory();
  const mount = await openBindMount(directory.path);
  assert(typeof mount === "object", String(mount));
  const reported: string[] = [];
  const log = { information: () => {}, warning: (message: string) => void reported.push(message) };
  const snapshot = {
    path: directory.file("snapshot.json"),
    serverPath: directory.file("snapshot.honua"),
    mode: 0o640,
    group: null,
  };
  const state = { directory: null };
  try {
    mount.freeze();
    const refused = await openSnapshot({ snapshot, state }, log, { warnMilliseconds: 10, giveUpMilliseconds: 10 });
    assert(!refused.ok);
    assertEquals(refused.isOption, false);
    assertEquals(
      refused.message,
      `The file system of the snapshot ${snapshot.path} or of its server form ${snapshot.serverPath} does not answer: ` +
        "mend its mount, or name another path",
    );
    const other = { ...snapshot, path: directory.file("other.json"), serverPath: directory.file("other.honua") };
    const waiting = openSnapshot({ snapshot: other, state }, log, {
      warnMilliseconds: 10,
      giveUpMilliseconds: 60_000,
    });
    await eventually("that is said", () => reported.length === 2);
    mount.thaw();
    const opened = await waiting;
    assert(opened.ok);
    opened.lock[Symbol.dispose]();
    assertEquals(reported, [WARNING, WARNING]);
    // An opening that was refused comes back late, takes its locks and gives them back.
    const { serverPath } = snapshot;
    await eventually("the locks of refused paths are free", async () => {
      const holder = await Deno.readTextFile(lockPathOf(serverPath)).catch(() => "");
      using lock = snapshotLock(serverPath);
      return holder !== "" && (await lock.take()).ok;
    });
  } finally {
    await mount[Symbol.asyncDispose]();
  }
}
