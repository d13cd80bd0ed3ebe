// Watches one directory for events, so that nothing in it can hold this process. Deno 2.7.11 has one thread that tells of
// events. It opens the path of each event and waits for what a named pipe or a hung file system has there; from then on
// no event comes, and every further call of `Deno.watchFs` holds its caller for good. So a directory is watched through a
// symbolic link that is removed as soon as the watch is there: the path of an event then leads nowhere, and nothing is
// opened. For the moment before that, the thread has to prove that it is still alive before it is asked anything again.
import { join } from "node:path";
import { fileSystemAnswers } from "../host/regular_file.ts";
import { withinLimit } from "../time/limit.ts";

/** The paths of an event; none if Deno cannot read the name, as it is not UTF-8. */
export interface FileSystemEvent {
  /** Below the directory as it was given, or that itself. */
  readonly paths: readonly string[];
}

/** The events of a watched directory. */
export interface FileSystemEvents extends AsyncIterable<FileSystemEvent> {
  /** Ends the iteration; Deno throws `BadResource` if it ended by itself. */
  close(): void;
}

/** Watches a directory, and not its subdirectories. Rejects if it cannot, with `NotFound` if there is none. */
export type WatchDirectory = (directory: string) => Promise<FileSystemEvents>;

/** The part of Deno's watchers that is used. */
export type WatchFs = (
  path: string,
  options: { recursive: false },
) => Pick<Deno.FsWatcher, "close" | typeof Symbol.asyncIterator>;

/** Deno drops an event if sixteen others wait to be read, so ours is made again. */
const PROOF_REPEAT_MILLISECONDS = 100;

/**
 * Makes a function that watches one directory at a time. It must be the only user of `Deno.watchFs` in its process.
 *
 * @param watchFs Deno's unless a test injects faults.
 * @param limitMilliseconds how long the thread may take to tell of an event of our own: 5 are usual.
 * @param answers resolves when the file system of a path answers, as it must before the thread meets it.
 */
export function eventWatch(
  watchFs: WatchFs = Deno.watchFs,
  limitMilliseconds = 2_000,
  answers: (path: string) => Promise<void> = fileSystemAnswers,
): WatchDirectory {
  // A thread that was never asked for anything cannot be held.
  let isAlive = true;
  return async (directory) => {
    if (!isAlive) throw new Error("Deno's watcher is held by a named pipe, or by a file system that hangs");
    const { place, own, link } = await temporaryPlace(directory);
    try {
      await answers(directory);
      const { watcher, pulse } = openBoth(watchFs, { own, link, directory });
      isAlive = false;
      // At once, and not in a thread of its own: only before this an event can lead anywhere.
      Deno.removeSync(link);
      const proof = proveAlive(pulse, own);
      const proven = proof.heard.then(() => void (isAlive = true));
      const { ok } = await withinLimit(proven, limitMilliseconds).finally(proof.stop);
      if (ok) return eventsOf(watcher, link, directory);
      watcher.close();
      throw new Error(`Deno's watcher was held when ${directory} was to be watched`);
    } finally {
      // A directory that cannot be removed is in nobody's way.
      await Deno.remove(place, { recursive: true }).catch(() => {});
    }
  };
}

/** A directory with one of our own in it, and a link to the one to be watched. */
async function temporaryPlace(directory: string) {
  try {
    const place = await Deno.makeTempDir({ prefix: "honua-configd-watch-" });
    // Nobody can foretell the link's name, so nobody can put anything there later.
    const [own, link] = [join(place, "own"), join(place, crypto.randomUUID())];
    // The directory for both has just been made, so its file system answers.
    Deno.mkdirSync(own);
    Deno.symlinkSync(directory, link);
    return { place, own, link };
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`watching needs a directory for temporary files (TMPDIR): ${message}`, { cause: error });
  }
}

/** Throws if a watcher is refused, which is an answer of the thread, too. */
function openBoth(watchFs: WatchFs, { own, link, directory }: { own: string; link: string; directory: string }) {
  try {
    const pulse = watchFs(own, { recursive: false });
    try {
      return { watcher: watchFs(link, { recursive: false }), pulse };
    } catch (error) {
      pulse.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw error;
    const { message } = error as Error;
    throw new Error(message.replaceAll(own, directory).replaceAll(link, directory), { cause: error });
  }
}

/** Makes events of our own until one of them is heard; `heard` also resolves if that is much later. */
function proveAlive(pulse: ReturnType<WatchFs>, own: string) {
  const beat = () => void Deno.utime(own, new Date(), new Date()).catch(() => {});
  const repeating = setInterval(beat, PROOF_REPEAT_MILLISECONDS);
  const listen = async () => {
    for await (const { paths } of eventsOf(pulse, own, own)) if (paths.includes(own)) return pulse.close();
    throw new Error("Deno's watcher ended by itself");
  };
  beat();
  return { heard: listen(), stop: () => clearInterval(repeating) };
}

/** The events below `watched`, by what they are below `directory`: each watcher gets those of all others, too. */
function eventsOf(watcher: ReturnType<WatchFs>, watched: string, directory: string): FileSystemEvents {
  return {
    close: () => watcher.close(),
    async *[Symbol.asyncIterator]() {
      const events = watcher[Symbol.asyncIterator]();
      for (;;) {
        try {
          const { done, value } = await events.next();
          if (done) return;
          const paths = value.paths.filter((path) => path === watched || path.startsWith(`${watched}/`));
          if (paths.length > 0) yield { paths: paths.map((path) => join(directory, path.slice(watched.length))) };
        } catch (error) {
          // Deno's way of saying that a name is not UTF-8. The next event can be read all the same.
          if (!(error instanceof TypeError)) throw error;
          yield { paths: [] };
        }
      }
    },
  };
}
