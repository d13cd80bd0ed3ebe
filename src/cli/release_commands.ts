// The commands about releases: the history, the way back, holds and confirmations.
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import {
  addAddress,
  addEndings,
  addExamples,
  addPerson,
  addressOf,
  collect,
  type Finish,
  momentAhead,
  positiveNumber,
  unitName,
} from "./command_parts.ts";
import type { Terminal } from "./terminal.ts";

/** As many releases as `History:Keep` allows, with the one in force and the last good one. */
const MAX_LISTED = 1_002;

/** The flags that lead to the history on the disk. */
function addState(command: Command): Command {
  return command
    .option("--set <key=value>", "any option: --set State:Directory=/srv/state; repeatable", collect, [])
    .option("--unit <name>", "the systemd unit that the daemon runs as", unitName, "honua-configd.service");
}

const ORDER_ENDINGS = ["0  done", "1  the daemon refuses it now", "3  nothing answers, or it could not be done"];

function historyCommand(terminal: Terminal, finish: Finish): Command {
  const command = addState(addAddress(new Command("history")))
    .description("list the releases of this host, with time, person and reason")
    .option("-n, --limit <number>", "the newest releases, at most this many", listLimit, 20)
    .action(async (flags) => {
      const { limit, set, unit, format } = flags;
      const { history } = await import("./history.ts");
      finish(await history({ address: addressOf(flags), limit, set, unit, format }, terminal));
    });
  return addExamples(
    addEndings(command, ["0  listed", "3  nothing answers, and there is no history on the disk"]),
    ["history", "history --limit 3 --format json"],
  );
}

function listLimit(text: string): number {
  const limit = positiveNumber(text);
  if (limit <= MAX_LISTED) return limit;
  throw new InvalidArgumentError(`It must be at most ${MAX_LISTED}.`);
}

function showCommand(terminal: Terminal, finish: Finish): Command {
  const command = addState(addAddress(new Command("show"), { format: false }))
    .description("print the source of a release as it was written")
    .argument("<release>", "its number, or at least 8 digits of its hash")
    .addOption(
      new Option("--output <file>", "write the source to this file, which keeps its owner, group and mode").conflicts(
        "snapshot",
      ),
    )
    .option("--snapshot", "print the snapshot that it makes today in its place, secrets masked", false)
    .option("-e, --env-file <file>", "with --snapshot: environment, in systemd's syntax; repeatable", collect, [])
    .action(async (reference, flags) => {
      const { snapshot, output = null, envFile: environmentFiles, set, unit } = flags;
      const { showRelease } = await import("./show.ts");
      const request = { address: addressOf(flags), reference, snapshot, output, environmentFiles, set, unit };
      finish(await showRelease(request, terminal));
    });
  return addExamples(
    addEndings(command, [
      "0  printed",
      "1  there is no such release, or with --snapshot it makes no snapshot any more",
      "3  nothing answers, or the source cannot be read",
    ]),
    ["show 41", "show 41 --output /etc/honua/honua.hcl", "show --snapshot 41"],
  );
}

function rollbackCommand(terminal: Terminal, finish: Finish): Command {
  const command = addPerson(addAddress(new Command("rollback")))
    .description("put an earlier release in force again, here and on all other instances")
    .addArgument(
      new Argument("[number]", "the release (default: the newest before the one in force that was healthy)")
        .argParser(positiveNumber),
    )
    .addOption(new Option("--reason <text>", "why, in one line; must be given").makeOptionMandatory())
    .option("--local", "only on this host", false)
    .option("--force", "also a release that was rolled back; needs its number", false)
    .addHelpText(
      "after",
      "\nThe file is not touched, but its present configuration is not put in force again. Any other valid edit\n" +
        "counts as always, and `reload --force` runs the file as it is. While a rollout is under way, `rollback` without a\n" +
        "number ends it: all hosts run the previous configuration again.\n" +
        "A mistaken rollback is undone by `rollback NUMBER --force` with the number of the release that it took back, or on\n" +
        "a host whose file has it by `reload --force`.",
    )
    .action(async (number: number | undefined, flags) => {
      const { reason, author = null, local, force, format } = flags;
      if (force && number === undefined) command.error("error: --force needs the number of a release, from history");
      const { rollback } = await import("./rollback.ts");
      const request = { address: addressOf(flags), number: number ?? null, reason, author, local, force, format };
      finish(await rollback(request, terminal));
    });
  return addExamples(
    addEndings(command, ORDER_ENDINGS),
    [
      'rollback --reason "tiles are empty"',
      'rollback 41 --reason "tiles are empty" --local',
      'rollback 42 --force --reason "it was the disk"',
    ],
  );
}

function holdCommand(terminal: Terminal, finish: Finish): Command {
  const command = addPerson(addAddress(new Command("hold")))
    .description("put no other configuration in force on this host until a time, also after an edit")
    .addOption(
      new Option("--until <time>", "2026-01-31T12:00, or 30m, 12h or 7d from now, which is the longest")
        .argParser(momentAhead).makeOptionMandatory(),
    )
    .addOption(new Option("--reason <text>", "why, in one line; must be given").makeOptionMandatory())
    .action(async (flags) => {
      const { until, reason, author = null, format } = flags;
      const { hold } = await import("./order.ts");
      finish(await hold({ address: addressOf(flags), until, reason, author, format }, terminal));
    });
  return addExamples(addEndings(command, ORDER_ENDINGS), ['hold --until 12h --reason "the fair"']);
}

function releaseHoldCommand(terminal: Terminal, finish: Finish): Command {
  const command = addPerson(addAddress(new Command("release-hold")))
    .description("end a hold, and put the edit in force that waited for it")
    .action(async (flags) => {
      const { author = null, format } = flags;
      const { releaseHold } = await import("./order.ts");
      finish(await releaseHold({ address: addressOf(flags), author, format }, terminal));
    });
  return addExamples(addEndings(command, ORDER_ENDINGS), ["release-hold"]);
}

function confirmCommand(terminal: Terminal, finish: Finish): Command {
  const command = addPerson(addAddress(new Command("confirm")))
    .description("keep the change of `reload --confirm`, which goes back otherwise")
    .action(async (flags) => {
      const { author = null, format } = flags;
      const { confirm } = await import("./order.ts");
      finish(await confirm({ address: addressOf(flags), author, format }, terminal));
    });
  return addExamples(addEndings(command, ORDER_ENDINGS), ["confirm"]);
}

/** In the order of the help text. */
export const releaseCommands = [
  historyCommand,
  showCommand,
  rollbackCommand,
  confirmCommand,
  holdCommand,
  releaseHoldCommand,
];
