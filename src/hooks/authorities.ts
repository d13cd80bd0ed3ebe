// The certificate authorities that this host trusts, from its bundle file. A file that cannot be used is passed over.
import { readRegularFile } from "../host/regular_file.ts";

/** The bundle files of Debian, Fedora, openSUSE, Alpine. */
const PLACES: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** A larger file is no bundle of authorities: Debian's has 220 KB. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Reads the host's bundle (PEM), which adds to Deno's own; if `SSL_CERT_FILE` is set, it names the only one to use. */
export async function hostAuthorities(
  environment: (name: string) => string | undefined,
  places = PLACES,
): Promise<string[]> {
  const named = environment("SSL_CERT_FILE");
  for (const path of named ? [named] : places) {
    const bytes = await readRegularFile(path, MAX_BYTES).catch(() => null);
    if (bytes !== null && bytes.length > 0 && bytes.length <= MAX_BYTES) return [new TextDecoder().decode(bytes)];
  }
  return [];
}
