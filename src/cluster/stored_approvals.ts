// The approvals of a hash as the store keeps them: the signatures of people or programs, in the armored text of OpenSSH
// (PROTOCOL.sshsig). They are only carried here. A host verifies them itself, as any client can write to the store.
import { Buffer } from "node:buffer";

/** Whether the store has the signature now, or the reason why not: one line without secrets. */
export type PutApprovalAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string };

/** The armored signatures, or the reason why they could not be read. */
export type ApprovalsAnswer =
  | { readonly ok: true; readonly signatures: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** The store keeps the newest. */
export const MAX_APPROVALS = 16;
/** Of an armored signature; one by RSA with 8,192 bits has about 2,900. */
export const MAX_SIGNATURE_BYTES = 3_069;
/** Of a signature as base64, without the line break. */
export const MAX_APPROVAL_LINE_BYTES = 4_095;
/** Of all lines, each with a line break. */
export const MAX_APPROVALS_BYTES = MAX_APPROVALS * (MAX_APPROVAL_LINE_BYTES + 1);

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Returns the line that the store has for a signature, or the reason why it takes it for none. */
export function approvalLine(
  signature: string,
): { readonly ok: true; readonly line: string } | { readonly ok: false; readonly reason: string } {
  const bytes = Buffer.from(signature);
  if (bytes.length > 0 && bytes.length <= MAX_SIGNATURE_BYTES) return { ok: true, line: bytes.toString("base64") };
  const limit = `the store takes 1 to ${MAX_SIGNATURE_BYTES}`;
  return { ok: false, reason: `The signature has ${bytes.length} bytes, and ${limit}` };
}

/** Parses the stored text. A text that is too long counts as none, and a line with another form is passed over. */
export function parseApprovals(text: string): readonly string[] {
  if (text.length > MAX_APPROVALS_BYTES) return [];
  const lines = text.split("\n").filter((line) => line !== "" && line.length <= MAX_APPROVAL_LINE_BYTES);
  return lines.filter((line) => BASE64.test(line)).slice(-MAX_APPROVALS).flatMap((line) => textOf(line) ?? []);
}

function textOf(line: string): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(line, "base64"));
  } catch {
    return null;
  }
}
