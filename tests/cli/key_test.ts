// `honua-configd key add`, which never prints a key.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { keyRingFile } from "../../src/releases/key_ring.ts";
import { runRecorded } from "../support/recording_terminal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

async function keysIn(path: string): Promise<string[]> {
  const read = await keyRingFile(path).read();
  assert(read.ok, read.ok ? "" : read.message);
  return read.ring.keys.map(({ id }) => id);
}

const modeOf = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;

Deno.test("key add makes a key ring for its owner only, and appends the newest key to one that is there", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("keys");
  const first = await runRecorded(["key", "add", path]);
  assertEquals([first.code, first.error, modeOf(path)], [0, "", 0o600]);
  assert(/^20\d\d-\d\d-[0-9a-f]{4}\n$/.test(first.out), first.out);
  // As an editor may leave it.
  const before = `# of the fleet\n${(await Deno.readTextFile(path)).trim()}`;
  await Deno.writeTextFile(path, before);
  await Deno.chmod(path, 0o640);
  const second = await runRecorded(["key", "add", "--set", `Store:KeyFile=${path}`]);
  assertEquals([second.code, second.error, modeOf(path)], [0, "", 0o640]);
  assertEquals(await keysIn(path), [first.out, second.out].map((line) => line.trim()));
  assert((await Deno.readTextFile(path)).startsWith(`${before}\n`));
  assertEquals([...Deno.readDirSync(directory.path)].map(({ name }) => name), ["keys"]);
});

Deno.test("key add leaves the owner of a key ring unchanged, so that the daemon can read it", async () => {
  if (Deno.uid() !== 0) return console.log("not looked at: only root can give a file to another user");
  await using directory = await temporaryDirectory();
  const path = directory.file("keys");
  await Deno.writeTextFile(path, "");
  await Deno.chown(path, 1234, 4321);
  assertEquals((await runRecorded(["key", "add", path])).code, 0);
  const { uid, gid } = await Deno.stat(path);
  assertEquals([uid, gid, (await keysIn(path)).length], [1234, 4321, 1]);
});

Deno.test("key add names the fault of a file that is no key ring, and leaves it", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("keys");
  await Deno.writeTextFile(path, "hunter2hunter2\n");
  const wrong = await runRecorded(["key", "add", path]);
  assertEquals([wrong.code, wrong.out, await Deno.readTextFile(path)], [3, "", "hunter2hunter2\n"]);
  assertStringIncludes(wrong.error, `The key ring ${path} cannot be used: line 1: a key is ID BASE64`);
  assert(!wrong.error.includes("hunter2"));
  const nowhere = await runRecorded(["key", "add", directory.file("none/keys")]);
  assertEquals([nowhere.code, nowhere.out], [3, ""]);
  assertStringIncludes(nowhere.error, "the directory does not exist");
  assertStringIncludes((await runRecorded(["key", "add", directory.path])).error, "is not a file");
});

Deno.test("key add without a file anywhere is wrong usage", async () => {
  const { code, out, error } = await runRecorded(["key", "add", "--set", "Snapshot:Path=/tmp/x"]);
  assertEquals([code, out], [2, ""]);
  assertStringIncludes(error, "Store:KeyFile names no key ring");
  assertEquals((await runRecorded(["key", "remove", "x"])).code, 2);
});
