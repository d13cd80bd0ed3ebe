// Reloads a unit of systemd, or restarts it where it cannot reload, by systemctl(1); a refusal comes with what to do.
import { terminalText } from "../diagnostic/terminal_text.ts";
import { commandEnvironment, runCommand } from "./command.ts";
import { failed, type HookEnding, type HookLimit } from "./ending.ts";
import type { HookSurroundings } from "./surroundings.ts";

/** What systemctl says, in English for `LC_ALL=C`, and what that means for the hook of a unit. */
const MEANINGS: readonly (readonly [RegExp, (unit: string) => string])[] = [
  [
    /access denied|interactive authentication required|permission denied/i,
    (unit) => `may not reload ${unit}: name the unit in a polkit rule for the daemon's user`,
  ],
  [/unit \S+ not found|unit \S+ (?:could not be found|not loaded)/i, (unit) => `found no unit ${unit}`],
  [/is masked/i, (unit) => `cannot reload ${unit}, which is masked`],
  [
    /failed to connect to (?:system )?bus|not been booted with systemd|failed to get d-bus connection/i,
    (unit) => `cannot reload ${unit}, for systemd cannot be reached from here`,
  ],
  [
    /job for \S+ (?:failed|canceled|timed out)|control process exited|a dependency job/i,
    (unit) => `could not reload or restart ${unit}: see journalctl --unit ${unit}`,
  ],
];

/** Runs `systemctl reload-or-restart`, which waits for the outcome. */
export async function reloadUnit(unit: string, limit: HookLimit, surroundings: HookSurroundings): Promise<HookEnding> {
  const command = ["systemctl", "--no-ask-password", "reload-or-restart", unit];
  const env = commandEnvironment({ LC_ALL: "C", SYSTEMD_COLORS: "0" }, surroundings.environment);
  const ending = await runCommand(command, env, limit, surroundings);
  if (ending.ok || limit.signal.aborted) return ending;
  const meaning = MEANINGS.find(([pattern]) => pattern.test(ending.output))?.[1];
  return meaning === undefined
    ? failed(`systemctl ${ending.reason}`, ending.output)
    : failed(meaning(terminalText(unit)), ending.output);
}
