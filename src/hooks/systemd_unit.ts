// Reloads or restarts a unit of systemd, and asks whether it is active, by systemctl(1); a refusal comes with what to do.
import { terminalText } from "../diagnostic/terminal_text.ts";
import { commandEnvironment, runCommand } from "./command.ts";
import { failed, type HookEnding, type HookLimit } from "./ending.ts";
import type { HookHost } from "./hook_host.ts";

type Meaning = (unit: string, does: string) => string;

/** What systemctl says, in English for `LC_ALL=C` and in small letters, and what that means for the hook of a unit. */
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

/** What may be done to a unit, as systemctl calls it; the first restarts it only if it cannot reload. */
export type UnitAction = "reload-or-restart" | "restart";

/** Has systemctl do it, and waits for the outcome. */
export async function changeUnit(
  unit: string,
  action: UnitAction,
  limit: HookLimit,
  surroundings: HookHost,
): Promise<HookEnding> {
  return await systemctl([action, unit], action === "restart" ? "restart" : "reload", limit, surroundings);
}

/**
 * Asks whether a unit is active. One that is `reloading` is not yet, although systemctl ends with 0 for it; any other
 * state may still change, also `failed`, for a unit or a person may start it again.
 */
export async function checkUnit(unit: string, limit: HookLimit, surroundings: HookHost): Promise<HookEnding> {
  const ending = await systemctl(["is-active", unit], "ask about", limit, surroundings);
  if (limit.signal.aborted && !ending.ok) return ending;
  const state = ending.output.trim();
  if (state === "active" && ending.ok) return ending;
  if (/^[a-z-]+$/.test(state)) return failed(`${terminalText(unit)} is ${state}`);
  return ending.ok ? failed(`systemctl does not say that ${terminalText(unit)} is active`, state) : ending;
}

/** @param does what is done to the unit, in a sentence. */
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
  const said = ending.output.toLowerCase();
  const meaning = MEANINGS.find(([texts]) => texts.some((text) => said.includes(text)))?.[1];
  return meaning === undefined
    ? failed(`systemctl ${ending.reason}`, ending.output)
    : failed(meaning(terminalText(unit), does), ending.output);
}
