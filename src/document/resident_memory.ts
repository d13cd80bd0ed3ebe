// How much memory another process has resident, and a watch on it that ends with the work that is watched. Where even
// proc(5) cannot be read nothing is known, and time is the only limit left.

/** How often the memory of a busy process is looked at. */
const POLL_MILLISECONDS = 10;

/** The same where each look costs a process of its own. */
const COSTLY_POLL_MILLISECONDS = 50;

/** cat(1) reads what the kernel has at hand; one that takes longer is not waited for. */
const CAT_LIMIT_MILLISECONDS = 1_000;

/** The resident memory of a process in bytes; null: it is gone, or that cannot be read. */
export async function residentBytes(pid: number): Promise<number | null> {
  const path = `/proc/${pid}/status`;
  const status = await Deno.readTextFile(path).catch((error) =>
    error instanceof Deno.errors.NotCapable ? catOf(path) : ""
  );
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(status);
  return match === null ? null : Number(match[1]) * 1024;
}

/** Calls back once when a process has more than that resident; returns what ends the watch. */
export function watchMemory(pid: number, limitBytes: number, onExceeded: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  let isOver = false;
  const milliseconds = mayOpenProc(`/proc/${pid}/status`) ? POLL_MILLISECONDS : COSTLY_POLL_MILLISECONDS;
  const look = async () => {
    const bytes = await residentBytes(pid);
    if (isOver) return;
    if (bytes !== null && bytes > limitBytes) return onExceeded();
    timer = setTimeout(look, milliseconds);
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

async function catOf(path: string): Promise<string> {
  try {
    const { stdout } = await new Deno.Command("cat", {
      args: ["--", path],
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
