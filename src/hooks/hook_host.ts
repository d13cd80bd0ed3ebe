// The surroundings of a hook: the parts of the daemon's process that it needs, as parameters, so that a test can set
// them.
import type { GroupOwner } from "../host/process_group.ts";

/** The surroundings of a hook. */
export interface HookHost {
  /** Reads a variable of the daemon's own environment. */
  readonly environment: (name: string) => string | undefined;
  /** Replaces secrets in a hook's output, or in the answer to it, before any of it is cut. */
  readonly mask: (text: string) => string;
  /** Has the id of every group while it runs. Absent: only the hook itself can end the group. */
  readonly groups?: GroupOwner;
  /** Receives the number of processes, at least 1, that a command left in its session, or had there at its limit. */
  readonly ended?: (processes: number) => void;
}

/** The process's own environment, and no mask: the code that logs an output masks it. */
export const PROCESS_HOST: HookHost = {
  environment: (name) => Deno.env.get(name),
  mask: (text) => text,
};
