// `honua-configd print`: the snapshot that would be made of a file, on standard output, and nothing written anywhere.
// Secrets are masked unless they were asked for.
import { renderText } from "../diagnostic/render.ts";
import { maskConfig } from "../diagnostic/secrets.ts";
import { openBlockParser } from "../document/blocks.ts";
import type { Compiled } from "../snapshot/compile.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { compileArgument, readArgument, readEnvironment } from "./source_argument.ts";
import type { Terminal } from "./terminal.ts";

/** What was asked for. */
export interface PrintRequest {
  /** A path, or `-`. */
  readonly file: string;
  /** The config with its references to the environment left standing. */
  readonly portable: boolean;
  /** Resolved values and secrets as they are. */
  readonly showSecrets: boolean;
  /** In systemd's EnvironmentFile syntax. */
  readonly environmentFiles: readonly string[];
  /** The name of standard input. */
  readonly name: string;
}

/** Prints the snapshot, or says on standard error why there is none. */
export async function print(request: PrintRequest, terminal: Terminal): Promise<ExitCode> {
  const complain = (
    diagnostics: Parameters<typeof renderText>[0],
    sources: Parameters<typeof renderText>[1]["sources"],
  ) => terminal.error(renderText(diagnostics, { sources, colour: terminal.colourError, frames: true }));
  const environment = await readEnvironment(request.environmentFiles, terminal);
  if (!environment.ok) {
    complain([environment.diagnostic], new Map());
    return EXIT.unavailable;
  }
  const read = await readArgument(request.file, request.name, terminal);
  if (!read.ok) {
    complain([read.diagnostic], new Map());
    return read.unreachable ? EXIT.unavailable : EXIT.invalid;
  }
  await using parser = openBlockParser();
  const { compiled, frames } = await compileArgument(read, environment.environment, parser);
  complain(compiled.ok ? compiled.warnings : compiled.diagnostics, frames);
  if (!compiled.ok) return EXIT.invalid;
  terminal.out(printed(compiled, request));
  return EXIT.done;
}

function printed(compiled: Extract<Compiled, { ok: true }>, { portable, showSecrets }: PrintRequest): string {
  if (showSecrets && !portable) return new TextDecoder().decode(compiled.snapshot.bytes);
  const config = portable ? compiled.portable : compiled.config;
  const shown = showSecrets ? config : maskConfig(config, { secrets: compiled.secrets, keepReferences: portable });
  const { hash, contentHash } = compiled.snapshot;
  // The content hash is over the secrets; beside a masked config it would serve to guess them.
  const header = portable
    ? { format: 1, hash }
    : { format: 1, hash, contentHash: showSecrets ? contentHash : "[masked]" };
  return JSON.stringify({ $snapshot: header, ...(shown as Record<string, unknown>) }, null, 2) + "\n";
}
