// Paths of the host's programs that this one uses: a missing one is null, and never an error.

/** The first of some paths that is a file; null: none is. */
export function firstFile(paths: readonly string[]): string | null {
  return paths.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  }) ?? null;
}

/** The paths of setpriv(1) of util-linux on Debian and others. */
export const SETPRIV_PATHS: readonly string[] = ["/usr/bin/setpriv", "/bin/setpriv"];

const SETPRIV = firstFile(SETPRIV_PATHS);

/**
 * The words that start a program so that the kernel ends it when its parent ends or is killed; without setpriv(1) on
 * the host, only the program's own.
 */
export function tiedToParent(program: readonly string[]): readonly string[] {
  return SETPRIV === null ? program : [SETPRIV, "--pdeathsig", "KILL", "--", ...program];
}

/**
 * Call it before a program is started: Deno starts none after its own working directory was removed, even with a `cwd`
 * for the program. The process then goes to /proc: no relative path of the options leads to a file there.
 */
export function leaveRemovedDirectory(): void {
  try {
    Deno.cwd();
  } catch {
    Deno.chdir("/proc");
  }
}
