// A folder of files for one test, gone when the test is.

/** A temporary folder, removed with all that is in it when it is disposed of. */
export interface TemporaryTree extends AsyncDisposable {
  readonly root: string;
}

/** Writes the files, named by their paths from the folder's root; a path that ends in `/` is an empty folder. */
export async function temporaryTree(files: Record<string, string>): Promise<TemporaryTree> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  for (const [path, text] of Object.entries(files)) {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    await Deno.mkdir(`${root}/${folder}`, { recursive: true });
    if (!path.endsWith("/")) await Deno.writeTextFile(`${root}/${path}`, text);
  }
  return { root, [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }) };
}
