// The connections of one listener, with a limit on every wait: for the first request, between two requests, for a
// client to read its answers. Deno.serve limits none of these waits, nor the number of connections. This file does the
// work of Deno.serve for one connection at a time, so that clients take no more than the listener's share of the
// daemon's file descriptors. Over TLS that does not hold: a connection that is cut keeps its descriptor until its
// client goes.
import { backoffMilliseconds } from "../time/backoff.ts";
import type { Authorize } from "./auth.ts";
import type { AdminLimits } from "./limits.ts";
import type { Acceptor } from "./replaceable_listener.ts";
import type { ServeOnConnection, StopSignal } from "./serve_on_connection.ts";
import { withinLimit } from "../time/limit.ts";

/** The connection that a route answers on. */
export interface ConnectionBindings {
  /** Judges a request; null: the listener allows every request. */
  readonly authorize: Authorize | null;
  /** Ends the connection at once, also in the middle of a request. */
  readonly cut: () => void;
}

/** Answers one request. */
export type Handler = (request: Request, bindings: ConnectionBindings) => Response | Promise<Response>;

export interface ConnectionSettings {
  readonly handler: Handler;
  /** Judges each request; null: all are allowed. */
  readonly authorize: Authorize | null;
  readonly limits: AdminLimits;
  readonly serveOnConnection: ServeOnConnection;
  /** Receives one line if connections cannot be accepted or are too many: once, until that is over. */
  readonly onTrouble: (message: string) => void;
  /** Receives an exception that must not be thrown further: the connection is closed. */
  readonly onBug: (error: unknown) => void;
}

export interface Connections {
  /**
   * Accepts no further connections, cuts idle ones at once, and the others when they are done or their time is over.
   */
  close(): Promise<void>;
}

interface Served {
  /** Resolves when it has ended, also after a failure. */
  readonly ended: Promise<void>;
  /** Ends it when its requests are answered; at once if there is none. */
  finish(): void;
  /** Ends it at once. */
  cut(): void;
}

/** Serves all connections of a listener, and closes the listener with them. */
export function openConnections(listener: Acceptor, settings: ConnectionSettings): Connections {
  const { limits, onTrouble, onBug } = settings;
  const open = new Set<Served>();
  const closing = Promise.withResolvers<void>();
  let isClosed = false;
  let wasFull = false;
  const isFull = () => open.size >= limits.maxConnections;
  const report = (what: string) => {
    if (!wasFull) onTrouble(`${limits.maxConnections} connections are open, further ones ${what}`);
    wasFull = true;
  };
  const admit = async (connection: Deno.Conn) => {
    if (isFull() && isTls(connection)) {
      // Closing it would free nothing, see `serveAfterHandshake`. No further one is accepted until there is room.
      report("have to wait");
      while (isFull() && !isClosed) await Promise.race([closing.promise, ...[...open].map(({ ended }) => ended)]);
    }
    if (isClosed) return closeQuietly(connection);
    if (isFull()) {
      report("are refused");
      return connection.close();
    }
    // Not at the first free place: if many connections come and go, each would log a line.
    if (open.size < limits.maxConnections / 2) wasFull = false;
    const served = isTls(connection)
      ? serveAfterHandshake(connection, settings)
      : serveConnection(connection, settings, limits.headMilliseconds);
    open.add(served);
    served.ended.finally(() => open.delete(served));
  };
  const take = async (connection: Deno.Conn) => {
    try {
      await admit(connection);
    } catch (error) {
      onBug(error);
      closeQuietly(connection);
    }
  };
  const accepting = acceptAll(listener, take, () => isClosed, onTrouble);
  return {
    async close() {
      // All of this precedes the first await: requests that the caller ends next are answered with `Connection: close`.
      isClosed = true;
      closing.resolve();
      listener.close();
      for (const served of open) served.finish();
      await accepting;
      await withinLimit(Promise.all([...open].map(({ ended }) => ended)), limits.graceMilliseconds);
      const rest = [...open];
      for (const served of rest) served.cut();
      await withinLimit(Promise.all(rest.map(({ ended }) => ended)), limits.graceMilliseconds);
    },
  };
}

