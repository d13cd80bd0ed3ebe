// The daemon's log: one line per entry, JSON for machines or text for people, bounded in size and free of control
// characters. Logging never throws into its caller, and every text is masked before any other use.
import { openLineSink } from "./line_sink.ts";
import pino from "pino";
import { useColour } from "../diagnostic/terminal_text.ts";
import { type Level, LEVELS, type LoggingOptions } from "../options/options.ts";

/** The fields of an entry; values of any kind, cut if they are too large or too deep. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one entry: a message without secrets, and fields. */
export type LogEntry = (message: string, fields?: LogFields) => void;

/** A log; entries below its level are not written. */
export interface Logger extends Readonly<Record<Level, LogEntry>> {
  /**
   * The same log, with `mask` applied first to every name and text: a last line of defence against secrets that became
   * known after the start. `mask` returns its argument with secrets replaced.
   */
  readonly withMask: (mask: Mask) => Logger;
}

/** Replaces secrets in a text. */
export type Mask = (text: string) => string;

export interface LogSettings {
  /** `auto` depends on `terminal`. */
  readonly format: LoggingOptions["format"];
  /** Lower entries are not written. */
  readonly level: Level;
  /** Takes one whole line with its line feed. May throw: only the line is lost then. */
  readonly write: (line: string) => void;
  /** Whether a person reads it: `auto` means text then, and JSON otherwise. */
  readonly terminal: boolean;
  /** Whether the level of a text entry is coloured, see {@linkcode useColour}. */
  readonly colour: boolean;
  /** The clock; default the system's. */
  readonly now?: () => Date;
}

const MAX_TEXT_LENGTH = 4096;
/** Characters of a whole entry: after them, no further members are copied. */
const MAX_ENTRY_LENGTH = 64 * 1024;
const MAX_MEMBERS = 100;
const MAX_FIELD_DEPTH = 5;

/**
 * Makes a log. Times are ISO 8601 in UTC with milliseconds.
 *
 * @example
 * ```ts
 * const log = createLogger({ format: "json", level: "information", write, terminal: false, colour: false });
 * log.information("Configuration reloaded successfully", { hash: "3f2a", durationMilliseconds: 12 });
 * ```
 */
export function createLogger(settings: LogSettings): Logger {
  const asText = settings.format === "text" || (settings.format === "auto" && settings.terminal);
  const write = writeWithoutThrowing(settings.write);
  const now = settings.now ?? (() => new Date());
  const emit = asText ? textEmitter(write, now, settings.colour) : jsonEmitter(write, now);
  return loggerOver(emit, settings.level, (text) => text);
}

/** A log, and a wait for its last lines before the process ends. */
export interface StandardErrorLog {
  readonly log: Logger;
  /** Resolves when all lines are out, or after that many milliseconds. */
  drain(limitMilliseconds: number): Promise<void>;
}

/** A log to standard error that never blocks: a stuck reader does not hold up the daemon. */
export function standardErrorLogger(
  { format, level }: Pick<LoggingOptions, "format" | "level">,
  environment: Readonly<Record<string, string>>,
): StandardErrorLog {
  const sink = openLineSink(
    Deno.stderr,
    (lines) => log.warning("Lines of the log were lost: nobody read them", { lines }),
  );
  const terminal = isTerminal();
  const colour = useColour({ isTerminal: terminal, env: (name) => environment[name] });
  const log: Logger = createLogger({ format, level, write: sink.write, terminal, colour });
  return { log, drain: sink.drain };
}

function isTerminal(): boolean {
  try {
    return Deno.stderr.isTerminal();
  } catch {
    return false; // closed
  }
}

/** EPIPE, a closed descriptor, a full disk: no place to report it is left. */
function writeWithoutThrowing(write: (line: string) => void): (line: string) => void {
  return (line) => {
    try {
      write(line);
    } catch {
      // Only the line is lost.
    }
  };
}

/** Writes one entry whose texts are already masked and bounded. */
type Emit = (level: Level, message: string, fields: Record<string, unknown>) => void;

function loggerOver(emit: Emit, least: Level, mask: Mask): Logger {
  const entry = (level: Level): LogEntry => (message, fields = {}) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
    const [line, bounded] = boundedEntry(message, fields, mask);
    emit(level, line, bounded);
  };
  return {
    trace: entry("trace"),
    debug: entry("debug"),
    information: entry("information"),
    warning: entry("warning"),
    error: entry("error"),
    critical: entry("critical"),
    withMask: (next) => loggerOver(emit, least, (text) => next(mask(text))),
  };
}

function boundedEntry(message: string, fields: LogFields, mask: Mask): [string, Record<string, unknown>] {
  const bounds = { mask, room: MAX_ENTRY_LENGTH };
  try {
    return [onOneLine(boundedText(message, bounds)), boundedFields(fields, bounds)];
  } catch {
    // A getter, a proxy or a mask that throws: its message may hold the very secret.
    return ["a log entry could not be made", {}];
  }
}

