// The files after a killed writer of snapshot and server form: real processes, real files.
import { assert, assertEquals } from "@std/assert";
import { verifyInTurns } from "../../src/snapshot/snapshot.ts";
import { openStore } from "../../src/snapshot/store.ts";
import { randomFrom } from "../support/random.ts";
import { serverVersionAt, versionSnapshot } from "./store_child.ts";
import { startChild } from "./store_process.ts";
import { namesIn, withDirectory } from "./temporary_directory.ts";

/** Kills a writer this many times at random instants and checks after each that both files are whole. */
export async function killWriters(kills: number): Promise<void> {
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
      const opened = await openStore({ path, serverPath });
      assert(opened.ok);
      stale += opened.stale.removed.length;
      assertEquals(namesIn(directory), ["snapshot.honua", "snapshot.json"]);
      const isPair = serverVersion === version;
      pairs += Number(isPair);
      assertEquals(await opened.store.isInForce(), isPair);
    }
    console.log(`kills: ${kills - pairs} of ${kills} fell between the two renames`);
    assert(stale > 0, "no kill fell into a write");
  });
}
