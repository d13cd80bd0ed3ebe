// Writes a source over a person's file, or as a new one, and says so on standard error. A reader of the file sees the
// old or the new one, and the daemon can read it as before.
import { terminalText } from "../diagnostic/terminal_text.ts";
import { AtomicWriteError, type FileSystem } from "../host/atomic_write.ts";
import { type LostAttributes, replaceFile } from "../host/replace_file.ts";
import { unavailable } from "./admin_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { posixQuoted } from "./shell_quote.ts";
import type { Terminal } from "./terminal.ts";

/** Writes it; `what` names the content, as in "the source of release 41". */
export async function writeSource(
  path: string,
  bytes: Uint8Array,
  what: string,
  terminal: Terminal,
  fileSystem?: FileSystem,
): Promise<ExitCode> {
  let lost: LostAttributes | null;
  try {
    lost = await replaceFile(path, bytes, fileSystem);
  } catch (error) {
    if (!(error instanceof AtomicWriteError)) throw error;
    return unavailable(terminalText(error.message), terminal);
  }
  terminal.error(`Wrote ${terminalText(path)}: ${terminalText(what)}\n`);
  if (lost !== null) {
    const { uid, gid, mode } = lost.old;
    const file = terminalText(posixQuoted(path));
    const restore = `sudo chown ${uid}:${gid} ${file} && sudo chmod ${mode.toString(8).padStart(4, "0")} ${file}`;
    terminal.error(
      `Its ${lost.what.join(" and ")} could not be kept; so that the same users can read it: ${restore}\n`,
    );
  }
  return EXIT.done;
}
