// Explains why a request had no answer, in the daemon's own words: Deno's texts may quote the URL, and change between
// versions.

/** Parts of Deno's error texts, in lower case, and their meaning. The first that the text contains counts. */
const MEANINGS: readonly (readonly [string, string])[] = [
  ["unsuccessful tunnel", "the proxy opens no tunnel to it"],
  ["proxy authentication required", "the proxy asks for credentials"],
  ["proxy server unreachable", "the proxy cannot be reached"],
  ["invalid response version", "the proxy does not speak SOCKS"],
  ["connection refused", "connection refused"],
  ["connection reset", "connection reset"],
  ["dns error", "no such host"],
  ["unknownissuer", "no authority that this host trusts has signed its certificate"],
  ["notvalidforname", "its certificate is for another name"],
  ["invalid peer certificate", "its certificate is not valid"],
  ["corrupt message", "no TLS could be agreed on"],
  ["received fatal alert", "no TLS could be agreed on"],
  ["tls handshake", "no TLS could be agreed on"],
  ["network is unreachable", "network unreachable"],
  ["no route to host", "host unreachable"],
  ["timed out", "no answer"],
  ["connection closed", "it closed the connection without a whole answer"],
  ["reading a body", "it closed the connection without a whole answer"],
  ["unexpected eof", "it closed the connection without a whole answer"],
  ["early eof", "it closed the connection without a whole answer"],
  ["invalid http", "the server does not speak HTTP"],
];

/** Returns the meaning of an error of fetch, without any of its text; `url` is the one passed to fetch. */
export function connectionFailure(error: unknown, url: URL): string {
  const message = String(error).replaceAll(url.href, "").toLowerCase();
  return MEANINGS.find(([text]) => message.includes(text))?.[1] ?? "the request failed";
}
