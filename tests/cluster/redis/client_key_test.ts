// A client certificate and a key with which Deno would end the process are found out before.
import { assertEquals, assertMatch } from "@std/assert";
import { isKnown, keyTrouble } from "../../../src/cluster/redis/client_key.ts";
import { makeAuthority } from "../../support/certificates.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

/** Arguments of `openssl req` for a key, and whether Deno takes it. */
const KINDS: readonly (readonly [string, readonly string[], boolean])[] = [
  ["RSA of 2048 bits", ["-newkey", "rsa:2048"], true],
  ["RSA of 1024 bits", ["-newkey", "rsa:1024"], false],
  ["P-256", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], true],
  ["P-384", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp384r1"], true],
  ["P-521", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp521r1"], true],
  ["P-224", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp224r1"], false],
  ["secp256k1", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"], false],
  ["Ed25519", ["-newkey", "ed25519"], true],
  ["Ed448", ["-newkey", "ed448"], false],
];

Deno.test("only the kinds of keys that Deno takes are accepted", async () => {
  await using directory = await temporaryDirectory();
  const [certificateFile, keyFile] = [directory.file("certificate"), directory.file("key")];
  for (const [kind, args, isTaken] of KINDS) {
    const files = ["-keyout", keyFile, "-out", certificateFile];
    const { success } = await new Deno.Command("openssl", {
      args: ["req", "-x509", ...args, "-nodes", ...files, "-subj", "/CN=client"],
      stderr: "null",
    }).output();
    assertEquals(success, true, kind);
    const [certificate, key] = [await Deno.readTextFile(certificateFile), await Deno.readTextFile(keyFile)];
    const trouble = keyTrouble(certificate, key);
    const known = "RSA of 2048 to 8192 bits, P-256, P-384, P-521 or Ed25519";
    assertEquals(trouble, isTaken ? null : `a key of this kind cannot be used: take ${known}`, kind);
    // A pair that is refused would end the process here.
    if (isTaken) await handOver(certificate, key);
  }
});

Deno.test("an RSA key has a known length within its bounds, an elliptic one a known curve", () => {
  const rsa = (modulusLength: number) => isKnown({ asymmetricKeyType: "rsa", asymmetricKeyDetails: { modulusLength } });
  assertEquals([2_047, 2_048, 8_192, 8_193].map(rsa), [false, true, true, false]);
  const kinds = ["rsa", "ec", "ed25519"] as const;
  assertEquals(kinds.map((asymmetricKeyType) => isKnown({ asymmetricKeyType })), [false, false, true]);
});

/** Deno reads both before it has a connection. */
async function handOver(cert: string, key: string): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using _connection = await Deno.connectTls({ hostname: "127.0.0.1", port: listener.addr.port, cert, key });
}

Deno.test("a key of another certificate and a malformed one are named", async () => {
  await using directory = await temporaryDirectory();
  const [one, other] = [await makeAuthority(directory.path, "one"), await makeAuthority(directory.path, "other")];
  assertEquals(keyTrouble(one.certificate, one.key), null);
  assertEquals(keyTrouble(one.certificate, other.key), "the key is not the certificate's");
  const garbage = (kind: string) => `-----BEGIN ${kind}-----\nAAAA\n-----END ${kind}-----\n`;
  assertMatch(keyTrouble(garbage("CERTIFICATE"), one.key) ?? "", /^the certificate cannot/);
  for (const key of [garbage("PRIVATE KEY"), garbage("EC PRIVATE KEY"), "-----BEGIN PRIVATE KEY-----", ""]) {
    assertMatch(keyTrouble(one.certificate, key) ?? "", /^the key cannot/);
  }
  const parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  assertEquals(keyTrouble(`Subject: CN=one\n${one.certificate}`, `${parameters}${one.key}`), null);
});
