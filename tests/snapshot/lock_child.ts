// Takes the lock of the snapshot at the path given and prints the permission bits of its file, in octal digits.
import { lockPathOf, snapshotLock } from "../../src/snapshot/snapshot_lock.ts";

const [path = ""] = Deno.args;
using lock = snapshotLock(path);
const taken = await lock.take();
console.log(taken.ok ? ((await Deno.lstat(lockPathOf(path))).mode! & 0o777).toString(8) : taken.code);