/** Retries accept(2) after a refusal (no file descriptor is left), with growing waits. */
async function acceptAll(
  listener: Acceptor,
  take: (connection: Deno.Conn) => Promise<void>,
  isClosed: () => boolean,
  onTrouble: (message: string) => void,
): Promise<void> {
  let failures = 0;
  while (!isClosed()) {
    try {
      const connection = await listener.accept();
      failures = 0;
      await take(connection);
    } catch (error) {
      if (isClosed()) return;
      const reason = error instanceof Error ? error.message : String(error);
      if (++failures === 1) onTrouble(`A connection cannot be accepted: ${reason}`);
      const waitMilliseconds = backoffMilliseconds(failures, Math.random(), ACCEPT_BACKOFF);
      await new Promise((resolve) => setTimeout(resolve, waitMilliseconds));
    }
  }
}

const ACCEPT_BACKOFF = { firstMilliseconds: 10, capMilliseconds: 1_000 };

function isTls(connection: Deno.Conn): connection is Deno.TlsConn {
  return "handshake" in connection;
}

/**
 * Serves after the handshake. Deno lets a handshake that has begun end by itself, also after the connection was closed.
 * That takes as long as the client likes and holds a file descriptor, so the connection counts as open until then.
 */
function serveAfterHandshake(connection: Deno.TlsConn, settings: ConnectionSettings): Served {
  const { headMilliseconds } = settings.limits;
  const begun = performance.now();
  let served: Served | null = null;
  let isUnwanted = false;
  const begin = async () => {
    try {
      await connection.handshake();
    } catch {
      // The client went, or speaks no TLS.
      return closeQuietly(connection);
    }
    const restMilliseconds = headMilliseconds - (performance.now() - begun);
    if (isUnwanted || restMilliseconds <= 0) return closeQuietly(connection);
    try {
      served = serveConnection(connection, settings, restMilliseconds);
    } catch (error) {
      settings.onBug(error);
      return closeQuietly(connection);
    }
    await served.ended;
  };
  const cut = () => {
    isUnwanted = true;
    if (served === null) closeQuietly(connection);
    else served.cut();
  };
  const finish = () => served === null ? cut() : served.finish();
  return { ended: begin(), finish, cut };
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It was closed already.
  }
}

/** The first head must arrive within `headMilliseconds`. */
function serveConnection(connection: Deno.Conn, settings: ConnectionSettings, headMilliseconds: number): Served {
  const { handler, authorize, limits, serveOnConnection } = settings;
  let stop = () => {};
  let hasEnded = false;
  let isFinishing = false;
  let inFlight = 0;
  const cut = () => {
    if (hasEnded) return;
    try {
      stop();
    } catch (error) {
      // The connection ended by itself, and `finished` has not resolved yet.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  };
  let idle: number | undefined;
  const handle = async (request: Request, info: Deno.ServeHandlerInfo): Promise<Response> => {
    clearTimeout(idle);
    inFlight++;
    let isLast = false;
    let writing: number | undefined;
    const done = () => {
      clearTimeout(writing);
      // A client whose body was not read to its end may go on sending it, which keeps the connection open.
      const restMilliseconds = isLast ? limits.graceMilliseconds : limits.idleMilliseconds;
      if (--inFlight === 0 && !hasEnded) idle = setTimeout(cut, restMilliseconds);
    };
    info.completed.then(done, done);
    const response = await handler(request, { authorize, cut });
    if (isFinishing) response.headers.set("Connection", "close");
    isLast = response.headers.get("Connection") === "close";
    const isStream = response.headers.get("Content-Type") === "text/event-stream";
    if (!isStream && inFlight > 0) writing = setTimeout(cut, limits.writeMilliseconds);
    return response;
  };
  // Takes the place of an AbortSignal. An exception of that one's listener could not be caught and would end the
  // process.
  const signal: StopSignal = { addEventListener: (_type, listener) => stop = listener };
  const bug = () => new Response(null, { status: 500 });
  const server = serveOnConnection(connection, signal, handle, bug, () => {});
  idle = setTimeout(cut, headMilliseconds);
  const end = () => {
    hasEnded = true;
    clearTimeout(idle);
  };
  // It rejects if the client went away during a request; then only `shutdown` frees its resources.
  const ended = server.finished.then(end, () => server.shutdown().then(end, end));
  const finish = () => {
    isFinishing = true;
    if (inFlight === 0) cut();
  };
  return { ended, finish, cut };
}
