// Loads configurations for tests, from Honua's JSON form: the same document as HCL makes, without a parser process.
import { sourceText } from "../../src/diagnostic/range.ts";
import { loadConfig, type Loaded } from "../../src/config/load.ts";
import { parseJsonDocument } from "../../src/document/json/json_document.ts";

/** The value of a JSON text, or of the text of a value, in an environment; throws if it does not parse. */
export function load(source: unknown, environment: Record<string, string> = {}, validate = true): Loaded {
  const text = typeof source === "string" ? source : JSON.stringify(source, null, 2);
  const parsed = parseJsonDocument(sourceText("test.json", text));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics, null, 2));
  const lookUp = (name: string) => Object.hasOwn(environment, name) ? environment[name] : undefined;
  return loadConfig({ document: parsed.document, environment: lookUp, validate });
}

/** The configuration before the rules; throws its diagnostics if it is not valid. */
export function loadValid(source: unknown, environment: Record<string, string> = {}): Extract<Loaded, { ok: true }> {
  const loaded = load(source, environment, false);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics, null, 2));
  return loaded;
}

/** `severity code path` of every diagnostic that has a path. */
export function remarks(loaded: Loaded): string[] {
  return (loaded.ok ? loaded.warnings : loaded.diagnostics).filter((one) => one.path !== null)
    .map((one) => `${one.severity} ${one.code.replace("config/", "")} ${one.path}`);
}

/** A value as JSON holds it, without the members of a prototype. */
export function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
