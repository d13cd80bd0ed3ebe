// The commands about a source in the store: put one there for the whole fleet, and get it as a file.
import { Command, Option } from "commander";
import { addAddress, addEndings, addExamples, addPerson, addressOf, collect, type Finish } from "./command_parts.ts";
import { watchLength } from "./rollout_commands.ts";
import type { Terminal } from "./terminal.ts";

function publishCommand(terminal: Terminal, finish: Finish): Command {
  const command = addPerson(addAddress(new Command("publish")))
    .description("put a source into the store, propose it to all instances, and follow its rollout")
    .argument("<file>", "a source; - is standard input")
    .addOption(new Option("--reason <text>", "why, in one line; must be given").makeOptionMandatory())
    .addOption(
      new Option("--redis [connection]", "by Redis itself, without a daemon; without a value as the options say")
        .conflicts(["socket", "url"]),
    )
    .option("-e, --env-file <file>", "with --redis: environment, in systemd's syntax; repeatable", collect, [])
    .option("--name <name>", "the name of standard input; its ending tells the format", "-")
    .option("--detach", "end when it is proposed, and do not follow its rollout", false)
    .option("--timeout <time>", "follow for at most 90s, 10m, 12h or 7d (default: as its steps may take)", watchLength)
    .action(async (file, flags) => {
      const { reason, author = null, name, detach, timeout = null, format, redis, envFile: environmentFiles } = flags;
      const { publish, publishDirectly } = await import("./publish.ts");
      const publication = { file, name, format, reason, author, isDetached: detach, limitMilliseconds: timeout };
      if (redis === undefined) return finish(await publish({ address: addressOf(flags), ...publication }, terminal));
      const direct = { redis: redis === true ? null : redis, optionsFile: flags.options ?? null, environmentFiles };
      finish(await publishDirectly({ ...publication, ...direct }, terminal));
    });
  return addExamples(
    addEndings(command, [
      "0  all instances of its rollout took it up, or all living ones run it; with --detach it is proposed",
      "1  it is not valid or is refused, or its rollout was rolled back, halted, paused or replaced",
      "3  nothing answers, Redis cannot be reached, or at the end of the time the rollout is under way or not all run it",
    ]),
    ['publish honua.hcl --reason "new tiles"', 'publish - --name honua.json --reason "from CI" < honua.json'],
  );
}

function pullCommand(terminal: Terminal, finish: Finish): Command {
  const command = addAddress(new Command("pull"), { format: false })
    .description("write the source that all instances have agreed on as a file")
    .argument("[file]", "the file to write; - is standard output", "-")
    .option("--force", "replace a file that has another content", false)
    .action(async (file, flags) => {
      const { pull } = await import("./pull.ts");
      finish(await pull({ address: addressOf(flags), file, force: flags.force }, terminal));
    });
  return addExamples(
    addEndings(command, [
      "0  written, or the file has it already",
      "2  the file's name ends as another format's",
      "3  nothing answers, the source cannot be had, or the file has another content",
    ]),
    ["pull", "pull /etc/honua/honua.hcl", "pull --force --url https://edge-7:8443 --token-file ./token honua.hcl"],
  );
}

/** In the order of the help text. */
export const publishCommands = [publishCommand, pullCommand];
