// Files that are mounted by themselves (`mount --bind FILE`, a volume of one file, a subPath of Kubernetes): the path
// leads to one inode for ever, so the daemon never sees a file that replaces it by a rename, as most editors do.
import { isMountPoint, type Mount, parseMounts } from "./mounts.ts";
import { readProcFiles } from "./proc_files.ts";

/** A file whose path leads to one inode for ever. */
export interface SingleMount {
  /** The path as it was configured. */
  readonly path: string;
  /** Whether the original was already replaced, so that the file here is an old one. */
  readonly isReplaced: boolean;
  /** The effect, in one line. */
  readonly what: string;
  /** The remedy, in one line. */
  readonly todo: string;
}

const TABLE = "/proc/self/mountinfo";

/** Empty if the table is not available. */
async function readMounts(): Promise<readonly Mount[]> {
  return parseMounts(await readProcFiles([TABLE]) ?? "");
}

/** The files that are mounted by themselves, or have no name any more. `mounts` is called once. */
export async function singleMounts(
  paths: readonly string[],
  mounts: () => Promise<readonly Mount[]> = readMounts,
): Promise<SingleMount[]> {
  const [table, ...files] = await Promise.all([mounts(), ...paths.map(lookAt)]);
  return files.flatMap((file) => file === null ? [] : judge(file, isMountPoint(table, file.real)) ?? []);
}

interface Looked {
  readonly path: string;
  readonly real: string;
  readonly links: number | null;
}

/** Null: there is no file. */
async function lookAt(path: string): Promise<Looked | null> {
  try {
    const [real, { isFile, nlink }] = await Promise.all([Deno.realPath(path), Deno.stat(path)]);
    return isFile ? { path, real, links: nlink } : null;
  } catch {
    return null;
  }
}

/** Without the table nothing is known: file systems of user space may count no links at all. */
function judge({ path, links }: Looked, isOwnMount: boolean): SingleMount | null {
  if (!isOwnMount) return null;
  const todo = "Mount its directory in place of the file";
  if (links === 0) {
    const what = `${path} was replaced or removed outside, and this mount still has the old file`;
    return {
      path,
      isReplaced: true,
      what,
      todo: `${todo}; until then, mount it again (restart the container) after an edit`,
    };
  }
  return {
    path,
    isReplaced: false,
    what: `${path} is mounted as a single file: a file that replaces it is not seen`,
    todo,
  };
}
