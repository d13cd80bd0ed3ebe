// Finds the server to use: a primary, which Sentinels or the servers themselves name, or any node of a cluster. It is
// found again for every session, since yesterday's primary may be today's replica.
import type { Buffer } from "node:buffer";
import type { RedisEndpoint, TcpEndpoint } from "./connection_string.ts";
import { nameOf, type RedisConnection } from "./redis_connection.ts";
import { LoginTrouble, noRedis, reasonOf, RedisTrouble, replyCode } from "./redis_trouble.ts";

/** One connection to one server, without reconnection. It closes by itself when the signal of its `Dial` aborts. */
export interface Wire {
  readonly endpoint: RedisEndpoint;
  /** Sends a command; rejects with the error of Redis, after a time limit, and when the connection is closed. */
  call(command: string, ...words: readonly (string | number)[]): Promise<unknown>;
  /** The same with strings as bytes in the reply, and if wanted in the command. */
  callForBytes(command: string, ...words: readonly (string | number | Buffer)[]): Promise<unknown>;
  /** Resolves with the reason when the connection is closed; never rejects. */
  readonly closed: Promise<string>;
  /** Cuts the connection and waits until it is closed. */
  close(): Promise<void>;
}

/** Opens a connection; rejects if it is not open within the time limit. `heard` receives the bytes of every message. */
export type Dial = (endpoint: RedisEndpoint, heard?: (message: Uint8Array) => void) => Promise<Wire>;

/** The means of opening connections. */
export interface Caller {
  readonly dial: Dial;
  readonly connection: RedisConnection;
}

/** A connection that is authenticated, and the server's kind. */
export interface GreetedServer {
  readonly wire: Wire;
  /** `standalone`, `cluster` or `sentinel`. */
  readonly mode: string;
  /** `master` or `replica`; null: it is a Sentinel. */
  readonly role: string | null;
}

/** Connects, authenticates and asks the server for its mode and role. A failure leaves no connection open. */
export async function greet(
  { dial, connection }: Caller,
  endpoint: RedisEndpoint,
  heard?: (message: Uint8Array) => void,
): Promise<GreetedServer> {
  const wire = await dial(endpoint, heard);
  try {
    if (connection.password !== null) await authenticate(wire, connection.user, connection.password);
    const hello = await askMode(wire);
    if (connection.database !== 0 && hello.mode !== "cluster") await wire.call("select", connection.database);
    // A refused name is no failure: the user may lack the right to set one.
    if (connection.clientName !== null) await wire.call("client", "setname", connection.clientName).catch(() => {});
    return { wire, ...hello };
  } catch (error) {
    await wire.close();
    throw new RedisTrouble(reasonOf(error, nameOf(endpoint)), { cause: error });
  }
}

/** Finds the server to use: any node of a cluster, else the primary. Rejects with the reason if there is none. */
export async function findServer(caller: Caller): Promise<GreetedServer> {
  const { connection } = caller;
  if (connection.kind === "sentinel") {
    const endpoint = await askSentinels(caller, connection.serviceName, connection.endpoints);
    return await requireUsable(await greet(caller, endpoint));
  }
  const endpoints = connection.kind === "single" ? [connection.endpoint] : connection.endpoints;
  let first: unknown = null;
  for (const endpoint of endpoints) {
    try {
      return await requireUsable(await greet(caller, endpoint));
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

async function requireUsable(server: GreetedServer): Promise<GreetedServer> {
  const { wire, mode, role } = server;
  if (mode === "cluster" || (mode !== "sentinel" && role === "master")) return server;
  await wire.close();
  const what = mode === "sentinel" ? "is a Sentinel, which needs a serviceName" : "is a replica, not a primary";
  throw new RedisTrouble(`Redis at ${nameOf(wire.endpoint)} ${what}`);
}

async function authenticate(
  wire: Wire,
  user: string | null,
  password: string,
  refusal = "Redis refuses the user name or the password",
): Promise<void> {
  try {
    await wire.call("auth", ...(user === null ? [password] : [user, password]));
  } catch (error) {
    const code = replyCode(error);
    if (code === null) throw error;
    // A server without a password accepts the connection, so that it can be given a password later.
    if (code === "ERR" && /without any password configured|no password is set/.test((error as Error).message)) return;
    // A server that does not know the command may quote the password in its message.
    throw new LoginTrouble(refusal);
  }
}

/** HELLO needs no right and no key, and is answered also while Redis loads. Before Redis 6 it is unknown. */
async function askMode(wire: Wire): Promise<{ mode: string; role: string | null }> {
  let reply: unknown;
  try {
    reply = await wire.call("hello");
  } catch (error) {
    if (replyCode(error) === "ERR") return { mode: "standalone", role: "master" };
    throw error;
  }
  const mode = fieldOf(reply, "mode");
  if (mode === null) throw new RedisTrouble(noRedis(nameOf(wire.endpoint)));
  return { mode, role: fieldOf(reply, "role") };
}

/** Returns the text of a field in a reply that has names and values in turn; null: there is none. */
export function fieldOf(reply: unknown, name: string): string | null {
  if (!Array.isArray(reply)) return null;
  const index = reply.findIndex((word, position) => position % 2 === 0 && word === name);
  const value: unknown = index < 0 ? null : reply[index + 1];
  return typeof value === "string" ? value : null;
}

async function askSentinels(
  { dial, connection }: Caller,
  serviceName: string,
  endpoints: readonly TcpEndpoint[],
): Promise<TcpEndpoint> {
  let first: unknown = null;
  for (const endpoint of endpoints) {
    try {
      const wire = await dial(endpoint);
      try {
        const address = await askSentinel(wire, serviceName, connection);
        if (address !== null) return address;
        first ??= new RedisTrouble(`Sentinel at ${nameOf(endpoint)} does not know the service`);
      } finally {
        await wire.close();
      }
    } catch (error) {
      first ??= new RedisTrouble(reasonOf(error, `Sentinel ${nameOf(endpoint)}`), { cause: error });
    }
  }
  throw first;
}

/** A host name, or an address with or without a zone. */
const HOST = /^[\w.:%-]{1,255}$/;

/** Sentinel gets the password only if it asks for one: most have none, even if Redis has one. */
async function askSentinel(wire: Wire, name: string, connection: RedisConnection): Promise<TcpEndpoint | null> {
  const ask = () => wire.call("sentinel", "get-master-addr-by-name", name);
  const { user, password } = connection;
  const reply = await ask().catch(async (error) => {
    if (replyCode(error) !== "NOAUTH" || password === null) throw error;
    const sentinel = `Sentinel at ${nameOf(wire.endpoint)}`;
    await authenticate(
      wire,
      user,
      password,
      `${sentinel} refuses the user name or the password: it gets those of Redis`,
    );
    return await ask();
  });
  if (!Array.isArray(reply)) return null;
  const [host, port] = [String(reply[0]), Number(reply[1])];
  return HOST.test(host) && Number.isInteger(port) && port > 0 && port < 65_536 ? { host, port } : null;
}
