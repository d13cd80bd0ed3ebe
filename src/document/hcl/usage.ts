// Reads the resident memory and the processor time of another process, and watches both until the watched work ends. A
// usage that cannot be read on this host is a different result from an answer that is late.
import { CAT, type ProcReader, readProcFiles, textOfError } from "../../host/proc_files.ts";

/** The pause between two readings of the usage of a busy process. */
const POLL_MILLISECONDS = 10;

/** The same if each reading starts a process. */
const COSTLY_POLL_MILLISECONDS = 50;

/** The unit of processor time in /proc: Linux has a `USER_HZ` of 100 on every machine that the program is built for. */
const TICK_MILLISECONDS = 10;

/** The resources that a process has used. */
export interface Usage {
  /** `VmRSS`, in bytes. */
  readonly residentBytes: number;
  /** Of all its threads, in user mode and in the kernel, in steps of 10. */
  readonly processorMilliseconds: number;
}

/** Why a usage is unknown: it `cannot` be read here, or the process has ended; or the host answered too `late`. */
export type Unknown = "cannot" | "late";

/** The current usage of a process; null if it has ended, or the usage was not read. */
export async function usageOf(pid: number): Promise<Usage | null> {
  const usage = await readUsage(pid);
  return typeof usage === "string" ? null : usage;
}

/** The current usage of a process, or why it is unknown. */
export async function readUsage(pid: number, reader: ProcReader = CAT): Promise<Usage | Unknown> {
  const text = await readTogether([`/proc/${pid}/stat`, `/proc/${pid}/status`], reader);
  if (text === null) return "late";
  // The second field is a name in parentheses with any characters; utime and stime are the 14th and 15th.
  const times = /\) [A-Za-z](?: -?\d+){10} (\d+) (\d+) /.exec(text);
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(text);
  if (times === null || resident === null) return "cannot";
  return {
    residentBytes: Number(resident[1]) * 1024,
    processorMilliseconds: (Number(times[1]) + Number(times[2])) * TICK_MILLISECONDS,
  };
}

/** The resident memory of a process in bytes; null if it has ended, or the memory cannot be read. */
export async function residentBytes(pid: number): Promise<number | null> {
  return (await usageOf(pid))?.residentBytes ?? null;
}

/**
 * Calls back again and again with the usage of a process, or why it is unknown. Returns a function that ends the watch;
 * its promise resolves when no reading is in progress any more.
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

/** Deno opens files of /proc only for programs with all permissions, which the compiled program does not have. */
function mayOpenProc(path: string): boolean {
  try {
    Deno.openSync(path).close();
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotCapable);
  }
}

/** The concatenated texts of some files; "" if one cannot be read, null if they were not read in time. */
async function readTogether(paths: readonly string[], reader: ProcReader): Promise<string | null> {
  // Wait for all reads, also after a failure: none may go on after the end of the watch.
  const reads = await Promise.allSettled(paths.map((path) => Deno.readTextFile(path)));
  const failure = reads.find((read) => read.status === "rejected");
  if (failure === undefined) return reads.map((read) => read.status === "fulfilled" ? read.value : "").join("");
  const error: unknown = failure.reason;
  return error instanceof Deno.errors.NotCapable ? await readProcFiles(paths, reader) : textOfError(error);
}
