// Why a request had no answer, in words of this daemon: what Deno's client says may quote the URL, and changes with it.

/** What Deno's errors say of a connection, in small letters, and what that means. The first that is said counts. */
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
  ["invalid http", "what answers does not speak HTTP"],
];

/** The meaning of an error of fetch, without any of its text; `url` as it was given to it. */
export function connectionFailure(error: unknown, url: URL): string {
  const said = String(error).replaceAll(url.href, "").toLowerCase();
  return MEANINGS.find(([text]) => said.includes(text))?.[1] ?? "the request failed";
}
