// The processes of a session that run, as proc(5) tells of them. A session has all that its leader started but for what
// made a session of its own (setsid(2)), whatever process groups they are in: timeout(1) and job control make some.
import { CAT, readProcFiles } from "./proc_files.ts";

/** How many processes run in each process group of sessions, by the group's number. */
export type SessionGroups = ReadonlyMap<number, number>;

/** The number, the name in parentheses, which may hold anything, the state, the parent, the group and the session. */
const STAT = /^\d+ \(.*?\) ([A-Za-z]) -?\d+ (\d+) (\d+) -?\d+ -?\d+ \d+ /gms;

/** The first look comes before SIGTERM, which a host out of its depth must not put off. */
const READER = { ...CAT, limitMilliseconds: 500 };

/** Reads which groups of some sessions run; null if /proc does not tell. A zombie does not run. */
export async function runningGroups(...sessions: readonly number[]): Promise<SessionGroups | null> {
  const text = await readStats();
  if (text === null) return null;
  const groups = new Map<number, number>();
  for (const [, state = "", group = "", of = ""] of text.matchAll(STAT)) {
    if (!sessions.includes(Number(of)) || /[ZXx]/.test(state)) continue;
    groups.set(Number(group), (groups.get(Number(group)) ?? 0) + 1);
  }
  return groups;
}

/** Null if /proc is not there, or did not answer in time. */
async function readStats(): Promise<string | null> {
  try {
    const names = (await Array.fromAsync(Deno.readDir("/proc"))).map(({ name }) => name);
    const paths = names.filter((name) => /^\d+$/.test(name)).map((pid) => `/proc/${pid}/stat`);
    return await readProcFiles(paths, READER) || null;
  } catch {
    return null;
  }
}
