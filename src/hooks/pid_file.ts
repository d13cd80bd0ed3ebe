// A signal to the process that a pid file names. What stands in such a file is judged before anything is signalled: a
// number that stands for every process, for the first one or for the daemon itself never is.
import { terminalText } from "../diagnostic/terminal_text.ts";
import { failed, type HookEnding } from "./ending.ts";
import { readSmallFile } from "../host/small_file.ts";

/** Sends a signal, and throws as `Deno.kill` does. */
export type SendSignal = (pid: number, signal: Deno.Signal) => void;

/**
 * Signals the process whose number is the first line of a file, as daemons write it.
 *
 * @param send the operating system's unless a test watches it.
 */
export async function signalPidFile(
  pidFile: string,
  signal: Deno.Signal,
  send: SendSignal = Deno.kill,
): Promise<HookEnding> {
  const file = terminalText(pidFile);
  const read = await readSmallFile(pidFile);
  if (!read.ok) return failed(`has no process to signal: ${read.reason}`);
  const digits = /^[ \t]*(\d{1,10})[ \t\r]*(?:\n|$)/.exec(read.text)?.[1];
  if (digits === undefined) {
    return failed(`has no process to signal: ${file} does not begin with a process's number`);
  }
  const pid = Number(digits);
  // kill(2): 0 is the sender's own group; 1 is the first process, which no pid file of a server names.
  if (pid <= 1 || pid > 0x7fff_ffff || pid === Deno.pid) {
    return failed(`signals no process ${pid}, which ${file} names: it is not a server's`);
  }
  try {
    send(pid, signal);
    return { ok: true, output: "" };
  } catch (error) {
    return failed(refusal(error, pid, file));
  }
}

function refusal(error: unknown, pid: number, file: string): string {
  if (error instanceof Deno.errors.NotFound) {
    return `found no process ${pid}, which ${file} names: the file is out of date, or the server does not run`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `may not signal process ${pid} of another user: give the daemon's unit CAP_KILL in a drop-in, or use SystemdUnit`;
  }
  return `could not signal process ${pid}: ${error instanceof Error ? error.name : "an unknown error"}`;
}
