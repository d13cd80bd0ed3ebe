// Turns an HCL source into a document: scans it, judges it item by item, and joins the items, with each value at the
// place where it was written. Bounds are checked before the parser sees anything; a name that hcl2json silently drops
// or overwrites (a key twice, a block with the name of an attribute) is an error here. An item keeps its results as
// long as it exists, and a source read again gives the same document as a new reader would.
import {
  type Diagnostic,
  errorDiagnostic,
  type Place,
  placeOf,
  warningDiagnostic,
} from "../../diagnostic/diagnostic.ts";
import { inexactNumber } from "../../diagnostic/exact_number.ts";
import type { Range, SourceText } from "../../diagnostic/range.ts";
import { openPace, type Pace } from "../../time/pace.ts";
import type { BlockParser, ParsingWork } from "./block_parser.ts";
import { diagnoseComplaint } from "./complaints.ts";
import { MAX_NESTING, MAX_VALUES } from "./cursor.ts";
import type { Item } from "./dialect.ts";
import type { Block, Document, Entry, ParsedDocument } from "../document.ts";
import { diagnoseDuplicates } from "./duplicates.ts";
import type { HclJson, HclVerdict } from "./hcl.ts";
import { openItemMemory } from "./item_memory.ts";
import { DEFAULT_LIMITS } from "./parser.ts";
import type { Judgement } from "./parser_process.ts";
import { placeItem } from "./placed_item.ts";
import type { Flaw, PlacedItem } from "./placing.ts";

/** More diagnostics help no reader; the rest are left out. */
const MAX_DIAGNOSTICS = 100;

/** Reads sources that each differ little from the one before. */
export interface HclReader {
  /**
   * Parses Configuration V2's HCL. The parts that a source shares with the one before give the same blocks and entries,
   * whose ranges are places in the newest source. One source at a time. Rejects only with the signal's reason.
   */
  read(source: SourceText, signal?: AbortSignal, pace?: Pace): Promise<ParsedDocument>;
  /** Of the last reading. */
  readonly work: ReadingWork;
}

/** The cost of one reading, in numbers that do not depend on the machine. */
export interface ReadingWork extends ParsingWork {
  readonly scanned: number;
  /** Items whose values were mapped to their places. */
  readonly placed: number;
}

/** Opens a reader without a memory of earlier sources. The caller closes the parser. */
export function openHclReader(parser: BlockParser): HclReader {
  const memory = openItemMemory();
  let newlyPlaced = 0;

  const place = async (text: string, items: readonly Item[], pace: Pace): Promise<PlacedItem[]> => {
    for (const item of items) {
      if (item.placed !== null) continue;
      if (pace.isSpent()) await pace.rest();
      item.placed = placeItem(text, item, (item.verdict as { value: HclJson }).value);
      item.entry = null;
      item.verdict = PLACED;
      newlyPlaced++;
    }
    return items.map(({ placed }) => placed!);
  };

  return {
    async read(source, signal, pace = openPace({ signal })) {
      newlyPlaced = 0;
      const { items, tooDeepAt, tooManyAt, costlyNumber } = await memory.scan(source.text, pace);
      if (tooManyAt !== null) return { ok: false, diagnostics: [tooMany(source, tooManyAt)] };
      if (tooDeepAt !== null) return { ok: false, diagnostics: [tooDeep(source, tooDeepAt)] };
      if (costlyNumber !== null) {
        return { ok: false, diagnostics: [inexact(source, costlyNumber, inexactNumber().suggestion)] };
      }
      const judgement = await parser.judge(source.text, items, signal, pace);
      if (!judgement.ok) {
        memory.forget();
        return { ok: false, diagnostics: [limitExceeded(source, items[judgement.at]!, judgement.reason)] };
      }
      const complaints = diagnoseComplaints(source, items, judgement.verdicts);
      if (complaints.length > 0) return { ok: false, diagnostics: complaints };
      if (items.length === 0) return { ok: false, diagnostics: [emptySource(source)] };
      const document = documentOf(source, await place(source.text, items, pace));
      memory.keep();
      return { ok: true, document };
    },
    get work() {
      return { scanned: memory.scanned, ...parser.work, placed: newlyPlaced };
    },
  };
}

/** Replaces a verdict that is no longer needed and would only cost memory. */
const PLACED: HclVerdict = { value: null };

function diagnoseComplaints(source: SourceText, items: readonly Item[], verdicts: readonly HclVerdict[]): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (let index = 0; index < verdicts.length; index++) {
    const verdict = verdicts[index]!;
    if (!("complaint" in verdict)) continue;
    for (const one of diagnoseComplaint(source, items[index]!, verdict.complaint)) {
      if (diagnostics.length === MAX_DIAGNOSTICS) return diagnostics;
      diagnostics.push(one);
    }
  }
  return diagnostics;
}

