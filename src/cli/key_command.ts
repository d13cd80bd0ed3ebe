// The command about the key ring that seals sources.
import { Argument, Command } from "commander";
import { addEndings, addExamples, collect, type Finish, unitName } from "./command_parts.ts";
import type { Terminal } from "./terminal.ts";

/** `key add`: the only action that needs the program; to remove a key is to remove its line. */
export function keyCommand(terminal: Terminal, finish: Finish): Command {
  const command = new Command("key")
    .description("add a new key to the key ring that seals sources, and print its id")
    .addArgument(new Argument("<action>", "add: the newest key seals, and all keys open").choices(["add"]))
    .argument("[file]", "the key ring; it is made if it is missing (default: Store:KeyFile)")
    .option("-o, --options <file>", "an options file that names the key ring")
    .option("--set <key=value>", "any option: --set Store:KeyFile=/etc/honua-configd/keys; repeatable", collect, [])
    .option("--unit <name>", "the systemd unit that the daemon runs as", unitName, "honua-configd.service")
    .action(async (_action: string, file: string | undefined, flags) => {
      const { options: optionsFile = null, set, unit } = flags;
      const { addKey } = await import("./key.ts");
      finish(await addKey({ file: file ?? null, optionsFile, set, unit }, terminal));
    });
  return addExamples(
    addEndings(command, [
      "0  added",
      "2  no file is named",
      "3  the file cannot be read or written, or is no key ring",
    ]),
    ["key add", "key add /etc/honua-configd/keys"],
  );
}
