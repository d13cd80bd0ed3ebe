// The whole way from a source's text to the snapshot that would be made of it, changing nothing: what `validate`,
// `print` and every reload share, so that they can never disagree.
import { type Environment } from "../config/environment.ts";
import { type Counts, loadConfig } from "../config/load.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { SourceText } from "../diagnostic/range.ts";
import type { BlockParser } from "../document/blocks.ts";
import type { Document } from "../document/document.ts";
import { parseHclDocument } from "../document/hcl_document.ts";
import { parseJsonDocument } from "../document/json_document.ts";
import { canonicalBytes, type JsonObject, type Sha256Hex, sha256Hex } from "./canonical.ts";
import { sealSnapshot, type Snapshot } from "./snapshot.ts";

/** How a source is written. */
export type SourceFormat = "hcl" | "json";

/** What is compiled, and with what. */
export interface CompileRequest {
  /** The source, read and decoded. */
  readonly source: SourceText;
  /** How it is written. */
  readonly format: SourceFormat;
  /** The environment that it may refer to. */
  readonly environment: Environment;
  /** False skips the rules, never the schema. */
  readonly validate: boolean;
  /** Judges HCL. */
  readonly parser: BlockParser;
  /** Stops waiting for the parser. */
  readonly signal?: AbortSignal | undefined;
}

/** A snapshot and all that is worth knowing about it; or why there is none. */
export type Compiled =
  | {
    readonly ok: true;
    readonly snapshot: Snapshot;
    readonly config: JsonObject;
    readonly portable: JsonObject;
    readonly warnings: readonly Diagnostic[];
    readonly counts: Counts;
    readonly document: Document;
    /** What came from the environment, for masking. */
    readonly secrets: readonly string[];
  }
  | {
    readonly ok: false;
    readonly diagnostics: readonly Diagnostic[];
    /** Null where the source did not parse. */
    readonly document: Document | null;
    /** Of the portable config, as a valid source has it; null where there is none. */
    readonly hash: Sha256Hex | null;
    readonly secrets: readonly string[];
  };

/** By the end of a path: `.json` is JSON, everything else HCL. */
export function formatOf(path: string): SourceFormat {
  return /\.json$/i.test(path) ? "json" : "hcl";
}

/** Compiles a source. Rejects only with the signal's reason; a mistake of the source's author is a diagnostic. */
export async function compileSource(request: CompileRequest): Promise<Compiled> {
  const { source, format, environment, validate, parser, signal } = request;
  const parsed = format === "json" ? parseJsonDocument(source) : await parseHclDocument(source, parser, signal);
  if (!parsed.ok) return { ok: false, diagnostics: parsed.diagnostics, document: null, hash: null, secrets: [] };
  const { document } = parsed;
  const loaded = loadConfig({ document, environment, validate });
  if (!loaded.ok) {
    const { diagnostics, secrets } = loaded;
    return { ok: false, diagnostics, document, hash: hashOf(loaded.portable), secrets };
  }
  const { portable, warnings, counts, secrets } = loaded;
  const config = loaded.config as unknown as JsonObject;
  return { ok: true, snapshot: sealSnapshot(config, portable), config, portable, warnings, counts, document, secrets };
}

/** Null where what was rejected holds what canonical JSON cannot say, which may be why it was. */
function hashOf(portable: JsonObject): Sha256Hex | null {
  try {
    return sha256Hex(canonicalBytes(portable));
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}
