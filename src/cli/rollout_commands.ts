// The commands about the fleet's rollout.
import { Command, InvalidArgumentError, Option } from "commander";
import { addAddress, addEndings, addExamples, addPerson, addressOf, type Finish } from "./command_parts.ts";
import { parseLength } from "./moment.ts";
import type { Terminal } from "./terminal.ts";

const ORDER_ENDINGS = ["0  done", "1  the daemon refuses it now", "3  nothing answers, or Redis did not"];

const DEFAULT_WATCH_MILLISECONDS = 86_400_000;
/** As long as the longest deadline of a step. */
const MAX_WATCH_MILLISECONDS = 7 * 86_400_000;

function rolloutCommand(terminal: Terminal, finish: Finish): Command {
  const command = addAddress(new Command("rollout"))
    .description("show how far the rollout of a change over all instances is")
    .option("--watch", "follow it, one line for each change, until it does not go on by itself", false)
    .option("--timeout <time>", "with --watch: for at most 90s, 10m, 12h or 7d (default: 24h)", watchLength)
    .action(async (flags) => {
      const { watch, timeout = DEFAULT_WATCH_MILLISECONDS, format } = flags;
      const { rollout } = await import("./rollout.ts");
      const watchMilliseconds = watch ? timeout : null;
      finish(await rollout({ address: addressOf(flags), format, watchMilliseconds }, terminal));
    });
  return addExamples(
    addEndings(command, [
      "0  there is none, or it is under way, done or withdrawn",
      "1  it is paused or halted, or was rolled back",
      "3  nothing answers, Redis cannot be asked, or --watch reached its limit",
    ]),
    ["rollout", "rollout --watch", "rollout --watch --timeout 1h --format json"],
  );
}

/** A length of time for which a command follows a rollout. */
export function watchLength(text: string): number {
  const length = parseLength(text);
  if (length !== null && length > 0 && length <= MAX_WATCH_MILLISECONDS) return length;
  throw new InvalidArgumentError("It must be a length of time up to 7d (90s, 10m, 12h).");
}

function promoteCommand(terminal: Terminal, finish: Finish): Command {
  const command = addPerson(addAddress(new Command("promote")))
    .description("let the hosts of the rollout's next step in at once, even if it is paused or halted")
    .option("--full", "let all hosts in", false)
    .addOption(new Option("--reason <text>", "why, in one line; must be given").makeOptionMandatory())
    .action(async (flags) => {
      const { full, reason, author = null, format } = flags;
      const { promote } = await import("./rollout.ts");
      finish(await promote({ address: addressOf(flags), full, reason, author, format }, terminal));
    });
  return addExamples(
    addEndings(command, ORDER_ENDINGS),
    ['promote --reason "the canary is fine"', 'promote --full --reason "urgent"'],
  );
}

function pauseCommand(terminal: Terminal, finish: Finish): Command {
  const command = addPerson(addAddress(new Command("pause")))
    .description("let nobody else in before `promote`; those that are let in stay")
    .addOption(new Option("--reason <text>", "why, in one line; must be given").makeOptionMandatory())
    .action(async (flags) => {
      const { reason, author = null, format } = flags;
      const { pause } = await import("./rollout.ts");
      finish(await pause({ address: addressOf(flags), reason, author, format }, terminal));
    });
  return addExamples(addEndings(command, ORDER_ENDINGS), ['pause --reason "a look at the tiles first"']);
}

/** In the order of the help text. */
export const rolloutCommands = [rolloutCommand, promoteCommand, pauseCommand];
