// The command line: the commands, their help, and their exit codes. Each command's module is loaded on use, so that
// `version` does not load the modules of a reload.
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { FlagSetting } from "../options/option_reader.ts";
import {
  addAddress,
  addEndings,
  addExamples,
  addressOf,
  collect,
  confirmSeconds,
  type Finish,
  moment,
  portNumber,
  positiveNumber,
  unitName,
} from "./command_parts.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { keyCommand } from "./key_command.ts";
import { approvalCommands } from "./approval_commands.ts";
import { publishCommands } from "./publish_commands.ts";
import { releaseCommands } from "./release_commands.ts";
import { rolloutCommands, watchLength } from "./rollout_commands.ts";
import type { OptionRequest } from "./prepared.ts";
import type { Terminal } from "./terminal.ts";
import { printVersion, versionLine } from "./version.ts";

/** Runs the command that the arguments name, and resolves with the exit code. Throws only for a bug. */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const program = new Command("honua-configd")
    .description("Turns every edit of a Honua configuration into a validated, atomically written snapshot.")
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.error(text),
      getOutHasColors: () => terminal.colourOut,
      getErrHasColors: () => terminal.colourError,
    })
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError("(see --help)")
    .version(versionLine().trimEnd(), "-V, --version", "print the version");
  const asking = [statusCommand, diffCommand, planCommand, peersCommand, reloadCommand, eventsCommand, uiCommand];
  const commands = [
    runCommand,
    validateCommand,
    initCommand,
    printCommand,
    ...asking,
    ...releaseCommands,
    ...rolloutCommands,
    ...approvalCommands,
    ...publishCommands,
    journalCommand,
    keyCommand,
    doctorCommand,
    versionCommand,
    completionCommand,
  ];
  for (const command of commands) program.addCommand(configured(program, command(terminal, (done) => code = done)));
  program.addCommand(configured(program, manCommand(terminal)), { hidden: true });
  addExamples(program, ["run --config /etc/honua/honua.hcl", "validate honua.hcl", "status"]);
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Without a command the help is printed, but the usage is wrong.
    if (error.exitCode !== 0) return EXIT.usage;
  }
  // If the output could not be written the command failed. The code for wrong options remains: systemd does not retry
  // it.
  const ended = code as ExitCode;
  return terminal.hasFailed() && ended !== EXIT.usage ? EXIT.unavailable : ended;
}

/** A command with the program's settings: commander passes them only to commands that it makes itself. */
function configured(program: Command, command: Command): Command {
  return command.copyInheritedSettings(program).exitOverride();
}

/** The flags for options and source, the same for running and examining a daemon. */
function addSettings(command: Command): Command {
  return command
    .option("-c, --config <file>", "the source: .hcl, .honua or .json")
    .option("-o, --options <file>", "options: JSON with comments, in the shape of appsettings.json")
    .option("-s, --snapshot <file>", "the path of the snapshot (Snapshot:Path)")
    .option("-e, --env-file <file>", "environment for the source, in systemd's syntax; repeatable", collect, [])
    .option("--set <key=value>", "any option: --set ConfigurationWatcher:PollSeconds=1; repeatable", collect, []);
}

type SettingFlags =
  & { readonly [name in "config" | "options" | "snapshot" | "logFormat" | "logLevel"]?: string }
  & { readonly [name in "envFile" | "set"]: string[] };

function settingsOf(flags: SettingFlags): OptionRequest {
  const settings: FlagSetting[] = [];
  const put = (flag: string, key: string, value: string | undefined) => {
    if (value !== undefined) settings.push({ flag, key, value });
  };
  put("--snapshot", "Snapshot:Path", flags.snapshot);
  put("--log-format", "Logging:Format", flags.logFormat);
  put("--log-level", "Logging:Level", flags.logLevel);
  for (const [index, file] of flags.envFile.entries()) {
    put("--env-file", `ConfigurationWatcher:EnvironmentFiles:${index}`, file);
  }
  const { config = null, options: optionsFile = null, set } = flags;
  return { config, optionsFile, settings, set };
}

function runCommand(terminal: Terminal, finish: Finish): Command {
  const command = addSettings(new Command("run"))
    .description("follow the source, and write a snapshot after every valid edit")
    .addOption(new Option("--log-format <format>", "how to log (Logging:Format)").choices(["auto", "json", "text"]))
    .option("--log-level <level>", "trace, debug, information, warning, error or critical (Logging:Level)")
    .option("--once", "load once, write the snapshot, and end with the outcome", false)
    .action(async (flags) => {
      const { run } = await import("./run.ts");
      finish(await run({ ...settingsOf(flags), once: flags.once }, terminal));
    });
  return addExamples(command, [
    "run --config /etc/honua/honua.hcl --options /etc/honua-configd/options.json",
    "run --once --config honua.hcl --snapshot ./honua.snapshot.json",
  ]);
}

