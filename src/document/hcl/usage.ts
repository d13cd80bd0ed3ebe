// What another process has used: its resident memory and its processor time, and a watch on both that ends with the
// work that is watched. That it cannot be read here at all is told apart from an answer that is late.
import { CAT, type ProcReader, readProcFiles, textOfError } from "../../host/proc_files.ts";

/** How often a busy process is looked at. */
const POLL_MILLISECONDS = 10;

/** The same where each look costs a process of its own. */
const COSTLY_POLL_MILLISECONDS = 50;

/** `USER_HZ`, in which Linux tells user space of processor time on every machine that the program is made for. */
const TICK_MILLISECONDS = 10;

/** What a process has used. */
export interface Usage {
  /** `VmRSS`, in bytes. */
  readonly residentBytes: number;
  /** Of all its threads, in user mode and in the kernel, in milliseconds; it goes in steps of 10. */
  readonly processorMilliseconds: number;
}

/** Why it is not known: it `cannot` be read here, or the process is gone; the host did not tell it in time, `late`. */
export type Unknown = "cannot" | "late";

/** What a process has used by now; null: it is gone, or that was not read. */
export async function usageOf(pid: number): Promise<Usage | null> {
  const usage = await readUsage(pid);
  return typeof usage === "string" ? null : usage;
}

/** What a process has used by now, or why that is not known. */
export async function readUsage(pid: number, reader: ProcReader = CAT): Promise<Usage | Unknown> {
  const text = await readTogether([`/proc/${pid}/stat`, `/proc/${pid}/status`], reader);
  if (text === null) return "late";
  // The second field is a name in parentheses, which may hold anything; utime and stime are the 14th and 15th.
  const times = /\) [A-Za-z](?: -?\d+){10} (\d+) (\d+) /.exec(text);
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(text);
  if (times === null || resident === null) return "cannot";
  return {
    residentBytes: Number(resident[1]) * 1024,
    processorMilliseconds: (Number(times[1]) + Number(times[2])) * TICK_MILLISECONDS,
  };
}

/** The resident memory of a process in bytes; null: it is gone, or that cannot be read. */
export async function residentBytes(pid: number): Promise<number | null> {
  return (await usageOf(pid))?.residentBytes ?? null;
}

/**
 * Calls back again and again with what a process has used, or why that is not known. Returns the end of the watch, which
 * resolves when no look is under way any more.
 */
export function watchUsage(
  pid: number,
  onUsage: (usage: Usage | Unknown) => void,
  read: (pid: number) => Promise<Usage | Unknown> = readUsage,
): () => Promise<void> {
  let timer: ReturnType<typeof setTimeout>;
  let looking = Promise.resolve();
  let isOver = false;
  const milliseconds = mayOpenProc(`/proc/${pid}/status`) ? POLL_MILLISECONDS : COSTLY_POLL_MILLISECONDS;
  const look = async () => {
    const usage = await read(pid);
    if (isOver) return;
    onUsage(usage);
    if (!isOver) lookLater();
  };
  const lookLater = () => {
    timer = setTimeout(() => looking = look(), milliseconds);
  };
  lookLater();
  return () => {
    isOver = true;
    clearTimeout(timer);
    return looking;
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

/** The texts of some files behind one another; nothing if one cannot be read, null if that did not come in time. */
async function readTogether(paths: readonly string[], reader: ProcReader): Promise<string | null> {
  // All are waited for, also after one failed: nothing may go on behind the work that is watched.
  const reads = await Promise.allSettled(paths.map((path) => Deno.readTextFile(path)));
  const failure = reads.find((read) => read.status === "rejected");
  if (failure === undefined) return reads.map((read) => read.status === "fulfilled" ? read.value : "").join("");
  const error: unknown = failure.reason;
  return error instanceof Deno.errors.NotCapable ? await readProcFiles(paths, reader) : textOfError(error);
}
