// An HCL source becomes a document: scanned, judged item by item, and put together again with each value at the place
// where it was written. Bounds are checked before the parser sees anything; what hcl2json drops or overwrites without
// a word (a key twice, a block with the name of an attribute) is an error here.
import { type Diagnostic, errorDiagnostic, placeOf } from "../diagnostic/diagnostic.ts";
import type { SourceText } from "../diagnostic/range.ts";
import type { BlockParser } from "./blocks.ts";
import { diagnoseComplaint } from "./complaints.ts";
import { MAX_NESTING, MAX_VALUES } from "./cursor.ts";
import { type Item, scanSource } from "./dialect.ts";
import type { Block, Document, Entry, Fields, Label, ParsedDocument } from "./document.ts";
import { diagnoseDuplicates } from "./duplicates.ts";
import type { HclJson, Verdict } from "./hcl.ts";
import { DEFAULT_LIMITS, type Judgement } from "./parser.ts";
import { bodyValue, type JsonObject, type Placing, valueOf } from "./placing.ts";

/** More mistakes than this help nobody; the rest are left out. */
const MAX_DIAGNOSTICS = 100;

/** Parses Configuration V2's HCL. Rejects only with the signal's reason. */
export async function parseHclDocument(
  source: SourceText,
  parser: BlockParser,
  signal?: AbortSignal,
): Promise<ParsedDocument> {
  const { items, tooDeepAt, tooManyAt } = scanSource(source.text);
  if (tooManyAt !== null) return { ok: false, diagnostics: [tooMany(source, tooManyAt)] };
  if (tooDeepAt !== null) return { ok: false, diagnostics: [tooDeep(source, tooDeepAt)] };
  const judgement = await parser.judge(source.text, items, signal);
  if (!judgement.ok) return { ok: false, diagnostics: [limitExceeded(source, items[judgement.at], judgement.reason)] };
  const { verdicts } = judgement;
  const complaints = verdicts.flatMap((verdict, index) =>
    "complaint" in verdict ? diagnoseComplaint(source, items[index]!, verdict.complaint) : []
  );
  if (complaints.length > 0) return { ok: false, diagnostics: complaints.slice(0, MAX_DIAGNOSTICS) };
  if (items.length === 0) return { ok: false, diagnostics: [emptySource(source)] };
  const document = assemble(source, items, verdicts);
  const mistakes = [...document.mistakes, ...diagnoseDuplicates(document)].slice(0, MAX_DIAGNOSTICS);
  return { ok: true, document: { ...document, mistakes } };
}

/** A file that was truncated to be written anew looks like this for a moment. */
function emptySource(source: SourceText): Diagnostic {
  return errorDiagnostic("document/empty", "The file is empty", {
    why: "It holds no block and no setting; a file that is just being written looks like this",
    suggestion: "Write a configuration: honua-configd init makes one to start from",
    place: placeOf(source, { start: 0, end: 0 }),
  });
}

function tooMany(source: SourceText, offset: number): Diagnostic {
  return errorDiagnostic("document/too-many-values", `The file has more than ${MAX_VALUES} settings and values`, {
    why: "Each costs memory for its place, also in what is not a configuration at all",
    suggestion: "Look at what stands there: a list of very many items, or a file of another kind",
    place: placeOf(source, { start: offset, end: offset + 1 }),
  });
}

function tooDeep(source: SourceText, offset: number): Diagnostic {
  return errorDiagnostic("document/too-deep", `Brackets and blocks are nested more than ${MAX_NESTING} deep`, {
    why: "The parser needs memory and time for every level; no configuration needs that many",
    suggestion: "Look for brackets that are opened and never closed",
    place: placeOf(source, { start: offset, end: offset + 1 }),
  });
}

type LimitReason = Extract<Judgement, { ok: false }>["reason"];

function limitExceeded(source: SourceText, item: Item | undefined, reason: LimitReason): Diagnostic {
  const place = item ? placeOf(source, item.range) : null;
  const suggestion = "Look at what stands there: a list of many thousand items or a text of megabytes";
  if (reason === "time") {
    const seconds = DEFAULT_LIMITS.timeMilliseconds / 1000;
    return errorDiagnostic("document/too-slow", `Parsing took more than ${seconds} seconds and was stopped`, {
      why: "It was stopped at or soon after this place",
      suggestion,
      place,
    });
  }
  if (reason === "memory") {
    const mebibytes = DEFAULT_LIMITS.memoryBytes / 1024 / 1024;
    return errorDiagnostic("document/too-large", `Parsing took more than ${mebibytes} MiB of memory and was stopped`, {
      why: "It was stopped at or soon after this place",
      suggestion,
      place,
    });
  }
  return errorDiagnostic("document/parser-ended", "The parser ended before it was done", {
    why: "Its process was killed or crashed while it was at or soon after this place",
    suggestion: "Try again; if it stays, look at what stands there and report it",
    place,
  });
}

function assemble(source: SourceText, items: readonly Item[], verdicts: readonly Verdict[]): Document {
  const blocks: Block[] = [];
  const attributes: Entry[] = [];
  const mistakes: Diagnostic[] = [];
  for (const [index, item] of items.entries()) {
    const meaning = (verdicts[index] as { value: HclJson }).value as JsonObject;
    const placing = { source, edits: item.edits, mistakes };
    if (item.kind === "block") blocks.push(assembleBlock(placing, item, meaning));
    else {
      for (const [key, json] of Object.entries(meaning)) {
        const { name, nameRange, value } = item.entry ?? { name: null, nameRange: item.range, value: null };
        attributes.push({ name: name ?? key, nameRange, value: valueOf(placing, json, value, item.range) });
      }
    }
  }
  return { source, blocks, attributes, mistakes };
}

function assembleBlock(placing: Placing, item: Item, meaning: JsonObject): Block {
  const { name, key, nameRange, labels: outlines, value } = item.entry!;
  const labels: Label[] = [];
  let inner: HclJson = meaning[key!]!;
  for (const outline of outlines!) {
    const [text, next]: [string, HclJson] = Object.entries(inner as JsonObject)[0]!;
    labels.push({ text, range: outline.range });
    inner = next;
  }
  const body = bodyValue(placing, (inner as HclJson[])[0] as JsonObject, value) as Fields;
  return { type: name ?? key!, typeRange: nameRange, labels, body, range: item.range };
}
