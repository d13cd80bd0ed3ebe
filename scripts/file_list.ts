// The files of a checkout's folder, sorted, with paths from its root, so that what is said of them reads the same on
// every machine. Names that begin with a dot are left out; a folder that is not there has no files.

/** The paths of all files in `folder` of the checkout at `root` and below it. */
export async function listFiles(root: string, folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await entriesOf(`${root}/${folder}`)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) paths.push(...await listFiles(root, path));
    else paths.push(path);
  }
  return paths.sort();
}

/** The paths of all folders in `folder` and below it, itself included, that hold no file at any depth. */
export async function listEmptyFolders(root: string, folder: string): Promise<string[]> {
  const entries = await entriesOf(`${root}/${folder}`);
  const empty: string[] = [];
  for (const { name, isDirectory } of entries) {
    if (isDirectory) empty.push(...await listEmptyFolders(root, `${folder}/${name}`));
  }
  if (entries.every(({ name, isDirectory }) => isDirectory && empty.includes(`${folder}/${name}`))) empty.push(folder);
  return empty.sort();
}

async function entriesOf(path: string): Promise<Deno.DirEntry[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(path))).filter(({ name }) => !name.startsWith("."));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw new Error(`could not list ${path}`, { cause: error });
  }
}
