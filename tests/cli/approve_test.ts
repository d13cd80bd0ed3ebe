// `honua-configd pending`, `approve` and `reject`, with signatures of real keys.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openApprovalVerifier } from "../../src/approvals/verify_approvals.ts";
import { sshKeygen, sshKeys } from "../approvals/ssh_keys.ts";
import { runRecorded } from "../support/recording_terminal.ts";
import { type CannedDaemon, cannedDaemon, daysAgo, hashOf, json } from "./canned_daemon.ts";

const [HASH, CHANNEL] = [hashOf("c"), "honua:config"];
const WAITING = {
  hash: HASH,
  author: "ann",
  reason: "new tiles\x1b",
  at: daysAgo(3),
  have: 1,
  need: 2,
  signers: [{ principal: "ben", key: "SHA256:b" }],
  refused: ["eve: the key is revoked"],
  trouble: null,
};
const APPROVED = { status: "approved", hash: HASH, have: 1, need: 2, signers: WAITING.signers, notShared: null };

/** A daemon with these configurations waiting, release 41, and an answer to orders. */
const daemonWith = (pending: readonly unknown[], order: () => Response = () => json(APPROVED), required = 2) =>
  cannedDaemon(({ method, url }) => {
    const { pathname } = new URL(url);
    if (method === "POST") return order();
    if (pathname === "/admin/approvals") return json({ required, channel: CHANNEL, pending });
    return pathname === "/admin/releases/41" ? json({ hash: hashOf("d") }) : json({ detail: "no such" }, 404);
  });

const sentTo = (daemon: CannedDaemon) =>
  daemon.asked.filter(({ what }) => what.startsWith("POST")).map(({ what, body }) => [what, JSON.parse(body)]);

Deno.test("each configuration that waits is listed with author, approvals and signatures that do not count, and ends with 1", async () => {
  await using daemon = await daemonWith([WAITING, { ...WAITING, signers: [], author: null, trouble: "Redis is away" }]);
  const { code, out, error } = await runRecorded(["pending", ...daemon.flags]);
  assertEquals([code, error], [1, ""]);
  assertEquals(out.split("\n"), [
    "HASH      AUTHOR  PROPOSED  APPROVED  BY   REASON",
    "cccccccc  ann     3 d ago   1 of 2    ben  new tiles␛",
    "cccccccc  -       3 d ago   1 of 2    -    new tiles␛",
    "cccccccc: a signature does not count: eve: the key is revoked",
    "cccccccc: a signature does not count: eve: the key is revoked",
    "cccccccc: not everything is known: Redis is away",
    "To approve: honua-configd approve HASH --key FILE",
    "",
  ]);
  const asJson = await runRecorded(["pending", "--format", "json", ...daemon.flags]);
  assertEquals([asJson.code, JSON.parse(asJson.out).pending.length], [1, 2]);
});

Deno.test("if nothing waits, or no approval is required, pending says so and ends with 0", async () => {
  for (const [required, says] of [[2, "Nothing waits for approval\n"], [0, "No approval is required on this host\n"]]) {
    await using daemon = await daemonWith([], undefined, required as number);
    const { code, out } = await runRecorded(["pending", ...daemon.flags]);
    assertEquals([code, out], [0, says]);
  }
});

Deno.test("approve signs a configuration with a key, and a host that allows the key counts it", async () => {
  await using keys = await sshKeys();
  await using daemon = await daemonWith([WAITING]);
  const { code, out, error } = await runRecorded([
    "approve",
    "candidate",
    "--key",
    await keys.key("ben"),
    ...daemon.flags,
  ]);
  assertEquals([code, out], [0, "Approved: cccccccc has 1 of 2 approvals (ben), 1 more must approve it\n"]);
  assertStringIncludes(error, `To be signed: honua-release v1 ${HASH} ${CHANNEL}\n`);
  const [[what, { hash, signature }]] = sentTo(daemon) as [[string, { hash: string; signature: string }]];
  assertEquals([what, hash], ["POST /admin/approvals", HASH]);
  const allowedSigners = await keys.directory.write("allowed", `ben ${await keys.publicKey("ben")}\n`);
  const verifier = openApprovalVerifier({ required: 1, allowedSigners, revokedKeys: null, channel: CHANNEL });
  assertEquals((await verifier.judge(HASH, "ann", [signature])).have, 1);
});

