// The hooks that a change of the configuration would run, without a run.
import type { HookOptions, HooksOptions } from "../options/options.ts";
import { effectiveHooks } from "./hook_runner.ts";
import { concerns } from "./decide_hooks.ts";

/**
 * Returns the hooks that an activation would run: checks first, then those on `activated`, each in their order.
 *
 * @param changed the parts that would change; null: not known, which concerns every hook.
 */
export function plannedHooks(options: HooksOptions, changed: readonly string[] | null): readonly HookOptions[] {
  const concerned = effectiveHooks(options).filter((hook) => concerns(hook, changed));
  return (["check", "activated"] as const).flatMap((on) => concerned.filter((hook) => hook.on === on));
}
