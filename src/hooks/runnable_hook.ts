// Makes a runnable hook of its options.
import type { HookAction, RunnableHook } from "./hook.ts";
import type { Readiness } from "./readiness.ts";
import type { HookOptions, ReadyOptions } from "../options/options.ts";

/**
 * Makes a hook of its options.
 *
 * @param isCarriedOut whether a run for the same payload carried out the action, and only the readiness failed.
 */
export function runnableHook(hook: HookOptions, isCarriedOut: boolean): RunnableHook {
  const { name, timeoutSeconds, ready } = hook;
  return {
    name,
    action: actionOf(hook),
    timeoutMilliseconds: timeoutSeconds * 1000,
    readiness: ready === null ? null : readinessOf(ready),
    isCarriedOut,
  };
}

/** The schema accepts exactly one action. */
function actionOf({ on, command, http, signal, pidFile, systemdUnit, action }: HookOptions): HookAction {
  if (command !== null) return { kind: "command", command };
  if (http !== null) return { kind: "http", ...http };
  if (signal !== null && pidFile !== null) return { kind: "signal", signal, pidFile };
  if (systemdUnit !== null) {
    return { kind: "systemd-unit", unit: systemdUnit, does: on === "health" ? "is-active" : action };
  }
  throw new Error("a hook without an action passed the schema");
}

/** The schema accepts exactly one probe. */
function readinessOf({ command, http, systemdUnit, timeoutSeconds }: ReadyOptions): Readiness {
  const timeoutMilliseconds = timeoutSeconds * 1000;
  if (command !== null) return { probe: { kind: "command", command }, timeoutMilliseconds };
  if (http !== null) return { probe: { kind: "http", ...http }, timeoutMilliseconds };
  if (systemdUnit !== null) return { probe: { kind: "systemd-unit", unit: systemdUnit }, timeoutMilliseconds };
  throw new Error("a Ready without a question passed the schema");
}
