// The proxy of a request, according to the environment. A request to this host never uses one, even if the environment
// names one: another host's loopback is not this one's.
import { BlockList, isIPv4, isIPv6 } from "node:net";

/** A proxy of an HTTP client. */
export interface Proxy {
  /** With its credentials, as an HTTP client takes it. Secret. */
  readonly url: string;
  /** Host and port, for messages. */
  readonly name: string;
}

/** The proxy, null for none; or the variable with an invalid value. */
export type ProxyChoice =
  | { readonly ok: true; readonly proxy: Proxy | null }
  | { readonly ok: false; readonly variable: string };

/** The proxy schemes of Deno's client, and their ports. */
const PORTS: ReadonlyMap<string, string> = new Map([
  ["http:", "80"],
  ["https:", "443"],
  ["socks5:", "1080"],
  ["socks5h:", "1080"],
]);

/**
 * The names and addresses that only this host answers: those below localhost (RFC 6761, 6.3), and the unspecified
 * addresses, which reach it on Linux.
 */
const THIS_HOST = "localhost,127.0.0.0/8,::1,0.0.0.0,::";

/**
 * Finds the proxy for a URL: `HTTP_PROXY` or `HTTPS_PROXY`, after its scheme, before `ALL_PROXY`, and upper case before
 * lower case. `NO_PROXY` lists names, which include the names below them, addresses, networks, or `*`.
 */
export function proxyOf(url: URL, environment: (name: string) => string | undefined): ProxyChoice {
  const find = (name: string) => [name, name.toLowerCase()].find((spelling) => environment(spelling));
  const variable = find(url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY") ?? find("ALL_PROXY");
  if (variable === undefined || isListed(hostOf(url), THIS_HOST)) return { ok: true, proxy: null };
  const exceptions = find("NO_PROXY");
  if (exceptions !== undefined && isListed(hostOf(url), environment(exceptions)!)) return { ok: true, proxy: null };
  const proxy = readProxy(environment(variable)!);
  return proxy === null ? { ok: false, variable } : { ok: true, proxy };
}

/** Without brackets and a last dot; the URL's parser has made it lower case and normalized addresses. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$|\.$/g, "");
}

function isListed(host: string, list: string): boolean {
  const family = familyOf(host);
  const addresses = new BlockList();
  for (const entry of list.toLowerCase().split(/[\s,]+/)) {
    if (entry === "*") return true;
    const [address = "", prefix] = entry.replace(/^\[|\]$/g, "").split("/");
    const kind = familyOf(address);
    if (kind === null) {
      const name = address.replace(/^\*?\./, "");
      if (family === null && name !== "" && (host === name || host.endsWith(`.${name}`))) return true;
    } else if (prefix === undefined) addresses.addAddress(address, kind);
    else if (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (kind === "ipv4" ? 32 : 128)) {
      addresses.addSubnet(address, Number(prefix), kind);
    }
  }
  return family !== null && addresses.check(host, family);
}

function familyOf(address: string): "ipv4" | "ipv6" | null {
  return isIPv4(address) ? "ipv4" : isIPv6(address) ? "ipv6" : null;
}

function readProxy(text: string): Proxy | null {
  const written = text.includes("://") ? text : `http://${text}`;
  if (!URL.canParse(written)) return null;
  const url = new URL(written);
  const port = PORTS.get(url.protocol);
  if (port === undefined || url.hostname === "") return null;
  // Deno's client takes a user only with a password, even an empty one.
  const userinfo = url.username === "" && url.password === "" ? "" : `${url.username}:${url.password}@`;
  const name = `${url.hostname}:${url.port || port}`;
  return { url: `${url.protocol}//${userinfo}${name}`, name };
}
