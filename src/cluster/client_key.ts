// Whether a client certificate and its key can be used: Deno ends the process (a panic of 2.7.11, ext/tls/lib.rs) where they
// do not belong together, or are of a kind that its TLS does not know, so that is found out before it has them.
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

/** What rustls signs with, as Node names the curves (https://docs.rs/rustls/0.23, crypto::aws_lc_rs::sign). */
const CURVES = new Set(["prime256v1", "secp384r1", "secp521r1"]);
const RSA_BITS = { least: 2048, most: 8192 };
const KINDS = `RSA of ${RSA_BITS.least} to ${RSA_BITS.most} bits, P-256, P-384, P-521 or Ed25519`;

/** Why they cannot be used, in words; null: they can. */
export function keyTrouble(certificatePem: string, keyPem: string): string | null {
  const certificate = parsedOrNull(() => new X509Certificate(blockOf(certificatePem, "CERTIFICATE")));
  if (certificate === null) return "the certificate cannot be understood";
  const key = parsedOrNull(() => createPrivateKey(blockOf(keyPem, "PRIVATE KEY")));
  if (key === null) return "the key cannot be understood";
  if (parsedOrNull(() => certificate.checkPrivateKey(key)) !== true) return "the key is not the certificate's";
  return isKnown(key) ? null : `a key of this kind cannot be used: take ${KINDS}`;
}

/** Files may have words and other blocks around it, as those of `openssl ecparam -genkey`. */
function blockOf(pem: string, kind: "CERTIFICATE" | "PRIVATE KEY"): string {
  return new RegExp(`-----BEGIN ((?:[A-Z]+ )?${kind})-----[^-]*-----END \\1-----`).exec(pem)?.[0] ?? "";
}

function isKnown({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): boolean {
  const bits = details?.modulusLength ?? 0;
  if (type === "rsa") return bits >= RSA_BITS.least && bits <= RSA_BITS.most;
  return type === "ec" ? CURVES.has(details?.namedCurve ?? "") : type === "ed25519";
}

function parsedOrNull<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch {
    return null;
  }
}
