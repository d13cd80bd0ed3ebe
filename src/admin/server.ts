// The admin interface as it is reached: on a unix socket, whose permissions are its guard, and on TCP where that is asked
// for, with a token, and with TLS as soon as others than this host can reach it.
import type { Logger } from "../process/log.ts";
import { composeApplication } from "./application.ts";
import { type Authorize, openGuard } from "./auth.ts";
import { type Connections, openConnections } from "./connections.ts";
import { ADMIN_LIMITS, type AdminLimits } from "./limits.ts";
import { type ListenAddress, readListenAddress } from "./listen_address.ts";
import type { Subject } from "./subject.ts";
import { openUnixSocket, type UnixSocket } from "./unix_socket.ts";

/** What the interface is opened with; the names are those of the section `Admin`. */
export interface AdminSettings {
  /** The socket's path; null or empty: none. */
  readonly socket: string | null;
  /** An address and a port; null or empty: none. */
  readonly listen: string | null;
  /** Where the token is. */
  readonly tokenFile: string | null;
  /** PEM files, both or neither. They are read once. */
  readonly tls: { readonly certificateFile: string | null; readonly keyFile: string | null };
  /** What is asked about. */
  readonly subject: Subject;
  /** Is told of bugs and of what is wrong with connections. */
  readonly log: Pick<Logger, "warning" | "error">;
  /** Default {@linkcode ADMIN_LIMITS}. */
  readonly limits?: Partial<AdminLimits>;
  /** The clock of the answers; default the system's. */
  readonly now?: () => Date;
}

/** The interface at work. Disposing of it ends what waits, lets the rest end for a second, and then cuts it. */
export interface AdminServer extends AsyncDisposable {
  /** Where it is reached: a path, `http://…` or `https://…`. */
  readonly addresses: readonly string[];
  /** What is unwise about the settings, in one line each. */
  readonly warnings: readonly string[];
}

/** The interface, or in one line why it cannot be opened; `isOption`: the settings are wrong, not the host. */
export type OpenedAdminServer =
  | { readonly ok: true; readonly server: AdminServer }
  | { readonly ok: false; readonly message: string; readonly isOption: boolean };

type Refusal = Extract<OpenedAdminServer, { ok: false }>;

/** Opens the interface, all of it or nothing. */
export async function openAdminServer(settings: AdminSettings): Promise<OpenedAdminServer> {
  const { subject, log, now = () => new Date() } = settings;
  const limits = { ...ADMIN_LIMITS, ...settings.limits };
  const tcp = settings.listen ? await openTcp(settings.listen, settings) : null;
  if (tcp?.ok === false) return tcp;
  const unix = settings.socket ? await openUnixSocket(settings.socket) : null;
  if (unix?.ok === false) {
    tcp?.listener.close();
    return unix;
  }
  const closing = new AbortController();
  const handler = composeApplication({ subject, log, limits, closing: closing.signal, now });
  const onTrouble = (message: string) => log.warning(`Admin interface: ${message}`);
  const serve = (listener: Deno.Listener<Deno.Conn>, authorize: Authorize | null) =>
    openConnections(listener, { handler, authorize, limits, onTrouble });
  const connections: Connections[] = [];
  if (unix !== null) connections.push(serve(unix.socket.listener, null));
  if (tcp !== null) connections.push(serve(tcp.listener, tcp.authorize));
  const server: AdminServer = {
    addresses: [...unix === null ? [] : [settings.socket!], ...tcp === null ? [] : [tcp.address]],
    warnings: tcp?.warnings ?? [],
    [Symbol.asyncDispose]: () => close(unix?.socket ?? null, connections, closing),
  };
  return { ok: true, server };
}

async function close(socket: UnixSocket | null, connections: Connections[], closing: AbortController): Promise<void> {
  if (closing.signal.aborted) return;
  socket?.remove();
  const closed = connections.map((one) => one.close());
  closing.abort();
  await Promise.all(closed);
}

/** A listener on TCP with its guard. */
interface OpenedTcp {
  readonly ok: true;
  readonly listener: Deno.Listener<Deno.Conn>;
  readonly authorize: Authorize;
  readonly address: string;
  readonly warnings: readonly string[];
}

type TcpSettings = Pick<AdminSettings, "tokenFile" | "tls" | "log">;

async function openTcp(listen: string, { tokenFile, tls, log }: TcpSettings): Promise<OpenedTcp | Refusal> {
  const address = readListenAddress(listen);
  if (address === null) {
    const form = "localhost or a literal address, and a port (127.0.0.1:8080, [::1]:8080)";
    return refused(`Admin:Listen must be ${form}: other names are not resolved`);
  }
  if (!tokenFile) return refused("Admin:Listen needs Admin:TokenFile: over TCP a token is required for all but health");
  const { certificateFile, keyFile } = tls;
  if (!address.isLoopback && (certificateFile === null || keyFile === null)) {
    const wanted = "Admin:Tls:CertificateFile and Admin:Tls:KeyFile";
    return refused(`Admin:Listen is no loopback address, so it needs ${wanted}: the token would be read on its way`);
  }
  const guard = await openGuard(tokenFile, (message) => log.warning(`Admin interface: ${message}`));
  if (!guard.ok) return refused(guard.message, false);
  const listener = await listenOn(address, certificateFile, keyFile);
  if (!("accept" in listener)) return listener;
  const { hostname, port } = listener.addr as Deno.NetAddr;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const scheme = certificateFile === null ? "http" : "https";
  const { authorize, warnings } = guard;
  return { ok: true, listener, authorize, address: `${scheme}://${host}:${port}`, warnings };
}

async function listenOn(
  { hostname, port }: ListenAddress,
  certificateFile: string | null,
  keyFile: string | null,
): Promise<Deno.Listener<Deno.Conn> | Refusal> {
  const pem: string[] = [];
  for (const path of [certificateFile, keyFile]) {
    if (path === null) continue;
    try {
      pem.push(await Deno.readTextFile(path));
    } catch (error) {
      return refused(`${path} cannot be read: ${reasonOf(error)}`, false);
    }
  }
  const [cert, key] = pem;
  try {
    if (cert === undefined || key === undefined) return Deno.listen({ hostname, port });
    // A handshake that a client never ends keeps its file descriptor until the client goes, also when the connection is
    // closed here: Deno lets it end by itself, and has no way to stop it.
    return Deno.listenTls({ hostname, port, cert, key });
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData) {
      return refused(`${certificateFile} and ${keyFile} are no certificate and its key: ${reasonOf(error)}`, false);
    }
    return refused(`Port ${port} of ${hostname} cannot be listened on: ${reasonOf(error)}`, false);
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split(" (os error")[0]!;
}

function refused(message: string, isOption = true): Refusal {
  return { ok: false, message, isOption };
}
