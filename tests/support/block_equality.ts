// Checks the equality behind block-wise parsing: the merged meaning of a source's items, most of them known by their
// shapes, is that of one parse of the whole rewritten source; the complaint about an item is hcl2json's about its text;
// and a source that is HCL already has the same meaning after the dialect pass.
import canonicalize from "canonicalize";
import { type BlockParser, openBlockParser } from "../../src/document/hcl/block_parser.ts";
import { rewriteItem } from "../../src/document/hcl/dialect.ts";
import { FILE_MARK, type HclJson, type HclVerdict, judgeTexts, type ParseText } from "../../src/document/hcl/hcl.ts";
import { mergeVerdicts } from "./merge.ts";
import { rewriteSource, scanSource } from "./whole_scan.ts";

/** A block parser that calls hcl2json in this process, because the fuzzer makes thousands of requests. */
export function blockParserWith(parse: ParseText): BlockParser {
  return openBlockParser({
    judge: async (texts) => ({ ok: true, verdicts: await judgeTexts(parse, texts, 64) }),
    warm: () => {},
    kill: () => {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

/** Compares the two ways for one source; returns the difference, or null if they are equal. */
export async function compareBlockwise(
  parse: ParseText,
  source: string,
  parser: BlockParser = blockParserWith(parse),
): Promise<string | null> {
  const { items, tooDeepAt, costlyNumber } = scanSource(source);
  if (tooDeepAt !== null || costlyNumber !== null) return null;
  const rewritten = rewriteSource(source, items);
  const judgement = await parser.judge(source, items);
  if (!judgement.ok) return `not judged: ${judgement.reason}`;
  const { verdicts } = judgement;
  for (const [index, item] of items.entries()) {
    const difference = await compareVerdict(parse, rewriteItem(source, item), verdicts[index]!);
    if (difference !== null) return difference;
  }
  const merged = mergeVerdicts(items, verdicts);
  const whole = await parseOrNull(parse, rewritten);
  const asWritten = await parseOrNull(parse, source);
  const of = (json: HclJson) => (json === null ? "refused" : canonicalize(json));
  if (of(merged) !== of(whole)) {
    return `blocks: ${of(merged)}\nwhole:  ${of(whole)}\nrewritten: ${JSON.stringify(rewritten)}`;
  }
  if (asWritten !== null && of(asWritten) !== of(whole)) {
    return `as written: ${of(asWritten)}\nrewritten:  ${of(whole)}: ${JSON.stringify(rewritten)}`;
  }
  return null;
}

/** Compares the verdict on one item with that of hcl2json on only its text; null: they are equal. */
async function compareVerdict(parse: ParseText, text: string, verdict: HclVerdict): Promise<string | null> {
  const [alone] = await judgeTexts(parse, [text], 1);
  const of = (one: HclVerdict) => ("value" in one ? canonicalize(one.value) : one.complaint);
  if (of(verdict) === of(alone!)) return null;
  return `verdict: ${of(verdict)}\nalone:   ${of(alone!)}\nitem: ${JSON.stringify(text)}`;
}

async function parseOrNull(parse: ParseText, text: string): Promise<HclJson> {
  try {
    return await parse(FILE_MARK, text);
  } catch {
    return null;
  }
}
