// `honua-configd init`: a starter file that is valid as it stands, with a comment for every choice. An existing file is
// never touched.
import { dirname } from "node:path";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { STARTER } from "./starter.ts";
import type { Terminal } from "./terminal.ts";

/** Writes the starter file; where the file exists, it stays (`ifMissing` makes that a success). */
export async function init(file: string, ifMissing: boolean, terminal: Terminal): Promise<ExitCode> {
  if (file === "-") {
    terminal.out(STARTER);
    return EXIT.done;
  }
  try {
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, STARTER, { createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      if (ifMissing) return EXIT.done;
      terminal.error(`${file} exists already and was left as it is\n`);
      return EXIT.unavailable;
    }
    terminal.error(`Cannot write ${file}: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.unavailable;
  }
  terminal.error(`Wrote ${file}; check it after an edit with: honua-configd validate ${file}\n`);
  return EXIT.done;
}