function documentOf(source: SourceText, items: readonly PlacedItem[]): Document {
  const blocks: Block[] = [];
  const attributes: Entry[] = [];
  for (const one of items) {
    if (one.block) blocks.push(one.block);
    else attributes.push(...one.attributes);
  }
  return { source, blocks, attributes, mistakes: mistakesIn(source, items) };
}

function mistakesIn(source: SourceText, items: readonly PlacedItem[]): Diagnostic[] {
  const mistakes: Diagnostic[] = [];
  let hasCarriageReturn = false;
  for (const { flaws } of items) {
    for (const { kind, range } of flaws) {
      // Line ends are a matter of the whole file: one report is enough.
      if (mistakes.length === MAX_DIAGNOSTICS || (kind === "carriage-return" && hasCarriageReturn)) continue;
      hasCarriageReturn ||= kind === "carriage-return";
      mistakes.push(FLAWS[kind](source, range));
    }
  }
  mistakes.push(...diagnoseDuplicates(source, items, MAX_DIAGNOSTICS - mistakes.length));
  return mistakes;
}

const FLAWS: Readonly<Record<Flaw["kind"], (source: SourceText, range: Range) => Diagnostic>> = {
  "computed-name": computedName,
  "respelled-name": respelledName,
  "carriage-return": carriageReturn,
  "inexact-number": (source, range) =>
    inexact(source, range, "Write its digits as text: in double quotes, or without ${ and }"),
};

/** The message does not quote the number: its setting may be a secret. */
function inexact(source: SourceText, range: Range, suggestion: string): Diagnostic {
  const { summary, why } = inexactNumber();
  return errorDiagnostic("document/inexact-number", summary, { why, suggestion, place: placeOf(source, range) });
}

function carriageReturn(source: SourceText, { start }: Range): Diagnostic {
  return warningDiagnostic("document/carriage-return", "A text over several lines has carriage returns in it", {
    why:
      "The file has CRLF line ends: its hash is another than that of the same file with LF, as other hosts may have it",
    suggestion: "Save the file with LF line ends on every host",
    place: placeOf(source, { start, end: start + 2 }),
  });
}

function respelledName(source: SourceText, range: Range): Diagnostic {
  return errorDiagnostic("document/number-as-name", "A name is a number in a spelling that would be lost", {
    why: "HCL computes a number in the place of a name: 1e3 would become 1000, and 0.10 would become 0.1",
    suggestion: "Put the name in double quotes",
    place: placeOf(source, range),
  });
}

function computedName(source: SourceText, range: Range): Diagnostic {
  return errorDiagnostic("document/computed-name", "A name cannot be an expression", {
    why: "Names are the same on every host; only values may depend on the environment or a variable",
    suggestion: "Write the name itself, or $${ for a literal ${ in it",
    place: placeOf(source, range),
  });
}

/** A file that was truncated to be written again looks like this for a moment. */
function emptySource(source: SourceText): Diagnostic {
  return errorDiagnostic("document/empty", "The file is empty", {
    why: "It holds no block and no setting; a file that is just being written looks like this",
    suggestion: "Write a configuration: honua-configd init makes one to start from",
    place: placeOf(source, { start: 0, end: 0 }),
  });
}

function tooMany(source: SourceText, offset: number): Diagnostic {
  return errorDiagnostic("document/too-many-values", `The file has more than ${MAX_VALUES} settings and values`, {
    why: "Each costs memory for its place, also in a file that is no configuration at all",
    suggestion: "Look at this place: a list of very many items, or a file of another kind",
    place: placeOfCharacter(source, offset),
  });
}

function tooDeep(source: SourceText, offset: number): Diagnostic {
  return errorDiagnostic("document/too-deep", `Brackets and blocks are nested more than ${MAX_NESTING} deep`, {
    why: "The parser needs memory and time for every level; no configuration needs that many",
    suggestion: "Look for brackets that are opened and never closed",
    place: placeOfCharacter(source, offset),
  });
}

function placeOfCharacter(source: SourceText, offset: number): Place {
  return placeOf(source, { start: offset, end: offset + 1 });
}

type LimitReason = Extract<Judgement, { ok: false }>["reason"];

function limitExceeded(source: SourceText, item: Item, reason: LimitReason): Diagnostic {
  const place = placeOf(source, item.range);
  const suggestion = "Look at this place: a list of many thousand items or a text of megabytes";
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
    suggestion: "Try again; if it stays, look at the text at this place and report it",
    place,
  });
}
