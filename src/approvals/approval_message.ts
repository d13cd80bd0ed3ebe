// The text that an approval signs, in the signature format of OpenSSH (PROTOCOL.sshsig): its own namespace and a
// message that names the configuration and the fleet, so that no signature counts for anything else.

/** The namespace of the signatures: a signature of git or of a mail is in another. */
export const APPROVAL_NAMESPACE = "honua-configd-approve";

/** The longest armored signature: one of an RSA key of 16,384 bits has 6 KiB. */
export const MAX_SIGNATURE_LENGTH = 8 * 1024;

/** The message that is signed, without a line feed at its end. */
export function approvalMessage(hash: string, channel: string): string {
  return `honua-release v1 ${hash} ${channel}`;
}

const ARMORED = /^-----BEGIN SSH SIGNATURE-----\n((?:[A-Za-z0-9+/=]+\n)+)-----END SSH SIGNATURE-----\n?$/;

/** Reads one armored signature and returns it in one form, so that copies of it are equal; null: it is not one. */
export function readSignature(text: string): string | null {
  if (text.length > MAX_SIGNATURE_LENGTH) return null;
  const body = ARMORED.exec(`${text.trim().replaceAll("\r\n", "\n")}\n`)?.[1]?.replaceAll("\n", "");
  if (body === undefined || !/^U1NIU0lH[A-Za-z0-9+/]*={0,2}$/.test(body)) return null;
  const lines = body.match(/.{1,70}/g)!.join("\n");
  return `-----BEGIN SSH SIGNATURE-----\n${lines}\n-----END SSH SIGNATURE-----\n`;
}
