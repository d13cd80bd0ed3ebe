// The streams of commands: results go to standard output, messages to standard error. If the reader goes away (`|
// head`) the output ends without an error; a failed write (a full disk) is remembered.
import { useColour } from "../diagnostic/terminal_text.ts";
import { readAtMost } from "../host/regular_file.ts";

/** The streams and the environment of a command. */
export interface Terminal {
  /** Writes text to standard output. */
  out(text: string): void;
  /** Writes text to standard error. */
  error(text: string): void;
  /** Whether standard output may be coloured. */
  readonly colourOut: boolean;
  /** Whether standard error may be coloured. */
  readonly colourError: boolean;
  /** Whether a write failed for a reason other than a missing reader. */
  readonly hasFailed: () => boolean;
  /** Whether the reader of standard output went away: an endless output ends then. */
  readonly isUnread: () => boolean;
  /** All of standard input, at most `maxBytes` + 1 of it. */
  readInput(maxBytes: number): Promise<Uint8Array<ArrayBuffer>>;
  /** The process's environment at its start. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const environment = Deno.env.toObject();
  const colour = (stream: { isTerminal(): boolean }) =>
    useColour({ isTerminal: stream.isTerminal(), env: (name) => environment[name] });
  let failed = false;
  let unread = false;
  const write = (stream: { writeSync(bytes: Uint8Array): number }) => (text: string) => {
    const written = writeAll(stream, text);
    if (written === "failed") failed = true;
    if (written === "unread" && stream === Deno.stdout) unread = true;
  };
  return {
    out: write(Deno.stdout),
    error: write(Deno.stderr),
    hasFailed: () => failed,
    isUnread: () => unread,
    colourOut: colour(Deno.stdout),
    colourError: colour(Deno.stderr),
    readInput: (maxBytes) => readAtMost((into) => Deno.stdin.read(into), maxBytes, 64 * 1024),
    environment,
  };
}

function writeAll(
  stream: { writeSync(bytes: Uint8Array): number },
  text: string,
): "written" | "unread" | "failed" {
  let bytes = new TextEncoder().encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
    return "written";
  } catch (error) {
    return error instanceof Deno.errors.BrokenPipe ? "unread" : "failed";
  }
}
