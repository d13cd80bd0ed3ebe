// Parses the arguments, runs the command and sets the exit code. The parser's process starts here too, and loads only
// the parser.
import { EXIT } from "./src/cli/exit_codes.ts";
import { PARSER_COMMAND } from "./src/document/hcl/parser_process.ts";

async function main(args: readonly string[]): Promise<number> {
  if (args[0] === PARSER_COMMAND) {
    const { serveParser } = await import("./src/document/hcl/hcl.ts");
    const { giveUpPermissions } = await import("./src/document/hcl/hcl.ts");
    await serveParser(Deno.stdin.readable, Deno.stdout.writable, giveUpPermissions);
    return 0;
  }
  const { runProgram } = await import("./src/cli/program.ts");
  const { processTerminal } = await import("./src/cli/terminal.ts");
  return await runProgram(args, processTerminal());
}

function endByBug(error: unknown): never {
  console.error("honua-configd met a bug in itself and ends:", error);
  Deno.exit(EXIT.bug);
}

// Deno ends with 1 after an uncaught error, and 1 means that the configuration is invalid.
globalThis.addEventListener("error", (event) => endByBug(event.error));
globalThis.addEventListener("unhandledrejection", (event) => endByBug(event.reason));

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  endByBug(error);
}