/** The room left in an entry while it is copied, and the mask of every text. */
interface Bounds {
  readonly mask: Mask;
  room: number;
}

/** Names that every entry has itself; a field of that name gets a trailing underscore. */
const OWN_NAMES = new Set(["time", "level", "msg"]);

function boundedFields(fields: LogFields, bounds: Bounds): Record<string, unknown> {
  const entries = Object.entries(bounded(fields, bounds, 0) as Record<string, unknown>);
  return Object.fromEntries(entries.map(([name, value]) => [OWN_NAMES.has(name) ? `${name}_` : name, value]));
}

/** A copy as plain data that JSON can hold: without cycles, and limited in depth and length. */
function bounded(value: unknown, bounds: Bounds, depth: number): unknown {
  // A place in the entry has a cost, for any value.
  bounds.room--;
  if (value === undefined || value === null || typeof value === "boolean") return value;
  if (typeof value === "number") return boundedNumber(value, bounds);
  if (typeof value !== "object") return boundedText(String(value), bounds);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : boundedText(value.toISOString(), bounds);
  if (depth >= MAX_FIELD_DEPTH) return boundedText("(too deep)", bounds);
  if (value instanceof Error) {
    const { name, message, cause } = value;
    return boundedMembers({ name, message, cause }, bounds, depth);
  }
  return Array.isArray(value) ? boundedItems(value, bounds, depth) : boundedMembers(value, bounds, depth);
}

function boundedItems(value: readonly unknown[], bounds: Bounds, depth: number): unknown[] {
  const items: unknown[] = [];
  for (const item of value) {
    if (items.length === MAX_MEMBERS || bounds.room <= 0) return [...items, `(${value.length - items.length} more)`];
    items.push(bounded(item, bounds, depth + 1) ?? null);
  }
  return items;
}

function boundedMembers(value: object, bounds: Bounds, depth: number): Record<string, unknown> {
  const names = Object.keys(value);
  const members: [string, unknown][] = [];
  for (const [index, name] of names.entries()) {
    if (index === MAX_MEMBERS || bounds.room <= 0) {
      members.push(["more", names.length - index]);
      break;
    }
    const member: unknown = Reflect.get(value, name);
    if (member !== undefined) members.push([boundedText(name, bounds), bounded(member, bounds, depth + 1)]);
  }
  return Object.fromEntries(members);
}

function boundedNumber(value: number, bounds: Bounds): number | string {
  const text = String(value);
  const masked = boundedText(text, bounds);
  return masked === text && Number.isFinite(value) ? value : masked;
}

/** Masks before it cuts, so that no half of a secret is left at the cut. */
function boundedText(text: string, bounds: Bounds): string {
  const masked = bounds.mask(text).toWellFormed();
  bounds.room -= Math.min(masked.length, MAX_TEXT_LENGTH);
  if (masked.length <= MAX_TEXT_LENGTH) return masked;
  return `${masked.slice(0, MAX_TEXT_LENGTH).toWellFormed()} (cut, ${masked.length} characters)`;
}

/** JSON by pino, which calls `write` synchronously for each line: no thread, no timer, no exit hook. */
function jsonEmitter(write: (line: string) => void, now: () => Date): Emit {
  const severity = Object.fromEntries(LEVELS.map((level, index) => [level, (index + 1) * 10]));
  const logger = pino({
    base: null,
    level: "trace",
    customLevels: severity,
    useOnlyCustomLevels: true,
    timestamp: () => `,"time":"${now().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  }, { write }) as unknown as Record<Level, (fields: Record<string, unknown>, message: string) => void>;
  return (level, message, fields) => logger[level](fields, message);
}

/** ANSI SGR codes, from grey for the low levels to red for errors. */
const COLOURS: Readonly<Record<Level, string>> = {
  trace: "90",
  debug: "90",
  information: "32",
  warning: "33",
  error: "31",
  critical: "1;31",
};

function textEmitter(write: (line: string) => void, now: () => Date, colour: boolean): Emit {
  return (level, message, fields) => {
    const label = level.padEnd("information".length);
    const shown = colour ? `\x1b[${COLOURS[level]}m${label}\x1b[0m` : label;
    const pairs = Object.entries(fields).map(([name, value]) => ` ${plainText(name)}=${plainText(value)}`);
    write(`${now().toISOString()} ${shown} ${message}${pairs.join("")}\n`);
  };
}

/** A value as it is if no part of it can be mistaken for the line's own form, else as JSON. */
function plainText(value: unknown): string {
  if (typeof value === "string" && /^[^\s"=\\\p{C}]+$/u.test(value)) return value;
  return onOneLine(JSON.stringify(value));
}

/**
 * Escapes characters that could end a line or move a terminal's cursor: control characters and Unicode's line
 * separators.
 */
function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (one) => {
    if (one === "\n") return "\\n";
    return `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
