// Random sources through the whole load path: bytes, text, document, config, snapshot. Any input gives a snapshot that
// proves itself or diagnostics, soon and in bounded memory.
import { sourceText } from "../../src/diagnostic/range.ts";
import { openBlockParser } from "../../src/document/hcl/block_parser.ts";
import { renderText } from "../../src/diagnostic/render.ts";
import { secretRanges } from "../../src/document/secret_ranges.ts";
import { compileSource } from "../../src/compile.ts";
import { verifyInTurns } from "../../src/snapshot/snapshot.ts";
import { decodeSource } from "../../src/source/source_file.ts";
import { mutate } from "../support/mutate.ts";
import { type Random, randomFrom } from "../support/random.ts";
import { hclSources } from "../support/sources.ts";

/** The results of a run: the outcomes of the loads, and the faults. */
export interface LoadPathResult {
  /** Loads by how they ended. */
  readonly outcomes: { valid: number; invalid: number; undecodable: number };
  /** The slowest load, in milliseconds. */
  readonly slowestMilliseconds: number;
  /** The most resident memory of this process beyond that before the first load, in bytes. */
  readonly growthBytes: number;
  /** The faults, each with the way to reproduce it. */
  readonly faults: readonly string[];
}

/** No load may take longer. The parser's own limit lies within. */
const MAX_LOAD_MILLISECONDS = 5_500;

/** The loads may add no more to the resident memory of this process, after any work before. */
export const MAX_GROWTH_BYTES = 384 * 1024 * 1024;

/** Loads `loads` random sources. */
export async function fuzzLoadPath(
  seed: number,
  loads: number,
  progress: (done: number) => void = () => {},
): Promise<LoadPathResult> {
  const random = randomFrom(seed);
  const sources = hclSources();
  const outcomes = { valid: 0, invalid: 0, undecodable: 0 };
  const faults: string[] = [];
  let slowestMilliseconds = 0;
  let growthBytes = 0;
  const before = Deno.memoryUsage().rss;
  await using parser = openBlockParser();
  for (let done = 0; done < loads && faults.length < 10; done++) {
    const bytes = randomSource(random, sources);
    const format = random.below(8) === 0 ? "json" : "hcl";
    const start = performance.now();
    try {
      outcomes[await load(bytes, format, parser)]++;
    } catch (error) {
      faults.push(`seed ${seed}, load ${done}: ${error}\n${JSON.stringify(new TextDecoder().decode(bytes))}`);
    }
    const took = performance.now() - start;
    slowestMilliseconds = Math.max(slowestMilliseconds, took);
    if (took > MAX_LOAD_MILLISECONDS) faults.push(`seed ${seed}, load ${done} took ${took} ms`);
    if (done % 500 === 499) {
      growthBytes = Math.max(growthBytes, Deno.memoryUsage().rss - before);
      if (growthBytes > MAX_GROWTH_BYTES) faults.push(`seed ${seed}, load ${done}: ${growthBytes} bytes more resident`);
      progress(done + 1);
    }
  }
  return { outcomes, slowestMilliseconds, growthBytes, faults };
}

type Parser = ReturnType<typeof openBlockParser>;

async function load(
  bytes: Uint8Array<ArrayBuffer>,
  format: "hcl" | "json",
  parser: Parser,
): Promise<"valid" | "invalid" | "undecodable"> {
  const decoded = await decodeSource("fuzz", bytes, {});
  if (!decoded.ok) return "undecodable";
  const source = sourceText("fuzz", decoded.text);
  const environment = (name: string) => (name.startsWith("M") ? undefined : `v_${name}`);
  const compiled = await compileSource({ source, format, environment, validate: true, parser });
  const ranges = compiled.document && secretRanges(compiled.document);
  const sources = new Map([["fuzz", { source, secretRanges: ranges }]]);
  const diagnostics = compiled.ok ? compiled.warnings : compiled.diagnostics;
  renderText(diagnostics, { sources, colour: true, frames: true });
  if (!compiled.ok) {
    if (!diagnostics.some((one) => one.severity === "error")) throw new Error("invalid, and no error says why");
    return "invalid";
  }
  if (!(await verifyInTurns(compiled.snapshot.bytes)).ok) throw new Error("the snapshot does not prove itself");
  return "valid";
}

/** Edits of a real source as text, as bytes, as JSON; or bytes that were never a source. */
function randomSource(random: Random, sources: readonly string[]): Uint8Array<ArrayBuffer> {
  const kind = random.below(20);
  if (kind === 0) return Uint8Array.from({ length: random.below(300) }, () => random.below(256));
  let text = random.pick(sources);
  if (kind === 1) text = JSON.stringify({ honua: { version: "1.0" }, layers: { a: { title: text.slice(0, 80) } } });
  for (let round = random.below(4); round >= 0; round--) text = mutate(text, random);
  const bytes = new TextEncoder().encode(text);
  if (kind < 6 && bytes.length > 0) {
    for (let round = random.below(4); round >= 0; round--) bytes[random.below(bytes.length)] = random.below(256);
  }
  return kind === 6 ? bytes.slice(0, random.below(bytes.length + 1)) : bytes;
}
