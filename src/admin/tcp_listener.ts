// The admin interface's listener on TCP: never without a token, and with TLS if other hosts can reach it. Its refusals
// tell wrong options from trouble of the host.
import { type OpenedGuard, openGuard } from "./auth.ts";
import type { ListenAddress, ListenerOpening, ListenerRefusal } from "./entrance.ts";
import { type OpenedTcp, openTlsListener, type PairFiles, portTrouble } from "./tls_listener.ts";

/** The address and the TLS files, in the names of the section `Admin`. */
export interface TcpSettings {
  /** An address and a port. */
  readonly listen: string;
  readonly tokenFile: string | null;
  /** PEM files, both or neither. */
  readonly tls: { readonly certificateFile: string | null; readonly keyFile: string | null };
  /** Receives, in one line, why no token is accepted any more. */
  readonly onTrouble: (message: string) => void;
}

/** The settings of a listener that may be opened. */
interface TcpReady {
  readonly ok: true;
  readonly address: ListenAddress;
  readonly guard: Extract<OpenedGuard, { ok: true }>;
  /** Null: without TLS. */
  readonly pair: PairFiles | null;
}

/** Judges the settings and reads the token; nothing is opened. */
export async function readTcpSettings(
  { listen, tokenFile, tls: { certificateFile, keyFile }, onTrouble }: TcpSettings,
): Promise<TcpReady | ListenerRefusal> {
  const address = readListenAddress(listen);
  if (address === null) {
    const form = "localhost or a literal address, and a port (127.0.0.1:8080, [::1]:8080)";
    return refused(`Admin:Listen must be ${form}: other names are not resolved`);
  }
  if (!tokenFile) return refused("Admin:Listen needs Admin:TokenFile: over TCP a token is required for all but health");
  const pair = certificateFile === null || keyFile === null ? null : { certificateFile, keyFile };
  if (!address.isLoopback && pair === null) {
    const wanted = "Admin:Tls:CertificateFile and Admin:Tls:KeyFile";
    return refused(`Admin:Listen is no loopback address, so it needs ${wanted}: the token would be read on its way`);
  }
  const guard = await openGuard(tokenFile, onTrouble);
  // If other hosts can reach the address, a missing token is as final as a missing option.
  if (!guard.ok) return refused(`${guard.message}: Admin:TokenFile must name a file with a token`, !address.isLoopback);
  return { ok: true, address, guard, pair };
}

export async function openTcpListener(settings: TcpSettings): Promise<ListenerOpening> {
  const ready = await readTcpSettings(settings);
  if (!ready.ok) return ready;
  const { address, guard, pair } = ready;
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

// The address of Admin:Listen, either literal or `localhost`: the address of a name can change, and the rules depend on
// whether it is a loopback one.

/** Reads `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`; null: it is none of these. */
export function readListenAddress(text: string): ListenAddress | null {
  const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text.trim());
  if (found === null) return null;
  const [, inBrackets, bare, digits] = found;
  const port = Number(digits);
  if (port > 65_535) return null;
  if (inBrackets !== undefined) {
    const hostname = canonicalIpv6(inBrackets);
    if (hostname === null) return null;
    return { hostname, port, isLoopback: hostname === "::1" || /^::ffff:7f[0-9a-f]{2}:/.test(hostname) };
  }
  // One address, although the name may have several: RFC 6761, section 6.3.
  const hostname = bare!.toLowerCase() === "localhost" ? "127.0.0.1" : bare!;
  if (!isIpv4(hostname)) return null;
  return { hostname, port, isLoopback: hostname.startsWith("127.") };
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** The URL parser reads every form of an address and writes one. */
function canonicalIpv6(text: string): string | null {
  return URL.canParse(`http://[${text}]/`) ? new URL(`http://[${text}]/`).hostname.slice(1, -1) : null;
}
