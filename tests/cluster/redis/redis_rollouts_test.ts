// The rollout in Redis, two fields of the head, and the approvals, a key for each hash: any client may have written them.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { markOf, MAX_ORDER, MAX_ROLLOUT_BYTES, rankId, rolloutText } from "../../../src/agreement/rollout.ts";
import { MAX_APPROVALS, MAX_APPROVALS_BYTES } from "../../../src/cluster/stored_approvals.ts";
import { keysOf, READ } from "../../../src/cluster/redis/redis_scripts.ts";
import { renewApprovals } from "../../../src/daemon/text_renewal.ts";
import { announcementOf, skipOf } from "../../support/announcement_of.ts";
import { incarnationOf } from "../../support/incarnation.ts";
import { moveOf, rolloutOver } from "../../support/move_of.ts";
import { startRedis } from "../../support/redis_server.ts";
import { A, B, C, CHANNEL, openUp, singleTo } from "./redis_notifying.ts";

const { head: HEAD, approvalsPrefix } = keysOf(CHANNEL);
const HEAD_OF_A = { generation: 1, hash: A };

Deno.test("a rollout that is garbage is none, and has a mark by which the next one takes its place", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await one.notifier.announce(announcementOf(A));
  const to = rolloutOver(B, A);
  const text = rolloutText(to);
  const long = `${text}${" ".repeat(MAX_ROLLOUT_BYTES)}`;
  const garbage = [
    ...["", "x", "{}", JSON.stringify({ ...JSON.parse(text), step: 7 })].map((found) => [found, "5", markOf(found)]),
    [long, "5", markOf(long.slice(0, MAX_ROLLOUT_BYTES + 1))],
    ...["", "x", "-5", "1e3", "9007199254740993"].map((at) => [text, at, markOf(text)]),
  ] as const;
  for (const [found, at, mark] of garbage) {
    await server.cli("hset", HEAD, "rollout", found!, "rolloutAt", at!);
    const read = await one.notifier.head();
    const about = `${found!.slice(0, 80)} at ${at}`;
    assertEquals(read.ok && [read.head?.rollout, read.head?.rolloutMark], [null, mark], about);
    const refused = await one.notifier.moveRollout(moveOf(HEAD_OF_A, null, to));
    assertEquals(refused.kind === "refused" && refused.head?.rolloutMark, mark, about);
    const answer = await one.notifier.moveRollout(moveOf(HEAD_OF_A, mark!, to));
    assertEquals(answer.kind === "moved" && answer.rollout.rollout, to, about);
  }
});

Deno.test("the moment of a move is Redis' own, and version 0.1 leaves the rollout", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await one.notifier.announce(announcementOf(A));
  const to = rolloutOver(B, A);
  assertEquals((await one.notifier.moveRollout(moveOf(HEAD_OF_A, null, to))).kind, "moved");
  assertEquals(await server.cli("hget", HEAD, "rollout"), rolloutText(to));
  const [seconds] = (await server.cli("time")).split("\n");
  const at = Number(await server.cli("hget", HEAD, "rolloutAt"));
  assert(Math.abs(at / 1000 - Number(seconds)) < 60, `${at}`);
  await server.cli("hset", HEAD, "hash", B, "generation", "2", "by", incarnationOf("old"), "at", "1", "skip", "");
  const read = await one.notifier.head();
  assertEquals(read.ok && [read.head?.hash, read.head?.rollout?.rollout], [B, to]);
});

Deno.test("a head that is lost beside its rollout is restored, and the answer says that the rollout is there", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await one.notifier.announce(announcementOf(A));
  await one.notifier.moveRollout(moveOf(HEAD_OF_A, null, rolloutOver(B, A)));
  await server.cli("hdel", HEAD, "generation");
  const read = await one.notifier.head();
  assertEquals(read.ok && read.head, null);
  await using other = await openUp(singleTo(server), { instance: "edge-2" });
  const answer = await other.notifier.announce(announcementOf(A, null, { floor: 1 }));
  assertEquals(answer.kind === "accepted" && answer.head.rollout?.rollout, rolloutOver(B, A));
});

