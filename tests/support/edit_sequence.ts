// The successive texts of a file that people and programs write: blocks edited, moved, sorted, doubled and deleted,
// several at once, saved half-written and whole again, undone, with other line ends.
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";

/** The largest number of texts that an undo goes back. */
const UNDO_STEPS = 4;

/** Returns the text that follows `texts`, of which the first is the oldest. */
export function nextText(texts: readonly string[], random: Random): string {
  const text = texts.at(-1)!;
  const kind = random.below(24);
  if (kind === 0) return texts[Math.max(0, texts.length - 1 - random.below(UNDO_STEPS))]!;
  if (kind === 1) return text.slice(0, random.below(text.length + 1));
  if (kind === 2) return text.slice(random.below(text.length + 1));
  if (kind === 3) return random.pick(["# first\n", "\n", "x = 1\n", "/* ", "\uFEFF", "a {} "]) + text;
  if (kind === 4) return text + random.pick(["# last\n", "\n", "x = 1", "*/", "}\n", "a {\n}\n", '"']);
  if (kind === 5) return text.includes("\r\n") ? text.replaceAll("\r\n", "\n") : text.replaceAll("\n", "\r\n");
  if (kind === 6) return text.replaceAll("*/", "").replace("\n", "\n/* open ");
  if (kind <= 9) return moveBlock(text, random);
  if (kind === 10) return renameWord(text, random);
  if (kind === 11) return sortBlocks(text, random);
  if (kind === 12) return joinLines(text, random);
  if (kind <= 14) return mutate(moveBlock(mutate(text, random), random), random);
  return mutate(text, random);
}

/** Moves, doubles or deletes a block; a text from one line start with a letter to the next counts as a block. */
function moveBlock(text: string, random: Random): string {
  return withOneMoved(text.split(/^(?=[a-z])/m), random).join("");
}

/** Returns the pieces with one of them moved, doubled, deleted, or left as it was. */
export function withOneMoved(pieces: readonly string[], random: Random): string[] {
  const moved = [...pieces];
  const from = random.below(moved.length);
  const piece = moved[from]!;
  if (random.below(3) > 0) moved.splice(from, 1);
  if (random.below(3) > 0) moved.splice(random.below(moved.length + 1), 0, piece);
  return moved;
}

/** Sorts some or all blocks, as a program writes them. */
function sortBlocks(text: string, random: Random): string {
  const blocks = text.split(/^(?=[a-z])/m);
  const from = random.below(blocks.length);
  const some = blocks.splice(from, 1 + random.below(blocks.length));
  blocks.splice(random.below(blocks.length + 1), 0, ...random.below(2) ? some.toSorted() : some.toReversed());
  return blocks.join("");
}

/** Lets one block, or all of them, begin on the line on which the block before ends. */
function joinLines(text: string, random: Random): string {
  if (random.below(4) === 0) return text.replaceAll(/}\r?\n+(?=[a-z])/g, "} ");
  const ends = [...text.matchAll(/\r?\n+(?=[a-z])/g)];
  if (ends.length === 0) return text;
  const { index, 0: end } = random.pick(ends);
  return text.slice(0, index) + " " + text.slice(index + end.length);
}

function renameWord(text: string, random: Random): string {
  const words = text.match(/\b[a-z_]{3,}\b/g) ?? ["x"];
  return text.replace(random.pick(words), random.pick(words));
}
