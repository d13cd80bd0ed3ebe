// Finds every directory, and every name in it, on which the opening of a path depends. A watch of those names sees
// every change of the path's target, even if no event names the file itself: a Kubernetes volume swaps the link
// `..data`, two hops away from the file.

/** The lookup of one name in one directory on the way to the file. */
export interface Lookup {
  /** Without symbolic links in it. */
  readonly directory: string;
  /** Differs from that of another directory that later has the same path. */
  readonly directoryIdentity: string;
  /** One component of a path, never `.` or `..`. */
  readonly name: string;
  /** `file`: the end of the way, present or not. `link`: followed. `directory`: missing, so the way ends early. */
  readonly kind: "file" | "link" | "directory";
}

/** The way from a path to its target. */
export interface PathTrace {
  /** In the order of the way, with an entry for each name. */
  readonly lookups: readonly Lookup[];
  /** The end of the way, without symbolic links up to there. */
  readonly target: string;
  /** `loop`: more symbolic links than Linux follows. */
  readonly outcome: "found" | "missing" | "loop" | "unreadable";
}

/** Linux follows at most this many symbolic links in one path (path_resolution(7)). */
const MAX_LINKS = 40;

/** The part of the result of `lstat` that is used. */
type LinkStat = Pick<Deno.FileInfo, "isDirectory" | "isSymlink" | "dev" | "ino" | "birthtime">;

/**
 * Follows a path as the kernel does, one name at a time. Never throws: if the end cannot be reached, `outcome` has the
 * reason. The identity of a directory includes its time of birth, because ext4 gives the inode of a removed directory
 * to the next one that is made.
 */
export async function tracePath(path: string): Promise<PathTrace> {
  const lookups: Lookup[] = [];
  const passed: { path: string; identity: string }[] = [];
  const ahead: string[] = [];
  try {
    passed.push({ path: "/", identity: identityOf(await Deno.lstat("/")) });
    ahead.push(...namesOf(path.startsWith("/") ? path : `${Deno.cwd()}/${path}`));
  } catch {
    return { lookups, target: path, outcome: "unreadable" };
  }
  let links = 0;
  const here = () => passed[passed.length - 1]!;
  const end = (outcome: PathTrace["outcome"], target = here().path): PathTrace => ({ lookups, target, outcome });
  while (ahead.length > 0) {
    const name = ahead.shift()!;
    if (name === "..") {
      if (passed.length > 1) passed.pop();
      continue;
    }
    const { path: directory, identity: directoryIdentity } = here();
    const next = directory === "/" ? `/${name}` : `${directory}/${name}`;
    const lookup = (kind: Lookup["kind"]) => lookups.push({ directory, directoryIdentity, name, kind });
    let stat: LinkStat;
    try {
      stat = await Deno.lstat(next);
      if (stat.isSymlink) {
        lookup("link");
        if (++links > MAX_LINKS) return end("loop", next);
        const link = await Deno.readLink(next);
        if (link.startsWith("/")) passed.length = 1;
        ahead.unshift(...namesOf(link));
        continue;
      }
    } catch (error) {
      lookup(ahead.length === 0 ? "file" : "directory");
      return end(error instanceof Deno.errors.NotFound ? "missing" : "unreadable", next);
    }
    if (ahead.length === 0) {
      lookup("file");
      return end("found", next);
    }
    if (!stat.isDirectory) {
      lookup("directory");
      return end("missing", next);
    }
    passed.push({ path: next, identity: identityOf(stat) });
  }
  return end("found");
}

function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

function identityOf(stat: LinkStat): string {
  return `${stat.dev}:${stat.ino}:${stat.birthtime?.getTime()}`;
}