function validateCommand(terminal: Terminal, finish: Finish): Command {
  const command = new Command("validate")
    .description("say whether files are valid, and show each mistake at its place")
    .argument("<files...>", "sources; - is standard input")
    .addOption(new Option("-f, --format <format>", "how to answer").choices(["text", "json"]).default("text"))
    .option("--strict", "fail on warnings too", false)
    .option("-e, --env-file <file>", "environment, in systemd's syntax; repeatable", collect, [])
    .option("--name <name>", "the name of standard input; its ending tells the format", "-")
    .action(async (files, { format, strict, envFile, name }) => {
      const { validate } = await import("./validate.ts");
      finish(await validate({ files, format, strict, environmentFiles: envFile, name }, terminal));
    });
  return addExamples(command, [
    "validate honua.hcl",
    "validate --format json --strict *.hcl",
    "validate - < honua.hcl",
  ]);
}

function initCommand(terminal: Terminal, finish: Finish): Command {
  const command = new Command("init")
    .description("write a commented starter file that is valid")
    .argument("[file]", "the file to write; - is standard output", "honua.config.hcl")
    .option("--if-missing", "succeed if the file exists already, and leave it as it is", false)
    .action(async (file, { ifMissing }) => {
      const { init } = await import("./starter.ts");
      finish(await init(file, ifMissing, terminal));
    });
  return addExamples(command, ["init", "init /etc/honua/honua.hcl"]);
}

function printCommand(terminal: Terminal, finish: Finish): Command {
  const command = new Command("print")
    .description("print the snapshot that would be made, secrets masked")
    .argument("<file>", "a source; - is standard input")
    .addOption(new Option("--server", "print the server form in its place").default(false).conflicts("portable"))
    .option("--portable", "keep references to the environment, as the hash does", false)
    .option("--show-secrets", "print secrets and values of the environment as they are", false)
    .option("-e, --env-file <file>", "environment, in systemd's syntax; repeatable", collect, [])
    .option("--name <name>", "the name of standard input; its ending tells the format", "-")
    .action(async (file, { server, portable, showSecrets, envFile, name }) => {
      const { print } = await import("./print.ts");
      finish(await print({ file, server, portable, showSecrets, environmentFiles: envFile, name }, terminal));
    });
  return addExamples(command, ["print honua.hcl", "print --portable honua.hcl", "print --server honua.hcl"]);
}

function statusCommand(terminal: Terminal, finish: Finish): Command {
  const command = addAddress(new Command("status"))
    .description("show the configuration in force on this host, and how the last reload ended")
    .action(async (flags) => {
      const { status } = await import("./status.ts");
      finish(await status({ address: addressOf(flags), format: flags.format }, terminal));
    });
  return addExamples(
    addEndings(command, [
      "0  the source is in force",
      "1  it was rejected, is held or could not be taken, nothing is in force, the snapshot's file is gone or",
      "   another's, a mounted file was replaced outside, the instance has diverged, or the health checks or a hook",
      "   of an activation failed",
      "3  nothing answers",
    ]),
    ["status", "status --url https://edge-7:8443 --token-file /etc/honua-configd/token"],
  );
}

function diffCommand(terminal: Terminal, finish: Finish): Command {
  const command = addAddress(new Command("diff"))
    .description("show the differences between two sources, secrets masked")
    .argument("[from]", "running, file, a release's number or hash, or a path", "running")
    .argument("[to]", "the same", "file")
    .action(async (from, to, flags) => {
      const { diff } = await import("./diff.ts");
      finish(await diff({ address: addressOf(flags), from, to, format: flags.format }, terminal));
    });
  return addExamples(
    addEndings(command, [
      "0  there is no difference",
      "1  there is one, or a source is not valid",
      "3  nothing answers, or there is no such release or file",
    ]),
    ["diff", "diff 12 running", "diff running ./new.hcl", "diff --format json"],
  );
}

function planCommand(terminal: Terminal, finish: Finish): Command {
  const command = addAddress(new Command("plan"))
    .description("show the effects of a reload: the changes, and the hooks that run")
    .action(async (flags) => {
      const { plan } = await import("./plan.ts");
      finish(await plan({ address: addressOf(flags), format: flags.format }, terminal));
    });
  return addExamples(
    addEndings(command, [
      "0  nothing would change",
      "1  another snapshot would come into force, or the source is held or not valid",
      "3  nothing answers, or the source cannot be read",
    ]),
    ["plan", "plan --format json"],
  );
}

