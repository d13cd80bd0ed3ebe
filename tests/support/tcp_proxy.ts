// A TCP proxy that a test can make slow, hold back, and cut.

/** A proxy to one server. */
export interface TcpProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** The number of connections made through it so far. */
  connections(): number;
  /** Delays every piece of data from now on, in both directions. */
  slowDown(milliseconds: number): void;
  /** Lets no data through any more while connections remain open, as if cables were pulled. */
  holdBack(): void;
  /** Lets all data through again, first the data that was held back. */
  letThrough(): void;
  /** Closes all connections; new ones are accepted. */
  cut(): void;
}

/** The obstacles for a piece of data. */
interface Obstacle {
  delayMilliseconds: number;
  /** No data passes until it resolves; null: data passes. */
  gate: PromiseWithResolvers<void> | null;
  closed: boolean;
  readonly timers: Map<number, () => void>;
}

/** A server's address: a port, or a unix socket as `ssh -L` forwards to one. */
export type ProxyTarget = { readonly host: string; readonly port: number } | { readonly path: string };

/** Opens a proxy in front of a server. */
export function openTcpProxy(target: ProxyTarget): TcpProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const joined = new Set<Promise<void>>();
  const obstacle: Obstacle = { delayMilliseconds: 0, gate: null, closed: false, timers: new Map() };
  let connections = 0;
  const close = (connection: Deno.Conn) => {
    if (open.delete(connection)) connection.close();
  };
  const join = async (client: Deno.Conn) => {
    open.add(client);
    try {
      const server = await connectTo(target);
      open.add(server);
      const either = () => [client, server].forEach(close);
      await Promise.all([pump(client, server, obstacle, either), pump(server, client, obstacle, either)]);
    } catch {
      close(client);
    }
  };
  const serving = (async () => {
    for await (const client of listener) {
      connections++;
      const joining = join(client).finally(() => joined.delete(joining));
      joined.add(joining);
    }
  })();
  const letThrough = () => {
    obstacle.gate?.resolve();
    obstacle.gate = null;
  };
  return {
    host: "127.0.0.1",
    port: listener.addr.port,
    connections: () => connections,
    slowDown: (milliseconds) => void (obstacle.delayMilliseconds = milliseconds),
    holdBack: () => void (obstacle.gate ??= Promise.withResolvers<void>()),
    letThrough,
    cut: () => [...open].forEach(close),
    async [Symbol.asyncDispose]() {
      obstacle.closed = true;
      letThrough();
      listener.close();
      [...open].forEach(close);
      for (const [timer, resolve] of obstacle.timers) {
        clearTimeout(timer);
        resolve();
      }
      await serving;
      await Promise.all(joined);
    },
  };
}

async function connectTo(target: ProxyTarget): Promise<Deno.Conn> {
  if ("path" in target) return await Deno.connect({ transport: "unix", path: target.path });
  return await Deno.connect({ hostname: target.host, port: target.port });
}

/** Carries data one way until either side is gone. */
async function pump(from: Deno.Conn, to: Deno.Conn, obstacle: Obstacle, close: () => void): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    for (;;) {
      const length = await from.read(buffer);
      while (obstacle.gate !== null && !obstacle.closed) await obstacle.gate.promise;
      if (obstacle.delayMilliseconds > 0 && !obstacle.closed) await delay(obstacle);
      if (length === null) break;
      for (let written = 0; written < length;) written += await to.write(buffer.subarray(written, length));
    }
  } catch {
    // One side has closed, so the other is closed too.
  } finally {
    close();
  }
}

function delay({ delayMilliseconds, timers }: Obstacle): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      resolve();
    }, delayMilliseconds);
    timers.set(timer, resolve);
  });
}
