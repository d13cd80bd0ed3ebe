// `honua-configd print`: writes the snapshot or the server form of a file to standard output, and nothing anywhere
// else. Secrets are masked unless a flag asks for them.
import { renderText } from "../diagnostic/render.ts";
import { MASK } from "../diagnostic/secrets.ts";
import { openBlockParser } from "../document/hcl/block_parser.ts";
import type { HonuaConfig } from "../config/honua_config.ts";
import { maskedConfig } from "../config/masked_config.ts";
import { openServerFormWriter } from "../snapshot/server_form_writer.ts";
import type { Json, JsonObject } from "../snapshot/canonical.ts";
import { SNAPSHOT_FORMAT } from "../snapshot/snapshot.ts";
import type { Compiled } from "../compile.ts";
import { serverFormLine } from "../snapshot/server_form.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { compileArgument, exitCodeOf, readArgument, readEnvironment, type SourceArgument } from "./source_argument.ts";
import type { Terminal } from "./terminal.ts";

export interface PrintRequest {
  /** A path, or `-`. */
  readonly file: string;
  /** Whether to print the portable config, in which references to the environment remain. */
  readonly portable: boolean;
  /** The server form in place of the snapshot; not together with `portable`. */
  readonly server: boolean;
  /** Whether to print resolved values and secrets unchanged. */
  readonly showSecrets: boolean;
  /** In systemd's EnvironmentFile syntax. */
  readonly environmentFiles: readonly string[];
  /** The name of standard input. */
  readonly name: string;
}

/** Prints the snapshot, or writes to standard error why there is none. */
export async function print(request: PrintRequest, terminal: Terminal): Promise<ExitCode> {
  return await printSource(await readArgument(request.file, request.name, terminal), request, terminal);
}

/** Prints the snapshot of a source that is read. */
export async function printSource(
  read: SourceArgument,
  request: Omit<PrintRequest, "file" | "name">,
  terminal: Terminal,
): Promise<ExitCode> {
  const complain = (
    diagnostics: Parameters<typeof renderText>[0],
    sources: Parameters<typeof renderText>[1]["sources"],
  ) => terminal.error(renderText(diagnostics, { sources, colour: terminal.colourError, frames: true }));
  const environment = await readEnvironment(request.environmentFiles, terminal);
  if (!environment.ok) {
    complain([environment.diagnostic], new Map());
    return exitCodeOf([environment.diagnostic]);
  }
  complain(environment.warnings, new Map());
  if (!read.ok) {
    complain([read.diagnostic], new Map());
    return exitCodeOf([read.diagnostic]);
  }
  await using parser = openBlockParser();
  const { compiled, frames } = await compileArgument(read, environment.environment, parser);
  complain(compiled.ok ? compiled.warnings : compiled.diagnostics, frames);
  if (!compiled.ok) return exitCodeOf(compiled.diagnostics);
  terminal.out(request.server ? await printedServerForm(compiled, request) : printed(compiled, request));
  return EXIT.done;
}

/** The resolved config, masked at every place where the portable one refers to the environment. */
function withoutEnvironment({ config, portable }: Valid): JsonObject {
  const mask = (resolved: Json, open: Json | undefined): Json => {
    if (typeof open === "string" && /\$\{/.test(open.replaceAll("$${", ""))) return MASK;
    if (Array.isArray(resolved)) {
      return resolved.map((item, at) => mask(item, Array.isArray(open) ? open[at] : undefined));
    }
    if (resolved === null || typeof resolved !== "object") return resolved;
    const masked = Object.entries(resolved as JsonObject).map(([name, value]) => {
      const members = open as JsonObject | undefined;
      return [name, mask(value, members && Object.hasOwn(members, name) ? members[name] : undefined)];
    });
    return Object.fromEntries(masked);
  };
  return mask(config, portable) as JsonObject;
}

type Shown = Pick<PrintRequest, "portable" | "showSecrets">;

type Valid = Extract<Compiled, { ok: true }>;

/** The config, with its secrets masked unless the request asks for them. */
function shownConfig(compiled: Valid, { portable, showSecrets }: Shown): Json {
  const config = portable ? compiled.portable : showSecrets ? compiled.config : withoutEnvironment(compiled);
  return showSecrets ? config : maskedConfig(config, { keepReferences: portable }) as Json;
}

/** A masked form has no content hash and no digest: they cover the secrets, so they would help to guess them. */
async function printedServerForm(compiled: Valid, request: Shown): Promise<string> {
  const { snapshot: { hash }, serverForm } = compiled;
  if (request.showSecrets) return await new Blob([...serverForm.pieces]).text();
  const { pieces } = await openServerFormWriter().write(shownConfig(compiled, request) as unknown as HonuaConfig);
  return serverFormLine({ hash, contentHash: MASK, body: MASK }) + await new Blob([...pieces]).text();
}

function printed(compiled: Valid, request: Shown): string {
  const { portable, showSecrets } = request;
  if (showSecrets && !portable) return new TextDecoder().decode(compiled.snapshot.bytes);
  const shown = shownConfig(compiled, request);
  const { hash, contentHash } = compiled.snapshot;
  // The content hash covers the secrets: beside a masked config it would help to guess them.
  const header = portable
    ? { format: SNAPSHOT_FORMAT, hash }
    : { format: SNAPSHOT_FORMAT, hash, contentHash: showSecrets ? contentHash : MASK };
  return JSON.stringify({ $snapshot: header, ...(shown as Record<string, unknown>) }, null, 2) + "\n";
}
