// A process at the snapshot's path, as a reader or a writer without pause.
// `read PATH`: prints "up" after the first whole snapshot, and when its standard input ends, how many it read; any torn
// or missing file ends it with the fault. `write PATH FROM`: puts version FROM, FROM + 1, … in force and prints each
// number when it is.
import type { JsonObject } from "../../src/snapshot/canonical.ts";
import { type Snapshot, verifyInTurns } from "../../src/snapshot/snapshot.ts";
import { sealSnapshot } from "./sealed_once.ts";
import { openStore } from "../../src/snapshot/store.ts";

/** The config of a version: some tens of kilobytes whose size changes from one to the next. */
export function versionConfig(version: number): JsonObject {
  const layers = Array.from({ length: 100 + version % 100 }, (_, id) => [`layer${id}`, { id, title: `v${version}` }]);
  return { version, layers: Object.fromEntries(layers) };
}

/** The snapshot of a version. */
export function versionSnapshot(version: number): Promise<Snapshot> {
  return sealSnapshot(versionConfig(version), { version });
}

async function read(path: string): Promise<void> {
  let ended = false;
  Deno.stdin.read(new Uint8Array(1)).then(() => ended = true);
  let count = 0;
  let last = -1;
  while (!ended) {
    const verification = await verifyInTurns(await Deno.readFile(path));
    if (!verification.ok) throw new Error(verification.reason);
    const version = Number(verification.config.version);
    if (version < last) throw new Error(`version ${version} after ${last}`);
    last = version;
    if (++count === 1) console.log("up");
  }
  console.log(count);
}

async function write(path: string, from: number): Promise<void> {
  const opened = await openStore({ path });
  if (!opened.ok) throw new Error(opened.message);
  for (let version = from;; version++) {
    const written = await opened.store.write(await versionSnapshot(version));
    if (!written.ok) throw new Error(written.message);
    console.log(version);
  }
}

if (import.meta.main) {
  const [role, path, from] = Deno.args;
  await (role === "read" ? read(path!) : write(path!, Number(from)));
}
