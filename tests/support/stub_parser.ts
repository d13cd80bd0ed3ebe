// A process in place of the parser's, which starts in a few milliseconds and follows a script.

/** Makes a parser's command of a shell script, with the parser's two pipes. */
export function stubCommand(script: string): () => Deno.Command {
  return () =>
    new Deno.Command("/bin/sh", { args: ["-c", script], stdin: "piped", stdout: "piped", stderr: "null", cwd: "/" });
}

/** Makes the shell command that sends a message as the parser's process would. */
export function sending(message: unknown): string {
  const body = new TextEncoder().encode(JSON.stringify(message));
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint32(0, body.length);
  const octal = [...head, ...body].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  return `printf '${octal}'`;
}

/** The command that reports the beginning of the first text, with no processor time spent before. */
export const BEGUN = sending({ at: 0, processorMilliseconds: 0 });

/** A script that answers its first request, of one text, and then waits for its end. */
export const ANSWERING = [
  BEGUN,
  sending({ verdicts: [{ value: { stub: true } }] }),
  sending({ residentBytes: 0, processorMilliseconds: 0 }),
  "exec cat > /dev/null",
].join("\n");
