// The exit codes of the process; docs/commands.md has the same table for people.

/** Exit codes of every command. */
export const EXIT = {
  /** Done, or valid. */
  done: 0,
  /** The configuration is invalid. */
  invalid: 1,
  /** Wrong usage or options. */
  usage: 2,
  /** Something could not be reached or used: a file, the directory of the snapshot. */
  unavailable: 3,
  /** A bug (EX_SOFTWARE of sysexits.h). */
  bug: 70,
} as const;

export type ExitCode = typeof EXIT[keyof typeof EXIT];
