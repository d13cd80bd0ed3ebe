// The first process of a container inherits the processes that others leave behind, and has to collect them when they end
// (pid_namespaces(7)). Deno collects its own children only, so that those of hooks stay as zombies.
import type { Options } from "../options/options.ts";

/** The advice for a container whose first process is the daemon. */
export const INIT_ADVICE = "Start the container with an init: docker run --init, or tini as its entry point";

/** Whether hooks start processes that somebody must collect. */
export function startsProcesses({ hooks }: Options): boolean {
  return hooks.list.some(({ command, ready }) => command !== null || ready?.command != null);
}
