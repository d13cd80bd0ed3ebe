// Renders diagnostics for people and machines: text with a code frame, one line for a log, JSON. No text of a source
// reaches a terminal raw, and no secret of it reaches one at all (`hidden.ts`).
import { type CodeLine, codeLine } from "./code_frame.ts";
import type { Diagnostic, Place } from "./diagnostic.ts";
import { type FrameSource, type HiddenRanges, hiddenRanges } from "./hidden.ts";
import { jsonLine, terminalText } from "./terminal_text.ts";

export interface RenderOptions {
  /** By their names (`Place.file`); a place in another source has no frame. */
  readonly sources: ReadonlyMap<string, FrameSource>;
  /** Whether to use ANSI colours; see `useColour` of `terminal_text.ts`. */
  readonly colour: boolean;
  /** Whether to show lines of the source. */
  readonly frames: boolean;
  /** Lines of {@linkcode openFrames}, made by another process: they are shown if there is no source here. */
  readonly ready?: ReadonlyMap<Diagnostic, readonly string[]>;
}

/** The result for one file, for {@linkcode renderJson}. */
export interface FileResult {
  /** As it was given. */
  readonly file: string;
  readonly valid: boolean;
  /** 64 hexadecimal digits; null: the file is not valid. */
  readonly hash: string | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** The JSON of a diagnostic; a member is null if the diagnostic has no such part. */
export interface DiagnosticJson {
  readonly severity: string;
  /** Stable over releases. */
  readonly code: string;
  readonly summary: string;
  /** The setting's path by HCL's names. */
  readonly path: string | null;
  /** From 1. */
  readonly line: number | null;
  /** From 1, in characters. */
  readonly column: number | null;
  readonly suggestion: string | null;
}

type Style = "error" | "warning" | "frame" | "strong";
type Paint = (style: Style, text: string) => string;

/** ECMA-48 SGR parameters: bold, and the foreground colour. */
const STYLES: Record<Style, string> = { error: "1;31", warning: "1;33", frame: "1;34", strong: "1" };

/**
 * Renders diagnostics with their code frames, an empty line between two, and their number at the end; every line ends
 * in a newline. Empty if there is no diagnostic.
 */
export function renderText(diagnostics: readonly Diagnostic[], options: RenderOptions): string {
  if (diagnostics.length === 0) return "";
  const paint: Paint = (style, text) => options.colour ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
  const lineOf = openLines(options.frames ? options.sources : new Map());
  const blocks = diagnostics.map((one) => renderOne(one, lineOf, paint, options.ready?.get(one)).join("\n"));
  return `${[...blocks, summaryLine(diagnostics)].join("\n\n")}\n`;
}

/**
 * Makes the function that renders the code frame of a diagnostic as {@linkcode renderText} does, without colours: the
 * line with its place underlined, and the second place. Null: these sources, by their names, do not have the place.
 */
export function openFrames(sources: RenderOptions["sources"]): (one: Diagnostic) => string[] | null {
  const lineOf = openLines(sources);
  return (one) => {
    const frames = framesOf(one, lineOf);
    return frames.place && [...placeLines(one, frames, plain), ...otherLines(one, frames, plain)];
  };
}

const plain: Paint = (_style, text) => text;

type LineOf = (place: Place) => CodeLine | null;

/** Prepares each source at the first place in it. */
function openLines(sources: RenderOptions["sources"]): LineOf {
  const hidden = new Map<string, HiddenRanges>();
  return (place) => {
    const frame = sources.get(place.file);
    if (!frame) return null;
    const ranges = hidden.get(place.file) ?? hiddenRanges(frame);
    hidden.set(place.file, ranges);
    return codeLine(frame.source, place, ranges);
  };
}

/** The lines of both places, and the margin that has room for their numbers. */
interface Frames {
  readonly place: CodeLine | null;
  readonly other: CodeLine | null;
  readonly margin: string;
}

function framesOf(one: Diagnostic, lineOf: LineOf): Frames {
  const place = one.place && lineOf(one.place);
  const other = one.other && lineOf(one.other.place);
  const margin = " ".repeat(Math.max(1, ...[place, other].map((shown) => String(shown?.line ?? "").length)));
  return { place, other, margin };
}

function renderOne(one: Diagnostic, lineOf: LineOf, paint: Paint, ready: readonly string[] = []): string[] {
  const frames = framesOf(one, lineOf);
  const margin = /^( {1,10}) \|/.exec(ready[0] ?? "")?.[1] ?? frames.margin;
  const style = one.severity;
  const lines = [
    `${paint(style, `${style}[${terminalText(one.code)}]`)}${paint("strong", `: ${terminalText(one.summary)}`)}`,
  ];
  const path = one.path === null ? "" : `(${terminalText(one.path, 200)})`;
  if (one.place) lines.push(`${margin}${paint("frame", "-->")} ${placeText(one.place)}${path && `  ${path}`}`);
  else if (path) lines.push(`${margin}${paint("frame", "-->")} ${path}`);
  lines.push(...placeLines(one, frames, paint), ...ready.map((line) => terminalText(line)));
  const note = (label: string, text: string | null) => {
    if (text !== null) lines.push(`${margin} ${paint("frame", "=")} ${paint("strong", label)}: ${terminalText(text)}`);
  };
  note("why", one.why);
  note("help", one.suggestion);
  return [...lines, ...otherLines(one, frames, paint)];
}

function placeLines({ severity }: Diagnostic, { place, margin }: Frames, paint: Paint): string[] {
  return place === null ? [] : frameLines(place, margin, "^", severity, paint);
}

function otherLines({ other }: Diagnostic, frames: Frames, paint: Paint): string[] {
  if (other === null) return [];
  const { margin } = frames;
  const label = `${margin}${paint("frame", ":::")} ${placeText(other.place)} ${terminalText(other.label)}`;
  return frames.other === null ? [label] : [label, ...frameLines(frames.other, margin, "-", "frame", paint)];
}

function frameLines(
  shown: CodeLine,
  margin: string,
  mark: string,
  style: Style,
  paint: Paint,
): string[] {
  const bar = paint("frame", "|");
  return [
    `${margin} ${bar}`,
    `${paint("frame", String(shown.line).padStart(margin.length))} ${bar} ${shown.text}`.trimEnd(),
    `${margin} ${bar} ${" ".repeat(shown.indent)}${paint(style, mark.repeat(shown.width))}`,
  ];
}

function placeText(place: Place): string {
  return `${terminalText(place.file)}:${place.line}:${place.column}`;
}

/** `1 error, 2 warnings in honua.hcl`. */
function summaryLine(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: string, plural: string) => {
    const found = diagnostics.filter((one) => one.severity === severity).length;
    return found === 0 ? [] : [`${found} ${found === 1 ? severity : plural}`];
  };
  const files = new Set(diagnostics.flatMap((one) => one.place ? [one.place.file] : []));
  const [first = ""] = files;
  const where = files.size === 0 ? "" : files.size === 1 ? ` in ${terminalText(first)}` : ` in ${files.size} files`;
  return `${[...count("error", "errors"), ...count("warning", "warnings")].join(", ")}${where}`;
}

/** Renders one line for a log, without a newline: `honua.hcl:42:15: error: summary (path) [code]`. */
export function renderLine(one: Diagnostic): string {
  const place = one.place ? `${placeText(one.place)}: ` : "";
  const path = one.path === null ? "" : ` (${terminalText(one.path, 200)})`;
  return `${place}${one.severity}: ${terminalText(one.summary)}${path} [${terminalText(one.code)}]`;
}

/** Renders the result of a validation as one line of JSON and a newline, harmless to a terminal. */
export function renderJson(results: readonly FileResult[]): string {
  const files = results.map(({ file, valid, hash, diagnostics }) => ({
    file,
    valid,
    hash,
    diagnostics: diagnostics.map(diagnosticJson),
  }));
  return jsonLine({ files });
}

/** Converts a diagnostic to the form of its JSON. */
export function diagnosticJson({ severity, code, summary, path, place, suggestion }: Diagnostic): DiagnosticJson {
  return {
    severity,
    code,
    summary,
    path,
    line: place?.line ?? null,
    column: place?.column ?? null,
    suggestion,
  };
}
