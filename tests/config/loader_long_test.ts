import { assert, assertEquals } from "@std/assert";
import { loadConfig } from "../../src/config/load.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import { parseJsonDocument } from "../../src/document/json/json_document.ts";
import { checkLoads } from "./load_property.ts";

Deno.test("after any of many edits, a load with memory gives the result of a fresh one", async () => {
  await checkLoads(150);
});

Deno.test("a hundred thousand mistakes in one block are diagnostics like any other", () => {
  const rules = Object.fromEntries(Array.from({ length: 140_000 }, (_, at) => [`r${at}`, { requests: 0 }]));
  const parsed = parseJsonDocument(sourceText("a.json", JSON.stringify({ rateLimit: { rules } })));
  assert(parsed.ok);
  const loaded = loadConfig({ document: parsed.document, environment: () => undefined, validate: true });
  assert(!loaded.ok);
  assertEquals(loaded.diagnostics.length, 1_001);
});
