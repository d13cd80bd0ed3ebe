// The set of directories that are watched, each once and not its subdirectories, kept in line with the set that is
// wanted. It knows what each watcher was opened on, so a directory that another one replaced is watched anew; the
// watcher of the old one says nothing of it.

import type { FileSystemEvent, FileSystemEvents, WatchDirectory } from "./event_watch.ts";

/** What `align` did. */
export interface Alignment {
  /** A watcher was opened or a directory had gone meanwhile: what lies there may have changed unseen, look once more. */
  readonly isFresh: boolean;
  /** Why a wanted directory is not watched, or null. */
  readonly failure: string | null;
}

/** Watchers of directories. */
export interface DirectoryWatches {
  /**
   * Opens and closes watchers until those wanted (path to identity) are the ones that are watched. With `mayOpen`
   * false it only closes. One at a time. Never rejects.
   */
  align(wanted: ReadonlyMap<string, string>, mayOpen: boolean): Promise<Alignment>;
  /** Has the next `align` open this directory's watcher anew. */
  forget(directory: string): void;
  /** Closes all watchers and resolves when no event will come any more. */
  close(): Promise<void>;
}

interface Watch {
  readonly identity: string;
  readonly events: FileSystemEvents;
}

/**
 * Begins with no directory. `onEvent` is told the directory as it was wanted and the event; `onDeath` that a watcher
 * ended by itself, with the reason: it is watched again at the next `align`.
 */
export function directoryWatches(
  watchDirectory: WatchDirectory,
  onEvent: (directory: string, event: FileSystemEvent) => void,
  onDeath: (reason: string) => void,
): DirectoryWatches {
  const watches = new Map<string, Watch>();
  const pumps = new Set<Promise<void>>();
  let isClosed = false;

  async function pump(directory: string, watch: Watch): Promise<void> {
    const isCurrent = () => watches.get(directory) === watch;
    let reason = "the watcher ended";
    try {
      for await (const event of watch.events) if (isCurrent()) onEvent(directory, event);
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    if (!isCurrent()) return;
    forget(directory);
    onDeath(reason);
  }

  async function open(directory: string, identity: string): Promise<void> {
    const watch = { identity, events: await watchDirectory(directory) };
    if (isClosed) return watch.events.close();
    watches.set(directory, watch);
    const running = pump(directory, watch).finally(() => pumps.delete(running));
    pumps.add(running);
  }

  function forget(directory: string): void {
    const watch = watches.get(directory);
    watches.delete(directory);
    try {
      watch?.events.close();
    } catch (error) {
      // Deno's way of saying that it is closed already, which an iterator that ended by itself is.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  return {
    async align(wanted, mayOpen) {
      let isFresh = false;
      let failure: string | null = null;
      for (const [directory, { identity }] of watches) if (wanted.get(directory) !== identity) forget(directory);
      for (const [directory, identity] of wanted) {
        if (!mayOpen || isClosed || watches.has(directory)) continue;
        try {
          await open(directory, identity);
          isFresh = true;
        } catch (error) {
          if (error instanceof Deno.errors.NotFound) isFresh = true;
          else failure = error instanceof Error ? error.message : String(error);
        }
      }
      return { isFresh, failure };
    },
    forget,
    async close() {
      isClosed = true;
      for (const directory of [...watches.keys()]) forget(directory);
      await Promise.all(pumps);
    },
  };
}
