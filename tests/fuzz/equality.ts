// Random edits of real sources, each parsed block by block and in one piece: the two must agree. One memory serves all,
// as in a daemon, so that most items are filled from shapes of other texts.
import { blockParserWith, compareBlockwise } from "../support/block_equality.ts";
import type { ParseText } from "../../src/document/hcl/hcl.ts";
import { mutate } from "../support/mutate.ts";
import { randomFrom } from "../support/random.ts";
import { hclSources } from "../support/sources.ts";

/** Compares the sources themselves and then `edits` random edits of them; resolves with the differences, ten at most. */
export async function fuzzEquality(
  parse: ParseText,
  seed: number,
  edits: number,
  progress: (done: number) => void = () => {},
): Promise<string[]> {
  const random = randomFrom(seed);
  const sources = hclSources();
  const differences: string[] = [];
  await using parser = blockParserWith(parse);
  const compare = async (text: string): Promise<void> => {
    const difference = await compareBlockwise(parse, text, parser);
    if (difference) differences.push(`seed ${seed}: ${JSON.stringify(text)}\n${difference}`);
  };
  for (const source of sources) await compare(source);
  for (let done = 0; done < edits && differences.length < 10; done++) {
    let text = random.pick(sources);
    for (let round = random.below(3); round >= 0; round--) text = mutate(text, random);
    await compare(text);
    if (done % 1_000 === 999) progress(done + 1);
  }
  return differences;
}
