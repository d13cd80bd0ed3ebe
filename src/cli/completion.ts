// `honua-configd completion`: a script with which a shell completes command lines, made from the program's own outline.
// The script is static: completing starts no process of the program.
import { bashCompletion } from "./completion_bash.ts";
import { fishCompletion } from "./completion_fish.ts";
import { zshCompletion } from "./completion_zsh.ts";
import { type Outline, settingNames } from "./command_outline.ts";

export type Shell = "bash" | "zsh" | "fish";

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } satisfies Record<Shell, unknown>;

/** The script for a shell. */
export function completion(shell: Shell, outline: Outline): string {
  return SCRIPTS[shell](outline, settingNames());
}
