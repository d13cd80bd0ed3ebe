// The first process of a container inherits the orphans of other processes, and must collect them when they end
// (pid_namespaces(7)). Deno collects only its own children, so orphans of hooks remain as zombies.
import type { Options } from "../options/options.ts";

/** Advice for a container whose first process is the daemon. */
export const INIT_ADVICE = "Start the container with an init: docker run --init, or tini as its entry point";

/** Whether hooks start processes, which may leave orphans. */
export function startsProcesses({ hooks }: Options): boolean {
  return hooks.list.some(({ command, ready }) => command !== null || ready?.command != null);
}
