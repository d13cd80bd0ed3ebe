// The directory of the history, in `State:Directory` or the snapshot's: only its owner may look into it, because
// literals of a source may be secrets.
import { dirname, join } from "node:path";
import { type FileSystem, hostFileSystem, removeStaleTemporaries } from "../host/atomic_write.ts";
import { withinLimit } from "../time/limit.ts";

const NAME = "history";
const CLEANING_LIMIT_MILLISECONDS = 5_000;

/** As `atomicWrite` names them. */
const TEMPORARY = /^\.(.+)\.[0-9]+\.[0-9a-f]{16}\.tmp$/;

/** The most entries that a listing looks at. */
const MAX_ENTRIES = 10_000;

/** The directory of the history, which need not exist yet. */
export interface HistoryDirectory {
  readonly path: string;
  readonly fileSystem: FileSystem;
}

/** Returns the directory of the history. `fileSystem` is the operating system's unless a test injects faults. */
export function historyDirectory(
  stateDirectory: string | null,
  snapshotPath: string,
  fileSystem: FileSystem = hostFileSystem,
): HistoryDirectory {
  return { path: join(stateDirectory ?? dirname(snapshotPath), NAME), fileSystem };
}

/** Makes the directory, durably, if it does not exist. Rejects with the system's error. */
export async function makeHistoryDirectory({ path, fileSystem }: HistoryDirectory): Promise<void> {
  try {
    await Deno.mkdir(path, { mode: 0o700 });
  } catch (error) {
    // A file in its place makes the write fail with an error that says so.
    if (error instanceof Deno.errors.AlreadyExists) return;
    throw error;
  }
  const parent = await fileSystem.openDirectory(dirname(path));
  try {
    await parent.sync().catch(() => {}); // Some file systems cannot sync a directory.
  } finally {
    await parent.close();
  }
}

/**
 * Removes the temporary files of killed writers. Call it before the first write: a process takes its own temporary
 * files for those of an earlier process with the same id. Resolves after at most 5 s, and never throws: a file that
 * stays does no harm, and the next start finds it.
 */
export async function removeStaleHistoryFiles(directory: HistoryDirectory): Promise<void> {
  await withinLimit(removeStaleFiles(directory).catch(() => {}), CLEANING_LIMIT_MILLISECONDS);
}

async function removeStaleFiles({ path, fileSystem }: HistoryDirectory): Promise<void> {
  const targets = new Set<string>();
  for (const name of await namesIn(path)) {
    const target = TEMPORARY.exec(name)?.[1];
    if (target !== undefined) targets.add(target);
  }
  for (const target of targets) await removeStaleTemporaries(join(path, target), fileSystem);
}

/** The names in a directory, at most 10,000; none if it does not exist. Rejects with the system's error. */
export async function namesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(path)) {
      if (names.push(name) === MAX_ENTRIES) break;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}
