// Connections, requests and handshakes that a test moves by hand, behind the connections of a listener: in any order, also
// in those that a real client seldom brings about.
import { type Handler, openConnections } from "../../src/admin/connections.ts";
import { ADMIN_LIMITS, type AdminLimits } from "../../src/admin/limits.ts";
import type { ServeOnConnection } from "../../src/admin/serve_on_connection.ts";
import { turn } from "../support/fake_clock.ts";

/** A connection that is served. */
export interface Served {
  /** Sends a request; `complete` says that the client has read the answer, or is gone. */
  ask(): { readonly response: Promise<Response>; complete(error?: Error): Promise<void> };
  /** Ends it as its client does. */
  end(error?: Error): Promise<void>;
  /** Whether it was cut. */
  isCut(): boolean;
  /** Whether it was shut down after it had failed. */
  isShutDown(): boolean;
}

/** The parts that a test moves by hand. */
export interface MovedSettings {
  /** Over {@linkcode ADMIN_LIMITS}. */
  readonly limits?: Partial<AdminLimits>;
  /** Answers requests. */
  readonly handler?: Handler;
  /** Is called when a connection is cut, which ends it unless this throws or returns true. */
  readonly onStop?: () => unknown;
  /** Is called when a connection is about to be served. */
  readonly onServe?: () => void;
}

/** Takes the place of the server of connections: notes each in `served`. */
function servingByHand(served: Served[], { onServe, onStop }: MovedSettings): ServeOnConnection {
  return (_connection, signal, handler) => {
    onServe?.();
    const finished = Promise.withResolvers<void>();
    let [isCut, isShutDown] = [false, false];
    signal.addEventListener("abort", () => {
      isCut = true;
      if (onStop?.() !== true) finished.resolve();
    });
    served.push({
      ask() {
        const completed = Promise.withResolvers<void>();
        const info = { completed: completed.promise } as Deno.ServeHandlerInfo;
        const response = handler(new Request("http://x/"), info);
        return {
          response,
          complete: async (error) => {
            if (error === undefined) completed.resolve();
            else completed.reject(error);
            await turn();
          },
        };
      },
      end: async (error) => {
        if (error === undefined) finished.resolve();
        else finished.reject(error);
        await turn();
      },
      isCut: () => isCut,
      isShutDown: () => isShutDown,
    });
    const shutdown = () => Promise.resolve(void (isShutDown = true));
    return { finished: finished.promise, shutdown };
  };
}

/** Opens the connections of a listener, and notes how they end. */
export function listening(settings: MovedSettings = {}) {
  const limits = { ...ADMIN_LIMITS, ...settings.limits };
  const accepts: PromiseWithResolvers<Deno.Conn>[] = [];
  const [troubles, bugs, closed]: [string[], unknown[], string[]] = [[], [], []];
  const served: Served[] = [];
  const serveOnConnection = servingByHand(served, settings);
  const connections = openConnections({
    accept: () => {
      accepts.push(Promise.withResolvers());
      return accepts.at(-1)!.promise;
    },
    close: () => accepts.at(-1)!.reject(new Deno.errors.BadResource("closed")),
  }, {
    handler: settings.handler ?? (() => new Response("x")),
    authorize: null,
    limits,
    serveOnConnection,
    onTrouble: (message) => troubles.push(message),
    onBug: (error) => bugs.push(error),
  });
  const connect = async (name: string, more: object = {}) => {
    accepts.at(-1)!.resolve({ close: () => closed.push(name), ...more } as unknown as Deno.Conn);
    await turn();
  };
  const refuse = async (reason: unknown) => {
    accepts.at(-1)!.reject(reason);
    await turn();
  };
  return { connections, accepts, troubles, bugs, closed, served, connect, refuse };
}

/** A handshake that a test ends. */
export function shaking() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { conn: { handshake: () => promise }, done: () => resolve(), fail: () => reject(new Error("no TLS")) };
}
