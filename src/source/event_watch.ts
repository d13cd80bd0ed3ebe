// Watches one directory for events, so that nothing in it can block this process. Deno 2.7.11 has one thread for all
// events. It opens the path of each event, and so waits for a named pipe or for a file system that hangs. From then on
// no event comes, and every further call of `Deno.watchFs` blocks its caller for ever. So a directory is watched
// through a symbolic link that is removed as soon as the watch is open: the path of an event then leads nowhere, and
// nothing is opened. An event may come before the removal, so the thread must prove that it is alive before the next
// call.
import { join } from "node:path";
import { fileSystemAnswers } from "../host/regular_file.ts";
import { withinLimit } from "../time/limit.ts";

/** An event has no paths if Deno cannot read the name, because it is not UTF-8. */
export interface FileSystemEvent {
  /** The watched directory, by its given path, or paths below it. */
  readonly paths: readonly string[];
}

/** The events of a watched directory. */
export interface FileSystemEvents extends AsyncIterable<FileSystemEvent> {
  /** Ends the iteration; Deno throws `BadResource` if it ended by itself. */
  close(): void;
}

/** Watches a directory without its subdirectories. Rejects if it cannot, with `NotFound` if there is no directory. */
export type WatchDirectory = (directory: string) => Promise<FileSystemEvents>;

/** The part of Deno's watchers that is used. */
export type WatchFs = (
  path: string,
  options: { recursive: false },
) => Pick<Deno.FsWatcher, "close" | typeof Symbol.asyncIterator>;

/** Deno drops an event if sixteen others wait to be read, so the event of the proof is made again. */
const PROOF_REPEAT_MILLISECONDS = 100;

/**
 * Makes a function that watches one directory at a time. It must be the only user of `Deno.watchFs` in its process.
 *
 * @param watchFs Deno's unless a test injects faults.
 * @param limitMilliseconds the limit for an event that this function makes itself, which usually takes 5.
 * @param answers resolves when the file system of a path answers, as it must before the thread opens anything there.
 */
export function eventWatch(
  watchFs: WatchFs = Deno.watchFs,
  limitMilliseconds = 2_000,
  answers: (path: string) => Promise<void> = fileSystemAnswers,
): WatchDirectory {
  // A thread that was never used cannot be blocked.
  let isAlive = true;
  return async (directory) => {
    if (!isAlive) throw new Error("Deno's watcher is held by a named pipe, or by a file system that hangs");
    const { place, own, link } = await temporaryPlace(directory);
    try {
      await answers(directory);
      const { watcher, pulse } = openBoth(watchFs, { own, link, directory });
      isAlive = false;
      // At once and synchronously: only before the removal can the path of an event lead anywhere.
      Deno.removeSync(link);
      const proof = proveAlive(pulse, own);
      const proven = proof.heard.then(() => void (isAlive = true));
      const { ok } = await withinLimit(proven, limitMilliseconds).finally(proof.stop);
      if (ok) return eventsOf(watcher, link, directory);
      watcher.close();
      throw new Error(`Deno's watcher was held when ${directory} was to be watched`);
    } finally {
      // A directory that cannot be removed does no harm.
      await Deno.remove(place, { recursive: true }).catch(() => {});
    }
  };
}

/** Makes a temporary directory that holds a directory for the proof and a link to the one to watch. */
async function temporaryPlace(directory: string) {
  try {
    const place = await Deno.makeTempDir({ prefix: "honua-configd-watch-" });
    // No other process can foretell the link's name, so none can put anything there later.
    const [own, link] = [join(place, "own"), join(place, crypto.randomUUID())];
    // The temporary directory was just made, so its file system answers and synchronous calls do not hang.
    Deno.mkdirSync(own);
    Deno.symlinkSync(directory, link);
    return { place, own, link };
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`watching needs a directory for temporary files (TMPDIR): ${message}`, { cause: error });
  }
}

/** Throws if a watcher is refused; a refusal also proves that the thread is alive. */
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

/** Makes events in the directory `own` until one of them arrives; `heard` resolves even if that is after the limit. */
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

/** The events below `watched`, with their paths below `directory`. Each watcher also gets the events of all others. */
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
          // Deno throws this for a name that is not UTF-8. The next event can be read nevertheless.
          if (!(error instanceof TypeError)) throw error;
          yield { paths: [] };
        }
      }
    },
  };
}
