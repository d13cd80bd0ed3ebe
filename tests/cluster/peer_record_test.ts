// Records of peers: a record is read within its bounds, any other value counts as none; and the verdict on all of them.
import { assert, assertEquals } from "@std/assert";
import fc, { anyCharacter } from "fast-check";
import {
  encodePeer,
  HELD_BACK,
  judgePeers,
  MAX_INSTANCE_LENGTH,
  MAX_RECORD_BYTES,
  MAX_WHY_LENGTH,
  parsePeer,
  peerId,
  type PeerRecord,
} from "../../src/cluster/peer_record.ts";

const A = "a".repeat(64);
const B = "b".repeat(64);

const REJECTING: PeerRecord = {
  instance: "edge-1",
  incarnation: "b6f7c1c2-5d0e-4a7a-9f7e-0d6a1d0b8f10",
  version: "1.2.3-rc.1+linux",
  hash: A,
  generation: 17,
  standing: "diverged",
  rejected: { hash: B, generation: null, why: "layer.roads.table is missing", at: "2026-01-02T03:04:05Z" },
  at: "2026-01-02T03:04:05.678Z",
};

const EMPTY: PeerRecord = { ...REJECTING, hash: null, generation: null, standing: "unknown", rejected: null };

function rejectingBecause(why: string): PeerRecord {
  return { ...REJECTING, rejected: { ...REJECTING.rejected!, why } };
}

Deno.test("the others read the record that an instance wrote", () => {
  for (const record of [REJECTING, EMPTY]) {
    assertEquals(parsePeer(encodePeer(record)), record);
    assertEquals(parsePeer(encodePeer(record), peerId(record)), record);
    assertEquals(parsePeer(encodePeer(record), "edge-1"), record);
  }
});

Deno.test("an instance that is held says so, and version 0.1 reads that its standing is unknown", () => {
  const record: PeerRecord = { ...REJECTING, standing: "held" };
  assertEquals(parsePeer(encodePeer(record)), record);
  const { standing, held } = JSON.parse(encodePeer(record));
  assertEquals([standing, held], ["unknown", true]);
  assertEquals(parsePeer(JSON.stringify({ ...JSON.parse(encodePeer(REJECTING)), held: true })), REJECTING);
});

Deno.test("a record carries the release in force and why the source is not", () => {
  for (const heldBack of [...HELD_BACK, null]) {
    const record: PeerRecord = { ...REJECTING, release: { number: 7, state: "baking" }, heldBack };
    assertEquals(parsePeer(encodePeer(record)), record);
  }
  const strange = JSON.stringify({ ...REJECTING, release: { number: 0, state: "baking" }, heldBack: "later" });
  assertEquals(parsePeer(strange), { ...REJECTING, release: null, heldBack: null });
});

Deno.test("a record carries since when its config is in force, and the hooks that are not done", () => {
  for (
    const members of [
      { since: "2026-01-01T03:04:05.678Z", hooks: { waiting: 2, failed: ["nginx", "x".repeat(64)] } },
      { since: null, hooks: null },
      { hooks: { waiting: 0, failed: [] } },
    ]
  ) {
    const record: PeerRecord = { ...REJECTING, ...members };
    assertEquals(parsePeer(encodePeer(record)), record);
  }
});

Deno.test("a strange time and strange hooks are not known, and the rest of the record counts", () => {
  const hooks = { waiting: 0, failed: ["a"] };
  const strange = [
    { since: "yesterday", hooks: [] },
    { since: 0, hooks: { ...hooks, waiting: -1 } },
    { since: {}, hooks: { ...hooks, waiting: 0.5 } },
    { since: "2026-01-01", hooks: { ...hooks, failed: ["a", "b", "c", "d"] } },
    { since: [], hooks: { ...hooks, failed: ["x".repeat(65)] } },
    { since: true, hooks: { ...hooks, failed: ["\x1b[2J"] } },
    { since: "", hooks: { failed: [] } },
  ];
  for (const members of strange) {
    const text = JSON.stringify({ ...REJECTING, ...members });
    assertEquals(parsePeer(text), { ...REJECTING, since: null, hooks: null }, text);
  }
});

Deno.test("a record carries the reason why its instance takes up nothing else, within its bounds", () => {
  const reasons = [["no key K2", "no key K2"], ["one\ntwo", "one two"], ["é".repeat(400), "é".repeat(300)]];
  for (const [hindrance, read] of reasons) {
    assertEquals(parsePeer(encodePeer({ ...REJECTING, hindrance: hindrance! })), { ...REJECTING, hindrance: read! });
  }
  for (const hindrance of [7, null, "x".repeat(301), "\x1b[2J", ""]) {
    assertEquals(parsePeer(JSON.stringify({ ...REJECTING, hindrance })), REJECTING, `${hindrance}`);
  }
});

Deno.test("names of failed hooks are written within their bounds", () => {
  const hooks = { waiting: 0, failed: ["one\ntwo", "x".repeat(63) + "😀", "c", "d"] };
  const written = parsePeer(encodePeer({ ...REJECTING, hooks }))?.hooks;
  assertEquals(written, { waiting: 0, failed: ["one two", "x".repeat(63), "c"] });
});

