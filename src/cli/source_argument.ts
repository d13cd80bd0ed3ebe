// The files that a command reads: a source by its path or from standard input, environment files, and the compiled
// result.
import { type Environment, environmentOf, parseEnvironmentFile, processEnvironment } from "../config/environment.ts";
import { type Diagnostic, errorDiagnostic } from "../diagnostic/diagnostic.ts";
import type { FrameSource } from "../diagnostic/hidden.ts";
import { type SourceText, sourceText } from "../diagnostic/range.ts";
import type { BlockParser } from "../document/hcl/block_parser.ts";
import { secretRanges } from "../document/secret_ranges.ts";
import { type Compiled, compileSource, formatOf, type SourceFormat } from "../compile.ts";
import { isUnreachable, readEnvironmentFiles } from "../source/inputs.ts";
import { type Decoded, decodeSource, DEFAULT_MAX_BYTES, readSource } from "../source/source_file.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import type { Terminal } from "./terminal.ts";

/** A source, or why it could not be read. */
export type SourceArgument =
  | { readonly ok: true; readonly source: SourceText; readonly format: SourceFormat }
  | { readonly ok: false; readonly diagnostic: Diagnostic };

/** Standard input, as this program, shells and the kernel call it. */
const STANDARD_INPUT: ReadonlySet<string> = new Set(["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"]);

/** An open descriptor, such as the shell makes for `<(…)`. Deno opens none by its number without all permissions. */
const DESCRIPTOR = /^\/(?:dev|proc\/(?:self|thread-self|\d+))\/fd\/\d+$/;

/** Reads the source of an argument: a path, or standard input, which `name` names unless it is `-`. */
export async function readArgument(argument: string, name: string, terminal: Terminal): Promise<SourceArgument> {
  const isInput = STANDARD_INPUT.has(argument);
  if (!isInput && DESCRIPTOR.test(argument)) return { ok: false, diagnostic: notStandardInput(argument) };
  const shown = isInput && name !== "-" ? name : argument;
  const read = isInput ? await readInput(shown, terminal) : await readSource(argument);
  if (read.ok) return { ok: true, source: sourceText(shown, read.text), format: formatOf(shown) };
  return { ok: false, diagnostic: read.diagnostic };
}

async function readInput(shown: string, terminal: Terminal): Promise<Decoded> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await terminal.readInput(DEFAULT_MAX_BYTES);
  } catch (error) {
    const diagnostic = errorDiagnostic("source/unreadable", "Standard input cannot be read", {
      why: `The system answered: ${error instanceof Error ? error.message : String(error)}`,
      suggestion: "Give it a file or a pipe: - < FILE, or COMMAND | honua-configd validate -",
    });
    return { ok: false, diagnostic, digest: null };
  }
  return decodeSource(shown, bytes);
}

function notStandardInput(path: string): Diagnostic {
  return errorDiagnostic("source/not-a-file", `${path} is an open descriptor, not a file`, {
    why: "Of open descriptors only standard input can be read",
    suggestion: "Give it on standard input: - < FILE, or COMMAND | honua-configd validate -",
  });
}

/** The exit code for a source that makes no snapshot: the host failed, or the content is wrong. */
export function exitCodeOf(diagnostics: readonly Diagnostic[]): ExitCode {
  const isHost = (one: Diagnostic) => isUnreachable(one) || one.code === "document/parser-ended";
  return diagnostics.some(isHost) ? EXIT.unavailable : EXIT.invalid;
}

/** The environment of a command: the process's and the files', a later one overriding an earlier one. */
export type EnvironmentArgument =
  | { readonly ok: true; readonly environment: Environment; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostic: Diagnostic };

/** Reads environment files, each once. */
export async function readEnvironment(files: readonly string[], terminal: Terminal): Promise<EnvironmentArgument> {
  const read = await readEnvironmentFiles(files);
  if (!read.ok) return { ok: false, diagnostic: read.diagnostic };
  const parsed = read.texts.map(parseEnvironmentFile);
  return {
    ok: true,
    environment: environmentOf(processEnvironment(terminal.environment), parsed.map((file) => file.variables)),
    warnings: parsed.flatMap((file) => file.diagnostics),
  };
}

/** A compiled source, with the sources that code frames may quote. */
export interface CompiledArgument {
  /** The snapshot, or why there is none. */
  readonly compiled: Compiled;
  /** By the source's name. */
  readonly frames: ReadonlyMap<string, FrameSource>;
}

/** Compiles the source of an argument. */
export async function compileArgument(
  { source, format }: Extract<SourceArgument, { ok: true }>,
  environment: Environment,
  parser: BlockParser,
): Promise<CompiledArgument> {
  const compiled = await compileSource({ source, format, environment, validate: true, parser });
  const frame = { source, secretRanges: compiled.document && secretRanges(compiled.document) };
  return { compiled, frames: new Map([[source.name, frame]]) };
}
