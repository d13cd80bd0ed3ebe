// Opens the byte stream to a server, with TLS or without, within the time limit; after a failure nothing remains open.
// It uses Deno's own connections. A socket of node:net or node:tls that is destroyed while it connects or shakes hands
// remains open in Deno: a server that does not answer would cost one socket for each attempt.
import type { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { connect as connectByNode, type TLSSocket } from "node:tls";
import type { RedisEndpoint, TcpEndpoint } from "./connection_string.ts";
import { nameOf, type RedisTls } from "./redis_connection.ts";
import { RedisTrouble } from "./redis_trouble.ts";
import { type ReplyScan, UNASKED } from "./reply_guard.ts";
import { withinLimit } from "../../time/limit.ts";

export interface StreamOptions {
  /** Null: no TLS. */
  readonly tls: RedisTls | null;
  /** For all steps together: looking up the name, connecting, TLS. */
  readonly limitMilliseconds: number;
  /** Ends the attempt. The caller owns a stream that is open. */
  readonly signal: AbortSignal;
}

/** How long to wait for a connection that is no longer wanted. */
const LATE_MILLISECONDS = 200;
const CHUNK_BYTES = 65_536;
/** A Redis without TLS does not answer a TLS handshake: it waits for the end of a line. */
const MUTE = "it takes connections and does not answer: is it frozen, or does it expect no TLS there?";

/** Connects; rejects with the error of the system, of TLS or of the limit. */
export async function connectStream(
  endpoint: RedisEndpoint,
  { tls, limitMilliseconds, signal }: StreamOptions,
): Promise<Duplex> {
  const stopping = new AbortController();
  const abort = () => stopping.abort(new RedisTrouble("The notifier is closed"));
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  let overdue = `No connection to Redis (${nameOf(endpoint)}) within ${limitMilliseconds} ms`;
  const limit = setTimeout(() => stopping.abort(new RedisTrouble(overdue)), limitMilliseconds);
  const connected = () =>
    overdue = `No TLS connection to Redis (${nameOf(endpoint)}) within ${limitMilliseconds} ms: ${MUTE}`;
  try {
    if (tls === null) return streamOver(await connect(endpoint, stopping.signal));
    return await connectSecurely(endpoint, tls, stopping.signal, connected);
  } catch (error) {
    throw stopping.signal.aborted ? stopping.signal.reason : error;
  } finally {
    clearTimeout(limit);
    signal.removeEventListener("abort", abort);
  }
}

async function connect(endpoint: RedisEndpoint, signal: AbortSignal): Promise<Deno.TcpConn | Deno.UnixConn> {
  if ("path" in endpoint) return await orAbandon(Deno.connect({ transport: "unix", path: endpoint.path }), signal);
  const connection = await orAbandon(Deno.connect({ hostname: endpoint.host, port: endpoint.port }), signal);
  connection.setNoDelay(true);
  return connection;
}

/** Looking up a name cannot be cancelled, so a connection that opens too late is closed; mostly that is at once. */
async function orAbandon<Connection extends Deno.Conn>(
  connecting: Promise<Connection>,
  signal: AbortSignal,
): Promise<Connection> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([connecting, aborted]);
  } catch (error) {
    await withinLimit(connecting.then(closeQuietly, () => {}), LATE_MILLISECONDS);
    throw error;
  }
}

async function connectSecurely(
  endpoint: RedisEndpoint,
  tls: RedisTls,
  signal: AbortSignal,
  connected: () => void,
): Promise<Duplex> {
  if ("path" in endpoint) throw new RedisTrouble("TLS over a unix socket is not supported");
  const { ca, certificate, key, host } = tls;
  const trusted = ca === null ? {} : { caCerts: [ca] };
  let connection: Deno.TlsConn;
  if (certificate === null || key === null) {
    const plain = await connect(endpoint, signal) as Deno.TcpConn;
    connection = await Deno.startTls(plain, { hostname: host ?? endpoint.host, ...trusted });
  } else if (host === null || host === endpoint.host) {
    const identity = { cert: certificate, key };
    const connecting = Deno.connectTls({ hostname: endpoint.host, port: endpoint.port, ...trusted, ...identity });
    connection = await orAbandon(connecting, signal);
  } else {
    return await connectUnderOtherName(endpoint, tls, host, signal);
  }
  const close = () => closeQuietly(connection);
  signal.addEventListener("abort", close);
  try {
    signal.throwIfAborted();
    connected();
    await connection.handshake();
    return streamOver(connection);
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Connects with a client certificate and a name that is not the host's: Deno's own connections do not accept both. Only
 * in this case a handshake that hangs leaves a socket open, even after `destroy`.
 */
function connectUnderOtherName(
  { host, port }: TcpEndpoint,
  { ca, certificate, key }: RedisTls,
  servername: string,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const identity = { cert: certificate!, key: key! };
  const socket = connectByNode({ host, port, servername, ...(ca !== null && { ca }), ...identity });
  signal.addEventListener("abort", () => reject(signal.reason));
  // The listener remains: an error without a listener would end the process.
  socket.on("error", reject);
  socket.once("secureConnect", () => resolve(socket));
  return promise;
}

/** Closing a connection does not end a write that the other side does not take; nobody waits longer for it. */
const WRITE_END_MILLISECONDS = 1_000;

/**
 * Makes a stream that ioredis can use as a socket. Destroying it closes the connection, and ends with its last write.
 */
function streamOver(connection: Deno.Conn): Duplex {
  let writing: Promise<void> = Promise.resolve();
  // One for all reads: a new one for each would live until the next answer, and then wait for a rare full collection.
  const buffer = new Uint8Array(CHUNK_BYTES);
  const stream = new Duplex({
    read() {
      connection.read(buffer).then(
        (length) => length === null ? stream.destroy() : stream.push(buffer.slice(0, length)),
        (error) => stream.destroy(error),
      );
    },
    write(chunk: Uint8Array, _encoding, done) {
      writing = writeAll(connection, chunk).then(() => done(), done);
    },
    destroy(error, done) {
      closeQuietly(connection);
      void withinLimit(writing, WRITE_END_MILLISECONDS).then(() => done(error));
    },
  });
  return stream;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await connection.write(bytes.subarray(written));
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // The connection is closed already.
  }
}

/**
 * Passes only scanned bytes to ioredis. Its parser, and its handling of replies of an unexpected form, throw within the
 * `data` event, which would end the process; here the exception ends the connection.
 */
export function guardStream(
  stream: Duplex,
  scan: ReplyScan,
  refuse: (what: string, cause?: unknown) => void,
): void {
  const emit = stream.emit.bind(stream);
  stream.emit = (event: string | symbol, ...args: unknown[]) => {
    if (event !== "data") return emit(event, ...args);
    if (stream.destroyed) return false;
    const scanned = scan(args[0] as Buffer);
    if (!scanned.ok) {
      refuse(scanned.what);
      return false;
    }
    try {
      return scanned.bytes.length === 0 || emit("data", scanned.bytes);
    } catch (error) {
      refuse(UNASKED, error);
      return false;
    }
  };
}
