// The whole way from a source's text to the snapshot that would be made of it, changing nothing: what `validate`,
// `print` and every reload share, so that they can never disagree. Compiled again, a source costs what changed in it, and
// comes to what it would come to afresh.
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
  /** Stops the work at its next rest. */
  readonly signal?: AbortSignal | undefined;
  /** The turns that the work takes; default: turns of 20 ms until the signal. */
  readonly pace?: Pace | undefined;
}

/** A snapshot and all that is worth knowing about it; or why there is none. */
export type Compiled =
  | {
    readonly ok: true;
    readonly snapshot: Snapshot;
    readonly serverForm: ServerForm;
    readonly config: JsonObject;
    readonly portable: JsonObject;
    readonly warnings: readonly Diagnostic[];
    readonly counts: Counts;
    /** Its places are those of this source until another is compiled. */
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

/** Compiles one source after the other, mostly much the same one. */
export interface Compiler {
  /**
   * Compiles a source, and lets the event loop have its turns. One that is asked for while another is under way waits for
   * it, and is not begun where nobody wants it any more. Rejects only with the signal's reason; a mistake of the source's
   * author is a diagnostic.
   */
  compile(request: CompileRequest): Promise<Compiled>;
  /** What the last compilation cost. */
  readonly work: CompilingWork;
}

/** What one compilation cost, in numbers that do not depend on the machine. */
export type CompilingWork = ReadingWork & LoadingWork;

/** JSON is nothing to hcl2json. */
const NOT_PARSED = { items: 0, shapesParsed: 0, textsParsed: 0 };

/** By the end of a path: `.json` is JSON, everything else HCL. */
export function formatOf(path: string): SourceFormat {
  return /\.json$/i.test(path) ? "json" : "hcl";
}

/** A compiler that remembers nothing yet. The parser stays the caller's to close. */
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
    const { portable, secrets } = loaded;
    if (!loaded.ok) {
      return { ok: false, diagnostics: loaded.diagnostics, document, hash: await sealer.hash(portable, pace), secrets };
    }
    const { warnings, counts } = loaded;
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
      // Who gives up forgets nothing; what a bug left behind is not built upon.
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

/** Compiles one source and remembers nothing of it. */
export function compileSource(request: CompileRequest & { readonly parser: BlockParser }): Promise<Compiled> {
  return openCompiler(request.parser).compile(request);
}
