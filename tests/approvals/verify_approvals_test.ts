// The signatures that count as approvals, by the host's own ssh-keygen.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { hostSshKeygen, type SshKeygen } from "../../src/approvals/ssh_keygen.ts";
import {
  type ApprovalVerdict,
  type ApprovalVerifierSettings,
  openApprovalVerifier,
} from "../../src/approvals/verify_approvals.ts";
import { approvalMessage } from "../../src/approvals/approval_message.ts";
import { hardwareKey } from "./hardware_key.ts";
import { CHANNEL, HASH, sshKeygen, type SshKeys, sshKeys } from "./ssh_keys.ts";

const PLAIN = { ann: ["ann"], ben: ["ben"] };

/** The lines of allowed signers: for each name its keys, or options and a key's name. */
async function allowedFile(keys: SshKeys, names: Readonly<Record<string, readonly string[]>>): Promise<string> {
  const lines = Object.entries(names).map(async ([name, [key, options = ""]]) =>
    `${name} ${options} ${await keys.publicKey(key!)}`
  );
  return await keys.directory.write("allowed", `# who may approve\n${(await Promise.all(lines)).join("\n")}\n`);
}

type Settings = Partial<ApprovalVerifierSettings> & { readonly allowed?: Readonly<Record<string, readonly string[]>> };

async function verifierOf(keys: SshKeys, { allowed = PLAIN, ...settings }: Settings = {}) {
  const allowedSigners = await allowedFile(keys, allowed);
  return openApprovalVerifier({ required: 1, allowedSigners, revokedKeys: null, channel: CHANNEL, ...settings });
}

async function verdictOf(
  keys: SshKeys,
  signatures: readonly string[],
  settings: Settings & { readonly author?: string | null } = {},
): Promise<ApprovalVerdict> {
  return await (await verifierOf(keys, settings)).judge(HASH, settings.author ?? null, signatures);
}

function assertRefused(verdict: ApprovalVerdict, why: RegExp): void {
  const { have, signers, refused, trouble } = verdict;
  assertEquals({ have, signers, trouble }, { have: 0, signers: [], trouble: null });
  assertEquals(refused.length, 1, refused.join("; "));
  assertMatch(refused[0]!, why);
}

Deno.test("signatures of two allowed keys count, each with its name and its fingerprint", async () => {
  await using keys = await sshKeys();
  const signatures = [await keys.sign("ann", {}), await keys.sign("ben", {})];
  const { have, need, signers, refused, trouble } = await verdictOf(keys, signatures, { required: 2, author: "cleo" });
  assertEquals({ have, need, refused, trouble }, { have: 2, need: 2, refused: [], trouble: null });
  const [, fingerprint] = (await sshKeygen(["-l", "-f", await keys.key("ann")])).split(" ");
  assertEquals(signers.map(({ principal }) => principal), ["ann", "ben"]);
  assertEquals(signers[0]!.key, fingerprint);
});

for (const type of [["-t", "ecdsa"], ["-t", "rsa", "-b", "2048"]]) {
  Deno.test(`a signature of a key of ${type[1]} counts`, async () => {
    await using keys = await sshKeys();
    await keys.key("ann", type);
    const { have, refused } = await verdictOf(keys, [await keys.sign("ann", {})]);
    assertEquals({ have, refused }, { have: 1, refused: [] });
  });
}

