// A server that answers in place of Redis as a test wants: with states that a real one has only briefly, or as no Redis
// would.

/** A server under a test's control. */
export interface LyingRedis extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

/** The answer to HELLO of a standalone primary, as RESP 2. */
export const HELLO_OF_A_PRIMARY = "*4\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n";

/**
 * Starts a server. `answer` receives the words of each command, the first in lower case, and returns the answer's text.
 * A connection's next command waits for it.
 */
export function startLyingRedis(answer: (words: readonly string[]) => string | Promise<string>): LyingRedis {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const talks = new Set<Promise<void>>();
  const talk = async (connection: Deno.Conn) => {
    open.add(connection);
    const buffer = new Uint8Array(65_536);
    let text = "";
    try {
      for (;;) {
        const length = await connection.read(buffer);
        if (length === null) return;
        text += new TextDecoder().decode(buffer.subarray(0, length));
        for (let command = firstCommand(text); command !== null; command = firstCommand(text)) {
          text = command.rest;
          await writeAll(connection, new TextEncoder().encode(await answer(command.words)));
        }
      }
    } catch {
      // The client is gone.
    } finally {
      if (open.delete(connection)) connection.close();
    }
  };
  const serving = (async () => {
    for await (const connection of listener) {
      const talking = talk(connection).finally(() => talks.delete(talking));
      talks.add(talking);
    }
  })();
  return {
    host: "127.0.0.1",
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of open) connection.close();
      open.clear();
      await serving;
      await Promise.all(talks);
    },
  };
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await connection.write(bytes.subarray(written));
}

/** Parses the first whole command of a text: `*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n`, only ASCII. */
function firstCommand(text: string): { words: string[]; rest: string } | null {
  const count = /^\*(\d+)\r\n/.exec(text);
  if (count === null) return null;
  let rest = text.slice(count[0].length);
  const words: string[] = [];
  for (let index = 0; index < Number(count[1]); index++) {
    const length = /^\$(\d+)\r\n/.exec(rest);
    if (length === null) return null;
    const end = length[0].length + Number(length[1]);
    if (rest.length < end + 2) return null;
    words.push(rest.slice(length[0].length, end));
    rest = rest.slice(end + 2);
  }
  words[0] = words[0]?.toLowerCase() ?? "";
  return { words, rest };
}
