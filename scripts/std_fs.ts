// The functions of "@std/fs" that scripts and tests use, with its semantics, over npm's fs-extra, which ships no types
// and has no `walk`. If JSR is reachable, deno.json can map the bare name to it, and this file goes.
import { basename, join } from "node:path";
import fsExtra from "fs-extra";

/** Creates a directory and those above it, unless they exist. */
export const ensureDir: (path: string) => Promise<void> = fsExtra.ensureDir;

/** Whether anything is at the path. fs-extra's own function needs the user's id, which `--allow-read` does not give. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Copies a file, or a directory with its content; fails if the target exists. */
export async function copy(from: string, to: string): Promise<void> {
  await fsExtra.copy(from, to, { overwrite: false, errorOnExist: true });
}

/** An entry of a directory, with its path. */
export interface WalkEntry extends Deno.DirEntry {
  readonly path: string;
}

export interface WalkOptions {
  /** Default: true. */
  readonly includeDirs?: boolean;
  /** A path that matches one of them is left out, with everything below it. */
  readonly skip?: readonly RegExp[];
}

/** Yields a directory and everything below it, each directory before its entries; does not follow symbolic links. */
export async function* walk(root: string, options: WalkOptions = {}): AsyncGenerator<WalkEntry> {
  const { includeDirs = true, skip = [] } = options;
  const isSkipped = (path: string) => skip.some((pattern) => pattern.test(path));
  if (isSkipped(root)) return;
  if (includeDirs) yield { path: root, name: basename(root), isFile: false, isDirectory: true, isSymlink: false };
  for await (const entry of Deno.readDir(root)) {
    const path = join(root, entry.name);
    if (entry.isDirectory) yield* walk(path, options);
    else if (!isSkipped(path)) yield { path, ...entry };
  }
}
