// The admin interface on a unix socket, guarded by its permissions, and on TCP if an option asks for it. Each opens by
// itself: a failure of one is reported and retried, and the other works.
import type { Backoff } from "../time/backoff.ts";
import type { Logger } from "../telemetry/log.ts";
import { systemClock } from "../time/clock.ts";
import { composeApplication } from "./application.ts";
import { openConnections } from "./connections.ts";
import {
  type Entrance,
  type ListenerOpening,
  type ListenerRefusal,
  type LookResult,
  openEntrance,
} from "./entrance.ts";
import { ADMIN_LIMITS, type AdminLimits, RELAY_LIMITS } from "./limits.ts";
import type { DaemonApi } from "./daemon_api.ts";
import { replaceableListener } from "./replaceable_listener.ts";
import { findServeOnConnection, serveByRelay, type ServeOnConnection } from "./serve_on_connection.ts";
import { openTcpListener } from "./tcp_listener.ts";
import { AT_ONCE, type ChangePolicy } from "./ui/consequences.ts";
import { openUnixSocket } from "./unix_socket.ts";

/** The settings of the interface; the names are those of the section `Admin`. */
export interface AdminSettings {
  /** A path; null or empty: no socket. */
  readonly socket: string | null;
  /** An address and a port; null or empty: no TCP. */
  readonly listen: string | null;
  readonly tokenFile: string | null;
  /** PEM files, both or neither. They are read again when they change. */
  readonly tls: { readonly certificateFile: string | null; readonly keyFile: string | null };
  readonly api: DaemonApi;
  /** Receives the addresses that the interface opened or could not open, bugs, and trouble with connections. */
  readonly log: Pick<Logger, "information" | "warning" | "error">;
  /** Default {@linkcode ADMIN_LIMITS}. */
  readonly limits?: Partial<AdminLimits>;
  /** Whether the page offers actions; default false. */
  readonly uiActions?: boolean;
  /** How a change of the source comes into force, for the page; default at once. */
  readonly policy?: ChangePolicy;
  /** The clock of the answers; default the system's. */
  readonly now?: () => Date;
  /** The clock of the page's sessions, in monotonic milliseconds; default the system's. */
  readonly uptime?: () => number;
  /** Between attempts to open an address that the host refused; default from 1 s to 60 s. */
  readonly backoff?: Backoff;
  /**
   * Null: this Deno cannot serve a single connection, so {@linkcode serveByRelay} does. Default: the function of this
   * Deno.
   */
  readonly serveOnConnection?: ServeOnConnection | null;
}

/** The open interface. Disposing of it ends waits, gives requests in progress one second, and then cuts them. */
export interface AdminServer extends AsyncDisposable {
  /** Its addresses at the moment: a path, `http://…` or `https://…`. */
  addresses(): readonly string[];
  /** Checks the socket and the certificate at once, instead of at the next interval. */
  lookAgain(): void;
}

/** The interface, which tries again to open an address that the host refuses; or the reason why it cannot open. */
export type OpenedAdminServer = { readonly ok: true; readonly server: AdminServer } | ListenerRefusal;

/** Opens the interface. */
export async function openAdminServer(settings: AdminSettings): Promise<OpenedAdminServer> {
  const { socket, listen, tokenFile, tls, log, api, uiActions = false, now = () => new Date() } = settings;
  const { uptime = systemClock.now, policy = AT_ONCE } = settings;
  const { serveOnConnection: found = findServeOnConnection() } = settings;
  const serveOnConnection = found ?? serveByRelay;
  const limits = { ...found === null ? RELAY_LIMITS : ADMIN_LIMITS, ...settings.limits };
  if (found === null && (socket || listen)) {
    const what = `Admin interface: Deno ${Deno.version.deno} cannot serve HTTP on a single connection`;
    const effect = "there is room for fewer clients, and one that does not read its answer is not cut";
    log.warning(`${what}: ${effect}: use the pinned version`, { maxConnections: limits.maxConnections });
  }
  const closing = new AbortController();
  const entrances: Entrance[] = [];
  const handler = composeApplication({
    ...{ api, log, limits, closing: closing.signal, now, uptime, uiActions, policy },
    listenerTroubles: () => entrances.flatMap((one) => one.trouble() ?? []),
  });
  const onTrouble = (message: string) => log.warning(`Admin interface: ${message}`);
  const onBug = (error: unknown) =>
    log.error("A bug ended an admin connection", { error: error instanceof Error ? error.stack : String(error) });
  const openings: (() => Promise<ListenerOpening>)[] = [];
  if (listen) openings.push(() => openTcpListener({ listen, tokenFile, tls, onTrouble }));
  if (socket) openings.push(() => openOnSocket(socket));
  const lookAgain = () => entrances.forEach((one) => one.lookAgain());
  const looks = setInterval(lookAgain, limits.lookMilliseconds);
  const close = async () => {
    clearInterval(looks);
    await Promise.all(entrances.map((one) => one.withdraw()));
    // Each entrance begins to close before `closing` lets waiting requests be answered.
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
  const look = async (): Promise<LookResult | null> => {
    if (await socket.isInPlace()) return null;
    const again = await openUnixSocket(path);
    if (!again.ok) {
      return { level: "error", lasts: true, message: `The admin socket ${path} was taken away: ${again.message}` };
    }
    socket = again.socket;
    await listener.replace(() => Promise.resolve(again.socket.listener));
    return { level: "warning", lasts: false, message: `The admin socket ${path} was taken away: it is there again` };
  };
  const warnings = socket.leftovers.map((one) => `Removed a socket that a killed daemon had left: ${one}`);
  return { ok: true, listener, authorize: null, address: path, warnings, look, remove: () => socket.remove() };
}
