// The equality that block-wise parsing stands on: what the items of a source mean together is what one parse of the
// whole rewritten source gives, and a source that is HCL already means the same after the dialect pass.
import canonicalize from "canonicalize";
import { rewriteItem, rewriteSource, scanSource } from "../../src/document/dialect.ts";
import { FILE_MARK, type HclJson, judgeTexts, type ParseText } from "../../src/document/hcl.ts";
import { mergeVerdicts } from "./merge.ts";

/** How the two ways compare for one source: equal, or what differs. */
export async function compareBlockwise(parse: ParseText, source: string): Promise<string | null> {
  const { items, tooDeepAt } = scanSource(source);
  if (tooDeepAt !== null) return null;
  const rewritten = rewriteSource(source, items);
  const verdicts = await judgeTexts(parse, items.map((item) => rewriteItem(source, item)), 64);
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

async function parseOrNull(parse: ParseText, text: string): Promise<HclJson> {
  try {
    return await parse(FILE_MARK, text);
  } catch {
    return null;
  }
}
