// Makes certificates for a test: an authority that only the test trusts, and certificates that it signed.
import { join } from "node:path";

/** PEM files of a certificate and its key, and their texts. */
export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly certificate: string;
  readonly key: string;
}

/** Makes an authority in a directory. */
export async function makeAuthority(directory: string, name: string): Promise<Certificate> {
  const [certificateFile, keyFile] = filesOf(directory, name);
  await openssl([
    "req",
    "-x509",
    ...NEW_KEY,
    "-keyout",
    keyFile,
    "-out",
    certificateFile,
    "-days",
    "2",
    "-subj",
    `/CN=${name}`,
  ]);
  return await read(certificateFile, keyFile);
}

/** Makes a certificate signed by the authority, for names such as `DNS:edge.test` or `IP:127.0.0.1`. */
export async function makeCertificate(
  authority: Certificate,
  directory: string,
  name: string,
  names: readonly string[],
): Promise<Certificate> {
  const [certificateFile, keyFile] = filesOf(directory, name);
  const request = join(directory, `${name}.csr`);
  const extensions = join(directory, `${name}.ext`);
  await Deno.writeTextFile(extensions, `subjectAltName=${names.join(",")}\nbasicConstraints=CA:FALSE\n`);
  await openssl(["req", ...NEW_KEY, "-keyout", keyFile, "-out", request, "-subj", `/CN=${name}`]);
  // A file of serial numbers would be shared by certificates that are made at the same time.
  const serial = ["-set_serial", `${crypto.getRandomValues(new Uint32Array(1))[0]}`];
  const signer = ["-CA", authority.certificateFile, "-CAkey", authority.keyFile, ...serial];
  await openssl([
    "x509",
    "-req",
    "-in",
    request,
    ...signer,
    "-out",
    certificateFile,
    "-days",
    "2",
    "-extfile",
    extensions,
  ]);
  return await read(certificateFile, keyFile);
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

function filesOf(directory: string, name: string): [string, string] {
  return [join(directory, `${name}.crt`), join(directory, `${name}.key`)];
}

async function read(certificateFile: string, keyFile: string): Promise<Certificate> {
  const [certificate, key] = await Promise.all([certificateFile, keyFile].map((file) => Deno.readTextFile(file)));
  return { certificateFile, keyFile, certificate: certificate!, key: key! };
}

async function openssl(args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args: [...args], stdout: "null", stderr: "piped" })
    .output();
  if (!success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
}
