// Keys and signatures of SSH for tests, made by the host's own ssh-keygen.
import { APPROVAL_NAMESPACE, approvalMessage } from "../../src/approvals/approval_message.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary.ts";

/** A directory of keys, each made at its first use. */
export interface SshKeys extends AsyncDisposable {
  readonly directory: TemporaryDirectory;
  /** The path of the private key of that name. */
  key(name: string, type?: readonly string[]): Promise<string>;
  /** `ssh-ed25519 AAAA…`. */
  publicKey(name: string): Promise<string>;
  /** Signs; by default the message for a hash and a channel. */
  sign(
    name: string,
    signed: { readonly hash?: string; readonly channel?: string; readonly namespace?: string },
  ): Promise<
    string
  >;
}

export const HASH = "a".repeat(64);
export const CHANNEL = "honua:config";

/** Opens an empty directory of keys. */
export async function sshKeys(): Promise<SshKeys> {
  const directory = await temporaryDirectory();
  const made = new Map<string, Promise<string>>();
  const make = async (name: string, type: readonly string[]) => {
    const path = directory.file(name);
    await sshKeygen(["-q", "-N", "", "-C", "", ...type, "-f", path]);
    return path;
  };
  const key = (name: string, type: readonly string[] = ["-t", "ed25519"]) => {
    const making = made.get(name) ?? make(name, type);
    made.set(name, making);
    return making;
  };
  return {
    directory,
    key,
    publicKey: async (name) => (await Deno.readTextFile(`${await key(name)}.pub`)).trim(),
    async sign(name, { hash = HASH, channel = CHANNEL, namespace = APPROVAL_NAMESPACE }) {
      return await sshKeygen(["-Y", "sign", "-n", namespace, "-f", await key(name)], approvalMessage(hash, channel));
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** Runs ssh-keygen and returns its standard output; throws if it fails. */
export async function sshKeygen(args: readonly string[], input = ""): Promise<string> {
  const child = new Deno.Command("ssh-keygen", {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await new Blob([input]).stream().pipeTo(child.stdin);
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(`ssh-keygen ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
