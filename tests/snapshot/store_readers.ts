// Readers in their own processes, while the snapshot and its server form are swapped.
import { assert, assertEquals } from "@std/assert";
import { openStore } from "../../src/snapshot/store.ts";
import { versionServerForm, versionSnapshot } from "./store_child.ts";
import { startChild } from "./store_process.ts";
import { withDirectory } from "./temporary_directory.ts";

/** How many processes read. */
export const READERS = 4;

/** Swaps both files this many times, while each reader compares the content with the allowed ones. */
export async function swapUnderReaders(swaps: number): Promise<void> {
  await withDirectory(async (directory) => {
    const path = `${directory}/snapshot.json`;
    const serverPath = `${directory}/snapshot.honua`;
    const opened = await openStore({ path, serverPath });
    assert(opened.ok);
    const { store } = opened;
    const write = async (version: number) => {
      const snapshot = await versionSnapshot(version);
      return await store.write(snapshot, { serverForm: await versionServerForm(version, snapshot) });
    };
    assert((await write(0)).ok);
    await using owner = new AsyncDisposableStack();
    // Niced, so that they leave the writer a processor: they get every instant that it waits.
    const children = Array.from({ length: READERS }, () => owner.use(startChild(["read", path, serverPath], 19)));
    for (const child of children) assertEquals(await child.next(), "up\n");
    for (let version = 1; version <= swaps; version++) {
      const written = await write(version);
      assert(written.ok, `swap ${version}`);
    }
    for (const child of children) {
      const { text, status } = await child.stop();
      assertEquals(status.code, 0, "a reader saw a torn, missing or older file");
      assert(Number(text) > 1);
    }
    assert(await store.isInForce());
  });
}
