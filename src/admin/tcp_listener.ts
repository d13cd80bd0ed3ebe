// The admin interface's listener on TCP: never without a token, and with TLS as soon as others than this host can reach
// it. What is wrong with the options is told apart from what is wrong with the host.
import { openGuard } from "./auth.ts";
import { readRegularFile } from "../host/regular_file.ts";
import type { ListenerOpening, ListenerRefusal } from "./entrance.ts";
import { type ListenAddress, readListenAddress } from "./listen_address.ts";

/** The most that is read of a certificate or a key. */
const MAX_PEM_BYTES = 1024 * 1024;

/** Where to listen and how, in the names of the section `Admin`. */
export interface TcpSettings {
  /** An address and a port. */
  readonly listen: string;
  /** Where the token is. */
  readonly tokenFile: string | null;
  /** PEM files, both or neither. */
  readonly tls: { readonly certificateFile: string | null; readonly keyFile: string | null };
  /** Is told, in one line, why nobody is let in any more. */
  readonly onTrouble: (message: string) => void;
}

/** Opens the listener. */
export async function openTcpListener({ listen, tokenFile, tls, onTrouble }: TcpSettings): Promise<ListenerOpening> {
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
  const guard = await openGuard(tokenFile, onTrouble);
  if (!guard.ok) {
    // Where others can reach it, an address without a token is refused like one that names none.
    return refused(`${guard.message}: Admin:TokenFile must name a file with a token`, !address.isLoopback);
  }
  const listener = await listenOn(address, certificateFile, keyFile);
  if (!("accept" in listener)) return listener;
  const { hostname, port } = listener.addr as Deno.NetAddr;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const scheme = certificateFile === null ? "http" : "https";
  const { authorize, warnings } = guard;
  return { ok: true, listener, authorize, address: `${scheme}://${host}:${port}`, warnings, remove: () => {} };
}

async function listenOn(
  { hostname, port }: ListenAddress,
  certificateFile: string | null,
  keyFile: string | null,
): Promise<Deno.Listener<Deno.Conn> | ListenerRefusal> {
  const pem: string[] = [];
  for (const path of [certificateFile, keyFile]) {
    if (path === null) continue;
    try {
      pem.push(new TextDecoder().decode(await readRegularFile(path, MAX_PEM_BYTES)));
    } catch (error) {
      return refused(`${path} cannot be read: ${reasonOf(error)}: let the daemon's user read it`, false);
    }
  }
  const [cert, key] = pem;
  try {
    if (cert === undefined || key === undefined) return Deno.listen({ hostname, port });
    return Deno.listenTls({ hostname, port, cert, key });
  } catch (error) {
    if (!isOfSystem(error)) {
      const advice = "put a certificate and its key there, in PEM";
      return refused(
        `${certificateFile} and ${keyFile} are no certificate and its key: ${reasonOf(error)}: ${advice}`,
        false,
      );
    }
    const advice = "free it, or name another with Admin:Listen";
    return refused(`Port ${port} of ${hostname} cannot be listened on: ${reasonOf(error)}: ${advice}`, false);
  }
}

/** What the system refuses has its code (EADDRINUSE); what TLS does not take has none. */
function isOfSystem(error: unknown): boolean {
  return typeof (error as { code?: unknown } | null)?.code === "string";
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split(" (os error")[0]!;
}

function refused(message: string, isOption = true): ListenerRefusal {
  return { ok: false, message, isOption };
}