Deno.test("a record says that its instance takes part in rollouts, and anything but true says that it does not", () => {
  for (const members of [{ stages: true }, { stages: true, canary: true }] as const) {
    const record: PeerRecord = { ...REJECTING, ...members };
    assertEquals(parsePeer(encodePeer(record)), record);
  }
  for (const other of [false, 1, "true", null, {}]) {
    assertEquals(parsePeer(JSON.stringify({ ...REJECTING, stages: other, canary: other })), REJECTING);
  }
});

const NOTED = { instance: "edge-2", n: 9, digest: B };

Deno.test("a record carries the newest line of its journal, and the notes of others", () => {
  for (const members of [{ journal: { n: 7, digest: A }, noted: [NOTED] }, { journal: null }]) {
    const record = { ...REJECTING, ...members };
    assertEquals(parsePeer(encodePeer(record)), record);
  }
});

Deno.test("notes for which a record has no room are left out", () => {
  const noted = (count: number, name: string) => Array(count).fill({ ...NOTED, instance: name.repeat(200) });
  const lengthOf = (record: PeerRecord) => new TextEncoder().encode(encodePeer(record)).length;
  const long = { ...rejectingBecause("\u{fffe}".repeat(300)), noted: noted(16, "\u{fffe}") };
  const kept = parsePeer(encodePeer(long))!.noted!.length;
  assert(kept > 0 && kept < 16);
  const one = JSON.stringify({ ...NOTED, instance: "\u{fffe}".repeat(MAX_INSTANCE_LENGTH) });
  const room = MAX_RECORD_BYTES - lengthOf(long);
  assert(room >= 0 && room < new TextEncoder().encode(one).length + 1);
  assertEquals(parsePeer(encodePeer({ ...REJECTING, noted: noted(17, "x") }))?.noted?.length, 16);
});

Deno.test("a record of another process, or of another name, than its key's is none", () => {
  for (
    const id of ["edge-2", `edge-2:${REJECTING.incarnation}`, "edge-1:0123456789ab", "edge-1:", REJECTING.incarnation]
  ) {
    assertEquals(parsePeer(encodePeer(REJECTING), id), null, id);
  }
});

Deno.test("a long reason is cut without splitting a character, and control characters in it become spaces", () => {
  const whyOf = (why: string) => parsePeer(encodePeer(rejectingBecause(why)))?.rejected?.why;
  assertEquals(whyOf("x".repeat(MAX_WHY_LENGTH + 1)), "x".repeat(MAX_WHY_LENGTH));
  assertEquals(whyOf("x".repeat(MAX_WHY_LENGTH - 1) + "😀"), "x".repeat(MAX_WHY_LENGTH - 1));
  assertEquals(whyOf("x".repeat(MAX_WHY_LENGTH - 2) + "😀"), "x".repeat(MAX_WHY_LENGTH - 2) + "😀");
  assertEquals(whyOf("one\r\ntwo\tthree\x1b[2J"), "one  two three [2J");
  assertEquals(whyOf("half \ud800 pair"), "half \ufffd pair");
  assertEquals(whyOf(""), "?");
});

Deno.test("the record is bounded for any reason and name, and is read under that name", () => {
  const anyText = fc.string({ unit: anyCharacter, maxLength: 400 });
  fc.assert(fc.property(anyText, anyText, fc.array(anyText), (why, instance, failed) => {
    const text = encodePeer({ ...rejectingBecause(why), instance, hooks: { waiting: 1, failed } });
    assert(new TextEncoder().encode(text).length <= MAX_RECORD_BYTES);
    assert(parsePeer(text, peerId({ ...REJECTING, instance })) !== null, text);
  }));
  for (const character of ['"', "\\", "\u{fffe}", "\x00", "\u2028"]) {
    const long = character.repeat(10_000);
    const hooks = { waiting: 1, failed: Array(5).fill(long) };
    const text = encodePeer({ ...rejectingBecause(long), instance: long, hooks });
    assert(new TextEncoder().encode(text).length <= MAX_RECORD_BYTES, character);
    assertEquals(parsePeer(text)?.instance.length, MAX_INSTANCE_LENGTH);
  }
});

