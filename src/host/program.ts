// Programs of the host that this one is helped by, where they are: what is missing is null, and never an error.

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

/** Where Debian and others have setpriv(1) of util-linux. */
export const SETPRIV_PATHS: readonly string[] = ["/usr/bin/setpriv", "/bin/setpriv"];

const SETPRIV = firstFile(SETPRIV_PATHS);

/**
 * The words that start a program so that the kernel ends it with its parent, also one that was killed; the program's own
 * where the host has no setpriv(1).
 */
export function tiedToParent(program: readonly string[]): readonly string[] {
  return SETPRIV === null ? program : [SETPRIV, "--pdeathsig", "KILL", "--", ...program];
}

/**
 * To be called before a program is started: Deno starts none once its own working directory was removed, whatever `cwd`
 * the program is given. The process goes to /proc then: no relative path of the options leads to a file there.
 */
export function leaveRemovedDirectory(): void {
  try {
    Deno.cwd();
  } catch {
    Deno.chdir("/proc");
  }
}
