// The processes of a session that run, as proc(5) tells of them. A session has all that its leader started but for what
// made a session of its own (setsid(2)), whatever process groups they are in: timeout(1) and job control make some.

/** How many processes run in each process group of a session, by the group's number. */
export type SessionGroups = ReadonlyMap<number, number>;

/** cat(1) reads only what the kernel has at hand; if it takes longer, the host is out of its depth. */
const READ_LIMIT_MILLISECONDS = 2_000;

/** The number, the name in parentheses, which may hold anything, the state, the parent, the group and the session. */
const STAT = /^\d+ \(.*?\) ([A-Za-z]) -?\d+ (\d+) (\d+) -?\d+ -?\d+ \d+ /gms;

/** Reads which groups of a session run; null if /proc does not tell. A zombie does not run. */
export async function runningGroups(session: number): Promise<SessionGroups | null> {
  const text = await readStats();
  if (text === null) return null;
  const groups = new Map<number, number>();
  for (const [, state = "", group = "", of = ""] of text.matchAll(STAT)) {
    if (Number(of) !== session || /[ZXx]/.test(state)) continue;
    groups.set(Number(group), (groups.get(Number(group)) ?? 0) + 1);
  }
  return groups;
}

/** The compiled program may not open files of /proc: Deno keeps these to programs that have every permission whole. */
async function readStats(): Promise<string | null> {
  try {
    const names = (await Array.fromAsync(Deno.readDir("/proc"))).map(({ name }) => name);
    const { stdout, signal } = await new Deno.Command("cat", {
      args: names.filter((name) => /^\d+$/.test(name)).map((pid) => `/proc/${pid}/stat`),
      clearEnv: true,
      env: { PATH: "/usr/bin:/bin" },
      cwd: "/",
      stdin: "null",
      // One that ended meanwhile is a complaint, and the others are read all the same.
      stderr: "null",
      signal: AbortSignal.timeout(READ_LIMIT_MILLISECONDS),
    }).output();
    return signal === null && stdout.length > 0 ? new TextDecoder().decode(stdout) : null;
  } catch {
    return null;
  }
}
