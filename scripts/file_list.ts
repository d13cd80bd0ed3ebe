// The files of a checkout's folder, sorted, with paths from its root, so that messages are the same on every machine.
// Names that begin with a dot are left out; a missing folder has no files.
import { relative } from "node:path";
import { exists, walk, type WalkEntry } from "@std/fs";

/** The paths of all files in `folder` of the checkout at `root` and below it. */
export async function listFiles(root: string, folder: string): Promise<string[]> {
  const entries = await entriesOf(root, folder);
  return entries.filter(({ isDirectory }) => !isDirectory).map(({ path }) => path).sort();
}

/** The paths of all folders in `folder` and below it, itself included, that hold no file at any depth. */
export async function listEmptyFolders(root: string, folder: string): Promise<string[]> {
  const entries = await entriesOf(root, folder);
  const files = entries.filter(({ isDirectory }) => !isDirectory);
  const folders = entries.filter(({ isDirectory }) => isDirectory).map(({ path }) => path);
  return folders.filter((one) => !files.some(({ path }) => path.startsWith(`${one}/`))).sort();
}

/** Not the folder `.` itself. */
const DOTTED = /\/\.[^/]+$/;

async function entriesOf(root: string, folder: string): Promise<WalkEntry[]> {
  const top = `${root}/${folder}`;
  if (!await exists(top)) return [];
  const entries = await Array.fromAsync(walk(top, { skip: [DOTTED] }));
  return entries.map((entry) => ({ ...entry, path: relative(root, entry.path) }));
}
