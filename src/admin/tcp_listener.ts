// The admin interface's listener on TCP: never without a token, and with TLS as soon as others than this host can reach
// it. What is wrong with the options is told apart from what is wrong with the host.
import { openGuard } from "./auth.ts";
import type { ListenerOpening, ListenerRefusal } from "./entrance.ts";
import { type ListenAddress, readListenAddress } from "./listen_address.ts";
import { type OpenedTcp, openTlsListener, portTrouble } from "./tls_listener.ts";

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
  const pair = certificateFile === null || keyFile === null ? null : { certificateFile, keyFile };
  const opened = pair === null ? listenPlainly(address) : await openTlsListener(address, pair);
  if (!opened.ok) return opened;
  const { listener, look, addr: { hostname, port } } = opened;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const scheme = pair === null ? "http" : "https";
  const { authorize, warnings } = guard;
  const remove = () => Promise.resolve();
  return { ok: true, listener, authorize, address: `${scheme}://${host}:${port}`, warnings, look, remove };
}

function listenPlainly({ hostname, port }: ListenAddress): OpenedTcp | ListenerRefusal {
  try {
    const listener = Deno.listen({ hostname, port });
    return { ok: true, listener, addr: listener.addr as Deno.NetAddr, look: () => Promise.resolve(null) };
  } catch (error) {
    return refused(portTrouble({ hostname, port }, error), false);
  }
}

function refused(message: string, isOption = true): ListenerRefusal {
  return { ok: false, message, isOption };
}
