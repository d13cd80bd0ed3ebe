// The first and the last of what a child or a server says, however much that is: a bounded text without control
// characters. Secrets are masked before anything is cut, so that no half of one is left at a cut.
import { glyphOf } from "../diagnostic/terminal_text.ts";

/** How much is kept, in bytes of UTF-8. */
export interface OutputBounds {
  /** Of the beginning. */
  readonly headBytes: number;
  /** Of the end. */
  readonly tailBytes: number;
  /** Beyond both cuts, kept to be masked and not shown: secrets up to this length are found where they are cut. */
  readonly overlapBytes: number;
}

/** Enough for an error message and what led to it, and little enough for a line of a log. */
export const DEFAULT_OUTPUT_BOUNDS: OutputBounds = { headBytes: 1_024, tailBytes: 3_072, overlapBytes: 4_096 };

/** Output as it comes. */
export interface KeptOutput {
  /** Takes what came; the bytes are copied. */
  add(chunk: Uint8Array): void;
  /** How many bytes came so far. */
  total(): number;
  /**
   * What is shown of it: lines, without the line breaks at the end. Control characters are made visible, bytes that are
   * no UTF-8 become U+FFFD, and where something is missing a line of its own says how many bytes that were.
   *
   * @param mask replaces secrets.
   */
  text(mask?: (text: string) => string): string;
}

/** Keeps the first and the last of what is added. */
export function keepOutput(bounds: OutputBounds = DEFAULT_OUTPUT_BOUNDS): KeptOutput {
  const head = new Uint8Array(bounds.headBytes + bounds.overlapBytes);
  const tail = new Uint8Array(bounds.tailBytes + bounds.overlapBytes);
  let total = 0;
  /** Where in `tail`, which is a ring, the next byte goes. */
  let next = 0;

  const addToTail = (chunk: Uint8Array): void => {
    const last = chunk.subarray(Math.max(0, chunk.length - tail.length));
    const untilEnd = last.subarray(0, tail.length - next);
    tail.set(untilEnd, next);
    tail.set(last.subarray(untilEnd.length), 0);
    next = tail.length === 0 ? 0 : (next + last.length) % tail.length;
  };

  return {
    add(chunk) {
      const room = Math.max(0, head.length - total);
      head.set(chunk.subarray(0, room), Math.min(total, head.length));
      total += chunk.length;
      if (chunk.length > room) addToTail(chunk.subarray(room));
    },
    total: () => total,
    text(mask = (text) => text) {
      const inTail = Math.max(0, total - head.length);
      if (inTail <= tail.length) {
        const whole = joined(head.subarray(0, Math.min(total, head.length)), tail.subarray(0, inTail));
        return wholeOrCut(mask(decoded(whole)), bounds);
      }
      // A secret that was cut where nothing more was kept is no longer known for one, so what it can reach is not shown.
      const start = withoutEdge(mask(decoded(head)), bounds.overlapBytes, "end");
      const last = decoded(joined(tail.subarray(next), tail.subarray(0, next)));
      const end = withoutEdge(mask(last.trimEnd()), bounds.overlapBytes, "start");
      const bytes = total - byteLength(last) + byteLength(last.trimEnd());
      return cut(start, end, bytes, bounds);
    },
  };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).replaceAll("\r\n", "\n");
}

function wholeOrCut(output: string, bounds: OutputBounds): string {
  const text = output.trimEnd();
  const all = shown(Array.from(text), bounds.headBytes + bounds.tailBytes);
  if (all.taken === text.length) return all.text;
  const { taken } = shown(Array.from(text), bounds.headBytes);
  return cut(text.slice(0, taken), text.slice(taken), byteLength(text), bounds);
}

/** The head of `start` and the tail of `end`, which are what is known of so many bytes. */
function cut(start: string, end: string, totalBytes: number, bounds: OutputBounds): string {
  const head = shown(Array.from(start), bounds.headBytes);
  const tail = shown(Array.from(end).reverse(), bounds.tailBytes, true);
  const shownBytes = byteLength(start.slice(0, head.taken)) + byteLength(end.slice(end.length - tail.taken));
  const notice = `… ${totalBytes - shownBytes} bytes left out …`;
  return [head.text, notice, tail.text].filter((part) => part !== "").join("\n");
}

/** A text without that many bytes at one edge, and without a character that this cuts. */
function withoutEdge(text: string, byteCount: number, edge: "start" | "end"): string {
  const bytes = new TextEncoder().encode(text);
  const isMidCharacter = (at: number) => ((bytes[at] ?? 0) & 0xc0) === 0x80;
  let at = edge === "start" ? Math.min(byteCount, bytes.length) : Math.max(0, bytes.length - byteCount);
  while (isMidCharacter(at)) at += edge === "start" ? 1 : -1;
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    edge === "start" ? bytes.subarray(at) : bytes.subarray(0, at),
  );
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** As many characters, made harmless, as have room; `taken` counts their UTF-16 units as they were. */
function shown(
  characters: readonly string[],
  maxBytes: number,
  isReversed = false,
): { readonly text: string; readonly taken: number } {
  const parts: string[] = [];
  let taken = 0;
  let bytes = 0;
  for (const character of characters) {
    const part = character === "\n" ? character : glyphOf(character).text;
    bytes += byteLength(part);
    if (bytes > maxBytes) break;
    parts.push(part);
    taken += character.length;
  }
  if (isReversed) parts.reverse();
  return { text: parts.join(""), taken };
}
