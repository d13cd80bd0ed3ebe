// `honua-configd publish` of a release that is agreed on without a rollout.
import { assertEquals } from "@std/assert";
import { withAdminClient } from "../../src/cli/admin_client.ts";
import { followAgreed } from "../../src/cli/agreed_release.ts";
import type { Peer } from "../../src/cluster/peer_record.ts";
import { cannedDaemon, hashOf, json, keepingTerminal, peerWith } from "./canned_daemon.ts";

const A = hashOf("a");

/** Each request gets the next answer, and the last one for ever; null: Redis is away. */
async function follow(answers: readonly (readonly Partial<Peer>[] | null)[], limitMilliseconds: number | null = null) {
  let asked = 0;
  let now = 0;
  await using daemon = await cannedDaemon(() => {
    const answer = answers[Math.min(asked++, answers.length - 1)]!;
    return answer === null ? json({ detail: "Redis is away" }, 503) : json({ peers: answer.map(peerWith) });
  });
  const { terminal, out, error } = keepingTerminal();
  const address = { socket: daemon.at, optionsFile: null, url: null, tokenFile: null, caFile: null };
  const pace = { pollMilliseconds: 1, silenceMilliseconds: 2_000, now: () => now += 100 };
  const code = await withAdminClient(address, terminal, async (client) => {
    return await followAgreed({ hash: A, format: "text", limitMilliseconds }, client, terminal, pace);
  });
  return { code, out, error: error.join("") };
}

Deno.test("a release without a rollout is followed until all living instances run it", async () => {
  const waits = { instance: "edge-1", hash: null };
  const rejected = { hash: A, generation: 1, why: "no such variable\x1b", at: "then" };
  const { code, out, error } = await follow([
    [waits, { hash: A }, { hash: A }, { hash: null }],
    [{ ...waits, heldBack: "unapproved" }, { hash: A }],
    [{ ...waits, heldBack: "unapproved" }, { hash: A }],
    null,
    [{ ...waits, rejected }],
    [],
    [{ hash: A }, { hash: A }],
  ]);
  assertEquals([code, error], [0, ""]);
  assertEquals(out, [
    "It runs on 2 of 4 instances; waits for edge-1; and for 1 more\n",
    "It runs on 1 of 2 instances; waits for edge-1, which waits for its approvals: honua-configd pending shows them\n",
    "It runs on 0 of 1 instances; waits for edge-1, which rejected it: no such variable␛\n",
    "No instance is known that could run it\n",
  ]);
});

Deno.test("a release that does not come to all in time ends with 3, and so does one of which nothing is known", async () => {
  const late = await follow([[{ hash: hashOf("b") }]], 500);
  assertEquals([late.code, late.error], [3, "Not all instances run it yet: honua-configd peers shows them\n"]);
  const away = await follow([null]);
  assertEquals([away.code, away.out, away.error.includes("Redis is away")], [3, [], true]);
});
