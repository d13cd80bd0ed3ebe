// Keeps the set of watched directories, each once and without its subdirectories, equal to the set that is wanted. It
// knows the identity of the directory that each watcher was opened on, so a replaced directory is watched again: the
// watcher of the old one gives no events of the new one.

import type { FileSystemEvent, FileSystemEvents, WatchDirectory } from "./event_watch.ts";

/** The result of `align`. */
export interface Alignment {
  /** A watcher was opened, or a directory vanished meanwhile: its content may have changed unseen, so look again. */
  readonly isFresh: boolean;
  /** The reason why a wanted directory could not be watched; null: there was no failure. */
  readonly failure: string | null;
}

export interface DirectoryWatches {
  /**
   * Opens and closes watchers until exactly the wanted directories (path to identity) are watched. With `mayOpen` false
   * it only closes. Must not be called while another call runs. Never rejects.
   */
  align(wanted: ReadonlyMap<string, string>, mayOpen: boolean): Promise<Alignment>;
  /** Closes this directory's watcher; the next `align` opens it again. */
  forget(directory: string): void;
  /** Closes all watchers; resolves when no further event can come. */
  close(): Promise<void>;
}

interface Watch {
  readonly identity: string;
  readonly events: FileSystemEvents;
}

/**
 * Begins with no directory. `onEvent` receives the directory, by its wanted path, and the event. `onDeath` receives the
 * reason if a watcher ends by itself; the next `align` watches its directory again.
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
      // Deno throws this if the watcher is closed already, as one is whose iterator ended by itself.
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
