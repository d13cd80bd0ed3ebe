// The form of an answer of the scripts that is believed, from any server.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { judgeAnnouncement } from "../../../src/agreement/announcing.ts";
import type { Head } from "../../../src/agreement/head.ts";
import { MAX_GENERATION } from "../../../src/agreement/head.ts";
import {
  accessRules,
  parseAnnounceReply,
  parseHeadReply,
  parseMoveReply,
} from "../../../src/cluster/redis/redis_scripts.ts";
import { markOf, MAX_ROLLOUT_BYTES, type RolloutMove, rolloutText } from "../../../src/agreement/rollout.ts";
import { skipsText } from "../../../src/agreement/skip.ts";
import { moveOf, rolloutOver } from "../../support/move_of.ts";
import { announcementOf, skipOf } from "../../support/announcement_of.ts";

const [A, B, C] = ["a".repeat(64), "b".repeat(64), "c".repeat(64)] as const;
const ID = "0123456789ab";

const FIELDS = {
  ...{ kind: "head", generation: "7", hash: A, by: ID, age: "0", delivered: 0, skips: "" },
  ...{ mark: "", rolloutAge: "", text: "" },
};

/** An answer of the reading script. */
const answer = (members: Partial<Record<keyof typeof FIELDS, unknown>> = {}): unknown[] =>
  Object.values({ ...FIELDS, ...members });

const ROLLOUT = rolloutOver(B, A);
const TEXT = rolloutText(ROLLOUT);
const MARK = markOf(TEXT);

Deno.test("a head of the last generation, and none, are read", () => {
  const head = {
    generation: MAX_GENERATION,
    hash: A,
    by: ID,
    ageMilliseconds: 5,
    skips: [],
    rollout: null,
    rolloutMark: null,
  };
  const reply = answer({ generation: `${MAX_GENERATION}`, age: "5" });
  assertEquals(parseHeadReply(reply), { kind: "head", head, delivered: 0 });
  assertEquals(parseHeadReply(answer({ delivered: 2 ** 31 - 1 }))?.delivered, 2 ** 31 - 1);
  assertEquals(parseHeadReply([]), { kind: "none", head: null, delivered: 0 });
  assertEquals(parseHeadReply(["lost"]), { kind: "lost", head: null, delivered: 0 });
});

Deno.test("a reply that is out of its bounds is no answer", () => {
  const wrong = [
    ...["0", "-1", "07", "1e3", "0x10", "", " 7", "7.5", `${MAX_GENERATION + 1}`, "9007199254740991", 7, null, ["7"]]
      .map((generation) => answer({ generation })),
    ...["", "a", A.toUpperCase(), `${A}a`, `${A}\n`, 7, null].map((hash) => answer({ hash })),
    ...["", "edge-1", ID.toUpperCase(), `${ID}0`, null].map((by) => answer({ by })),
    ...["-1", "1.5", "99999999999999999999", "9999999999999999", "", null].map((age) => answer({ age })),
    ...[-1, 1.5, 2 ** 31, NaN, "1", null].map((delivered) => answer({ delivered })),
    ...["none", "constructor", "", "HEAD", null].map((kind) => answer({ kind })),
    ...[null, 7, ["x"]].map((skips) => answer({ skips })),
    ...["x", MARK.slice(1), `${MARK}0`, MARK.toUpperCase(), null].map((mark) => answer({ mark })),
    ...["-1", "1.5", "x", 0, null].map((rolloutAge) => answer({ mark: MARK, rolloutAge, text: TEXT })),
    ...[7, null, ["x"]].map((text) => answer({ mark: MARK, rolloutAge: "0", text })),
    answer({ rolloutAge: "0" }),
    answer({ text: TEXT }),
    answer().slice(0, 9),
    [...answer(), 0],
    ["accepted"],
    [null],
  ];
  for (const reply of [...wrong, null, undefined, "lost", 0, {}, { length: 0 }, Object.assign(answer(), { 1: {} })]) {
    assertEquals(parseHeadReply(reply), null, JSON.stringify(reply));
  }
});

Deno.test("a rollout is read of its text, or of the mark that is known; another text or age counts as none", () => {
  const known = { rollout: rolloutOver(C, A), mark: markOf("known"), ageMilliseconds: 1 };
  const read = (mark: string, rolloutAge: string, text: string) => {
    const head = parseHeadReply(answer({ mark, rolloutAge, text }), known)?.head;
    return head && [head.rollout, head.rolloutMark];
  };
  assertEquals(read(MARK, "5", TEXT), [{ rollout: ROLLOUT, mark: MARK, ageMilliseconds: 5 }, MARK]);
  assertEquals(read(known.mark, "5", ""), [{ ...known, ageMilliseconds: 5 }, known.mark]);
  const tooLong = `${TEXT}${" ".repeat(MAX_ROLLOUT_BYTES)}`;
  for (const text of ["", "{}", tooLong]) assertEquals(read(markOf(text), "5", text), [null, markOf(text)]);
  for (const [age, text] of [["5", ""], ["5", `${TEXT} `], ["", TEXT]] as const) {
    assertEquals(read(MARK, age, text), [null, MARK]);
  }
  assertEquals(read("", "", ""), [null, null]);
});

