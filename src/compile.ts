// Compiles a source's text to a snapshot and a server form without changing anything on disk. `validate`, `print` and
// every reload share it, so they cannot disagree. Compiling a source again costs only its changes, and gives the same
// result as a new compiler.
import { type Environment } from "./config/environment.ts";
import { type Counts, type LoadingWork, openLoader } from "./config/load.ts";
import type { Diagnostic } from "./diagnostic/diagnostic.ts";
import type { SourceText } from "./diagnostic/range.ts";
import type { BlockParser } from "./document/hcl/block_parser.ts";
import type { Document } from "./document/document.ts";
import { openHclReader, type ReadingWork } from "./document/hcl/hcl_document.ts";
import { openJsonReader } from "./document/json/json_document.ts";
import { openServerFormWriter } from "./snapshot/server_form_writer.ts";
import { openPace, type Pace } from "./time/pace.ts";
import type { JsonObject, Sha256Hex } from "./snapshot/canonical.ts";
import { sealServerForm, type ServerForm } from "./snapshot/server_form.ts";
import { openSealer, type Snapshot } from "./snapshot/snapshot.ts";

/** The language of a source. */
export type SourceFormat = "hcl" | "json";

/** A source to compile, with its environment. */
export interface CompileRequest {
  readonly source: SourceText;
  readonly format: SourceFormat;
  readonly environment: Environment;
  /** False skips the rules, never the schema. */
  readonly validate: boolean;
  /** Stops the work the next time it yields. */
  readonly signal?: AbortSignal | undefined;
  /** When the work yields to the event loop; default: after each 20 ms, until the signal. */
  readonly pace?: Pace | undefined;
}

/** A snapshot with its forms and warnings, or the reason why there is none. */
export type Compiled =
  | {
    readonly ok: true;
    readonly snapshot: Snapshot;
    readonly serverForm: ServerForm;
    readonly config: JsonObject;
    readonly portable: JsonObject;
    readonly warnings: readonly Diagnostic[];
    readonly counts: Counts;
    /** Its ranges are valid until another source is compiled. */
    readonly document: Document;
    /** Values from the environment, for masking. */
    readonly secrets: readonly string[];
  }
  | {
    readonly ok: false;
    readonly diagnostics: readonly Diagnostic[];
    /** Null if the source did not parse. */
    readonly document: Document | null;
    /**
     * Of the portable config, as for a valid source; null if there is none, or if it lacks a part that could not be
     * read.
     */
    readonly hash: Sha256Hex | null;
    readonly secrets: readonly string[];
  };

/** Compiles sources one after the other; it is fast if they are similar. */
export interface Compiler {
  /**
   * Compiles a source, and yields to the event loop. A compilation waits for the one before it, and does not start if
   * its signal is aborted by then. Rejects only with the signal's reason; a mistake of the source's author is a
   * diagnostic.
   */
  compile(request: CompileRequest): Promise<Compiled>;
  readonly work: CompilingWork;
}

/** The cost of one compilation, in numbers that do not depend on the machine. */
export type CompilingWork = ReadingWork & LoadingWork;

/** A JSON source does not go through hcl2json. */
const NOT_PARSED = { items: 0, shapesParsed: 0, textsParsed: 0 };

/** Returns the format by the end of a path: `.json` is JSON, everything else HCL. */
export function formatOf(path: string): SourceFormat {
  return /\.json$/i.test(path) ? "json" : "hcl";
}

/** Opens a compiler with an empty memory. The caller closes the parser. */
export function openCompiler(parser: BlockParser): Compiler {
  const openMemory = () => ({
    readers: { hcl: openHclReader(parser), json: openJsonReader() },
    loader: openLoader(),
    sealer: openSealer(),
    writer: openServerFormWriter(),
  });
  let memory = openMemory();
  let turn: Promise<unknown> = Promise.resolve();
  let format: SourceFormat = "hcl";

  const compileNow = async (request: CompileRequest): Promise<Compiled> => {
    const { source, environment, validate, signal, pace = openPace({ signal }) } = request;
    signal?.throwIfAborted();
    format = request.format;
    const { readers: { hcl, json }, loader, sealer, writer } = memory;
    const parsed = format === "json" ? await json.read(source, pace) : await hcl.read(source, signal, pace);
    if (!parsed.ok) return { ok: false, diagnostics: parsed.diagnostics, document: null, hash: null, secrets: [] };
    const { document } = parsed;
    const loaded = await loader.load({ document, environment, validate }, pace);
    const { secrets } = loaded;
    if (!loaded.ok) {
      const { diagnostics, portable } = loaded;
      const hash = portable === null ? null : await sealer.hash(portable, pace);
      return { ok: false, diagnostics, document, hash, secrets };
    }
    const { portable, warnings, counts } = loaded;
    const config = loaded.config as unknown as JsonObject;
    const snapshot = await sealer.seal(config, portable, pace);
    const serverForm = await sealServerForm(await writer.write(loaded.config, pace), snapshot, pace);
    return {
      ok: true,
      snapshot,
      serverForm,
      config,
      portable,
      warnings,
      counts,
      document,
      secrets,
    };
  };

  return {
    compile(request) {
      const compiled = turn.then(() => compileNow(request));
      // An aborted compilation keeps the memory. After a bug the memory may be wrong.
      turn = compiled.catch(() => {
        if (!request.signal?.aborted) memory = openMemory();
      });
      return compiled;
    },
    get work() {
      const { readers: { hcl, json }, loader } = memory;
      const reading = format === "json" ? { ...NOT_PARSED, ...json.work } : hcl.work;
      return { ...reading, ...loader.work };
    },
  };
}

/** Compiles one source without a memory. */
export function compileSource(request: CompileRequest & { readonly parser: BlockParser }): Promise<Compiled> {
  return openCompiler(request.parser).compile(request);
}
