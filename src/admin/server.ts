// The admin interface as it is reached: on a unix socket, whose permissions are its guard, and on TCP where that is asked
// for. Each is opened by itself: what keeps one of them away is told and tried again, and the other works.
import type { Backoff } from "../time/backoff.ts";
import type { Logger } from "../telemetry/log.ts";
import { composeApplication } from "./application.ts";
import { findServeOnConnection, openConnections, type ServeOnConnection } from "./connections.ts";
import { type Entrance, type ListenerOpening, type ListenerRefusal, type LookedAt, openEntrance } from "./entrance.ts";
import { ADMIN_LIMITS, type AdminLimits } from "./limits.ts";
import type { DaemonApi } from "./daemon_api.ts";
import { replaceableListener } from "./replaceable_listener.ts";
import { openTcpListener } from "./tcp_listener.ts";
import { openUnixSocket } from "./unix_socket.ts";

/** What the interface is opened with; the names are those of the section `Admin`. */
export interface AdminSettings {
  /** The socket's path; null or empty: none. */
  readonly socket: string | null;
  /** An address and a port; null or empty: none. */
  readonly listen: string | null;
  /** Where the token is. */
  readonly tokenFile: string | null;
  /** PEM files, both or neither. They are read again when they change. */
  readonly tls: { readonly certificateFile: string | null; readonly keyFile: string | null };
  /** What is asked about. */
  readonly api: DaemonApi;
  /** Is told where the interface answers and where it cannot, of bugs, and of what is wrong with connections. */
  readonly log: Pick<Logger, "information" | "warning" | "error">;
  /** Default {@linkcode ADMIN_LIMITS}. */
  readonly limits?: Partial<AdminLimits>;
  /** The clock of the answers; default the system's. */
  readonly now?: () => Date;
  /** Between attempts to open what the host did not let be opened; default from 1 s to 60 s. */
  readonly backoff?: Backoff;
  /** Null: this Deno cannot serve a single connection. Default: what it has for that. */
  readonly serveOnConnection?: ServeOnConnection | null;
}

/** The interface at work. Disposing of it ends what waits, lets the rest end for a second, and then cuts it. */
export interface AdminServer extends AsyncDisposable {
  /** Where it is reached at the moment: a path, `http://…` or `https://…`. */
  addresses(): readonly string[];
  /** Looks at once whether socket and certificate are as they were, which else a timer makes it do. */
  lookAgain(): void;
}

/**
 * The interface, which goes on trying what the host does not let it open; or in one line why there is none: the settings
 * are wrong (`isOption`), or this Deno cannot serve it.
 */
export type OpenedAdminServer = { readonly ok: true; readonly server: AdminServer } | ListenerRefusal;

/** Opens the interface. */
export async function openAdminServer(settings: AdminSettings): Promise<OpenedAdminServer> {
  const { socket, listen, tokenFile, tls, log, api, now = () => new Date() } = settings;
  const { serveOnConnection = findServeOnConnection() } = settings;
  if (serveOnConnection === null) {
    const message = `Deno ${Deno.version.deno} cannot serve HTTP on a single connection: use the pinned version`;
    return { ok: false, message, isOption: false };
  }
  const limits = { ...ADMIN_LIMITS, ...settings.limits };
  const closing = new AbortController();
  const handler = composeApplication({ api, log, limits, closing: closing.signal, now });
  const onTrouble = (message: string) => log.warning(`Admin interface: ${message}`);
  const onBug = (error: unknown) =>
    log.error("A bug ended an admin connection", { error: error instanceof Error ? error.stack : String(error) });
  const openings: (() => Promise<ListenerOpening>)[] = [];
  if (listen) openings.push(() => openTcpListener({ listen, tokenFile, tls, onTrouble }));
  if (socket) openings.push(() => openOnSocket(socket));
  const entrances: Entrance[] = [];
  const lookAgain = () => entrances.forEach((one) => one.lookAgain());
  const looks = setInterval(lookAgain, limits.lookMilliseconds);
  const close = async () => {
    clearInterval(looks);
    await Promise.all(entrances.map((one) => one.withdraw()));
    // Each knows of its end before what waits is answered.
    const closed = entrances.map((one) => one[Symbol.asyncDispose]());
    closing.abort();
    await Promise.all(closed);
  };
  for (const open of openings) {
    const opened = await openEntrance({
      open,
      serve: ({ listener, authorize }) =>
        openConnections(listener, { handler, authorize, limits, serveOnConnection, onTrouble, onBug }),
      onOpen: ({ address, warnings }) => {
        for (const warning of warnings) log.warning(warning);
        log.information("Admin interface answers", { at: address });
      },
      onLook: ({ level, message }) => log[level](message),
      onTrouble: (message) => log.error(`The admin interface is not there: ${message}`, { next: "it is tried again" }),
      ...settings.backoff === undefined ? {} : { backoff: settings.backoff },
    });
    if (!opened.ok) {
      await close();
      return opened;
    }
    entrances.unshift(opened.entrance);
  }
  const addresses = () => entrances.flatMap((one) => one.address() ?? []);
  return { ok: true, server: { addresses, lookAgain, [Symbol.asyncDispose]: close } };
}

async function openOnSocket(path: string): Promise<ListenerOpening> {
  const opened = await openUnixSocket(path);
  if (!opened.ok) return opened;
  let { socket } = opened;
  const listener = replaceableListener(socket.listener);
  const look = async (): Promise<LookedAt | null> => {
    if (await socket.isInPlace()) return null;
    const again = await openUnixSocket(path);
    if (!again.ok) return { level: "error", message: `The admin socket ${path} was taken away: ${again.message}` };
    socket = again.socket;
    await listener.replace(() => Promise.resolve(again.socket.listener));
    return { level: "warning", message: `The admin socket ${path} was taken away: it is there again` };
  };
  const warnings = socket.leftovers.map((one) => `Removed a socket that a killed daemon had left: ${one}`);
  return { ok: true, listener, authorize: null, address: path, warnings, look, remove: () => socket.remove() };
}
