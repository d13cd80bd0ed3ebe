// Signs an approval with a person's key by ssh-keygen, which asks for a passphrase or a touch of a hardware key itself.
import { APPROVAL_NAMESPACE, MAX_SIGNATURE_LENGTH } from "../approvals/approval_message.ts";
import { NO_SSH_KEYGEN, SSH_KEYGEN_PATHS } from "../approvals/ssh_keygen.ts";
import { terminalText } from "../diagnostic/terminal_text.ts";
import { firstFile } from "../host/program_search.ts";
import type { SmallFileRead } from "../host/small_file.ts";
import type { Terminal } from "./terminal.ts";

/** For a person to type a passphrase and to touch a key. */
const LIMIT_MILLISECONDS = 120_000;

/**
 * Signs a message, and shows it before: the person approves exactly this text. The environment is passed on for an
 * agent and its askpass program.
 */
export async function signWithKey(message: string, key: string, terminal: Terminal): Promise<SmallFileRead> {
  const path = firstFile(SSH_KEYGEN_PATHS);
  if (path === null) return { ok: false, reason: `ssh-keygen ${NO_SSH_KEYGEN}` };
  terminal.error(`To be signed: ${terminalText(message)}\n`);
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(path, {
      args: ["-Y", "sign", "-n", APPROVAL_NAMESPACE, "-f", key],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(LIMIT_MILLISECONDS),
    }).spawn();
  } catch (error) {
    const code = (error as { code?: string }).code ?? "an unknown error";
    return { ok: false, reason: `ssh-keygen could not be started: ${code}` };
  }
  let text = "";
  const [{ success, signal }] = await Promise.all([
    child.status,
    forward(child.stdout, (part) => text.length <= MAX_SIGNATURE_LENGTH && (text += part)),
    // A wish to touch the key appears while ssh-keygen waits for that.
    forward(child.stderr, (part) => terminal.error(part)),
    // A key that cannot be read ends ssh-keygen before it reads the message.
    new Blob([message]).stream().pipeTo(child.stdin).catch(() => {}),
  ]);
  if (success) return { ok: true, text };
  if (signal !== null) return { ok: false, reason: `ssh-keygen did not sign within ${LIMIT_MILLISECONDS / 1_000} s` };
  return { ok: false, reason: "ssh-keygen did not sign the approval" };
}

async function forward(from: ReadableStream<Uint8Array>, to: (text: string) => unknown): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of from) to(decoder.decode(chunk, { stream: true }));
}
