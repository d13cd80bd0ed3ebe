// Finds the heredoc that is never closed: HCL reports it only at the end of the text.
import type { Range } from "../../diagnostic/range.ts";
import { HEREDOC_START, type Wording } from "./wording.ts";

const HEREDOC = /<<-?([\p{ID_Start}_][\p{ID_Continue}-]*)\r?$/u;
const MAX_MARKER_UNITS = 40;

/**
 * Returns the place of the heredoc in a stretch that is never closed, and words for it; null if there is none. A
 * marker that does not end its line in the source opens no heredoc, and ends the stretch.
 */
export function openHeredoc(text: string, { start, end }: Range): { range: Range; wording: Wording } | null {
  let open: { readonly marker: string; readonly range: Range; isFollowed: boolean } | null = null;
  let at = start;
  for (const line of text.slice(start, end).split("\n")) {
    if (open !== null) {
      open.isFollowed ||= line.trimStart().startsWith(open.marker);
      if (line.trim() === open.marker) open = null;
    } else {
      const found = /^\s*(?:#|\/\/)/.test(line) ? null : HEREDOC.exec(line);
      if (found) {
        const range = { start: at + found.index, end: at + line.trimEnd().length };
        open = { marker: found[1]!, range, isFollowed: false };
      }
    }
    at += line.length + 1;
  }
  if (open === null) return null;
  if (open.range.end === end && !/^(?:\r?\n|$)/.test(text.slice(end))) {
    return { range: open.range, wording: HEREDOC_START };
  }
  const marker = open.marker.slice(0, MAX_MARKER_UNITS);
  const wording = {
    summary: "A heredoc is never closed",
    why: `It goes on to the end of the file, for no line behind it holds ${marker} and nothing else`,
    suggestion: open.isFollowed
      ? `Begin a new line behind the ${marker} that ends the text`
      : `Add a line ${marker} at the end of the text`,
  };
  return { range: open.range, wording };
}
