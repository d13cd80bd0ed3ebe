// HTTP on one accepted connection: by the function under Deno.serve, which is not public, or, if a Deno lacks it, by a
// Deno.serve of the connection's own and a relay. The relay takes four file descriptors for one, and cannot cut a
// client that does not read: Deno ends no write that waits, so such a client keeps its place until it goes.
import { join } from "node:path";

/** The part of an AbortSignal that ends a connection. */
export interface StopSignal {
  /** Takes the function that ends it. */
  addEventListener(type: "abort", listener: () => void): void;
}

/** Serves HTTP on one accepted connection. */
export type ServeOnConnection = (
  connection: Deno.Conn,
  signal: StopSignal,
  handler: (request: Request, info: Deno.ServeHandlerInfo) => Promise<Response>,
  onError: (error: unknown) => Response,
  onListen: () => void,
) => { readonly finished: Promise<void>; shutdown(): Promise<void> };

/**
 * The function under Deno.serve and Deno's node:http; null: this Deno has none. It is not part of Deno's public
 * interface, which has had nothing for a single connection since the removal of Deno.serveHttp. Any version can remove
 * it, and the project pins one.
 */
export function findServeOnConnection(): ServeOnConnection | null {
  const { internal } = Deno as unknown as { readonly internal: symbol };
  const internals =
    (Deno as unknown as Record<symbol, { serveHttpOnConnection?: ServeOnConnection } | undefined>)[internal];
  return internals?.serveHttpOnConnection ?? null;
}

/**
 * Opens a Deno.serve on its own socket for each connection, and relays between the two. The socket is in a directory
 * that only this user can enter, and its name is gone once the relay is connected.
 */
export const serveByRelay: ServeOnConnection = (connection, signal, handler, onError, onListen) => {
  const directory = Deno.makeTempDirSync();
  const path = join(directory, "http");
  const server = Deno.serve({ path, onError, onListen }, handler);
  const ends: Deno.Conn[] = [connection];
  let isStopped = false;
  const stop = () => {
    isStopped = true;
    for (const end of ends.splice(0)) closeQuietly(end);
  };
  signal.addEventListener("abort", stop);
  const relay = async () => {
    try {
      const inner = await Deno.connect({ transport: "unix", path })
        .finally(() => Deno.remove(directory, { recursive: true }));
      ends.push(inner);
      if (isStopped) return;
      copy(connection, inner).catch(stop);
      await copy(inner, connection);
    } finally {
      stop();
      await server.shutdown();
    }
  };
  return { finished: relay(), shutdown: () => server.shutdown() };
};

const RELAY_BYTES = 16 * 1024;

/** Copies all bytes that `from` sends to `to`, and then closes `to` for writing. */
async function copy(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(RELAY_BYTES);
  for (let length = await from.read(buffer); length !== null; length = await from.read(buffer)) {
    for (let at = 0; at < length;) at += await to.write(buffer.subarray(at, length));
  }
  await to.closeWrite();
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It was closed already.
  }
}
