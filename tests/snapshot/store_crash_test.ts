// What readers see while the snapshot and its server form are swapped, and what a killed writer leaves: real processes,
// real files.
import { assert, assertEquals } from "@std/assert";
import { verifyInTurns } from "../../src/snapshot/snapshot.ts";
import { openStore } from "../../src/snapshot/store.ts";
import { serverVersionAt, versionSnapshot } from "./store_child.ts";
import { startChild } from "./store_process.ts";
import { READERS, swapUnderReaders } from "./store_readers.ts";
import { randomFrom } from "../support/random.ts";
import { namesIn, withDirectory } from "./temporary_directory.ts";

const kills = 50;

async function open(path: string, serverPath: string) {
  const opened = await openStore({ path, serverPath });
  assert(opened.ok);
  return opened;
}

Deno.test(`${READERS} readers that re-read without pause see whole files only, no server form older than its snapshot`, async () => {
  await swapUnderReaders(200);
});

Deno.test(`after kill -9 at ${kills} random instants both files are whole and nothing stale outlives the next start`, async () => {
  const seed = Number(Deno.env.get("HONUA_FUZZ_SEED") ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`HONUA_FUZZ_SEED=${seed}`);
  const random = randomFrom(seed);
  await withDirectory(async (directory) => {
    const [path, serverPath] = [`${directory}/snapshot.json`, `${directory}/snapshot.honua`];
    let version = 0;
    let stale = 0;
    let pairs = 0;
    for (let kill = 0; kill < kills; kill++) {
      await using writer = startChild(["write", path, serverPath, String(version + 1)]);
      const first = await writer.next();
      await new Promise((resolve) => setTimeout(resolve, random.below(20))); // The random instant, not a wait.
      const { text } = await writer.stop("SIGKILL");
      const acknowledged = Number((first + text).trimEnd().split("\n").at(-1));
      const verification = await verifyInTurns(await Deno.readFile(path));
      assert(verification.ok, `torn after kill ${kill}`);
      version = Number(verification.config.version);
      assert(version >= acknowledged, `version ${acknowledged} was in force, then ${version}`);
      assertEquals(verification.header.contentHash, (await versionSnapshot(version)).contentHash);
      const serverVersion = await serverVersionAt(serverPath);
      assert(serverVersion === version || serverVersion === version + 1, `${serverVersion} beside ${version}`);
      const opened = await open(path, serverPath);
      stale += opened.stale.removed.length;
      assertEquals(namesIn(directory), ["snapshot.honua", "snapshot.json"]);
      const isPair = serverVersion === version;
      pairs += Number(isPair);
      assertEquals(await opened.store.isInForce(), isPair);
    }
    console.log(`kills: ${kills - pairs} of ${kills} fell between the two renames`);
    assert(stale > 0, "no kill fell into a write");
  });
});
