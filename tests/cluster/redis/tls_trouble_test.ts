// The errors of TLS as Deno 2.7.11 passes them on, in an operator's words. The texts were observed against servers of
// openssl; redis_tls_test.ts causes some of them for real.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { reasonOf } from "../../../src/cluster/redis/redis_trouble.ts";
import { tlsReason } from "../../../src/cluster/redis/tls_trouble.ts";

const CA = "HighAvailability:Tls:CaFile";
const CERTIFICATE = "HighAvailability:Tls:CertificateFile";

const SAID: readonly (readonly [string, ...string[]])[] = [
  ["invalid peer certificate: UnknownIssuer", "no authority that is trusted here", CA],
  ["invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))", "an authority's own"],
  ["invalid peer certificate: BadSignature", "signature is wrong", CA],
  ["invalid peer certificate: BadEncoding", "is damaged", CA],
  ["invalid peer certificate: Revoked", "was revoked"],
  ["invalid peer certificate: InvalidPurpose", "serverAuth"],
  [
    "invalid peer certificate: certificate expired: verification time 1795943175 (UNIX), but certificate is not valid " +
    "after 1609459200 (186483975 seconds ago)",
    "has expired, at 2021-01-01T00:00:00Z: renew it",
  ],
  [
    "invalid peer certificate: certificate not valid yet: verification time 1795943175 (UNIX), but certificate is not " +
    "valid before 2208988800 (413045625 seconds in future)",
    "not valid yet, but from 2040-01-01T00:00:00Z",
  ],
  [
    'invalid peer certificate: certificate not valid for name "127.0.0.1"; certificate is only valid for ' +
    'DnsName("redis.edge.test") or IpAddress(::1)',
    "is for redis.edge.test, ::1, and not for 127.0.0.1",
    "sslHost",
  ],
  [
    'invalid peer certificate: certificate not valid for name "h"; certificate is not valid for any names (according to ' +
    "its subjectAltName extension)",
    "is for no name at all",
  ],
  [
    'invalid peer certificate: certificate not valid for name ""; certificate is only valid for DnsName("a")',
    "is for a,",
  ],
  [
    'invalid peer certificate: certificate not valid for name "h"; certificate is only valid for DnsName("")',
    "is for no name at all",
  ],
  ["received fatal alert: CertificateRequired", "wants a client certificate", CERTIFICATE],
  ["received fatal alert: UnknownCA", "does not accept the client certificate", CERTIFICATE],
  ["received fatal alert: BadCertificate", "does not accept the client certificate", CERTIFICATE],
  ["received fatal alert: CertificateExpired", "client certificate has expired", CERTIFICATE],
  ["received fatal alert: HandshakeFailure", "no cipher", CERTIFICATE],
  ["received fatal alert: ProtocolVersion", "TLS 1.2"],
  ["received fatal alert: UnrecognisedName", "sslHost"],
  ["received corrupt message of type InvalidContentType", "does not speak TLS", "ssl=true"],
  ["No valid certificates found in file", CA],
  ["peer is incompatible: NoCipherSuitesInCommon", "not understood (peer is incompatible: NoCipher"],
  ["peer misbehaved: TooManyEmptyFragments", "not understood (peer misbehaved: TooMany"],
  ["unexpected end of file", "without a TLS alert"],
  ["Unable to add pem file to certificate store: InvalidByte(0, 33)", CA],
  [
    "peer closed connection without sending TLS close_notify: https://docs.rs/rustls/latest/rustls/x",
    "without a TLS alert",
  ],
];

Deno.test("each error of TLS is explained in words, with the option that it concerns", () => {
  for (const [text, ...parts] of SAID) {
    const reason = reasonOf(new Error(text), "h:1");
    assert(reason.startsWith("No TLS connection to Redis (h:1): "), reason);
    for (const part of parts) assertStringIncludes(reason, part);
    assert(!/https?:|\(UNIX\)|invalid peer|UnknownIssuer/.test(reason), reason);
  }
});

Deno.test("each alert has its own words, and a time that no clock tells is left out", () => {
  const alerts = "UnsupportedCertificate CertificateUnknown DecryptError AccessDenied CertificateRevoked " +
    "InsufficientSecurity UnrecognizedName";
  for (const alert of alerts.split(" ")) {
    const reason = tlsReason(`received fatal alert: ${alert}`)!;
    assert(!reason.includes("with the alert"), reason);
    assertEquals(tlsReason(`received fatal alert: the peer sent ${alert}`), reason);
  }
  const expired = (seconds: string) =>
    tlsReason(`invalid peer certificate: certificate is not valid after ${seconds} (x)`)!;
  assertStringIncludes(expired("99999999999"), "has expired, at ");
  const late = "100000000000 (x)";
  assertStringIncludes(
    tlsReason(`invalid peer certificate: expired: not valid after ${late}`)!,
    "has expired: renew it",
  );
  assertStringIncludes(
    tlsReason(`invalid peer certificate: not valid yet: not valid before ${late}`)!,
    "not valid yet: set",
  );
  assertStringIncludes(expired("0"), "has expired, at 1970-01-01T00:00:00Z");
  assertStringIncludes(
    tlsReason("invalid peer certificate: certificate is not valid before 0 (x)")!,
    "not valid yet, but from 1970-01-01T00:00:00Z",
  );
  assertStringIncludes(tlsReason("invalid peer certificate: Expired")!, "has expired: renew it");
  assertStringIncludes(tlsReason("invalid peer certificate: NotValidYet")!, "is not valid yet: set");
});

Deno.test("an unknown error keeps rustls' word, bounded and on one line; an error that is not of TLS is left", () => {
  assertStringIncludes(tlsReason("invalid peer certificate: Newfangled")!, "(Newfangled)");
  assertStringIncludes(tlsReason("received fatal alert: Newfangled")!, "the alert Newfangled");
  const evil = `invalid peer certificate: certificate not valid for name "h"; certificate is only valid for DnsName("${
    "x".repeat(10_000)
  }\u001b[31m")`;
  assert(tlsReason(evil)!.length < 400);
  for (
    const text of [
      "connection reset",
      "an invalid peer certificate: UnknownIssuer",
      "a received fatal alert: UnknownCA",
      "received fatal alert: ",
      "a peer misbehaved: x",
    ]
  ) {
    assertEquals(tlsReason(text), null, text);
  }
});
