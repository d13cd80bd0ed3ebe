// Finds the stretches of a source that must not be shown: the values of secret settings if the source parsed, every
// string if it did not. If it is unclear whether a stretch is a string, it is hidden.
import { lineText, type Range, type SourceText } from "./range.ts";
import { isSecretName, looksSecret } from "./secrets.ts";

/** A source whose lines frames may show. */
export interface FrameSource {
  /** The text to which the diagnostics' ranges belong. */
  readonly source: SourceText;
  /** The values to hide, in any order; null: the source did not parse. */
  readonly secretRanges: readonly Range[] | null;
}

/**
 * Returns the hidden ranges that touch a stretch of a 1-based line: disjoint, in order, maybe longer than the stretch.
 */
export type HiddenRanges = (line: number, stretch: Range) => readonly Range[];

/** Prepares a source in one pass; the hidden ranges of a line are found once, at the first call for it. */
export function hiddenRanges(frame: FrameSource): HiddenRanges {
  const { source, secretRanges } = frame;
  const known = secretRanges === null ? null : merge(secretRanges.map(({ start, end }) => ({ start, end })));
  const doubtful = known === null ? doubtfulLines(source) : new Set<number>();
  const answers = new Map<number, readonly Range[]>();
  return (line, stretch) => {
    let answer = answers.get(line);
    if (!answer) {
      const start = source.lineStarts[line - 1] ?? source.text.length;
      const text = lineText(source, line);
      const whole = { start, end: start + text.length };
      if (known !== null) answer = merge([...within(known, whole), ...shift(revealing(text), start)]);
      else answer = doubtful.has(line) ? [whole] : merge(shift(unparsed(text), start));
      answers.set(line, answer);
    }
    return within(answer, stretch);
  };
}

/** Makes sorted and disjoint ranges: ranges that overlap become one, ranges that touch remain two, empty ones go. */
function merge(ranges: Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of ranges.sort((left, right) => left.start - right.start || right.end - left.end)) {
    const last = merged.at(-1);
    if (range.end <= range.start) continue;
    if (last && range.start < last.end) {
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
    } else merged.push(range);
  }
  return merged;
}

/** The ranges that touch a stretch, by binary search; they may reach beyond it. */
function within(sorted: readonly Range[], stretch: Range): Range[] {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]!.end <= stretch.start) low = middle + 1;
    else high = middle;
  }
  const found: Range[] = [];
  for (let at = low; at < sorted.length && sorted[at]!.start < stretch.end; at++) found.push(sorted[at]!);
  return found;
}

function shift(ranges: readonly Range[], by: number): Range[] {
  return ranges.map(({ start, end }) => ({ start: start + by, end: end + by }));
}

/**
 * The strings and comments of a line that parsed which look like a secret. The name of their setting does not matter.
 */
function revealing(text: string): Range[] {
  const { strings, comment } = lineParts(text);
  const found = strings.filter(({ start, end }) => looksSecret(text.slice(start, end)));
  if (looksSecret(text.slice(comment))) found.push({ start: comment, end: text.length });
  const commentEnd = text.indexOf("*/");
  if (commentEnd > 0 && looksSecret(text.slice(0, commentEnd))) found.push({ start: 0, end: commentEnd });
  return found;
}

/** The strings of a line with their quotes, and the offset of its comment. */
function lineParts(text: string): { strings: Range[]; comment: number } {
  const strings: Range[] = [];
  let start: number | null = null;
  for (let at = 0; text[at] !== undefined; at++) {
    const c = text[at];
    if (start !== null) {
      if (c === "\\") at++;
      else if (c === '"') {
        strings.push({ start, end: at + 1 });
        start = null;
      }
    } else if (c === '"') start = at;
    else if (c === "#" || (c === "/" && (text[at + 1] === "/" || text[at + 1] === "*"))) {
      return { strings, comment: at };
    }
  }
  if (start !== null) strings.push({ start, end: text.length });
  return { strings, comment: text.length };
}

