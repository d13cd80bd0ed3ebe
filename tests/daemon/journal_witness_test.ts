// An instance as the witness of other journals.
import { assertEquals } from "@std/assert";
import type { Peer } from "../../src/cluster/peer_record.ts";
import { journalWitness } from "../../src/daemon/journal_witness.ts";
import { peerWith } from "../cli/canned_daemon.ts";

Deno.test("a witness reads the records at most once a minute, and an outage leaves its notes unchanged", async () => {
  const mark = (n: number) => ({ n, digest: "d".repeat(64) });
  let now = 0;
  let reads = 0;
  let peers: readonly Peer[] | null = [peerWith({ instance: "edge-2", journal: mark(1) })];
  const notifier = {
    peers: () => {
      reads++;
      return Promise.resolve(peers === null ? { ok: false as const, reason: "away" } : { ok: true as const, peers });
    },
  };
  let tail: { n: number; digest: string } | null = null;
  const witness = journalWitness(notifier, "edge-1", () => tail, () => now);
  assertEquals(witness.recordPart(), { journal: null, noted: [] });
  await witness.look();
  tail = mark(3);
  assertEquals(witness.recordPart(), { journal: mark(3), noted: [{ instance: "edge-2", ...mark(1) }] });
  peers = [peerWith({ instance: "edge-2", journal: mark(2) })];
  now = 59_999;
  await witness.look();
  assertEquals([reads, witness.recordPart().noted[0]?.n], [1, 1]);
  now = 60_000;
  await witness.look();
  assertEquals([reads, witness.recordPart().noted[0]?.n], [2, 2]);
  peers = null;
  now = 120_000;
  await witness.look();
  assertEquals([reads, witness.recordPart().noted[0]?.n], [3, 2]);
});

Deno.test("in a large fleet a witness reads the less often the more records there are: one reading a second among all", async () => {
  let now = 0;
  let reads = 0;
  const peers = Array.from({ length: 300 }, (_, index) => peerWith({ instance: `edge-${index}` }));
  const notifier = { peers: () => (reads++, Promise.resolve({ ok: true as const, peers })) };
  const witness = journalWitness(notifier, "edge-1", () => null, () => now);
  await witness.look();
  for (const [at, count] of [[60_000, 1], [299_999, 1], [300_000, 2]] as const) {
    now = at;
    await witness.look();
    assertEquals(reads, count);
  }
});
