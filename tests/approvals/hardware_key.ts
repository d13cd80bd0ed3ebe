// A FIDO key in software: it signs as an authenticator does for `sk-ssh-ed25519@openssh.com` (OpenSSH, PROTOCOL.u2f and
// PROTOCOL.sshsig), so that tests need no hardware.
import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { APPROVAL_NAMESPACE } from "../../src/approvals/approval_message.ts";

const KEY_TYPE = "sk-ssh-ed25519@openssh.com";
const APPLICATION = "ssh:";
/** The hash of the message in the envelope; either of SHA-256 and SHA-512 is allowed. */
const HASH = "sha512";

/** The flag of a touch, and the counter of signatures. */
const TOUCHED = Uint8Array.of(1, 0, 0, 0, 7);

export interface HardwareKey {
  /** A line of a public key, without a comment. */
  readonly publicKey: string;
  /** Signs a message in the namespace of approvals; armored. */
  sign(message: string): string;
}

export function hardwareKey(): HardwareKey {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const point = Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url");
  const key = Buffer.concat([field(KEY_TYPE), field(point), field(APPLICATION)]);
  return {
    publicKey: `${KEY_TYPE} ${key.toString("base64")}`,
    sign(message) {
      const envelope = [field(APPROVAL_NAMESPACE), field(""), field(HASH)];
      const digest = createHash(HASH).update(message).digest();
      const signed = Buffer.concat([Buffer.from("SSHSIG"), ...envelope, field(digest)]);
      const asked = Buffer.concat([sha256(APPLICATION), TOUCHED, sha256(signed)]);
      const signature = Buffer.concat([field(KEY_TYPE), field(sign(null, asked, privateKey)), TOUCHED]);
      const version = Uint8Array.of(0, 0, 0, 1);
      const blob = Buffer.concat([Buffer.from("SSHSIG"), version, field(key), ...envelope, field(signature)]);
      return `-----BEGIN SSH SIGNATURE-----\n${blob.toString("base64")}\n-----END SSH SIGNATURE-----\n`;
    },
  };
}

/** A string of the SSH protocol (RFC 4251, section 5). */
function field(content: string | Uint8Array): Uint8Array {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function sha256(content: string | Uint8Array): Uint8Array {
  return createHash("sha256").update(content).digest();
}
