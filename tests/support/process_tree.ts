// Facts from proc(5) about the processes that a daemon started: whether its parser exists, works, and has ended.

/** The children of a process, of all its threads. */
export async function childrenOf(pid: number): Promise<number[]> {
  const threads = await Array.fromAsync(Deno.readDir(`/proc/${pid}/task`), ({ name }) => name);
  const texts = threads.map((thread) => Deno.readTextFile(`/proc/${pid}/task/${thread}/children`).catch(() => ""));
  return (await Promise.all(texts)).join("").split(" ").filter((word) => word !== "").map(Number);
}

/** The processor time that a process has used in user mode, in clock ticks (most often hundredths of a second). */
export async function userTicks(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // Its second field is a name in parentheses, which may hold anything; utime is the fourteenth.
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[11]);
}

/** Whether a process exists and is not a zombie. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    return !stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
  } catch {
    return false;
  }
}