function peersCommand(terminal: Terminal, finish: Finish): Command {
  const command = addAddress(new Command("peers"))
    .description("list all instances, and say whether they run the same")
    .action(async (flags) => {
      const { peers } = await import("./peers.ts");
      finish(await peers({ address: addressOf(flags), format: flags.format }, terminal));
    });
  return addExamples(
    addEndings(command, [
      "0  all living instances run one hash",
      "1  they do not, or processes have one name",
      "3  nothing answers, Redis cannot be reached, or it does not even have the record of this instance",
    ]),
    ["peers", "peers --format json"],
  );
}

function reloadCommand(terminal: Terminal, finish: Finish): Command {
  const command = addAddress(new Command("reload"))
    .description("make the daemon look at its source now, and wait for the result")
    .option("--notify", "make the other instances look again even if nothing changed here", false)
    .option(
      "--force",
      "announce over a later agreement of the others; also take a source that a rollback or a hold keeps back",
      false,
    )
    .option("--now", "bring a change to all hosts at once, without the steps of a rollout; takes --reason", false)
    .addOption(
      new Option("--emergency", "run it without the approvals that it needs; only on the host itself, with --reason")
        .default(false).conflicts(["force", "now"]),
    )
    .option("--if-match <etag>", "only if the snapshot in force has this ETag")
    .option("--confirm <time>", "go back after 10m, 90s or 1h unless `honua-configd confirm` is run", confirmSeconds)
    .addOption(
      new Option("--watch", "follow the rollout of the source to its end").default(false)
        .conflicts(["force", "now", "emergency", "confirm"]),
    )
    .option(
      "--timeout <time>",
      "with --watch: for at most 90s, 10m, 12h or 7d (default: as its steps take)",
      watchLength,
    )
    .option("--reason <text>", "why, in one line, for the history")
    .option("--author <name>", "the person (default: the user, by SUDO_USER or USER)")
    .action(async (flags) => {
      const { notify, force, now, emergency, ifMatch = null, confirm = null, reason = null, ...others } = flags;
      if (now && reason === null) command.error("error: --now takes --reason");
      if (emergency && reason === null) command.error("error: --emergency needs --reason");
      const { author = null, format, timeout = null } = others;
      const watch = others.watch ? { limitMilliseconds: timeout } : null;
      const request = {
        notify,
        force,
        now,
        emergency,
        ifMatch,
        confirmSeconds: confirm,
        reason,
        author,
        format,
        watch,
      };
      const { reload } = await import("./reload.ts");
      finish(await reload({ address: addressOf(flags), ...request }, terminal));
    });
  return addExamples(
    addEndings(command, [
      "0  the source is in force; with --watch: on all instances of its rollout",
      "1  it was rejected, or is held; with --watch also: its rollout did not end well, or it is not what others run",
      "3  nothing answers, not all of it could be done, or another snapshot than that of --if-match is in force",
    ]),
    [
      "reload",
      "reload --notify",
      "reload --watch",
      "reload --force",
      'reload --confirm 10m --reason "new tiles"',
      'reload --now --reason "urgent"',
    ],
  );
}

function eventsCommand(terminal: Terminal, finish: Finish): Command {
  const command = addAddress(new Command("events"))
    .description("show events as they happen, until interrupted")
    .option("-n, --count <number>", "end after this many events", positiveNumber)
    .action(async (flags) => {
      const { count = null, format } = flags;
      const { eventsUntilInterrupted } = await import("./events.ts");
      finish(await eventsUntilInterrupted({ address: addressOf(flags), count, format }, terminal));
    });
  return addExamples(
    addEndings(command, [
      "0  interrupted, or the events of --count were shown",
      "3  nothing answers, or the answer has no events",
    ]),
    ["events", "events --format json --count 1"],
  );
}

function uiCommand(terminal: Terminal, finish: Finish): Command {
  const command = addAddress(new Command("ui"))
    .description("say how to open the page of the fleet in a browser")
    .option("--port <number>", "the port of the tunnel on the machine with the browser", portNumber, 8080)
    .action(async (flags) => {
      const { ui } = await import("./ui.ts");
      finish(await ui({ address: addressOf(flags), port: flags.port, format: flags.format }, terminal));
    });
  return addExamples(
    addEndings(command, ["0  the page answers", "3  nothing answers, or the daemon has no page"]),
    ["ui", "ui --port 9000", "ui --url https://edge-7:8443"],
  );
}

