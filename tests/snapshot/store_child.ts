// A process at the paths of a snapshot and its server form, as a reader or a writer without pause.
// `read PATH SERVER`: prints "up" after the first whole pair, and when its standard input ends, how many it read; any torn
// or missing file, and a server form older than the snapshot that was read before, ends it with the fault.
// `write PATH SERVER FROM`: puts version FROM, FROM + 1, … in force and prints each number when it is.
import type { JsonObject } from "../../src/snapshot/canonical.ts";
import { type ServerForm, verifyServerForm } from "../../src/snapshot/server_form.ts";
import { type Snapshot, verifyInTurns } from "../../src/snapshot/snapshot.ts";
import { sealSnapshot } from "./sealed_once.ts";
import { serverFormOf } from "./server_form_once.ts";
import { openStore } from "../../src/snapshot/store.ts";

/** The config of a version: some tens of kilobytes, of a size that changes from one to the next. */
function versionConfig(version: number): JsonObject {
  const layers = Array.from({ length: 100 + version % 100 }, (_, id) => [`layer${id}`, { id, title: `v${version}` }]);
  return { version, layers: Object.fromEntries(layers) };
}

/** The snapshot of a version. */
export function versionSnapshot(version: number): Promise<Snapshot> {
  return sealSnapshot(versionConfig(version), { version });
}

/** The server form of a version, of another size each. */
export function versionServerForm(version: number, snapshot: Snapshot): Promise<ServerForm> {
  return serverFormOf(snapshot, `# ${version}\n${"x".repeat(20_000 + version % 100)}\n`);
}

/** The version of the server form that is there; any other file is an error with the fault. */
export async function serverVersionAt(path: string): Promise<number> {
  const bytes = await Deno.readFile(path);
  const verification = await verifyServerForm(bytes);
  if (!verification.ok) throw new Error(verification.reason);
  return Number(new TextDecoder().decode(bytes).split("\n")[1]!.slice(2));
}

async function read(path: string, serverPath: string): Promise<void> {
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
    const serverVersion = await serverVersionAt(serverPath);
    if (serverVersion < version) throw new Error(`server form ${serverVersion} beside version ${version}`);
    if (++count === 1) console.log("up");
  }
  console.log(count);
}

async function write(path: string, serverPath: string, from: number): Promise<void> {
  const opened = await openStore({ path, serverPath });
  if (!opened.ok) throw new Error(opened.message);
  for (let version = from;; version++) {
    const snapshot = await versionSnapshot(version);
    const written = await opened.store.write(snapshot, { serverForm: await versionServerForm(version, snapshot) });
    if (!written.ok) throw new Error(written.message);
    console.log(version);
  }
}

if (import.meta.main) {
  const [role, path, serverPath, from] = Deno.args;
  await (role === "read" ? read(path!, serverPath!) : write(path!, serverPath!, Number(from)));
}