Deno.test("approve takes a signature of the printed message from a file or standard input", async () => {
  await using keys = await sshKeys();
  await using daemon = await daemonWith([WAITING]);
  const printed = await runRecorded(["approve", "CCCCCCCC", "--print", ...daemon.flags]);
  assertEquals([printed.code, printed.out], [0, `honua-release v1 ${HASH} ${CHANNEL}`]);
  const args = ["-Y", "sign", "-n", "honua-configd-approve", "-f", await keys.key("ci")];
  const signature = await sshKeygen(args, printed.out);
  const file = await keys.directory.write("message.sig", signature);
  await runRecorded(["approve", HASH, "--signature", file, ...daemon.flags]);
  await runRecorded(["approve", "41", "--signature", "-", ...daemon.flags], { input: `\n${signature}\n` });
  assertEquals(sentTo(daemon), [
    ["POST /admin/approvals", { hash: HASH, signature }],
    ["POST /admin/approvals", { hash: hashOf("d"), signature }],
  ]);
});

Deno.test("approve says when it was the last one, and when other hosts cannot know it", async () => {
  await using keys = await sshKeys();
  const last = { ...APPROVED, have: 2, notShared: "Redis cannot be reached" };
  await using daemon = await daemonWith([WAITING], () => json(last));
  const { code, out, error } = await runRecorded(["approve", HASH, "--key", await keys.key("ben"), ...daemon.flags]);
  assertEquals([code, out], [0, "Approved: cccccccc has 2 of 2 approvals (ben), it may run now\n"]);
  assertStringIncludes(error, "Only this host knows the signature, until its daemon ends: Redis cannot be reached\n");
});

Deno.test("a key, a name or a file that cannot be used is reported, and nothing is sent", async () => {
  await using keys = await sshKeys();
  const junk = await keys.directory.write("junk", "-----BEGIN PGP SIGNATURE-----\n");
  const gone = keys.directory.file("gone");
  const other = { ...WAITING, hash: hashOf("e") };
  const cases: [readonly unknown[], string[], number, string][] = [
    [[WAITING], ["candidate", "--key", gone], 3, "ssh-keygen did not sign the approval"],
    [[WAITING], ["candidate", "--signature", gone], 3, "gone is not there"],
    [[WAITING], ["candidate", "--signature", junk], 3, "not armored as ssh-keygen"],
    [[], ["candidate", "--print"], 1, "Nothing waits for approval"],
    [[WAITING, other], ["candidate", "--print"], 1, "Several configurations wait"],
    [[WAITING], ["dddddddd", "--print"], 1, "No single configuration"],
    [[WAITING], ["candidate"], 2, "one of --key, --signature and --print must be given"],
    [[WAITING], ["candidate", "--key", junk, "--print"], 2, "cannot be used with"],
  ];
  for (const [pending, args, ends, says] of cases) {
    await using daemon = await daemonWith(pending);
    const { code, out, error } = await runRecorded(["approve", ...args, ...daemon.flags]);
    assertEquals([code, out, sentTo(daemon)], [ends, "", []], args.join(" "));
    assertStringIncludes(error, says);
  }
});

Deno.test("a rejection needs a reason, names the person, and states its consequence", async () => {
  await using daemon = await daemonWith([WAITING], () => json({ status: "rejected", hash: HASH }));
  const environment = { USER: "ben" };
  const args = ["reject", "candidate", ...daemon.flags];
  assertEquals((await runRecorded(args, { environment })).code, 2);
  const { code, out } = await runRecorded([...args, "--reason", "no tests"], { environment });
  assertEquals([code, out], [0, "Rejected: no instance runs cccccccc unless a person forces it there\n"]);
  assertEquals(sentTo(daemon), [["POST /admin/approvals/reject", { hash: HASH, reason: "no tests", author: "ben" }]]);
});

for (
  const [status, ends, says] of [[409, 1, /: The key is revoked\u241b\n$/], [503, 3, /answers: The key/]] as const
) {
  Deno.test(`an approval or a rejection that is answered with ${status} ends with ${ends} and says why`, async () => {
    await using keys = await sshKeys();
    await using daemon = await daemonWith([WAITING], () => json({ detail: "The key is revoked\x1b" }, status));
    const approved = await runRecorded(["approve", "candidate", "--key", await keys.key("ben"), ...daemon.flags]);
    const rejected = await runRecorded(["reject", "candidate", "--reason", "x", ...daemon.flags]);
    for (const { code, out, error } of [approved, rejected]) {
      assertEquals([code, out], [ends, ""]);
      assertMatch(error, says);
    }
    assert(rejected.error.startsWith("Not rejected"));
  });
}
