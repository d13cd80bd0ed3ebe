// The sources from which random edits start: the project's fixtures and, if HONUA_CORPUS names a directory, the
// published files in it.
import { join } from "node:path";

const FIXTURES = new URL("../fixtures/", import.meta.url);

/** Larger sources make random edits slow and find nothing more. */
const MAX_CHARACTERS = 4_000;

/** Returns the texts of all HCL sources, in the order of their paths. */
export function hclSources(): string[] {
  const corpus = Deno.env.get("HONUA_CORPUS");
  const directories = [decodeURIComponent(FIXTURES.pathname), ...(corpus ? [corpus] : [])];
  const files = directories.flatMap((directory) => [...filesBelow(directory)].sort());
  return files.filter((file) => /\.(hcl|honua)$/.test(file))
    .map((file) => Deno.readTextFileSync(file))
    .filter((text) => text.length > 0 && text.length <= MAX_CHARACTERS);
}

function* filesBelow(directory: string): Generator<string> {
  for (const entry of Deno.readDirSync(directory)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory) yield* filesBelow(path);
    else yield path;
  }
}
