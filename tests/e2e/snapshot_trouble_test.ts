// Trouble with the snapshot's file system while the daemon runs: reported once, tried again with backoff, and healed by
// itself; the old file is never touched.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Daemon } from "../support/daemon.ts";
import { openEdgeHost } from "../support/edge_host.ts";
import { eventually } from "../support/eventually.ts";
import { mounting } from "../support/mounting.ts";

/** Waits until the write was tried again, and checks that only its first failure was logged as a warning. */
async function failsAgain(daemon: Daemon, from: number): Promise<string> {
  const failures = () => daemon.entries.slice(from).filter(({ outcome }) => outcome === "write-failed");
  const [first, ...repeated] = await eventually("the write is tried again", () => {
    const found = failures();
    return found.length > 1 ? found : null;
  }, 30_000);
  assertEquals(first!.level, "warning");
  assert(Number(first!.willRetryInMilliseconds) > 0);
  assert(repeated.every(({ level }) => level === "debug"));
  return first!.msg;
}

Deno.test("a snapshot whose directory vanished is reported once, tried again, and written when it is back", async () => {
  await using host = await openEdgeHost();
  const daemon = await host.follow("first");
  const from = daemon.entries.length;
  await Deno.rename(`${host.directory}/snapshot`, `${host.directory}/away`);
  await host.edit("second");
  assertStringIncludes(await failsAgain(daemon, from), host.snapshotPath);
  await Deno.mkdir(`${host.directory}/snapshot`);
  await host.hasSnapshot("second");
  const healed = await daemon.logged("Configuration reloaded successfully", from);
  assertStringIncludes(String(healed.reasons), "retry");
});

Deno.test("another good edit is not kept waiting by the backoff of the one before", async () => {
  await using host = await openEdgeHost();
  const daemon = await host.follow("first");
  const from = daemon.entries.length;
  await Deno.rename(`${host.directory}/snapshot`, `${host.directory}/away`);
  await host.edit("second");
  await failsAgain(daemon, from);
  await Deno.rename(`${host.directory}/away`, `${host.directory}/snapshot`);
  await host.edit("third");
  // Two failures in a row wait for a second at least: far longer than it takes to notice an edit.
  assertEquals((await daemon.logged("Configuration reloaded successfully", from)).reasons, ["file"]);
  await host.hasSnapshot("third");
});

Deno.test("a snapshot that somebody removed or changed is put back at the next look", async () => {
  await using host = await openEdgeHost();
  const daemon = await host.follow("first");
  const before = await Deno.readFile(host.snapshotPath);
  const harms = [
    () => Deno.remove(host.snapshotPath),
    () => Deno.writeTextFile(host.snapshotPath, "{}\n"),
    () => Deno.truncate(host.snapshotPath, 100),
  ];
  for (const harm of harms) {
    const from = daemon.entries.length;
    await harm();
    daemon.kill("SIGHUP");
    assertEquals((await daemon.logged("Configuration reloaded successfully", from)).change, "restored");
    assertEquals(await Deno.readFile(host.snapshotPath), before);
  }
});

Deno.test("on a full file system the old snapshot stays, and the new one is written when there is room", async () => {
  await using host = await openEdgeHost();
  const directory = `${host.directory}/snapshot`;
  const refused = await mounting("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", directory);
  if (refused !== null) return console.warn(`not tried on a full file system: ${refused}`);
  try {
    await using daemon = await host.follow("first");
    const before = await host.mark();
    const from = daemon.entries.length;
    const filler = `${directory}/filler`;
    // More than there is room for: it fills the rest and then fails.
    await Deno.writeFile(filler, new Uint8Array(128 * 1024)).catch(() => {});
    await host.edit("second");
    assertStringIncludes(await failsAgain(daemon, from), "ENOSPC");
    assertEquals(await host.mark(), before);
    const names = Array.from(Deno.readDirSync(directory), ({ name }) => name).sort();
    assertEquals(names, [
      ".config.snapshot.honua.lock",
      ".config.snapshot.json.lock",
      ".honua-configd.state.json.lock",
      "config.snapshot.honua",
      "config.snapshot.json",
      "filler",
      "history",
      "journal.jsonl",
    ]);
    await Deno.remove(filler);
    await host.hasSnapshot("second");
  } finally {
    assertEquals(await mounting("umount", directory), null);
  }
});
