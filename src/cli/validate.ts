// `honua-configd validate`: says for each file whether a reload would accept it, with the code that a reload runs.
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { FrameSource } from "../diagnostic/hidden.ts";
import { type FileResult, renderJson, renderText } from "../diagnostic/render.ts";
import { openBlockParser } from "../document/hcl/block_parser.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { compileArgument, exitCodeOf, readArgument, readEnvironment } from "./source_argument.ts";
import type { Terminal } from "./terminal.ts";

export interface ValidateRequest {
  /** Paths, or `-`. */
  readonly files: readonly string[];
  readonly format: "text" | "json";
  /** Whether a warning fails the command. */
  readonly strict: boolean;
  /** In systemd's EnvironmentFile syntax. */
  readonly environmentFiles: readonly string[];
  /** The name of standard input. */
  readonly name: string;
}

/** Validates all files and writes the results to standard output. */
export async function validate(request: ValidateRequest, terminal: Terminal): Promise<ExitCode> {
  const environment = await readEnvironment(request.environmentFiles, terminal);
  const complain = (diagnostics: readonly Diagnostic[]) =>
    terminal.error(renderText(diagnostics, { sources: new Map(), colour: terminal.colourError, frames: false }));
  if (!environment.ok) {
    complain([environment.diagnostic]);
    return exitCodeOf([environment.diagnostic]);
  }
  complain(environment.warnings);
  await using parser = openBlockParser();
  const results: FileResult[] = [];
  const sources = new Map<string, FrameSource>();
  for (const file of request.files) {
    const read = await readArgument(file, request.name, terminal);
    if (!read.ok) {
      results.push({ file, valid: false, hash: null, diagnostics: [read.diagnostic] });
      continue;
    }
    const { compiled, frames } = await compileArgument(read, environment.environment, parser);
    for (const [name, frame] of frames) sources.set(name, frame);
    const hash = compiled.ok ? compiled.snapshot.hash : null;
    results.push({
      file,
      valid: compiled.ok,
      hash,
      diagnostics: compiled.ok ? compiled.warnings : compiled.diagnostics,
    });
  }
  if (request.format === "json") terminal.out(renderJson(results));
  else report(results, sources, terminal);
  const code = worstOf(results, request.strict);
  return code === EXIT.done && request.strict && environment.warnings.length > 0 ? EXIT.invalid : code;
}

function report(
  results: readonly FileResult[],
  sources: ReadonlyMap<string, FrameSource>,
  terminal: Terminal,
): void {
  const colour = terminal.colourOut;
  for (const { file, valid, hash, diagnostics } of results) {
    terminal.out(renderText(diagnostics, { sources, colour, frames: true }));
    terminal.out(valid ? `${file}: valid, hash ${hash}\n` : `${file}: invalid\n`);
  }
}

/** Of several outcomes 3 beats 1, and 1 beats 0. */
function worstOf(results: readonly FileResult[], strict: boolean): ExitCode {
  const codes = results.map(({ valid, diagnostics }): ExitCode => {
    if (!valid) return exitCodeOf(diagnostics);
    return strict && diagnostics.length > 0 ? EXIT.invalid : EXIT.done;
  });
  return codes.reduce((worst, code) => code > worst ? code : worst, EXIT.done);
}
