// `honua-configd approve` and `reject`. They end with 0 when that is done, with 1 if the daemon refuses or nothing of
// that name waits, with 3 if nothing answers or nothing could be signed.
import * as z from "zod";
import { isHash } from "../agreement/head.ts";
import { approvalMessage, MAX_SIGNATURE_LENGTH, readSignature } from "../approvals/approval_message.ts";
import { jsonLine, terminalText } from "../diagnostic/terminal_text.ts";
import { readSmallFile } from "../host/small_file.ts";
import type { AdminFlags } from "./admin_address.ts";
import { type AdminClient, unavailable, unexpectedAnswer, withAdminClient } from "./admin_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { refusedOrder } from "./order.ts";
import { askPending, type Waiting } from "./pending.ts";
import { personOf } from "./person.ts";
import { signWithKey } from "./sign_approval.ts";
import { shortHash } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface ApprovalRequest {
  readonly address: AdminFlags;
  readonly format: "text" | "json";
  /** `candidate`, a hash or the beginning of one, or the number of a release. */
  readonly which: string;
}

export interface ApproveRequest extends ApprovalRequest {
  /** The path of a key; null: a signature is given. */
  readonly key: string | null;
  /** The path of an armored signature, or `-`; null: it is made with the key. */
  readonly signature: string | null;
  /** Only the message is wanted. */
  readonly print: boolean;
}

export interface RejectCommandRequest extends ApprovalRequest {
  readonly reason: string;
  /** Null: the user. */
  readonly author: string | null;
}

/** The daemon gives a judgement 10 s; the rest is for its answer to arrive. */
const JUDGED_LIMIT_MILLISECONDS = 12_000;

const approvedSchema = z.object({
  have: z.number(),
  need: z.number(),
  signers: z.array(z.object({ principal: z.string(), key: z.string() })),
  notShared: z.string().nullable(),
});

/** Signs, or takes a signature, and brings it to the daemon. */
export async function approve(request: ApproveRequest, terminal: Terminal): Promise<ExitCode> {
  return await withAdminClient(request.address, terminal, async (client) => {
    const found = await findHash(request.which, client, terminal);
    if (!found.ok) return found.code;
    const { hash, channel } = found;
    const message = approvalMessage(hash, channel);
    if (request.print) {
      terminal.out(message);
      return EXIT.done;
    }
    const signature = await signatureOf(request, message, terminal);
    if (signature === null) return EXIT.unavailable;
    const answer = await client.ask({
      method: "POST",
      path: "admin/approvals",
      json: { hash, signature },
      limitMilliseconds: JUDGED_LIMIT_MILLISECONDS,
    });
    if (!answer.ok) return unavailable(answer.message, terminal);
    if (answer.status !== 200) return refusedOrder("Not approved", answer, client, terminal);
    const parsed = approvedSchema.safeParse(answer.body);
    if (!parsed.success) return unavailable(unexpectedAnswer(client), terminal);
    terminal.out(request.format === "json" ? jsonLine(answer.body) : approvedText(hash, parsed.data));
    const { notShared } = parsed.data;
    if (notShared !== null) {
      terminal.error(`Only this host knows the signature, until its daemon ends: ${terminalText(notShared)}\n`);
    }
    return EXIT.done;
  });
}

/** Lets no instance run the configuration that waits. */
export async function reject(request: RejectCommandRequest, terminal: Terminal): Promise<ExitCode> {
  const { address, which, reason, author, format } = request;
  return await withAdminClient(address, terminal, async (client) => {
    const found = await findHash(which, client, terminal);
    if (!found.ok) return found.code;
    const json = { hash: found.hash, reason, author: personOf(author, terminal.environment) };
    const answer = await client.ask({ method: "POST", path: "admin/approvals/reject", json });
    if (!answer.ok) return unavailable(answer.message, terminal);
    if (answer.status !== 200) return refusedOrder("Not rejected", answer, client, terminal);
    const done = `Rejected: no instance runs ${shortHash(found.hash)} unless a person forces it there\n`;
    terminal.out(format === "json" ? jsonLine(answer.body) : done);
    return EXIT.done;
  });
}

type FoundHash =
  | { readonly ok: true; readonly hash: string; readonly channel: string }
  | { readonly ok: false; readonly code: ExitCode };

/** Finds the hash among the configurations that wait, and then among the releases of the daemon's host. */
async function findHash(which: string, client: AdminClient, terminal: Terminal): Promise<FoundHash> {
  const asked = await askPending(client, terminal);
  if (!asked.ok) return asked;
  const { channel } = asked.value;
  const hashes = matching(which, asked.value);
  if (hashes.length === 1) return { ok: true, hash: hashes[0]!, channel };
  const refuse = (why: string): FoundHash => {
    terminal.error(`${why}\n`);
    return { ok: false, code: EXIT.invalid };
  };
  if (hashes.length > 1) return refuse("Several configurations wait for approval: honua-configd pending lists them");
  if (which === "candidate") return refuse("Nothing waits for approval");
  const answer = await client.ask({ path: `admin/releases/${encodeURIComponent(which)}` });
  if (!answer.ok) return { ok: false, code: unavailable(answer.message, terminal) };
  if (answer.status === 404) return refuse("No single configuration that waits, and no release, has that name");
  if (answer.status !== 200) return { ok: false, code: unavailable(client.refusal(answer), terminal) };
  const parsed = z.object({ hash: z.custom<string>(isHash) }).safeParse(answer.body);
  if (!parsed.success) return { ok: false, code: unavailable(unexpectedAnswer(client), terminal) };
  return { ok: true, hash: parsed.data.hash, channel };
}

/** A whole hash need not wait on that host: it may be approved before it is proposed. */
function matching(which: string, { pending }: Waiting): readonly string[] {
  const text = which.toLowerCase();
  if (isHash(text)) return [text];
  const hashes = pending.map(({ hash }) => hash);
  if (which === "candidate") return hashes;
  return /^[0-9a-f]{8,}$/.test(text) ? hashes.filter((hash) => hash.startsWith(text)) : [];
}

/** Null: there is none, and the terminal has the reason. */
async function signatureOf(
  { key, signature }: ApproveRequest,
  message: string,
  terminal: Terminal,
): Promise<string | null> {
  const made = signature === null
    ? await signWithKey(message, key ?? "", terminal)
    : await readGiven(signature, terminal);
  if (!made.ok) {
    terminal.error(`${made.reason}\n`);
    return null;
  }
  const read = readSignature(made.text);
  if (read === null) terminal.error("The signature is not armored as ssh-keygen -Y sign does it\n");
  return read;
}

async function readGiven(path: string, terminal: Terminal) {
  if (path !== "-") return await readSmallFile(path, MAX_SIGNATURE_LENGTH);
  return { ok: true, text: new TextDecoder().decode(await terminal.readInput(MAX_SIGNATURE_LENGTH)) } as const;
}

function approvedText(hash: string, { have, need, signers }: z.infer<typeof approvedSchema>): string {
  const names = signers.map(({ principal }) => terminalText(principal)).join(", ");
  const rest = have >= need ? "it may run now" : `${need - have} more must approve it`;
  return `Approved: ${shortHash(hash)} has ${have} of ${need} approvals (${names}), ${rest}\n`;
}
