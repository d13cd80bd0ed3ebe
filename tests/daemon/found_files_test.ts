// The messages of a start about the files that it finds.
import { assertEquals } from "@std/assert";
import { logFoundFiles } from "../../src/daemon/found_files.ts";
import type { Existing, ExistingServerForm } from "../../src/snapshot/store.ts";

const PATHS = { path: "/s.json", serverPath: "/s.honua" };
const NOTHING = { removed: [], left: [] };

function logged(existing: unknown, existingServerForm: unknown = null, stale = NOTHING): string[] {
  const lines: string[] = [];
  const at = (level: string) => (message: string, details?: unknown) =>
    void lines.push(`${level}: ${message} ${JSON.stringify(details)}`);
  const log = { information: at("information"), warning: at("warning"), error: at("error") };
  const found = {
    existing: existing as Existing,
    existingServerForm: existingServerForm as ExistingServerForm | null,
    stale,
  };
  logFoundFiles(log, PATHS, found);
  return lines;
}

const inForce = (contentHash: string) => ({ state: "in-force", header: { hash: "h1", contentHash } });
const WHOLE = 'information: The snapshot is whole and stays in force {"path":"/s.json","hash":"h1"}';
const OTHER = 'warning: The server form is that of another snapshot: it is replaced {"path":"/s.honua"}';

Deno.test("files that are whole and belong together are one line, and missing ones are none", () => {
  assertEquals(logged(inForce("c1"), inForce("c1")), [WHOLE]);
  assertEquals(logged(inForce("c1")), [WHOLE]);
  assertEquals(logged(inForce("c1"), { state: "none" }), [WHOLE]);
  assertEquals(logged({ state: "none" }, { state: "none" }), []);
});

Deno.test("a server form of another snapshot, or of none, is replaced", () => {
  assertEquals(logged(inForce("c1"), inForce("c2")), [WHOLE, OTHER]);
  assertEquals(logged({ state: "none" }, inForce("c1")), [OTHER]);
});

Deno.test("damaged and newer files are logged by their names", () => {
  const newer = { state: "newer-format" };
  const damaged = { state: "damaged", fault: "content-differs", setAsideAs: "/aside" };
  const what = "does not hold the content that its header names";
  assertEquals(logged(newer, damaged), [
    'warning: The snapshot has a newer format than this version knows: it is replaced by the next one {"path":"/s.json"}',
    `error: The server form ${what}: it was set aside {"path":"/s.honua","setAsideAs":"/aside"}`,
  ]);
  assertEquals(logged({ ...damaged, setAsideAs: null }, newer), [
    `error: The snapshot ${what}: it could not be set aside and stays where it is {"path":"/s.json","setAsideAs":null}`,
    'warning: The server form has a newer format than this version knows: it is replaced by the next one {"path":"/s.honua"}',
  ]);
});

Deno.test("temporary files of killed writers are logged", () => {
  assertEquals(logged({ state: "none" }, null, { removed: ["/a"], left: ["/b"] } as unknown as typeof NOTHING), [
    'information: Removed a temporary file that a crash had left {"path":"/a"}',
    'warning: A temporary file that a crash left cannot be removed {"path":"/b"}',
  ]);
});
