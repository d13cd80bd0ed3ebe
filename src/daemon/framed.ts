// Gives diagnostics their code frames while the source is in memory, for answers that are made later. It costs a few
// milliseconds at most for any source: the loop waits. Secrets are hidden as the room `diagnostic` does it.
import { FRAME_REACH } from "../diagnostic/code_frame.ts";
import type { Diagnostic, Place } from "../diagnostic/diagnostic.ts";
import { lineText, type SourceText } from "../diagnostic/range.ts";
import { openFrames } from "../diagnostic/render.ts";
import type { Document } from "../document/document.ts";
import { secretRanges } from "../document/secret_ranges.ts";

/** Those of a source with a thousand mistakes would make every status answer large. */
const MAX_FRAMES = 50;

/** In UTF-16 units. To hide the secrets of a line, all of it is gone through. */
const MAX_LINE = 65_536;

/** In UTF-16 units. In a source that did not parse, any line may be inside a string, so all of it is gone through. */
const MAX_UNPARSED = 262_144;

/** A source that was compiled last. */
export interface FramedSource {
  readonly source: SourceText;
  /** Null: the source did not parse. */
  readonly document: Document | null;
}

/** Adds the frames of the first diagnostics with a place in the source; to be called before another is compiled. */
export function framed(diagnostics: readonly Diagnostic[], { source, document }: FramedSource): readonly Diagnostic[] {
  const placed = diagnostics.filter(({ place }) => place?.file === source.name).slice(0, MAX_FRAMES);
  const chosen = new Set(placed.filter((one) => placesOf(one).every((place) => isShort(source, place))));
  if (chosen.size === 0 || (document === null && source.text.length > MAX_UNPARSED)) return diagnostics;
  const near = [...chosen].flatMap(placesOf).map(({ range: { start } }) => ({
    start: start - FRAME_REACH,
    end: start + FRAME_REACH,
  }));
  const frameOf = openFrames(
    new Map([[source.name, { source, secretRanges: document && secretRanges(document, near) }]]),
  );
  return diagnostics.map((one) => {
    const frame = chosen.has(one) ? frameOf(one) : null;
    return frame === null ? one : { ...one, frame };
  });
}

function placesOf({ place, other }: Diagnostic): Place[] {
  return [place, other?.place].filter((one) => one != null);
}

function isShort(source: SourceText, { line }: Place): boolean {
  return lineText(source, line).length <= MAX_LINE;
}