Deno.test("the text of a rollout is sent only to a client that does not know it", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await using other = await openUp(singleTo(server), { instance: "edge-2" });
  await one.notifier.announce(announcementOf(A));
  const order = Array.from({ length: MAX_ORDER }, (_, at) => rankId(B, `edge-${at}`));
  const to = rolloutOver(B, A, { order, counts: [1, 250, MAX_ORDER] });
  const mark = markOf(rolloutText(to));
  await one.notifier.moveRollout(moveOf(HEAD_OF_A, null, to));
  const reply = (...known: string[]) => server.cli("eval", READ.text, "1", HEAD, ...known);
  assert((await reply("")).includes(rolloutText(to)));
  for (const known of [[], [mark]]) {
    const text = await reply(...known);
    assert(text.includes(mark) && text.length < 250, text);
  }
  const sent = async () => {
    const count = async () => Number(/total_net_output_bytes:(\d+)/.exec(await server.cli("info", "stats"))![1]);
    const before = await count();
    const read = await other.notifier.head();
    assertEquals(read.ok && read.head?.rollout?.rollout, to);
    return await count() - before;
  };
  const [first, second] = [await sent(), await sent()];
  assert(first > second + MAX_ORDER * 12, `${first} ${second}`);
});

Deno.test("a full Redis refuses a move with its reason, and leaves the rollout as it was", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await one.notifier.announce(announcementOf(A));
  const to = rolloutOver(B, A);
  await one.notifier.moveRollout(moveOf(HEAD_OF_A, null, to));
  await server.cli("config", "set", "maxmemory", "1");
  const move = moveOf(HEAD_OF_A, markOf(rolloutText(to)), { ...to, step: 1 }, { skips: [skipOf(C)] });
  const answer = await one.notifier.moveRollout(move);
  assertMatch(answer.kind === "failed" ? answer.reason : "", /out of memory/);
  const read = await one.notifier.head();
  assertEquals(read.ok && [read.head?.rollout?.rollout, read.head?.skips], [to, []]);
});

Deno.test("approvals that are garbage are none, and stay for thirty days after the last was put", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  const key = `${approvalsPrefix}${A}`;
  const line = (text: string) => btoa(text);
  const many = Array.from({ length: MAX_APPROVALS + 3 }, (_, at) => line(`${at}`)).join("\n");
  const garbage: readonly (readonly [readonly string[], readonly string[]])[] = [
    [["set", key, ""], []],
    [["rpush", key, line("a")], []],
    [["set", key, "x".repeat(MAX_APPROVALS_BYTES + 1)], []],
    [["set", key, `\n${line("a")}\n\n“”\nA\n=\n/w==\n${"A".repeat(4_096)}\n${line("b")}`], ["a", "b"]],
    [["set", key, many], Array.from({ length: MAX_APPROVALS }, (_, at) => `${at + 3}`)],
  ];
  for (const [command, found] of garbage) {
    await server.cli("del", key);
    await server.cli(...command);
    assertEquals(await one.notifier.approvals(A), { ok: true, signatures: found });
    assertEquals(await one.notifier.putApproval(A, "new"), { ok: true });
    const read = await one.notifier.approvals(A);
    assertEquals(read.ok && read.signatures, [...found, "new"].slice(-MAX_APPROVALS));
    const life = Number(await server.cli("pttl", key));
    assert(life > 29 * 86_400_000 && life <= 30 * 86_400_000, `${life}`);
  }
});

Deno.test("approvals that are renewed live for thirty days more, and none are made of nothing", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  const [key, none] = [`${approvalsPrefix}${A}`, `${approvalsPrefix}${B}`];
  for (const signature of ["a", "b"]) await one.notifier.putApproval(A, signature);
  await server.cli("pexpire", key, "60000");
  for (const hash of [A, B]) assertEquals(await renewApprovals(one.notifier, hash), { ok: true });
  assertEquals(await one.notifier.approvals(A), { ok: true, signatures: ["a", "b"] });
  assert(Number(await server.cli("pttl", key)) > 29 * 86_400_000);
  assertEquals(await server.cli("exists", none), "0");
});
