// Runs a program of the host to its end, with a text on its standard input. Time and output are bounded, the program
// gets no variable of this process, and it ends with this process.
import { killGroups } from "./process_group.ts";
import { leaveRemovedDirectory, tiedToParent } from "./program_search.ts";

/** A program to run, and its bounds. */
export interface ProgramRun {
  /** Absolute. */
  readonly path: string;
  readonly args: readonly string[];
  /** For its standard input. */
  readonly input: string;
  readonly limitMilliseconds: number;
  /** Of each of its two outputs. */
  readonly maxOutputBytes: number;
}

/** How a program ended, or in one line why it did not: `did not end within 5 s`. */
export type ProgramEnd =
  | { readonly ok: true; readonly code: number; readonly out: string; readonly error: string }
  | { readonly ok: false; readonly reason: string };

/** Runs a program and waits for its end; at the limit it is killed. Never rejects. */
export async function runProgramToEnd(run: ProgramRun): Promise<ProgramEnd> {
  const [program, ...args] = tiedToParent([run.path, ...run.args]);
  let child: Deno.ChildProcess;
  try {
    leaveRemovedDirectory();
    child = new Deno.Command(program!, {
      args,
      clearEnv: true,
      env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
      cwd: "/",
      // setsid(2): its own process group.
      detached: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    return { ok: false, reason: `could not be started (${(error as { code?: string }).code ?? "an unknown error"})` };
  }
  let why: string | null = null;
  const kill = (reason: string) => {
    why ??= reason;
    // Also the processes that the program started: they could keep the pipes open.
    killGroups([child.pid]);
  };
  const timer = setTimeout(() => kill(`did not end within ${run.limitMilliseconds / 1_000} s`), run.limitMilliseconds);
  const take = async (from: ReadableStream<Uint8Array>): Promise<string> => {
    const decoder = new TextDecoder();
    let [text, bytes] = ["", 0];
    // Leaving the loop early cancels the stream.
    for await (const chunk of from) {
      bytes += chunk.length;
      if (bytes > run.maxOutputBytes) {
        kill(`wrote more than ${run.maxOutputBytes} bytes`);
        break;
      }
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  };
  try {
    const [out, error, status] = await Promise.all([
      take(child.stdout),
      take(child.stderr),
      child.status,
      // A program that ended without reading its input broke the pipe.
      new Blob([run.input]).stream().pipeTo(child.stdin).catch(() => {}),
    ]);
    if (why !== null) return { ok: false, reason: why };
    if (status.signal !== null) return { ok: false, reason: `was ended by ${status.signal}` };
    return { ok: true, code: status.code, out, error };
  } finally {
    clearTimeout(timer);
  }
}
