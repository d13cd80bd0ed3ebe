// The permissions of the compiled program, fixed at its build: the narrowest that work, each with its reason. Nothing
// can widen them at run time, and the process of the parser gives up all of them (src/document/hcl/hcl.ts).

/** A permission as `deno compile` takes it, and the reason why the program needs it. */
export interface Permission {
  readonly flag: string;
  /** Why it is not narrower. */
  readonly reason: string;
}

/** All that is granted; anything else (`ffi`, `import` of remote code) is refused. */
export const PERMISSIONS: readonly Permission[] = [
  {
    flag: "--allow-read",
    reason: "The source, its environment files, the options and credentials: their paths are known only at run time",
  },
  {
    flag: "--allow-write",
    reason: "The snapshot, the state, the admin socket and the path of systemd's socket are named at run time",
  },
  {
    flag: "--allow-net",
    reason: "Redis, the admin listener and HTTP hooks have the addresses that the options name",
  },
  {
    flag: "--allow-env",
    reason: 'A source may name any variable with env("NAME"), and any option may be one',
  },
  {
    flag: "--allow-run",
    reason: "The parser's own process, ssh-keygen for approvals, and the commands that hooks name",
  },
  {
    flag: "--allow-sys=hostname,statfs",
    reason:
      "An instance without a name of its own has the name of the host, and a file system is asked for an answer before a file is opened",
  },
];

/** The flags of `deno compile`; a missing permission is an error and never a question. */
export function permissionFlags(): string[] {
  return [...PERMISSIONS.map(({ flag }) => flag), "--deny-ffi", "--deny-import", "--no-prompt"];
}
