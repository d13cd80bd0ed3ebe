// The tests of a room in one module: `deno test` loads the whole program again for each file that it is given, which is
// a tenth of the processor time of all tests. Its output names the files in which the tests are declared.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Rooms whose files are loaded one by one: they count processes, measure memory, or have hooks for all their tests. */
const ONE_BY_ONE: ReadonlySet<string> = new Set(["cluster", "document", "fuzz", "host", "hooks", "snapshot"]);

/**
 * Writes a module for each room of these tests.
 *
 * @param paths from `root`, sorted.
 * @returns the files for `deno test`, in the order of the paths.
 */
export async function writeEntries(root: string, paths: readonly string[], directory: string): Promise<string[]> {
  const entries: string[] = [];
  const rooms = Map.groupBy(paths, (path) => path.split("/")[1]!);
  for (const [room, files] of rooms) {
    if (files.length === 1 || ONE_BY_ONE.has(room)) {
      entries.push(...files);
      continue;
    }
    const entry = join(directory, `${room}_test.ts`);
    const imports = files.map((path) => `import ${JSON.stringify(pathToFileURL(join(root, path)).href)};\n`);
    await Deno.writeTextFile(entry, imports.join(""));
    entries.push(entry);
  }
  return entries;
}