Deno.test("a signature of a hardware key counts, and one that it made for another configuration does not", async () => {
  await using keys = await sshKeys();
  const key = hardwareKey();
  const allowedSigners = await keys.directory.write("hardware", `ann ${key.publicKey}\n`);
  const verdict = async (hash: string) =>
    await verdictOf(keys, [key.sign(approvalMessage(hash, CHANNEL))], { allowedSigners });
  const { have, signers, refused } = await verdict(HASH);
  assertEquals([have, signers.map(({ principal }) => principal), refused], [1, ["ann"], []]);
  assertRefused(await verdict("b".repeat(64)), /^ann: it is of another configuration or another fleet's channel/);
});

Deno.test("two signatures of one key count once", async () => {
  await using keys = await sshKeys();
  // ECDSA signs with a random number: the two signatures differ.
  await keys.key("ann", ["-t", "ecdsa"]);
  const signatures = [await keys.sign("ann", {}), await keys.sign("ann", {})];
  assert(signatures[0] !== signatures[1]);
  const { have, refused } = await verdictOf(keys, signatures);
  assertEquals(have, 1);
  assertMatch(refused.join(), /^ann \(SHA256:.*\): the key counts already$/);
});

Deno.test("a signature for another namespace, hash or channel does not count", async () => {
  await using keys = await sshKeys();
  const refusedOf = async (signed: Parameters<SshKeys["sign"]>[1], why: RegExp) =>
    assertRefused(await verdictOf(keys, [await keys.sign("ann", signed)]), why);
  await refusedOf({ namespace: "git" }, /^ann: it was made for a namespace other than/);
  await refusedOf({ hash: "b".repeat(64) }, /^ann: it is of another configuration or another fleet's channel/);
  await refusedOf({ channel: "honua:other" }, /^ann: it is of another configuration or another fleet's channel/);
});

Deno.test("a key that is not allowed, not any more, not yet or not for this does not count", async () => {
  await using keys = await sshKeys();
  const signatures = [await keys.sign("ann", {})];
  const refusedOf = async (allowed: Settings["allowed"] & object, why: RegExp) =>
    assertRefused(await verdictOf(keys, signatures, { allowed }), why);
  await refusedOf({ ben: ["ben"] }, /^The key is not in the allowed signers$/);
  await refusedOf({ ann: ["ann", 'valid-before="20200101"'] }, /^The key has expired$/);
  await refusedOf({ ann: ["ann", 'valid-after="29990101"'] }, /^The key is not valid yet$/);
  await refusedOf({ ann: ["ann", 'namespaces="git"'] }, /^ann: the key is not allowed for the namespace/);
});

Deno.test("a revoked key does not count from its revocation on, by a list of keys and by a KRL", async () => {
  await using keys = await sshKeys();
  const signatures = [await keys.sign("ann", {})];
  const revokedKeys = await keys.directory.write("revoked", `${await keys.publicKey("ben")}\n`);
  const verifier = await verifierOf(keys, { revokedKeys });
  const judge = () => verifier.judge(HASH, null, signatures);
  assertEquals((await judge()).have, 1);
  await Deno.writeTextFile(revokedKeys, `${await keys.publicKey("ann")}\n`, { append: true });
  assertRefused(await judge(), /^ann \(SHA256:.*\): the key is revoked$/);
  await sshKeygen(["-q", "-k", "-f", revokedKeys, `${await keys.key("ben")}.pub`]);
  assertEquals((await judge()).have, 1);
  await sshKeygen(["-q", "-k", "-u", "-f", revokedKeys, `${await keys.key("ann")}.pub`]);
  assertRefused(await judge(), /^ann \(SHA256:.*\): the key is revoked$/);
});

Deno.test("no key of the author counts, under any name in the list", async () => {
  await using keys = await sshKeys();
  const signatures = [await keys.sign("ann", {})];
  const refusedOf = async (author: string, allowed: Settings["allowed"] & object) =>
    assertRefused(
      await verdictOf(keys, signatures, { author, allowed }),
      /the author of the change cannot approve it$/,
    );
  await refusedOf("ann", PLAIN);
  await refusedOf("Ann", PLAIN);
  await refusedOf("ann", { "ann@example.org": ["ann"] });
  await refusedOf("ann", { "approvers,ann": ["ann"] });
  await refusedOf("ann", { "*": ["ann"] });
  await refusedOf("ann", { approver: ["ann"], ann: ["ann"] });
  assertEquals((await verdictOf(keys, signatures, { author: "ann@b.org", allowed: { "ann@a.org": ["ann"] } })).have, 1);
});

Deno.test("a text that is no signature does not keep others from counting", async () => {
  await using keys = await sshKeys();
  const good = await keys.sign("ann", {});
  const cut = good.replace(/\n.{70}\n/, "\n");
  const junk = [
    "",
    "x",
    cut,
    `${good}${good}`,
    good.replace("SSH SIGNATURE", "PGP SIGNATURE"),
    "U1NIU0lH".repeat(9_999),
  ];
  const { have, refused, trouble } = await verdictOf(keys, [...junk, good]);
  assertEquals({ have, trouble, refused: refused.length }, { have: 1, trouble: null, refused: junk.length });
  assertEquals((await verdictOf(keys, [...Array(16).fill("x"), good])).have, 0);
});

Deno.test("without files, ssh-keygen or an answer of it nothing counts, and the reason is reported", async () => {
  await using keys = await sshKeys();
  const signatures = [await keys.sign("ann", {})];
  const troubleOf = async (settings: Settings, why: RegExp) => {
    const { have, need, signers, trouble } = await verdictOf(keys, signatures, settings);
    assertEquals({ have, need, signers }, { have: 0, need: 1, signers: [] });
    assertMatch(trouble ?? "", why);
  };
  await troubleOf({ allowedSigners: null }, /AllowedSigners names no file/);
  await troubleOf({ allowedSigners: keys.directory.file("gone") }, /AllowedSigners: .*gone is not there/);
  await troubleOf({ revokedKeys: keys.directory.file("gone") }, /RevokedKeys: .*gone is not there/);
  await troubleOf({ revokedKeys: keys.directory.path }, /RevokedKeys: .* is not a file/);
  const silent: SshKeygen = () => Promise.resolve({ ok: false, reason: "did not end within 5 s" });
  await troubleOf({ run: silent }, /^ssh-keygen did not end within 5 s$/);
  const overdue = (at: string): SshKeygen => (args, input) => (args.includes(at) ? silent : hostSshKeygen)(args, input);
  await troubleOf({ run: overdue("verify") }, /^ssh-keygen did not end within 5 s$/);
  const revokedKeys = await keys.directory.write("revoked", "");
  await troubleOf({ run: overdue("-r"), revokedKeys }, /^ssh-keygen did not end within 5 s$/);
  const broken = await keys.directory.write("broken", "no key\n");
  assertEquals((await verdictOf(keys, signatures, { revokedKeys: broken })).have, 0);
});

Deno.test("a verdict is remembered for half a minute, until the files change, and trouble not at all", async () => {
  await using keys = await sshKeys();
  const signatures = [await keys.sign("ann", {})];
  let [runs, time] = [0, 0];
  let isBroken = false;
  const run: SshKeygen = (args, input) => {
    runs++;
    return isBroken ? Promise.resolve({ ok: false, reason: "is broken" }) : hostSshKeygen(args, input);
  };
  const verifier = await verifierOf(keys, { run, now: () => time });
  const ask = async (author: string | null = null) => {
    const before = runs;
    const { have } = await verifier.judge(HASH, author, signatures);
    return { have, ran: runs > before };
  };
  isBroken = true;
  assertEquals(await ask(), { have: 0, ran: true });
  isBroken = false;
  assertEquals(await ask(), { have: 1, ran: true });
  assertEquals(await ask(), { have: 1, ran: false });
  assertEquals(await ask("ann"), { have: 0, ran: true });
  time += 30_000;
  assertEquals(await ask(), { have: 1, ran: true });
  await allowedFile(keys, { ben: ["ben"] });
  assertEquals(await ask(), { have: 0, ran: true });
});

Deno.test("nothing of a question stays in the temporary directory", async () => {
  await using keys = await sshKeys();
  const seen: string[] = [];
  const run: SshKeygen = async (args, input) => {
    const path = args[args.indexOf("-s") + 1]!;
    const { mode } = await Deno.stat(path);
    seen.push(`${path} ${(mode! & 0o777).toString(8)}`);
    return await hostSshKeygen(args, input);
  };
  assertEquals((await verdictOf(keys, [await keys.sign("ann", {})], { run })).have, 1);
  const [path, mode] = seen[0]!.split(" ");
  assertEquals(mode, "600");
  assertEquals(await Deno.stat(path!.replace(/\/[^/]*$/, "")).then(() => "there", () => "gone"), "gone");
});
