// A small, complete configuration for tests of the whole program, valid and without a warning: one block of each
// important type, a reference to the environment, and a title that differs between versions.
import { openBlockParser } from "../../src/document/hcl/block_parser.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import { compileSource, formatOf } from "../../src/compile.ts";
import type { Snapshot } from "../../src/snapshot/snapshot.ts";

/** The default value of the environment variable of this name, to which the sample refers. */
export const SAMPLE_CONNECTION = "Host=database;Database=roads";

/** The sample in HCL; `title` is that of the layer `roads`. */
export function sampleSource(title: string): string {
  return `# A sample.
honua {
  version     = "1.0"
  environment = "development"
}

data_source "main" {
  provider   = "postgresql"
  connection = env("SAMPLE_CONNECTION")
}

service "odata" {
  enabled       = true
  max_page_size = 500
}

layer "roads" {
  title       = "${title}"
  data_source = data_source.main
  table       = "roads"
  id_field    = "id"

  geometry {
    column = "shape"
    type   = "LineString"
  }

  services = [service.odata]
}
`;
}

/** The sample in JSON, which needs no parser process. */
export function sampleJson(title: string): string {
  const roads = {
    id: "roads",
    title,
    dataSource: "main",
    table: "roads",
    geometry: { column: "shape", type: "LineString" },
    idField: "id",
    services: ["odata"],
  };
  const config = {
    honua: { version: "1.0", environment: "development" },
    dataSources: { main: { id: "main", provider: "postgresql", connection: '${env("SAMPLE_CONNECTION")}' } },
    services: { odata: { id: "odata", enabled: true, settings: { max_page_size: 500 } } },
    layers: { roads },
  };
  return JSON.stringify(config, null, 2);
}

/** Computes the expected snapshots of valid sources in the test's own process. */
export interface SampleCompiler extends AsyncDisposable {
  /** The snapshot of a text at `path`; throws if the text is not valid. */
  snapshotOf(path: string, text: string): Promise<Snapshot>;
}

/** Opens a compiler with the environment `env`. */
export function openSampleCompiler(): SampleCompiler {
  const parser = openBlockParser();
  const environment = (name: string) => name === "SAMPLE_CONNECTION" ? SAMPLE_CONNECTION : undefined;
  return {
    async snapshotOf(path, text) {
      const source = sourceText(path, text);
      const compiled = await compileSource({ source, format: formatOf(path), environment, validate: true, parser });
      if (!compiled.ok) throw new Error(`the sample is not valid: ${JSON.stringify(compiled.diagnostics)}`);
      return compiled.snapshot;
    },
    [Symbol.asyncDispose]: () => parser[Symbol.asyncDispose](),
  };
}
