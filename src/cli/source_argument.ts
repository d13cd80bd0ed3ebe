// The files that a command is told to read, and what they come to: a source by its path or from standard input, and
// environment files.
import { type Environment, environmentOf, parseEnvironmentFile, processEnvironment } from "../config/environment.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { FrameSource } from "../diagnostic/hidden.ts";
import { type SourceText, sourceText } from "../diagnostic/range.ts";
import type { BlockParser } from "../document/blocks.ts";
import { secretRanges } from "../document/secret_ranges.ts";
import { type Compiled, compileSource, formatOf, type SourceFormat } from "../snapshot/compile.ts";
import { isUnreachable, readEnvironmentFiles } from "../source/inputs.ts";
import { decodeSource, DEFAULT_MAX_BYTES, readSource } from "../source/source_file.ts";
import type { Terminal } from "./terminal.ts";

/** A source that was read, or why it could not be; `unreachable` tells a missing file from one with bad content. */
export type SourceArgument =
  | { readonly ok: true; readonly source: SourceText; readonly format: SourceFormat }
  | { readonly ok: false; readonly diagnostic: Diagnostic; readonly unreachable: boolean };

/** Reads what an argument names: a path, or `-` for standard input, which `name` then names. */
export async function readArgument(argument: string, name: string, terminal: Terminal): Promise<SourceArgument> {
  const shown = argument === "-" ? name : argument;
  const read = argument === "-"
    ? await decodeSource(shown, await terminal.readInput(DEFAULT_MAX_BYTES), {})
    : await readSource(argument);
  if (read.ok) return { ok: true, source: sourceText(shown, read.text), format: formatOf(shown) };
  return { ok: false, diagnostic: read.diagnostic, unreachable: isUnreachable(read.diagnostic) };
}

/** The environment of a command: the process's and the files', the later the stronger. */
export type EnvironmentArgument =
  | { readonly ok: true; readonly environment: Environment; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostic: Diagnostic; readonly unreachable: boolean };

/** Reads environment files, each once. */
export async function readEnvironment(files: readonly string[], terminal: Terminal): Promise<EnvironmentArgument> {
  const read = await readEnvironmentFiles(files);
  if (!read.ok) return { ok: false, diagnostic: read.diagnostic, unreachable: isUnreachable(read.diagnostic) };
  const parsed = read.texts.map(parseEnvironmentFile);
  return {
    ok: true,
    environment: environmentOf(processEnvironment(terminal.environment), parsed.map((file) => file.variables)),
    warnings: parsed.flatMap((file) => file.diagnostics),
  };
}

/** What a source compiles to, with what a code frame may show of it. */
export interface CompiledArgument {
  /** The snapshot that would be made, or why there is none. */
  readonly compiled: Compiled;
  /** By the source's name. */
  readonly frames: ReadonlyMap<string, FrameSource>;
}

/** Compiles what an argument named. */
export async function compileArgument(
  { source, format }: Extract<SourceArgument, { ok: true }>,
  environment: Environment,
  parser: BlockParser,
): Promise<CompiledArgument> {
  const compiled = await compileSource({ source, format, environment, validate: true, parser });
  const frame = { source, secretRanges: compiled.document && secretRanges(compiled.document) };
  return { compiled, frames: new Map([[source.name, frame]]) };
}
