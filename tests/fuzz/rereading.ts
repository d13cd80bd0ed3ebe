// Random sequences of edits, each text read, or compiled, with the memory of those before and afresh: the two must agree.
// A memory lives for some texts and then another begins, from another source.
import { layerFile } from "../../bench/layers.ts";
import type { ParseText } from "../../src/document/hcl/hcl.ts";
import { nextText } from "../support/edit_sequence.ts";
import { openRereading, rememberingParser } from "../support/rereading.ts";
import { openRecompiling } from "../support/recompiling.ts";
import { randomFrom } from "../support/random.ts";
import { hclSources } from "../support/sources.ts";

/** How long a memory lives, in texts. */
const STEPS = 50;

/** The comparison: `read`, the document; `compile`, the snapshot or why there is none. */
export type Compared = "read" | "compile";

/** Reads or compiles `steps` texts in two ways; resolves with the differences, ten at most. */
export async function fuzzRereading(
  compared: Compared,
  parse: ParseText,
  seed: number,
  steps: number,
  progress: (done: number) => void = () => {},
): Promise<string[]> {
  const random = randomFrom(seed);
  const sources = [...hclSources(), layerFile("mixed", 8, seed).text, layerFile("uniform", 8, seed).text];
  const parser = rememberingParser(parse);
  const differences: string[] = [];
  for (let done = 0; done < steps && differences.length < 10;) {
    const rereading = compared === "read" ? openRereading(parser) : openRecompiling(parser, random);
    const texts = [random.pick(sources)];
    let sound = texts[0]!;
    for (const end = Math.min(steps, done + STEPS); done < end; done++) {
      const difference = await rereading.compare(texts.at(-1)!);
      if (difference !== null) {
        differences.push(`seed ${seed}: ${JSON.stringify(texts.slice(-3))}\n${difference}`);
        break;
      }
      if (rereading.isSound) sound = texts.at(-1)!;
      // Most edits mend mistakes; edits that only add mistakes would test little else.
      else if (random.below(4) > 0) texts.push(sound);
      texts.push(nextText(texts, random));
      if (done % 1_000 === 999) progress(done + 1);
    }
  }
  return differences;
}
