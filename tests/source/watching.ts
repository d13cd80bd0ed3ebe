// A watcher under test and the reader that it exists for: on every hint the file is read again, so the last content
// that the reader saw shows whether a change was lost.
import { type ChangeSign, type FileWatcherOptions, watchFiles } from "../../src/source/file_watcher.ts";
import { eventually } from "../support/eventually.ts";

/** A watcher as a test sees it. */
export interface Watching {
  readonly hints: { path: string; reason: ChangeSign }[];
  readonly troubles: string[];
  /** How many times `onRecovered` was called. */
  recoveries: number;
  /** Waits until a hint had the file read with this content (null: not readable). */
  sees(path: string, content: string | null): Promise<void>;
  /** Closes it before the body ends. */
  close(): PromiseLike<void>;
}

/** Watches while the body runs. Polls are off unless asked for, so that events have to do. */
export async function watching(
  paths: string[],
  options: Partial<FileWatcherOptions>,
  body: (watching: Watching) => Promise<void>,
): Promise<void> {
  const seen = new Map<string, string | null>();
  const state: Watching = {
    hints: [],
    troubles: [],
    recoveries: 0,
    close: () => watcher[Symbol.asyncDispose](),
    sees: async (path, content) => {
      await eventually(`${path} is read as ${content}`, () => seen.has(path) && seen.get(path) === content);
    },
  };
  await using watcher = await watchFiles(paths, {
    events: true,
    pollMilliseconds: 0,
    onHint(path, reason) {
      state.hints.push({ path, reason });
      seen.set(path, contentOf(path));
    },
    onTrouble: (message) => state.troubles.push(message),
    onRecovered: () => state.recoveries++,
    ...options,
  });
  await body(state);
}

/** A new directory with a real path, removed afterwards. */
export async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir());
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Replaces a file or a link by renaming, as atomic writers do. */
export async function replace(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
  await make(`${path}.new`);
  await Deno.rename(`${path}.new`, path);
}

function contentOf(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return null;
  }
}
