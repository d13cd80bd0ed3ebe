// What another process has used: its resident memory and its processor time, and a watch on both that ends with the
// work that is watched. Where even proc(5) cannot be read nothing is known, and wall time is the only limit left.

/** How often a busy process is looked at. */
const POLL_MILLISECONDS = 10;

/** The same where each look costs a process of its own. */
const COSTLY_POLL_MILLISECONDS = 50;

/** cat(1) reads what the kernel has at hand; one that takes longer, on a host out of its depth, is not waited for. */
const CAT_LIMIT_MILLISECONDS = 3_000;

/** `USER_HZ`, in which Linux tells user space of processor time on every machine that the program is made for. */
const TICK_MILLISECONDS = 10;

/** What a process has used. */
export interface Usage {
  /** `VmRSS`, in bytes. */
  readonly residentBytes: number;
  /** Of all its threads, in user mode and in the kernel, in milliseconds; it goes in steps of 10. */
  readonly processorMilliseconds: number;
}

/** What a process has used by now; null: it is gone, or that cannot be read. */
export async function usageOf(pid: number): Promise<Usage | null> {
  const text = await readTogether([`/proc/${pid}/stat`, `/proc/${pid}/status`]);
  // The second field is a name in parentheses, which may hold anything; utime and stime are the 14th and 15th.
  const times = /\) [A-Za-z](?: -?\d+){10} (\d+) (\d+) /.exec(text);
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(text);
  if (times === null || resident === null) return null;
  return {
    residentBytes: Number(resident[1]) * 1024,
    processorMilliseconds: (Number(times[1]) + Number(times[2])) * TICK_MILLISECONDS,
  };
}

/** The resident memory of a process in bytes; null: it is gone, or that cannot be read. */
export async function residentBytes(pid: number): Promise<number | null> {
  return (await usageOf(pid))?.residentBytes ?? null;
}

/** Calls back again and again with what a process has used, where that can be read; returns what ends the watch. */
export function watchUsage(pid: number, onUsage: (usage: Usage) => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  let isOver = false;
  const milliseconds = mayOpenProc(`/proc/${pid}/status`) ? POLL_MILLISECONDS : COSTLY_POLL_MILLISECONDS;
  const look = async () => {
    const usage = await usageOf(pid);
    if (isOver) return;
    if (usage !== null) onUsage(usage);
    if (!isOver) timer = setTimeout(look, milliseconds);
  };
  timer = setTimeout(look, milliseconds);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** Deno keeps files of /proc to programs that have every permission whole, which the compiled one has not. */
function mayOpenProc(path: string): boolean {
  try {
    Deno.openSync(path).close();
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotCapable);
  }
}

/** The texts of some files behind one another; nothing where one cannot be read. */
async function readTogether(paths: readonly string[]): Promise<string> {
  try {
    return (await Promise.all(paths.map((path) => Deno.readTextFile(path)))).join("");
  } catch (error) {
    return error instanceof Deno.errors.NotCapable ? await catOf(paths) : "";
  }
}

async function catOf(paths: readonly string[]): Promise<string> {
  try {
    const { stdout } = await new Deno.Command("cat", {
      args: ["--", ...paths],
      clearEnv: true,
      env: { PATH: "/usr/bin:/bin" },
      cwd: "/",
      stdin: "null",
      stderr: "null",
      signal: AbortSignal.timeout(CAT_LIMIT_MILLISECONDS),
    }).output();
    return new TextDecoder().decode(stdout);
  } catch {
    return "";
  }
}
