// A process in place of the parser's that starts in a few milliseconds and does as a script says.

/** A shell script as a parser's command; it has the two pipes of one. */
export function stubCommand(script: string): () => Deno.Command {
  return () =>
    new Deno.Command("/bin/sh", { args: ["-c", script], stdin: "piped", stdout: "piped", stderr: "null", cwd: "/" });
}

/** The words of a shell script that send a message, as the parser's process would. */
export function sending(message: unknown): string {
  const body = new TextEncoder().encode(JSON.stringify(message));
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint32(0, body.length);
  const octal = [...head, ...body].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  return `printf '${octal}'`;
}

/** The words that say that the first text is begun with, without any processor time spent before. */
export const BEGUN = sending({ at: 0, processorMilliseconds: 0 });

/** A script that answers its first request, of one text, and then waits for its end. */
export const ANSWERING = [
  BEGUN,
  sending({ verdicts: [{ value: { stub: true } }] }),
  sending({ residentBytes: 0, processorMilliseconds: 0 }),
  "exec cat > /dev/null",
].join("\n");
