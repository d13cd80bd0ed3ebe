// Judges the approvals of a configuration from this host's own files: different keys of the allowed signers count,
// other than the author's, and nothing else does. A signature that cannot be judged does not count.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { readSmallBytes } from "../host/small_file.ts";
import { APPROVAL_NAMESPACE, approvalMessage, readSignature } from "./approval_message.ts";
import { hostSshKeygen, type SshKeygen } from "./ssh_keygen.ts";

/** A signature that counts. */
export interface ApprovalSigner {
  /** The first name of the key in the allowed signers. */
  readonly principal: string;
  /** The fingerprint: `SHA256:…`. */
  readonly key: string;
  /** Armored. */
  readonly signature: string;
}

/** The judgement of the approvals of one configuration. */
export interface ApprovalVerdict {
  /** The number of different keys. */
  readonly have: number;
  readonly need: number;
  readonly signers: readonly ApprovalSigner[];
  /** For each signature that does not count: why, in one line. */
  readonly refused: readonly string[];
  /** Why not all could be judged, in one line; null: all were. */
  readonly trouble: string | null;
}

/** Judges approvals. */
export interface ApprovalVerifier {
  /**
   * Judges armored signatures of a hash; of more than {@linkcode MAX_SIGNATURES} the first count. Never rejects.
   *
   * @param author of the change, whose own keys do not count; null: not known.
   */
  judge(hash: string, author: string | null, signatures: readonly string[]): Promise<ApprovalVerdict>;
}

export interface ApprovalVerifierSettings {
  /** How many different keys must have signed. */
  readonly required: number;
  /** The path of a file as ssh-keygen(1) describes it under ALLOWED SIGNERS; null: none, so nothing is approved. */
  readonly allowedSigners: string | null;
  /** The path of a key revocation list, or of a list of public keys; null: none. */
  readonly revokedKeys: string | null;
  /** The channel of the fleet, which the signatures name. */
  readonly channel: string;
  /** Default: the host's ssh-keygen. */
  readonly run?: SshKeygen;
  /** Milliseconds of a clock; default the process's monotonic one. */
  readonly now?: () => number;
}

/** As many as the store keeps of one hash. */
const MAX_SIGNATURES = 16;

/** Of each of the two files; a line of an RSA key has 800 bytes. */
const MAX_FILE_BYTES = 256 * 1024;

/** Keys expire, so a verdict is not remembered for longer. */
const MEMORY_MILLISECONDS = 30_000;

const MAX_REMEMBERED = 32;

/** Makes a verifier. It reads its files at each question, so that a revoked key no longer counts from then on. */
export function openApprovalVerifier(settings: ApprovalVerifierSettings): ApprovalVerifier {
  const { required, allowedSigners, revokedKeys, channel, run = hostSshKeygen } = settings;
  const { now = () => performance.now() } = settings;
  const remembered = new Map<string, { readonly at: number; readonly verdict: Promise<ApprovalVerdict> }>();
  const verdictWith = (parts: Partial<ApprovalVerdict>): ApprovalVerdict => {
    return { have: 0, need: required, signers: [], refused: [], trouble: null, ...parts };
  };
  const remember = (key: string, verdict: Promise<ApprovalVerdict>) => {
    const oldest = remembered.keys().next();
    if (remembered.size >= MAX_REMEMBERED && !oldest.done) remembered.delete(oldest.value);
    const entry = { at: now(), verdict };
    remembered.set(key, entry);
    // Trouble may pass.
    void verdict.then(({ trouble }) => trouble !== null && remembered.get(key) === entry && remembered.delete(key));
  };
  return {
    async judge(hash, author, given) {
      const signatures = given.slice(0, MAX_SIGNATURES);
      if (signatures.length === 0) return verdictWith({});
      if (allowedSigners === null) return verdictWith({ trouble: "Approvals:AllowedSigners names no file" });
      const [allowed, revoked] = await Promise.all([
        readSmallBytes(allowedSigners, MAX_FILE_BYTES),
        revokedKeys === null ? null : readSmallBytes(revokedKeys, MAX_FILE_BYTES),
      ]);
      if (!allowed.ok) return verdictWith({ trouble: `Approvals:AllowedSigners: ${allowed.reason}` });
      if (revoked?.ok === false) return verdictWith({ trouble: `Approvals:RevokedKeys: ${revoked.reason}` });
      const files = { allowed: allowed.bytes, revoked: revoked?.bytes ?? null };
      const digests = [files.allowed, files.revoked].map((bytes) => bytes && digestOf(bytes));
      const key = digestOf(JSON.stringify([hash, author, signatures, digests]));
      const known = remembered.get(key);
      if (known !== undefined && now() - known.at < MEMORY_MILLISECONDS) return await known.verdict;
      remembered.delete(key);
      const question = { message: approvalMessage(hash, channel), author, signatures };
      const verdict = judgeAll(question, files, run).then(verdictWith, (error: unknown) => {
        const code = (error as { code?: string } | null)?.code ?? String(error);
        return verdictWith({ trouble: `The approvals could not be written for ssh-keygen to read: ${code}` });
      });
      remember(key, verdict);
      return await verdict;
    },
  };
}

interface Question {
  readonly message: string;
  readonly author: string | null;
  readonly signatures: readonly string[];
}

/** The content of the two files: ssh-keygen reads the same bytes that were read here. */
interface KeyFiles {
  readonly allowed: Uint8Array;
  readonly revoked: Uint8Array | null;
}