Deno.test("an answer to a move that the rules cannot come to is none", () => {
  const sent = { rollout: ROLLOUT, mark: MARK, ageMilliseconds: 0 };
  const outcome = (kind: string, fields: Parameters<typeof answer>[0], more: Partial<RolloutMove> = {}) =>
    parseMoveReply(
      answer({ kind, ...fields }),
      moveOf({ generation: 7, hash: A }, markOf("x"), ROLLOUT, more),
      sent,
    )?.kind ?? null;
  const old = { mark: markOf("x"), rolloutAge: "0", text: "" };
  const now = { mark: MARK, rolloutAge: "0", text: "" };
  assertEquals([outcome("moved", now), outcome("moved", old), outcome("moved", {})], ["moved", null, null]);
  assertEquals([outcome("moved", { ...now, generation: "8" }), outcome("moved", { ...now, hash: B })], [null, null]);
  assertEquals(outcome("moved", { ...now, rolloutAge: "" }), null);
  assertEquals([outcome("late", old, { since: 3 }), outcome("late", old)], ["late", null]);
  assertEquals(outcome("late", now, { since: 3 }), null);
  assertEquals([outcome("refused", now), outcome("refused", old)], ["refused", null]);
  assertEquals([outcome("refused", { ...old, generation: "8" }), outcome("refused", {})], ["refused", "refused"]);
  const skipped = { ...old, skips: skipsText([skipOf(B)]) };
  assertEquals([outcome("refused", skipped, { since: 3 }), outcome("refused", skipped)], ["refused", null]);
  for (const kind of ["accepted", "same", "lost", "head"]) assertEquals(outcome(kind, now), null);
  const parsed = (reply: unknown) => parseMoveReply(reply, moveOf({ generation: 7, hash: A }, null, ROLLOUT), sent);
  assertEquals(parsed(["refused"]), { kind: "refused", head: null, rollout: null });
  for (const reply of [[], ["lost"], ["moved"], null, "moved"]) assertEquals(parsed(reply), null);
});

const generations = fc.constantFrom(1, 2, 3, MAX_GENERATION - 1, MAX_GENERATION);
const requests = fc.record({
  hash: fc.constantFrom(A, B),
  base: fc.constantFrom(null, A, B),
  unanswered: fc.subarray([A, B]),
  since: fc.constantFrom(0, 1, 3),
  floor: fc.oneof(generations, fc.constant(0)),
  restores: fc.boolean(),
  force: fc.boolean(),
  skips: fc.subarray([A, B, C].map((hash) => skipOf(hash))),
  undoes: fc.subarray([A, B]),
});

Deno.test("an answer of the rules is believed", () => {
  const heads = fc.option(fc.record({ generation: generations, hash: fc.constantFrom(A, B) }), { nil: null });
  const skipped = fc.subarray([A, B, C].map((hash) => skipOf(hash)));
  fc.assert(fc.property(heads, skipped, requests, (head: Head | null, stored, asked) => {
    const verdict = judgeAnnouncement(head === null ? [] : [head], stored, asked);
    const kind = verdict.kind === "write" ? "accepted" : verdict.kind;
    const now = verdict.kind === "write" ? { generation: verdict.generation, hash: asked.hash } : head;
    const skips = verdict.kind === "write" || verdict.kind === "same" ? verdict.skips : stored;
    const reply = now === null
      ? ["lost"]
      : answer({ ...now, kind, generation: `${now.generation}`, skips: skipsText(skips) });
    const read = parseAnnounceReply(reply, asked);
    assertEquals([read?.kind, read !== null && read.head?.skips], [kind, now === null ? undefined : skips]);
  }));
});

Deno.test("an answer that the rules cannot come to is none", () => {
  const asked = announcementOf(A, B, { floor: 7, restores: false });
  const outcome = (kind: string, generation: number, hash: string, more: Parameters<typeof announcementOf>[2] = {}) =>
    parseAnnounceReply(answer({ kind, generation: `${generation}`, hash }), { ...asked, ...more })?.kind ?? null;
  assertEquals([outcome("accepted", 8, A), outcome("accepted", 8, B), outcome("accepted", 7, A)], [
    "accepted",
    null,
    null,
  ]);
  assertEquals(outcome("accepted", MAX_GENERATION, A, { floor: MAX_GENERATION }), "accepted");
  assertEquals([outcome("same", 7, A), outcome("same", 7, B), outcome("same", 6, A)], ["same", null, null]);
  assertEquals([outcome("refused", 7, B), outcome("refused", 7, A), outcome("refused", 6, B)], ["refused", null, null]);
  assertEquals(outcome("refused", 7, B, { force: true }), null);
  assertEquals([outcome("lost", 6, B), outcome("lost", 7, B)], ["lost", null]);
  assertEquals([outcome("lost", 6, B, { restores: true }), outcome("lost", 6, B, { force: true })], [null, null]);
  assertEquals(outcome("head", 7, A), null);
  const skips = skipsText([skipOf(A)]);
  const skipped = (kind: string, hash: string) =>
    parseAnnounceReply(answer({ kind, generation: "8", hash, skips }), asked)?.kind ?? null;
  assertEquals([skipped("accepted", A), skipped("same", A), skipped("refused", A)], [null, null, "refused"]);
  for (const reply of [[], [null], "lost"]) assertEquals(parseAnnounceReply(reply, asked), null);
});

Deno.test("a channel's name is no pattern in the rights of its user", () => {
  const rights = accessRules(String.raw`a*[?]\b*`);
  const name = String.raw`a\*\[\?\]\\b\*`;
  assertEquals(rights.slice(0, 4), ["resetkeys", `~{${name}}:*`, "resetchannels", `&${name}`]);
});
