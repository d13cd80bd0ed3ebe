// The commands about approvals: list the configurations that wait for them, approve one by a signature, reject one.
import { Command, Option } from "commander";
import { addAddress, addEndings, addExamples, addressOf, type Finish } from "./command_parts.ts";
import type { Terminal } from "./terminal.ts";

const WHICH = "candidate, its hash or at least 8 digits of it, or the number of a release";

function pendingCommand(terminal: Terminal, finish: Finish): Command {
  const command = addAddress(new Command("pending"))
    .description("list the configurations that wait for approval, and the keys that approved them")
    .action(async (flags) => {
      const { pending } = await import("./pending.ts");
      finish(await pending({ address: addressOf(flags), format: flags.format }, terminal));
    });
  return addExamples(
    addEndings(command, ["0  nothing waits", "1  something does", "3  nothing answers"]),
    ["pending", "pending --format json"],
  );
}

function approveCommand(terminal: Terminal, finish: Finish): Command {
  const command = addAddress(new Command("approve"))
    .description("approve a configuration by a signature of SSH, which every host verifies")
    .argument("<which>", WHICH)
    .addOption(
      new Option("--key <file>", "sign with this key by ssh-keygen; a public key if an agent has the private one")
        .conflicts(["signature", "print"]),
    )
    .addOption(
      new Option("--signature <file>", "an armored signature made elsewhere; - is standard input")
        .conflicts("print"),
    )
    .option("--print", "print the message to be signed, and do nothing else", false)
    .action(async (which, { key = null, signature = null, print, format, ...flags }) => {
      if (key === null && signature === null && !print) {
        command.error("error: one of --key, --signature and --print must be given");
      }
      const { approve } = await import("./approve.ts");
      finish(await approve({ address: addressOf(flags), which, key, signature, print, format }, terminal));
    });
  return addExamples(
    addEndings(command, [
      "0  the signature counts; more may be needed",
      "1  it does not count, or nothing of that name waits",
      "3  nothing answers, or nothing could be signed or read",
    ]),
    [
      "approve candidate --key ~/.ssh/id_ed25519",
      "approve candidate --print > message",
      "approve 3f9a01c2 --signature message.sig",
    ],
  );
}

function rejectCommand(terminal: Terminal, finish: Finish): Command {
  const command = addAddress(new Command("reject"))
    .description("reject a configuration that waits for approval, so that no instance runs it")
    .argument("<which>", WHICH)
    .addOption(new Option("--reason <text>", "why, in one line; must be given").makeOptionMandatory())
    .option("--author <name>", "the person (default: the user, by SUDO_USER or USER)")
    .action(async (which, { reason, author = null, format, ...flags }) => {
      const { reject } = await import("./approve.ts");
      finish(await reject({ address: addressOf(flags), which, reason, author, format }, terminal));
    });
  return addExamples(
    addEndings(command, ["0  done", "1  the daemon refuses it now", "3  nothing answers, or it could not be done"]),
    ['reject candidate --reason "the tiles are of last year"'],
  );
}

/** In the order of the help text. */
export const approvalCommands = [pendingCommand, approveCommand, rejectCommand];
