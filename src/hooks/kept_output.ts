// Keeps the beginning and the end of the output of a process or server as a bounded text without control characters.
// Secrets are masked before anything is cut, so that no part of one remains at a cut.
import { glyphOf } from "../diagnostic/terminal_text.ts";

/** The amount to keep, in bytes of UTF-8. */
export interface OutputBounds {
  /** Of the beginning. */
  readonly headBytes: number;
  /** Of the end. */
  readonly tailBytes: number;
  /** Beyond both cuts, kept only for masking: secrets up to this length are found even if the cut divides them. */
  readonly overlapBytes: number;
}

/** Enough for an error message and its context, and little enough for a line of a log. */
export const DEFAULT_OUTPUT_BOUNDS: OutputBounds = { headBytes: 1_024, tailBytes: 3_072, overlapBytes: 4_096 };

/** The kept output so far. */
export interface KeptOutput {
  /** Adds bytes, which are copied. */
  add(chunk: Uint8Array): void;
  /** The number of bytes added so far. */
  total(): number;
  /**
   * The text to show: lines, without the line breaks at the end. Control characters are made visible, bytes that are
   * not UTF-8 become U+FFFD, and a line of its own says how many bytes were left out.
   *
   * @param mask replaces secrets.
   */
  text(mask?: (text: string) => string): string;
}

/** Opens an empty output. */
export function keepOutput(bounds: OutputBounds = DEFAULT_OUTPUT_BOUNDS): KeptOutput {
  const head = new Uint8Array(bounds.headBytes + bounds.overlapBytes);
  const tail = new Uint8Array(bounds.tailBytes + bounds.overlapBytes);
  let total = 0;
  /** The index of the next byte in `tail`, which is a ring. */
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
      // A secret that the outer edge of the overlap cuts cannot be found, so the whole overlap is left out.
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

/** Joins the head of `start` and the tail of `end`, with a notice of how many of the `totalBytes` are left out. */
function cut(start: string, end: string, totalBytes: number, bounds: OutputBounds): string {
  const head = shown(Array.from(start), bounds.headBytes);
  const tail = shown(Array.from(end).reverse(), bounds.tailBytes, true);
  const shownBytes = byteLength(start.slice(0, head.taken)) + byteLength(end.slice(end.length - tail.taken));
  const notice = `… ${totalBytes - shownBytes} bytes left out …`;
  return [head.text, notice, tail.text].filter((part) => part !== "").join("\n");
}

/** Removes that many bytes at one edge of a text, and a character that this would cut. */
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

/** Takes as many characters, made visible, as have room; `taken` counts their original UTF-16 units. */
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
