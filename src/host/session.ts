// The running processes of a session, from proc(5). A session has all that its leader started, in any process group
// (timeout(1) and job control make some), except processes that made a session of their own (setsid(2)).
import { CAT, readProcFiles } from "./proc_files.ts";

/** The number of running processes in each process group of sessions, by the group's number. */
export type SessionGroups = ReadonlyMap<number, number>;

/** The number, the name in parentheses, which may hold anything, the state, the parent, the group and the session. */
const STAT = /^\d+ \(.*?\) ([A-Za-z]) -?\d+ (\d+) (\d+) -?\d+ -?\d+ \d+ /gms;

/** The first look precedes SIGTERM, which an overloaded host must not delay. */
const READER = { ...CAT, limitMilliseconds: 500 };

/** Reads the running groups of some sessions; null if /proc gives no answer. A zombie does not run. */
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

/** Null if /proc is missing, or did not answer in time. */
async function readStats(): Promise<string | null> {
  try {
    const names = (await Array.fromAsync(Deno.readDir("/proc"))).map(({ name }) => name);
    const paths = names.filter((name) => /^\d+$/.test(name)).map((pid) => `/proc/${pid}/stat`);
    return await readProcFiles(paths, READER) || null;
  } catch {
    return null;
  }
}