Deno.test("a record that breaks a bound is none", () => {
  const wrong: Record<string, unknown>[] = [
    { instance: "" },
    { instance: "x".repeat(129) },
    { incarnation: "" },
    { version: "x".repeat(65) },
    { at: `x${REJECTING.at}` },
    { at: `${REJECTING.at}x` },
    { at: "2026-01-02T03:04:05.1234567890Z" },
    { rejected: { ...REJECTING.rejected, why: "x".repeat(301) } },
    { instance: "x".repeat(MAX_INSTANCE_LENGTH + 1) },
    { instance: "edge\n1" },
    { instance: "\ud800" },
    { instance: 1 },
    { incarnation: "x".repeat(65) },
    { version: "1\x1b[2J" },
    { hash: A.toUpperCase() },
    { hash: A.slice(1) },
    { hash: `${A}\n` },
    { hash: undefined },
    { generation: 0 },
    { generation: 1.5 },
    { generation: 2 ** 52 + 1 },
    { generation: 2 ** 53 },
    { generation: "17" },
    { standing: "fine" },
    { standing: "constructor" },
    { at: "yesterday" },
    { at: `2026-01-02T03:04:05.${"0".repeat(40)}Z` },
    { rejected: undefined },
    { rejected: {} },
    { rejected: { ...REJECTING.rejected, why: "x".repeat(MAX_WHY_LENGTH + 1) } },
    { rejected: { ...REJECTING.rejected, why: "one\ntwo" } },
    { rejected: [REJECTING.rejected] },
    { journal: { n: 0, digest: A } },
    { journal: { n: 1, digest: "a" } },
    { noted: [{ ...NOTED, instance: "a\nb" }] },
    { noted: Array(17).fill(NOTED) },
  ];
  for (const members of wrong) {
    const text = JSON.stringify({ ...REJECTING, ...members });
    assertEquals(parsePeer(text), null, text);
  }
});

Deno.test("a record at its bounds is read", () => {
  const right: Partial<PeerRecord>[] = [
    { instance: "x".repeat(128), incarnation: "x".repeat(64), version: "x".repeat(64) },
    ...(["unknown", "agreed", "settling", "diverged"] as const).map((standing) => ({ standing })),
    { generation: 1 },
    { generation: 2 ** 52 },
    { at: "2026-01-02T03:04:05.1Z" },
    { at: "2026-01-02T03:04:05.123456789Z" },
    { rejected: { ...REJECTING.rejected!, why: "x".repeat(300), generation: 2 ** 52 } },
  ];
  for (const members of right) {
    assertEquals(parsePeer(JSON.stringify({ ...REJECTING, ...members })), { ...REJECTING, ...members });
  }
  const text = encodePeer(REJECTING);
  assertEquals(parsePeer(text.padEnd(4_096)), REJECTING);
  assertEquals(parsePeer(text.padEnd(4_097)), null);
});

Deno.test("anything but a record is null: other JSON, no JSON, too much of it", () => {
  const record = encodePeer(REJECTING);
  const texts = ["", "null", "[]", "1", '"edge-1"', "{}", "{", "\ufeff" + record, record.slice(1), `[${record}]`];
  const deep = "[".repeat(2_000) + "]".repeat(2_000);
  for (const text of [...texts, deep, record + " ".repeat(MAX_RECORD_BYTES), "[".repeat(16 * 1024 * 1024)]) {
    assertEquals(parsePeer(text), null);
  }
  fc.assert(fc.property(fc.json({ stringUnit: anyCharacter }), (text) => assertEquals(parsePeer(text), null)));
});

Deno.test("unknown members are left out, under any name", () => {
  const text = encodePeer(REJECTING).replace(
    "{",
    '{"__proto__":{"self":true},"constructor":1,"zone":"eu","self":true,',
  );
  assertEquals(parsePeer(text), REJECTING);
  assertEquals(Object.keys(parsePeer(text)!).sort(), Object.keys(REJECTING).sort());
});

Deno.test("peers that all run one hash, or nothing, are one run, and nobody is none", () => {
  const running = (instance: string, hash: string | null) => ({ instance, hash });
  assertEquals(judgePeers([]), { namesakes: [], runs: [] });
  assertEquals(judgePeers([running("b", A), running("a", A)]), {
    namesakes: [],
    runs: [{ hash: A, instances: ["a", "b"] }],
  });
  assertEquals(judgePeers([running("a", null), running("b", null)]).runs.length, 1);
  assertEquals(judgePeers([running("a", A), running("b", null)]).runs.length, 2);
});

Deno.test("peers of which two have one name are namesakes, with any hashes", () => {
  const named = (...names: readonly string[]) => judgePeers(names.map((instance) => ({ instance, hash: A })));
  assertEquals(named("b", "a", "b").namesakes, ["b"]);
  assertEquals(named("b", "a", "b", "a", "b", "__proto__").namesakes, ["a", "b"]);
  assertEquals(judgePeers([{ instance: "a", hash: A }, { instance: "a", hash: B }]).namesakes, ["a"]);
});

Deno.test("the hash of most peers comes first, in an order that does not depend on theirs", () => {
  const peers = [
    { instance: "e", hash: null },
    { instance: "d", hash: B },
    { instance: "c", hash: B },
    { instance: "b", hash: A },
    { instance: "a", hash: "0".repeat(64) },
  ];
  const expected = {
    namesakes: [],
    runs: [
      { hash: B, instances: ["c", "d"] },
      { hash: "0".repeat(64), instances: ["a"] },
      { hash: A, instances: ["b"] },
      { hash: null, instances: ["e"] },
    ],
  };
  fc.assert(fc.property(fc.shuffledSubarray(peers, { minLength: peers.length }), (shuffled) => {
    assertEquals(judgePeers(shuffled), expected);
  }));
});