/** Judges signatures one after the other, in a private directory that is removed. */
async function judgeAll(question: Question, files: KeyFiles, run: SshKeygen): Promise<Partial<ApprovalVerdict>> {
  const directory = await Deno.makeTempDir({ prefix: "honua-configd-approvals-" });
  try {
    const [allowed, signed] = [join(directory, "allowed"), join(directory, "signature")];
    const revoked = files.revoked && join(directory, "revoked");
    await Deno.writeFile(allowed, files.allowed, { createNew: true, mode: 0o600 });
    if (revoked !== null) await Deno.writeFile(revoked, files.revoked!, { createNew: true, mode: 0o600 });
    const keygen: Keygen = { run, allowed, revoked, signed, message: question.message };
    const signers: ApprovalSigner[] = [];
    const refused: string[] = [];
    for (const given of question.signatures) {
      const signature = readSignature(given);
      if (signature === null) {
        refused.push("It is no armored signature of SSH");
        continue;
      }
      await Deno.writeTextFile(signed, signature, { mode: 0o600 });
      const judged = await judgeOne(keygen, question.author);
      if (judged.kind === "trouble") return { have: signers.length, signers, refused, trouble: judged.why };
      if (judged.kind === "refused") refused.push(judged.why);
      else if (signers.some(({ key }) => key === judged.key)) refused.push(`${nameOf(judged)}: the key counts already`);
      else signers.push({ principal: judged.principal, key: judged.key, signature });
    }
    return { have: signers.length, signers, refused };
  } finally {
    await Deno.remove(directory, { recursive: true }).catch(() => {});
  }
}

/** Paths for ssh-keygen, and the message on its standard input. */
interface Keygen {
  readonly run: SshKeygen;
  readonly allowed: string;
  readonly revoked: string | null;
  readonly signed: string;
  readonly message: string;
}

type Judged =
  | { readonly kind: "good"; readonly principal: string; readonly key: string }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "trouble"; readonly why: string };

async function judgeOne(keygen: Keygen, author: string | null): Promise<Judged> {
  const { run, allowed, revoked, signed, message } = keygen;
  const found = await run(["-Y", "find-principals", "-f", allowed, "-s", signed], message);
  if (!found.ok) return troubleOf(found.reason);
  if (found.code !== 0) return { kind: "refused", why: whyUnknown(found.error) };
  const principals = found.out.split("\n").filter((line) => line !== "").slice(0, MAX_PRINCIPALS);
  const verify = (principal: string, more: readonly string[] = []) => {
    const what = ["-f", allowed, "-I", principal, "-n", APPROVAL_NAMESPACE, "-s", signed];
    return run(["-Y", "verify", ...what, ...more], message);
  };
  for (const principal of principals) {
    const verified = await verify(principal);
    if (!verified.ok) return troubleOf(verified.reason);
    const key = verified.code === 0 ? /^Good .* key (SHA256:[A-Za-z0-9+/]{43})$/m.exec(verified.out)?.[1] : undefined;
    if (key === undefined) {
      if (principal !== principals.at(-1)) continue;
      return { kind: "refused", why: `${terminalText(principal, 100)}: ${whyNotVerified(verified.error)}` };
    }
    const name = nameOf({ principal, key });
    if (revoked !== null) {
      const unrevoked = await verify(principal, ["-r", revoked]);
      if (!unrevoked.ok) return troubleOf(unrevoked.reason);
      if (unrevoked.code !== 0) return { kind: "refused", why: `${name}: the key is revoked` };
    }
    if (author !== null) {
      // The key may be listed under several names: a line for the author later in the file counts too.
      const own = await verify(author);
      if (!own.ok) return troubleOf(own.reason);
      const isOwn = own.code === 0 || principals.some((one) => areOnePerson(one, author));
      if (isOwn) return { kind: "refused", why: `${name}: the author of the change cannot approve it` };
    }
    return { kind: "good", principal, key };
  }
  return { kind: "refused", why: "The key has no name in the allowed signers" };
}

/** Of one line of the allowed signers. */
const MAX_PRINCIPALS = 16;

function troubleOf(reason: string): Judged {
  return { kind: "trouble", why: `ssh-keygen ${reason}` };
}

/** The reason of find-principals, from its messages: ssh-keygen has one exit code for all. */
function whyUnknown(error: string): string {
  if (error.includes("key has expired")) return "The key has expired";
  if (error.includes("key is not yet valid")) return "The key is not valid yet";
  if (/Couldn't parse signature|invalid format|incomplete message/.test(error)) return "It is no signature of SSH";
  return "The key is not in the allowed signers";
}

function whyNotVerified(error: string): string {
  if (error.includes("namespace does not match")) {
    return `it was made for a namespace other than ${APPROVAL_NAMESPACE}`;
  }
  if (error.includes("not permitted for use in signature namespace")) {
    return `the key is not allowed for the namespace ${APPROVAL_NAMESPACE}`;
  }
  if (error.includes("incorrect signature")) return "it is of another configuration or another fleet's channel";
  return "ssh-keygen does not verify it";
}

function nameOf({ principal, key }: Pick<ApprovalSigner, "principal" | "key">): string {
  return `${terminalText(principal, 100)} (${key})`;
}

/** Whether two names can be of one person: authors are user names, and principals often addresses of mail. */
function areOnePerson(principal: string, author: string): boolean {
  const [one, other] = [principal.toLowerCase(), author.toLowerCase()];
  const localPart = (name: string) => name.replace(/@.*$/, "");
  const isShort = !one.includes("@") || !other.includes("@");
  return one === other || isShort && localPart(one) === localPart(other);
}

function digestOf(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}
