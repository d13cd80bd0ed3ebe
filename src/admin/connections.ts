// The connections of one listener, each bounded in every wait: for its first request, between two, for its answers to be
// read. Deno.serve has no limit on any of them, nor on their number; what it does for a whole listener is done here for
// one connection at a time, so that clients take no more than the listener's share of the daemon's file descriptors. Over
// TLS that is not so: a connection that is cut keeps its descriptor until its client goes.
import { backoffMilliseconds } from "../time/backoff.ts";
import type { Authorize } from "./auth.ts";
import type { AdminLimits } from "./limits.ts";
import type { Acceptor } from "./replaceable_listener.ts";
import { withinLimit } from "../time/limit.ts";

/** What a route knows of the connection that it answers on. */
export interface ConnectionBindings {
  /** Judges a request; null: the listener lets everyone in. */
  readonly authorize: Authorize | null;
  /** Ends the connection at once, whatever is under way on it. */
  readonly cut: () => void;
}

/** Answers one request. */
export type Handler = (request: Request, bindings: ConnectionBindings) => Response | Promise<Response>;

/** What a listener's connections are served with. */
export interface ConnectionSettings {
  /** Answers each request. */
  readonly handler: Handler;
  /** Judges each request; null: everyone may ask. */
  readonly authorize: Authorize | null;
  /** How long and how many. */
  readonly limits: AdminLimits;
  /** What {@linkcode findServeOnConnection} found. */
  readonly serveOnConnection: ServeOnConnection;
  /** Is told, in one line, that connections cannot be taken or are too many: once, until that is over. */
  readonly onTrouble: (message: string) => void;
  /** Is told of what was thrown where nothing may be: the connection is closed. */
  readonly onBug: (error: unknown) => void;
}

/** The connections of a listener. */
export interface Connections {
  /** Takes no further ones, cuts those that wait, and the others when they are done or their time is over. */
  close(): Promise<void>;
}

/** One connection being served. */
interface Served {
  /** Resolves when it has ended, however. */
  readonly ended: Promise<void>;
  /** Ends it when its requests are answered: at once where there is none. */
  finish(): void;
  /** Ends it at once. */
  cut(): void;
}

/** Serves all connections of a listener, which is closed with them. */
export function openConnections(listener: Acceptor, settings: ConnectionSettings): Connections {
  const { limits, onTrouble, onBug } = settings;
  const open = new Set<Served>();
  const closing = Promise.withResolvers<void>();
  let isClosed = false;
  let wasFull = false;
  const isFull = () => open.size >= limits.maxConnections;
  const tell = (what: string) => {
    if (!wasFull) onTrouble(`${limits.maxConnections} connections are open, further ones ${what}`);
    wasFull = true;
  };
  const admit = async (connection: Deno.Conn) => {
    if (isFull() && isTls(connection)) {
      // Closing it would free nothing: see below. No further one is accepted until there is room.
      tell("have to wait");
      while (isFull() && !isClosed) await Promise.race([closing.promise, ...[...open].map(({ ended }) => ended)]);
    }
    if (isClosed) return closeQuietly(connection);
    if (isFull()) {
      tell("are refused");
      return connection.close();
    }
    // Not as soon as one went: where many come and go that would be a line for each.
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
      // All before the first await: what the caller ends next is answered on connections that know of their end.
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

/** What accept(2) refuses (no file descriptor is left) is tried again, ever more slowly. */
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
 * Serves once the handshake is done. Deno lets a handshake that was begun end by itself, also when the connection is
 * closed, which takes as long as the client likes and holds a file descriptor: so it is waited for, and until then the
 * connection counts as one of those that are open.
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
      // It went, or speaks no TLS.
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

/** The first head must be there within `headMilliseconds`. */
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
      // It ended by itself, and nobody has been told yet.
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
  // A stand-in for an AbortSignal: what its listener throws would be nobody's to catch, and end the process.
  const signal: StopSignal = { addEventListener: (_type, listener) => stop = listener };
  const bug = () => new Response(null, { status: 500 });
  const server = serveOnConnection(connection, signal, handle, bug, () => {});
  idle = setTimeout(cut, headMilliseconds);
  const end = () => {
    hasEnded = true;
    clearTimeout(idle);
  };
  // It rejects where the client went away in the middle of something, and only shutting it down frees what it held.
  const ended = server.finished.then(end, () => server.shutdown().then(end, end));
  const finish = () => {
    isFinishing = true;
    if (inFlight === 0) cut();
  };
  return { ended, finish, cut };
}

/** What Deno asks of the signal that ends a connection. */
export interface StopSignal {
  /** Hands out what ends it. */
  addEventListener(type: "abort", listener: () => void): void;
}

/** Serves HTTP on one connection that was accepted. */
export type ServeOnConnection = (
  connection: Deno.Conn,
  signal: StopSignal,
  handler: (request: Request, info: Deno.ServeHandlerInfo) => Promise<Response>,
  onError: (error: unknown) => Response,
  onListen: () => void,
) => { readonly finished: Promise<void>; shutdown(): Promise<void> };

/**
 * What stands under Deno.serve and Deno's node:http; null: this Deno has no such thing. It is not part of Deno's public
 * interface, which has had nothing for a single connection since Deno.serveHttp went: it can go with any version, and the
 * project pins one.
 */
export function findServeOnConnection(): ServeOnConnection | null {
  const { internal } = Deno as unknown as { readonly internal: symbol };
  const internals =
    (Deno as unknown as Record<symbol, { serveHttpOnConnection?: ServeOnConnection } | undefined>)[internal];
  return internals?.serveHttpOnConnection ?? null;
}
