// Reloads or restarts a unit of systemd, and asks whether it is active, by systemctl(1). A refusal comes with advice.
import { terminalText } from "../diagnostic/terminal_text.ts";
import { commandEnvironment, runCommand } from "./command.ts";
import { failed, type HookEnding, type HookLimit } from "./ending.ts";
import type { HookHost } from "./hook_host.ts";

type Meaning = (unit: string, does: string) => string;

/** Parts of the texts of systemctl, under `LC_ALL=C` and in lower case, and their meaning for the hook of a unit. */
const MEANINGS: readonly (readonly [texts: readonly string[], meaning: Meaning])[] = [
  [
    ["access denied", "interactive authentication required", "permission denied"],
    (unit, does) => `may not ${does} ${unit}: name the unit in a polkit rule for the daemon's user`,
  ],
  [[" not found.", "could not be found", " not loaded."], (unit) => `found no unit ${unit}`],
  [["is masked"], (unit, does) => `cannot ${does} ${unit}, which is masked`],
  [
    ["failed to connect to bus", "failed to connect to system", "not been booted with systemd", "failed to get d-bus"],
    (unit, does) => `cannot ${does} ${unit}, for systemd cannot be reached from here`,
  ],
  [
    ["job for ", "control process exited", "a dependency job"],
    (unit, does) =>
      `could not ${does === "reload" ? "reload or restart" : does} ${unit}: see journalctl --unit ${unit}`,
  ],
];

/** The verbs of systemctl for a unit; the first restarts it only if it cannot reload. */
export type UnitAction = "reload-or-restart" | "restart";

/** Runs systemctl with that verb, and waits for the result. */
export async function changeUnit(
  unit: string,
  action: UnitAction,
  limit: HookLimit,
  surroundings: HookHost,
): Promise<HookEnding> {
  return await systemctl([action, unit], action === "restart" ? "restart" : "reload", limit, surroundings);
}

/**
 * Asks whether a unit is active. A unit that is `reloading` is not active yet, although systemctl exits with 0 for it.
 * Any other state may still change, even `failed`, because a unit or a person may start it again.
 */
export async function checkUnit(unit: string, limit: HookLimit, surroundings: HookHost): Promise<HookEnding> {
  const ending = await systemctl(["is-active", unit], "ask about", limit, surroundings);
  if (limit.signal.aborted && !ending.ok) return ending;
  const state = ending.output.trim();
  if (state === "active" && ending.ok) return ending;
  if (/^[a-z-]+$/.test(state)) return failed(`${terminalText(unit)} is ${state}`);
  return ending.ok ? failed(`systemctl does not say that ${terminalText(unit)} is active`, state) : ending;
}

/** @param does the verb of the messages: `reload`, `restart`, `ask about`. */
async function systemctl(
  args: readonly [string, string],
  does: string,
  limit: HookLimit,
  surroundings: HookHost,
): Promise<HookEnding> {
  const [verb, unit] = args;
  const env = commandEnvironment({ LC_ALL: "C", SYSTEMD_COLORS: "0" }, surroundings.environment);
  const ending = await runCommand(["systemctl", "--no-ask-password", verb, unit], env, limit, surroundings);
  if (ending.ok || limit.signal.aborted) return ending;
  const message = ending.output.toLowerCase();
  const meaning = MEANINGS.find(([texts]) => texts.some((text) => message.includes(text)))?.[1];
  return meaning === undefined
    ? failed(`systemctl ${ending.reason}`, ending.output)
    : failed(meaning(terminalText(unit), does), ending.output);
}
