// The path of a request as its request line has it. The runtime joins `Host` and the request line to a URL. A `Host`
// with a slash in it would then choose the route, past a proxy that judges the request line.

/** RFC 9110, section 7.2: a name, an IPv4 address or an IPv6 address in brackets, and an optional port. No user. */
const HOST = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** On a unix socket the scheme is `http+unix`, and without `Host` the authority is the socket's path. */
const REQUEST_URL = /^https?(?:\+unix)?:\/\/([^/?#]*)(\/[^?#]*)/;

/**
 * The path, not decoded. Null if `Host` is not one `host[:port]`, if an absolute request target names another host, or
 * if a parser of URLs would read another path (dot segments, backslashes). A request without `Host` is accepted:
 * HTTP/1.0 has none, and the runtime does not give the version.
 */
export function requestPath({ url, headers }: Pick<Request, "url" | "headers">): string | null {
  const host = headers.get("Host");
  const [, authority, path] = REQUEST_URL.exec(url) ?? [];
  if (path === undefined || (host !== null && (!HOST.test(host) || authority !== host))) return null;
  return URL.canParse(url) && new URL(`http://x${path}`).pathname === path ? path : null;
}
