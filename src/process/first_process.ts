// A process that is the first of its container inherits what the others leave behind, and has to collect it when it ends
// (pid_namespaces(7)). Deno collects its own children only, so that what hooks leave behind stays as zombies.
import type { Options } from "./options.ts";

/** What to do about it. */
export const INIT_ADVICE = "Start the container with an init: docker run --init, or tini as its entry point";

/** Whether hooks start processes that somebody must collect. */
export function startsProcesses({ hooks }: Options): boolean {
  return hooks.list.some(({ command }) => command !== null);
}
