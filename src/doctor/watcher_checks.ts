// The kernel's limits of inotify (inotify(7)), of which the daemon needs little and which others on the host use up:
// they count for each user, over all of its processes.
import type { Check } from "./examination.ts";
import { error, type Finding, note, ok, warning } from "./finding.ts";
import type { Machine } from "./machine.ts";

/** What the limits are, and how much of them the daemon's user has in use; null: not known. */
export interface WatcherFacts {
  /** fs.inotify.max_user_instances. */
  readonly maxInstances: number | null;
  /** fs.inotify.max_user_watches. */
  readonly maxWatches: number | null;
  /** Of the processes that may be looked at. */
  readonly usedInstances: number;
  /** The same. */
  readonly usedWatches: number;
  /** Whether not all of the user's processes could be looked at, so that more may be in use. */
  readonly isPartial: boolean;
}

/** One instance for a directory, and few directories: the source's, the environment files', behind their links. */
const NEEDED = 16;
/** What a look at the processes may cost. */
const MAX_DESCRIPTORS = 50_000;

/** Whether there is room for the daemon's watches. */
export const watcherCheck: Check = {
  id: "watcher/limits",
  about: "The limits of watching",
  async examine({ machine, options, user }) {
    if (!options.configurationWatcher.enableFileWatching) return [];
    const facts = await readWatcherFacts(machine, user?.uid ?? null);
    return [judgeWatchers(facts, options.configurationWatcher.pollSeconds)];
  },
};

/** Counts what a user has in use, or where it is not known what can be seen. */
export async function readWatcherFacts(
  machine: Pick<Machine, "look" | "readText" | "names" | "readLink">,
  uid: number | null,
): Promise<WatcherFacts> {
  const limit = async (name: string) => {
    const read = await machine.readText(`/proc/sys/fs/inotify/${name}`);
    const number = read.ok ? Number(read.text) : NaN;
    return Number.isSafeInteger(number) ? number : null;
  };
  let [usedInstances, usedWatches, seen, isPartial] = [0, 0, 0, false];
  for (const pid of await machine.names("/proc") ?? []) {
    if (!/^\d+$/.test(pid)) continue;
    const process = await machine.look(`/proc/${pid}`);
    if (!process.ok || (uid !== null && process.file.uid !== uid)) continue;
    // A kernel thread has neither a program nor descriptors.
    if (await machine.readLink(`/proc/${pid}/exe`) === null) continue;
    const descriptors = await machine.names(`/proc/${pid}/fd`);
    if (descriptors === null) isPartial = true;
    for (const descriptor of descriptors ?? []) {
      if (seen++ >= MAX_DESCRIPTORS) {
        isPartial = true;
        break;
      }
      if (await machine.readLink(`/proc/${pid}/fd/${descriptor}`) !== "anon_inode:inotify") continue;
      usedInstances++;
      const info = await machine.readText(`/proc/${pid}/fdinfo/${descriptor}`);
      if (info.ok) usedWatches += info.text.split("\n").filter((line) => line.startsWith("inotify wd:")).length;
    }
  }
  const [maxInstances, maxWatches] = [await limit("max_user_instances"), await limit("max_user_watches")];
  return { maxInstances, maxWatches, usedInstances, usedWatches, isPartial };
}

/** Judges whether the limits leave room. */
export function judgeWatchers(facts: WatcherFacts, pollSeconds: number): Finding {
  const check = "watcher/limits";
  const { maxInstances, maxWatches, usedInstances, usedWatches, isPartial } = facts;
  if (maxInstances === null || maxWatches === null) return note(check, "The limits of inotify are not known");
  const most = isPartial ? "at least " : "";
  const what = `inotify: ${most}${usedInstances} of ${maxInstances} instances and ` +
    `${most}${usedWatches} of ${maxWatches} watches of the daemon's user are in use`;
  const short = maxInstances - usedInstances < NEEDED ? "instances" : "watches";
  if (maxInstances - usedInstances >= NEEDED && maxWatches - usedWatches >= NEEDED) return ok(check, what);
  const raised = Math.max(short === "instances" ? 2 * maxInstances : 2 * maxWatches, 512);
  const todo = `sysctl fs.inotify.max_user_${short}=${raised}, and keep it in /etc/sysctl.d`;
  // Where there is no room at all events cannot be had; polling does without them.
  const isFull = usedInstances >= maxInstances || usedWatches >= maxWatches;
  return isFull && pollSeconds === 0 ? error(check, what, todo) : warning(check, what, todo);
}
