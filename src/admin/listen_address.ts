// The address of Admin:Listen. Only literal addresses and `localhost`: what a name stands for can change, and with it
// whether the address is a loopback one, on which the rules hang.

/** Where to listen. */
export interface ListenAddress {
  /** A literal address, without brackets. */
  readonly hostname: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Whether it can be reached from this host alone. */
  readonly isLoopback: boolean;
}

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
  // One address, where the name may stand for several: RFC 6761, section 6.3.
  const hostname = bare!.toLowerCase() === "localhost" ? "127.0.0.1" : bare!;
  if (!isIpv4(hostname)) return null;
  return { hostname, port, isLoopback: hostname.startsWith("127.") };
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

/** The URL parser knows every way to write one, and writes it in one way. */
function canonicalIpv6(text: string): string | null {
  return URL.canParse(`http://[${text}]/`) ? new URL(`http://[${text}]/`).hostname.slice(1, -1) : null;
}