const ANY_QUOTE = /["'`\u2018-\u201f\u00ab\u00bb]/g;
const LONGEST_UNPARSED = 65_536;
const NAMED_VALUE = /(?<![\w-])([\w-]{2,128})["']?\s{0,64}[=:]/g;

/**
 * The hidden ranges of a line that did not parse: from its first quote of any kind to its last, or to its end if the
 * quotes are odd in number or of several kinds; the text after a secret name; and the whole line, if its rest looks
 * secret or the line is longer than any user would read.
 */
function unparsed(text: string): Range[] {
  if (text.length > LONGEST_UNPARSED) return [{ start: 0, end: text.length }];
  const hidden = quotedStretch(text);
  for (const match of text.matchAll(NAMED_VALUE)) {
    if (isSecretName(match[1]!)) hidden.push({ start: match.index + match[0].length, end: text.length });
  }
  const shownEnd = Math.min(...hidden.map(({ start }) => start), text.length);
  if (looksSecret(text.slice(0, shownEnd)) || looksSecret(text.slice(Math.max(0, ...hidden.map(({ end }) => end))))) {
    return [{ start: 0, end: text.length }];
  }
  return hidden;
}

/** From the first quote of any kind to the last one, or to the end of the line; empty if there is no quote. */
function quotedStretch(text: string): Range[] {
  const first = text.search(ANY_QUOTE);
  if (first < 0) return [];
  let last = first;
  let isEven = true;
  let isOneKind = true;
  for (const quote of text.matchAll(ANY_QUOTE)) {
    last = quote.index;
    isEven = !isEven;
    if (quote[0] !== text[first]) isOneKind = false;
  }
  const isPaired = isOneKind && isEven && !endsInside(text);
  return [{ start: first, end: isPaired ? last + 1 : text.length }];
}

const PEM_END = "-----END ";
const HEREDOC_START = /<<[-~]?\s{0,8}["']?([\p{L}_][\p{L}\p{N}_-]{0,255})/u;

/**
 * The lines that may be inside a heredoc, a PEM block or a string that began above, in a source that did not parse. A
 * `${` within a string may or may not open code that has strings: both readings count.
 */
function doubtfulLines(source: SourceText): ReadonlySet<number> {
  const lines = new Set<number>();
  const flat: Open[] = [];
  const nested: Open[] = [];
  let endMarker: string | null = null;
  for (let line = 1; line <= source.lineStarts.length; line++) {
    const text = lineText(source, line);
    if (endMarker !== null || flat.length > 0 || nested.length > 0) lines.add(line);
    if (endMarker !== null) {
      if (text.trim() === endMarker || (endMarker === PEM_END && text.includes(PEM_END))) endMarker = null;
      continue;
    }
    followStrings(text, flat, false);
    followStrings(text, nested, true);
    const beginsPem = text.includes("-----BEGIN ") && !text.includes(PEM_END);
    endMarker = HEREDOC_START.exec(text)?.[1] ?? (beginsPem ? PEM_END : null);
  }
  return lines;
}

/** Whether the line may end inside a string that begins on it. */
function endsInside(text: string): boolean {
  return [false, true].some((nested) => {
    const open: Open[] = [];
    followStrings(text, open, nested);
    return open.length > 0;
  });
}

/** The kinds of text that a scan can be inside of. */
type Open = "string" | "code";

/** Follows strings over one line. `open`, innermost last, is the state at the line's beginning and then at its end. */
function followStrings(text: string, open: Open[], nested: boolean): void {
  for (let at = 0; text[at] !== undefined; at++) {
    const c = text[at];
    const inside = open.at(-1);
    if (inside === "string") {
      if (c === "\\") at++;
      else if (c === '"') open.pop();
      else if (nested && (c === "$" || c === "%") && text[at + 1] === "{") {
        at++;
        open.push("code");
      }
    } else if (c === '"') open.push("string");
    else if (inside === undefined && (c === "#" || text.startsWith("//", at))) return;
    else if (inside === "code" && c === "{") open.push("code");
    else if (inside === "code" && c === "}") open.pop();
  }
}
