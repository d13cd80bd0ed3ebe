// That diagnostics of all kinds read alike.
import { assert, assertEquals } from "@std/assert";
import type { Diagnostic } from "../../src/diagnostic/diagnostic.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import { parseEnvironmentFile } from "../../src/config/environment.ts";
import { loadConfig } from "../../src/config/load.ts";
import { type BlockParser, openBlockParser } from "../../src/document/hcl/block_parser.ts";
import { openHclReader } from "../../src/document/hcl/hcl_document.ts";
import { parseJsonDocument } from "../../src/document/json/json_document.ts";
import { misworded } from "../support/wording.ts";

const fixtures = new URL("../fixtures/config/", import.meta.url);

async function diagnosticsOf(name: string, parser: BlockParser): Promise<readonly Diagnostic[]> {
  const source = sourceText(name, await Deno.readTextFile(new URL(name, fixtures)));
  const parsed = name.endsWith(".json") ? parseJsonDocument(source) : await openHclReader(parser).read(source);
  if (!parsed.ok) return parsed.diagnostics;
  const loaded = loadConfig({ document: parsed.document, environment: () => undefined, validate: true });
  return loaded.ok ? loaded.warnings : loaded.diagnostics;
}

Deno.test("every text of a diagnostic begins as a sentence and has no full stop at its end", async () => {
  await using parser = openBlockParser();
  const names = [...Deno.readDirSync(fixtures)].map(({ name }) => name).filter((name) => !name.endsWith(".tsv"));
  const found = (await Promise.all(names.map((name) => diagnosticsOf(name, parser)))).flat();
  found.push(
    ...parseEnvironmentFile(sourceText("test.env", "export A=1\nstray\nC=\"x\" # y\nD='x' y\nB='x\r\n")).diagnostics,
  );
  assert(new Set(found.map(({ code }) => code)).size > 20);
  assertEquals(found.flatMap(misworded), []);
});
