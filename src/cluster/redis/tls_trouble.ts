// Explains a failure of TLS and names the option that it concerns. rustls names its errors for programmers
// (https://docs.rs/rustls/0.23, CertificateError and AlertDescription); Deno passes on only their text.
import { terminalText } from "../../diagnostic/terminal_text.ts";

const CA_OPTION = "HighAvailability:Tls:CaFile";
const CERTIFICATE_OPTION = "HighAvailability:Tls:CertificateFile";

/** Faults of the server's certificate. */
const CERTIFICATE_MEANINGS: readonly (readonly [RegExp, string])[] = [
  [/UnknownIssuer/, `no authority that is trusted here signed its certificate: name the one that did in ${CA_OPTION}`],
  [
    /CaUsedAsEndEntity/,
    "its certificate is an authority's own: let that authority sign one for the server, without CA:TRUE",
  ],
  [/EndEntityUsedAsCa/, "its certificate is signed by one that is no authority's: let an authority sign it"],
  [
    /BadSignature/,
    `its certificate's signature is wrong: is the authority in ${CA_OPTION} an older one of the same name?`,
  ],
  [/Revoked/, "its certificate was revoked: give it a new one"],
  [/InvalidPurpose/, "its certificate is not for servers: give it one with the purpose serverAuth"],
  [/BadEncoding/, `its certificate, or one in ${CA_OPTION}, is damaged`],
  [/NameConstraint|PathLen/, "its certificate's authority may not sign such a certificate: let another one sign it"],
  [
    /UnsupportedSignatureAlgorithm|UnhandledCriticalExtension|UnsupportedCertVersion/,
    "its certificate is of a kind that is not supported",
  ],
];

const REFUSED_CERTIFICATE =
  `it does not accept the client certificate: ${CERTIFICATE_OPTION} must name one that its authority signed`;
const NO_COMMON_CIPHER = "it has neither TLS 1.2 nor 1.3 with a cipher that this host takes";
const UNKNOWN_NAME = "it knows no such host name: write the one of its certificate as sslHost in the connection string";

/** Alerts, which the server sends before it ends the connection. */
const ALERT_MEANINGS: ReadonlyMap<string, string> = new Map([
  ["CertificateRequired", `it wants a client certificate: set ${CERTIFICATE_OPTION} and KeyFile`],
  ["UnknownCA", REFUSED_CERTIFICATE],
  ["CertificateUnknown", REFUSED_CERTIFICATE],
  ["BadCertificate", REFUSED_CERTIFICATE],
  ["UnsupportedCertificate", REFUSED_CERTIFICATE],
  ["DecryptError", REFUSED_CERTIFICATE],
  ["AccessDenied", REFUSED_CERTIFICATE],
  ["CertificateExpired", `the client certificate has expired: renew the one in ${CERTIFICATE_OPTION}`],
  ["CertificateRevoked", `the client certificate was revoked: renew the one in ${CERTIFICATE_OPTION}`],
  [
    "HandshakeFailure",
    `it takes no cipher that this host has, or it wants a client certificate (${CERTIFICATE_OPTION})`,
  ],
  ["ProtocolVersion", NO_COMMON_CIPHER],
  ["InsufficientSecurity", NO_COMMON_CIPHER],
  ["UnrecognisedName", UNKNOWN_NAME],
  ["UnrecognizedName", UNKNOWN_NAME],
]);

const OF_CERTIFICATE = "invalid peer certificate: ";

/** Explains an error of Deno's TLS, as the end of a message about the server; null: the error is another. */
export function tlsReason(text: string): string | null {
  if (text.startsWith(OF_CERTIFICATE)) return reasonOfCertificate(text.slice(OF_CERTIFICATE.length));
  const alert = /^received fatal alert: (?:the peer sent )?(\w+)/.exec(text)?.[1];
  if (alert !== undefined) return ALERT_MEANINGS.get(alert) ?? `it ended TLS with the alert ${shown(alert)}`;
  if (/corrupt message|InvalidContentType/.test(text)) {
    return "it does not speak TLS: leave ssl=true or rediss:// out of the connection string, or name its TLS port";
  }
  if (/unexpected end of file|close_notify|handshake eof/.test(text)) {
    return "it closed the connection without a TLS alert";
  }
  if (/Unable to add pem file|InvalidByte|no valid certificate/i.test(text)) {
    return `a certificate in ${CA_OPTION} is damaged`;
  }
  if (/^peer (?:is incompatible|misbehaved)/.test(text)) return `its TLS is not understood (${shown(text)})`;
  return null;
}

function reasonOfCertificate(text: string): string {
  const wanted = /not valid for name "([^"]*)"/.exec(text)?.[1];
  if (wanted !== undefined) {
    const names = [...text.matchAll(/(?:DnsName|IpAddress)\("?([^")]+)"?\)/g)].map(([, name]) => name);
    const own = names.length === 0 ? "no name at all (it has no subjectAltName)" : shown(names.join(", "));
    return `its certificate is for ${own}, and not for ${
      shown(wanted)
    }: write a name that it is for as sslHost in the ` +
      "connection string";
  }
  const expired = /not valid after (\d{1,11})\b/.exec(text)?.[1];
  if (expired !== undefined || /expired|Expired/.test(text)) {
    return `its certificate has expired${dated(", at", expired)}: renew it, or set this host's clock`;
  }
  const begins = /not valid before (\d{1,11})\b/.exec(text)?.[1];
  if (begins !== undefined || /not valid yet|NotValidYet/.test(text)) {
    return `its certificate is not valid yet${dated(", but from", begins)}: set this host's clock, or renew it`;
  }
  const meaning = CERTIFICATE_MEANINGS.find(([pattern]) => pattern.test(text))?.[1];
  return meaning ?? `its certificate is not valid (${shown(text)})`;
}

function dated(before: string, seconds: string | undefined): string {
  return seconds === undefined ? "" : `${before} ${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}Z`;
}

/** A certificate may hold any names, so they are bounded and made fit for one line. */
function shown(text: string): string {
  return terminalText(text, 160);
}
