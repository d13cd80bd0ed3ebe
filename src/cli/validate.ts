// `honua-configd validate`: says of each file whether a reload would take it, with the same code that a reload runs.
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { FrameSource } from "../diagnostic/hidden.ts";
import { type FileResult, renderJson, renderText } from "../diagnostic/render.ts";
import { openBlockParser } from "../document/blocks.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { compileArgument, readArgument, readEnvironment } from "./source_argument.ts";
import type { Terminal } from "./terminal.ts";

/** What was asked for. */
export interface ValidateRequest {
  /** Paths, or `-`. */
  readonly files: readonly string[];
  /** How to answer. */
  readonly format: "text" | "json";
  /** Whether a warning fails the command. */
  readonly strict: boolean;
  /** In systemd's EnvironmentFile syntax. */
  readonly environmentFiles: readonly string[];
  /** The name of standard input. */
  readonly name: string;
}

/** Validates all files and answers on standard output. */
export async function validate(request: ValidateRequest, terminal: Terminal): Promise<ExitCode> {
  const environment = await readEnvironment(request.environmentFiles, terminal);
  const complain = (diagnostics: readonly Diagnostic[]) =>
    terminal.error(renderText(diagnostics, { sources: new Map(), colour: terminal.colourError, frames: false }));
  if (!environment.ok) {
    complain([environment.diagnostic]);
    return environment.unreachable ? EXIT.unavailable : EXIT.invalid;
  }
  complain(environment.warnings);
  await using parser = openBlockParser();
  const results: FileResult[] = [];
  const sources = new Map<string, FrameSource>();
  let unreachable = false;
  for (const file of request.files) {
    const read = await readArgument(file, request.name, terminal);
    if (!read.ok) {
      unreachable ||= read.unreachable;
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
  else tell(results, sources, terminal);
  const code = exitCodeOf(results, unreachable, request.strict);
  return code === EXIT.done && request.strict && environment.warnings.length > 0 ? EXIT.invalid : code;
}

function tell(
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

function exitCodeOf(results: readonly FileResult[], unreachable: boolean, strict: boolean): ExitCode {
  if (unreachable) return EXIT.unavailable;
  const fails = ({ valid, diagnostics }: FileResult) => !valid || (strict && diagnostics.length > 0);
  return results.some(fails) ? EXIT.invalid : EXIT.done;
}
