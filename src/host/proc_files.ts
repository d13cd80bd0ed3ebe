// Reads files of /proc through a program: Deno opens them only for a program that has every permission, which the
// compiled one lacks.

/** A program that reads files of /proc. */
export interface ProcReader {
  /** cat(1), or a program that takes its arguments. */
  readonly program: string;
  /** cat(1) reads only data that the kernel has in memory; on an overloaded host that takes longer, it is ended. */
  readonly limitMilliseconds: number;
}

export const CAT: ProcReader = { program: "cat", limitMilliseconds: 3_000 };

/**
 * Reads the files in sequence. A file that is gone or not allowed adds nothing; without the program none adds anything.
 * Null if the host did not answer in time, or lacks descriptors, processes or memory.
 */
export async function readProcFiles(paths: readonly string[], reader: ProcReader = CAT): Promise<string | null> {
  const { program, limitMilliseconds } = reader;
  try {
    const { stdout, signal } = await new Deno.Command(program, {
      args: ["--", ...paths],
      clearEnv: true,
      env: { PATH: "/usr/bin:/bin" },
      cwd: "/",
      stdin: "null",
      stderr: "null",
      signal: AbortSignal.timeout(limitMilliseconds),
    }).output();
    return signal === null ? new TextDecoder().decode(stdout) : null;
  } catch (error) {
    return textOfError(error);
  }
}

/** "" if a file or a program is missing or not allowed, which lasts; null if the error may pass. */
export function textOfError(error: unknown): "" | null {
  const { NotFound, NotCapable, PermissionDenied } = Deno.errors;
  return [NotFound, NotCapable, PermissionDenied].some((kind) => error instanceof kind) ? "" : null;
}
