// Checks a client certificate and its key before Deno gets them: Deno 2.7.11 ends the process with a panic
// (ext/tls/lib.rs) if they do not belong together or if its TLS does not know their kind.
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

/** The curves that rustls signs with, by Node's names (https://docs.rs/rustls/0.23, crypto::aws_lc_rs::sign). */
const CURVES = new Set(["prime256v1", "secp384r1", "secp521r1"]);
const RSA_BITS = { least: 2048, most: 8192 };
const KINDS = `RSA of ${RSA_BITS.least} to ${RSA_BITS.most} bits, P-256, P-384, P-521 or Ed25519`;

/** Returns the reason why the certificate and the key cannot be used; null: they can be. */
export function keyTrouble(certificatePem: string, keyPem: string): string | null {
  const certificate = parsedOrNull(() => new X509Certificate(blockOf(certificatePem, "CERTIFICATE")));
  if (certificate === null) return "the certificate cannot be understood";
  const key = parsedOrNull(() => createPrivateKey(blockOf(keyPem, "PRIVATE KEY")));
  if (key === null) return "the key cannot be understood";
  // Before they are compared, because a key of another kind never matches the certificate.
  if (!isKnown(key)) return `a key of this kind cannot be used: take ${KINDS}`;
  return parsedOrNull(() => certificate.checkPrivateKey(key)) === true ? null : "the key is not the certificate's";
}

/** A file may have text and other blocks around it, as `openssl ecparam -genkey` writes. */
function blockOf(pem: string, kind: "CERTIFICATE" | "PRIVATE KEY"): string {
  return new RegExp(`-----BEGIN ((?:[A-Z]+ )?${kind})-----[^-]*-----END \\1-----`).exec(pem)?.[0] ?? "";
}

/** Whether Deno's TLS can sign with a key of this kind. */
export function isKnown(key: Pick<KeyObject, "asymmetricKeyType" | "asymmetricKeyDetails">): boolean {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key;
  const { modulusLength: bits = NaN, namedCurve = "" } = details;
  if (type === "rsa") return bits >= RSA_BITS.least && bits <= RSA_BITS.most;
  return type === "ec" ? CURVES.has(namedCurve) : type === "ed25519";
}

function parsedOrNull<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch {
    return null;
  }
}
