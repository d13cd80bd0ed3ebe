// The admin interface over a fake daemon, listening for real, with clients that reach it: fetch over its unix socket
// and over TCP, and connections that send given bytes.
import { type AdminServer, type AdminSettings, openAdminServer } from "../../src/admin/server.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { fakeDaemonApi, type FakeSubject } from "./fake_daemon_api.ts";

/** A token that is right. */
export const TOKEN = "0123456789abcdef-token";

/** An entry of the log. */
export interface Logged {
  /** Its message. */
  readonly message: string;
  /** Further resources that it owns. */
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

/** The options of a request beside its path. */
export type Ask = Omit<RequestInit, "signal"> & { readonly signal?: AbortSignal };

/** The interface at work. */
export interface AdminHost extends AsyncDisposable {
  /** The daemon behind it. */
  readonly api: FakeSubject;
  /** The interface. */
  readonly server: AdminServer;
  /** The log lines. */
  readonly logged: Logged[];
  /** The path of its socket. */
  readonly socket: string;
  /** The path of the token. */
  readonly tokenFile: string;
  /** Asks over the socket. */
  ask(path: string, ask?: Ask): Promise<Response>;
  /** Asks over TCP. */
  askTcp(path: string, ask?: Ask): Promise<Response>;
  /** Sends bytes over the socket, and resolves with all that was answered until the connection ended. */
  say(text: string): Promise<string>;
}

/** Opens the interface on a socket and on TCP, with a token. */
export async function openAdminHost(settings: Partial<AdminSettings> = {}): Promise<AdminHost> {
  const directory = await temporaryDirectory();
  const socket = directory.file("admin.sock");
  const tokenFile = await directory.write("token", `${TOKEN}\n`);
  await Deno.chmod(tokenFile, 0o600);
  const api = fakeDaemonApi();
  const logged: Logged[] = [];
  const note = (message: string, fields?: Readonly<Record<string, unknown>>) => void logged.push({ message, fields });
  const opened = await openAdminServer({
    socket,
    listen: "127.0.0.1:0",
    tokenFile,
    tls: { certificateFile: null, keyFile: null },
    api,
    log: { information: () => {}, warning: note, error: note },
    now: () => new Date("2026-01-02T03:04:05.678Z"),
    ...settings,
  });
  if (!opened.ok) throw new Error(opened.message);
  const { server } = opened;
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  const base = server.addresses().at(-1)!;
  return {
    api,
    server,
    logged,
    socket,
    tokenFile,
    ask: (path, ask) => fetch(`http://localhost${path}`, { ...ask, client }),
    askTcp: (path, ask) => fetch(base + path, ask),
    say: (text) => sayOn(socket, text),
    async [Symbol.asyncDispose]() {
      client.close();
      await server[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Sends bytes over a unix socket and reads to the end; a connection that is cut has ended, too. */
export async function sayOn(socket: string, text: string): Promise<string> {
  using connection = await Deno.connect({ transport: "unix", path: socket });
  await connection.write(new TextEncoder().encode(text));
  let answer = "";
  try {
    for await (const bytes of connection.readable) answer += new TextDecoder().decode(bytes);
  } catch {
    // It was cut.
  }
  return answer;
}

/** The members of a problem. */
export async function problemOf(response: Response): Promise<Record<string, unknown>> {
  const type = response.headers.get("Content-Type");
  if (type !== "application/problem+json") throw new Error(`no problem but ${type}`);
  return await response.json();
}
