// The texts that one file has one after the other while people and programs write it: blocks edited, moved, sorted,
// doubled and deleted, several at once, saved half-written and whole again, undone, with other line ends.
import { mutate } from "./mutate.ts";
import type { Random } from "./random.ts";

/** How many texts back an undo goes at most. */
const UNDO_STEPS = 4;

/** The text behind the last of `texts`, of which the first is the oldest. */
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

/** A block moved, doubled or deleted; what begins at the beginning of a line counts as one. */
function moveBlock(text: string, random: Random): string {
  return withOneMoved(text.split(/^(?=[a-z])/m), random).join("");
}

/** The pieces with one of them moved, doubled, deleted, or left as it was. */
export function withOneMoved(pieces: readonly string[], random: Random): string[] {
  const moved = [...pieces];
  const from = random.below(moved.length);
  const piece = moved[from]!;
  if (random.below(3) > 0) moved.splice(from, 1);
  if (random.below(3) > 0) moved.splice(random.below(moved.length + 1), 0, piece);
  return moved;
}

/** Some blocks or all of them in another order, as a program writes them. */
function sortBlocks(text: string, random: Random): string {
  const blocks = text.split(/^(?=[a-z])/m);
  const from = random.below(blocks.length);
  const some = blocks.splice(from, 1 + random.below(blocks.length));
  blocks.splice(random.below(blocks.length + 1), 0, ...random.below(2) ? some.toSorted() : some.toReversed());
  return blocks.join("");
}

/** A block begins on the line on which the one before it ends; or all of them do. */
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
