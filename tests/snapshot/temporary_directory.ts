// A directory of a test's own, gone afterwards with any outcome of the test.

/** Runs with a new, empty directory, in one other than that for temporary files if `parent` names it. */
export async function withDirectory(run: (directory: string) => Promise<void>, parent?: string): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "snapshot-", ...parent !== undefined && { dir: parent } });
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** The names of all that is in a directory, sorted. */
export function namesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map((entry) => entry.name).sort();
}
