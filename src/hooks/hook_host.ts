// What hooks need of the process that runs them; given to them, so that a test says what they find.
import type { GroupOwner } from "../host/process_group.ts";

/** Where a hook runs. */
export interface HookHost {
  /** A variable of the daemon's own environment. */
  readonly environment: (name: string) => string | undefined;
  /** Replaces secrets in what a hook wrote or was answered, before any of it is cut. */
  readonly mask: (text: string) => string;
  /** Has the id of every group while it runs; not given: nobody could end it but its hook. */
  readonly groups?: GroupOwner;
  /** Takes how many processes a command had left in its session, or had beside itself at its limit; at least 1. */
  readonly ended?: (processes: number) => void;
}

/** The process's own environment, and no mask: who logs an output masks it. */
export const PROCESS_HOST: HookHost = {
  environment: (name) => Deno.env.get(name),
  mask: (text) => text,
};