function journalCommand(terminal: Terminal, finish: Finish): Command {
  const command = addAddress(new Command("journal"))
    .description("show the journal of this host, with person and reason of each change, or verify it")
    .addArgument(new Argument("[action]", "verify: whether a line was altered or removed").choices(["verify"]))
    .option("--follow", "go on until interrupted", false)
    .option("--since <time>", "from 2026-01-31T12:00 on, or of the last 90m, 12h or 7d", moment)
    .option("-n, --limit <number>", "show the newest lines, at most this many", positiveNumber, 100)
    .option("--peers", "with verify: compare it with the notes of other instances", false)
    .option("--set <key=value>", "any option: --set State:Directory=/srv/state; repeatable", collect, [])
    .option("--unit <name>", "the systemd unit that the daemon runs as", unitName, "honua-configd.service")
    .action(async (action, flags) => {
      const { follow, since = null, limit, peers, set, unit, format } = flags;
      if (peers && action !== "verify") command.error("error: --peers is for `journal verify`");
      if (follow && action === "verify") command.error("error: --follow is not for `journal verify`");
      const request = { address: addressOf(flags), set, unit, format };
      const journal = await import("./journal.ts");
      if (action === "verify") return finish(await journal.verify({ ...request, peers }, terminal));
      finish(await journal.showJournalUntilInterrupted({ ...request, follow, since, limit }, terminal));
    });
  return addExamples(
    addEndings(command, [
      "0  shown, or the chain of lines is whole",
      "1  a line was altered or removed, or another instance noted a line that is not there",
      "3  there is no journal, it cannot be read, or nothing answers (--peers)",
    ]),
    ["journal", "journal --since 12h --format json", "journal verify --peers"],
  );
}

function doctorCommand(terminal: Terminal, finish: Finish): Command {
  const command = addSettings(new Command("doctor"))
    .description("check the installation on this host, change nothing, and say what to do")
    .option("--unit <name>", "the systemd unit that the daemon runs as", unitName, "honua-configd.service")
    .option("--timeout <seconds>", "how long each check may take, 1 to 600", checkSeconds, 5)
    .addOption(new Option("-f, --format <format>", "how to answer").choices(["text", "json"]).default("text"))
    .action(async (flags) => {
      const { unit, timeout: timeoutSeconds, format } = flags;
      const { doctor } = await import("./doctor.ts");
      finish(await doctor({ ...settingsOf(flags), unit, timeoutSeconds, format }, terminal));
    })
    .addHelpText(
      "after",
      "\nWithout --config and --options it examines the options of the unit: /etc/honua-configd/options.json, and\n" +
        "/etc/honua-configd/NAME.json for honua-configd@NAME. As root it judges permissions for the unit's user.",
    );
  return addExamples(
    addEndings(command, [
      "0  no error was found; there may be warnings",
      "1  an error was found",
      "2  the options are wrong; the checks that need none were made anyway",
      "3  the options file cannot be read; likewise",
    ]),
    ["doctor", "doctor --options ./options.json --format json", "doctor --unit honua-configd@maps"],
  );
}

function checkSeconds(text: string): number {
  const seconds = positiveNumber(text);
  if (seconds <= 600) return seconds;
  throw new InvalidArgumentError("It must be at most 600.");
}

function versionCommand(terminal: Terminal, finish: Finish): Command {
  const command = new Command("version")
    .description("print the version, and the commit and runtime of the build")
    .option("--licenses", "also the licences of all that the program embeds, in full", false)
    .addOption(new Option("-f, --format <format>", "how to answer").choices(["text", "json"]).default("text"))
    .action(({ licenses, format }) => finish(printVersion({ licences: licenses, format }, terminal)));
  return addExamples(command, ["version", "version --licenses"]);
}

function completionCommand(terminal: Terminal): Command {
  const command = new Command("completion")
    .description("print a script by which a shell completes this program's command lines")
    .addArgument(new Argument("<shell>", "the shell that it is for").choices(["bash", "zsh", "fish"]))
    .action(async (shell, _flags, { parent }: Command) => {
      const [{ completion }, { outline }] = await Promise.all([
        import("./completion.ts"),
        import("./command_outline.ts"),
      ]);
      terminal.out(completion(shell, outline(parent!)));
    });
  return addExamples(command, ["completion bash > /usr/local/share/bash-completion/completions/honua-configd"]);
}

function manCommand(terminal: Terminal): Command {
  return new Command("man")
    .description("print the manual page, in the language of man(7)")
    .action(async (_flags, { parent }: Command) => {
      const [{ manualPage }, { outline }] = await Promise.all([import("./man.ts"), import("./command_outline.ts")]);
      terminal.out(manualPage(outline(parent!)));
    });
}
