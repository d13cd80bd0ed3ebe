import { assertEquals } from "@std/assert";
import { connectionFailure } from "../../src/hooks/connection_failure.ts";

const url = new URL("https://edge.test/x?token=s3cret");

/** As Deno 2.7.11 says them, behind the URL. */
const SAID: readonly (readonly [string, string])[] = [
  ["(Connect): unsuccessful tunnel", "the proxy opens no tunnel to it"],
  ["(Connect): proxy authentication required", "the proxy asks for credentials"],
  ["(Connect): Proxy server unreachable", "the proxy cannot be reached"],
  ["(Connect): Invalid response version", "the proxy does not speak SOCKS"],
  ["(Connect): tcp connect error: Connection refused (os error 111)", "connection refused"],
  ["(SendRequest): connection error: Connection reset by peer (os error 104)", "connection reset"],
  ["(Connect): dns error: failed to lookup address information: Name or service not known", "no such host"],
  [
    "(Connect): invalid peer certificate: UnknownIssuer",
    "no authority that this host trusts has signed its certificate",
  ],
  [
    '(Connect): invalid peer certificate: certificate not valid for name "x"; NotValidForName',
    "its certificate is for another name",
  ],
  ["(Connect): invalid peer certificate: Expired", "its certificate is not valid"],
  ["(Connect): received corrupt message of type InvalidContentType", "no TLS could be agreed on"],
  ["(Connect): received fatal alert: HandshakeFailure", "no TLS could be agreed on"],
  ["(Connect): tls handshake eof", "no TLS could be agreed on"],
  ["(Connect): tcp connect error: Network is unreachable (os error 101)", "network unreachable"],
  ["(Connect): tcp connect error: No route to host (os error 113)", "host unreachable"],
  ["(Connect): tcp connect error: Connection timed out (os error 110)", "no answer"],
  ["(SendRequest): connection closed before message completed", "it closed the connection without a whole answer"],
  [": error reading a body from connection", "it closed the connection without a whole answer"],
  ["(Connect): unexpected eof while tunneling", "it closed the connection without a whole answer"],
  ["(Connect): early eof: early eof", "it closed the connection without a whole answer"],
  ["(SendRequest): invalid HTTP status-code parsed", "the server does not speak HTTP"],
  ["(Connect): something new", "the request failed"],
];

Deno.test("Deno's messages about a connection are shown in other words, without the URL", () => {
  for (const [said, meaning] of SAID) {
    const error = new TypeError(`error sending request for url (${url}): client error ${said}`);
    assertEquals(connectionFailure(error, url), meaning, said);
  }
});

Deno.test("a URL that reads like a failure is not taken for one", () => {
  const misleading = new URL("http://edge.test/UnknownIssuer");
  const error = new TypeError(
    `error sending request for url (${misleading}): client error (Connect): tls handshake eof`,
  );
  assertEquals(connectionFailure(error, misleading), "no TLS could be agreed on");
});
