// The guard of the byte stream passes replies within the limits unchanged, and refuses all others, however they are
// cut.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import fc, { anyCharacter } from "fast-check";
import { MAX_MESSAGE_BYTES, parseMessage } from "../../../src/cluster/announcement.ts";
import { MAX_PEERS, MAX_RECORD_BYTES } from "../../../src/cluster/peer_record.ts";
import { MAX_NAME_BYTES } from "../../../src/cluster/redis/redis_scripts.ts";
import {
  ANSWER_LIMITS,
  MESSAGE_LIMITS,
  replyGuard,
  type ReplyLimits,
  SOURCE_LIMITS,
} from "../../../src/cluster/redis/reply_guard.ts";

type Reply = string | number | null | { readonly status: string } | { readonly error: string } | readonly Reply[];

function encoded(reply: Reply): Buffer {
  if (reply === null) return Buffer.from("$-1\r\n");
  if (typeof reply === "number") return Buffer.from(`:${reply}\r\n`);
  if (typeof reply === "string") return bulk(Buffer.from(reply));
  if ("status" in reply) return Buffer.from(`+${reply.status}\r\n`);
  if ("error" in reply) return Buffer.from(`-${reply.error}\r\n`);
  return Buffer.concat([Buffer.from(`*${reply.length}\r\n`), ...reply.map(encoded)]);
}

function bulk(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n")]);
}

/** Scans bytes in pieces that end at these places; returns the passed bytes or the fault. */
function scanned(bytes: Buffer, ends: readonly number[], limits: ReplyLimits): Buffer | string {
  const scan = replyGuard(limits);
  const passed: Buffer[] = [];
  const cuts = [...new Set(ends.map((end) => end % (bytes.length + 1)))].sort((left, right) => left - right);
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    const found = scan(bytes.subarray(from, to));
    if (!found.ok) return found.what;
    passed.push(found.bytes);
    from = to;
  }
  return Buffer.concat(passed);
}

const line = fc.string({ maxLength: 40 }).map((text) => text.replace(/[\r\n]/g, " "));
const { reply } = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof(
    { depthSize: "small", maxDepth: 6 },
    fc.string({ unit: anyCharacter, maxLength: 60 }),
    fc.maxSafeInteger(),
    fc.constant(null),
    line.map((status) => ({ status })),
    line.map((error) => ({ error })),
    fc.array(tie("reply"), { maxLength: 5 }),
  ),
}));
const pieces = fc.array(fc.nat(), { maxLength: 12 });

Deno.test("replies within the limits pass unchanged, in any pieces", () => {
  fc.assert(fc.property(fc.array(reply, { maxLength: 5 }), pieces, (replies, ends) => {
    const bytes = Buffer.concat(replies.map(encoded));
    assertEquals(scanned(bytes, ends, ANSWER_LIMITS), bytes);
  }));
});

const LIMITS: ReplyLimits = { maxBytes: 100, maxElements: 10, maxDepth: 3, maxStringBytes: null };

/** All bytes of a reply, all elements of its arrays, and how deep they are nested. */
function sizeOf(reply: Reply): { elements: number; depth: number } {
  if (!Array.isArray(reply)) return { elements: 0, depth: 0 };
  const inner = (reply as readonly Reply[]).map(sizeOf);
  const elements = inner.reduce((sum, one) => sum + one.elements, reply.length);
  return { elements, depth: reply.length === 0 ? 0 : 1 + Math.max(...inner.map(({ depth }) => depth)) };
}

Deno.test("exactly the replies over a limit are refused, in any pieces", () => {
  const seen = { over: 0, within: 0 };
  fc.assert(
    fc.property(reply, pieces, (one, ends) => {
      const bytes = encoded(one);
      // The line break behind a string is not counted.
      const breaks = countStrings(one) * 2;
      const { elements, depth } = sizeOf(one);
      const isOver = bytes.length - breaks > LIMITS.maxBytes || elements > LIMITS.maxElements ||
        depth > LIMITS.maxDepth;
      seen[isOver ? "over" : "within"]++;
      assertEquals(typeof scanned(bytes, ends, LIMITS), isOver ? "string" : "object");
    }),
    { numRuns: 1_000 },
  );
  // Some thirty of a thousand are over a limit, as chance has it.
  assert(seen.over > 0 && seen.within > 0, JSON.stringify(seen));
});

function countStrings(reply: Reply): number {
  if (typeof reply === "string") return 1;
  return Array.isArray(reply)
    ? (reply as readonly Reply[]).reduce<number>((sum, one) => sum + countStrings(one), 0)
    : 0;
}

Deno.test("a reply that announces too much is refused before its content comes", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["$8589934592\r\n", /more than \d+ bytes/],
    ["*4000000000\r\n", /more than \d+ elements/],
    ["*1\r\n".repeat(4_000), /nested deeper than/],
    [`+${"x".repeat(20_000)}`, /a line of more than/],
    ["*1000\r\n".repeat(4), /more than \d+ elements/],
  ];
  for (const [text, what] of cases) assertMatch(String(scanned(Buffer.from(text), [], ANSWER_LIMITS)), what);
});

Deno.test("each bound is the last that passes", () => {
  const passes = (text: string, limits: ReplyLimits) => typeof scanned(Buffer.from(text), [], limits) === "object";
  const bulkLine = (length: number) => `$${length}\r\n`;
  const nested = (depth: number) => "*1\r\n".repeat(depth) + ":1\r\n";
  const bounds: readonly (readonly [ReplyLimits, number, (at: number) => string])[] = [
    [ANSWER_LIMITS, 16_384, (at) => `+${"x".repeat(at - 3)}\r\n`],
    [ANSWER_LIMITS, 3_024, (at) => `*${at}\r\n`],
    [ANSWER_LIMITS, 8, nested],
    [ANSWER_LIMITS, 5_184_000 - "$5184000\r\n".length, bulkLine],
    [ANSWER_LIMITS, 20, (at) => `:${"1".repeat(at)}\r\n`],
    [SOURCE_LIMITS, 16 * 1024 * 1024 + 64 - "$16777280\r\n".length, bulkLine],
    [SOURCE_LIMITS, 1_024, (at) => `*${at}\r\n`],
    [SOURCE_LIMITS, 8, nested],
    [MESSAGE_LIMITS, 1_024, (at) => `*${at}\r\n`],
    [MESSAGE_LIMITS, 8, nested],
    [MESSAGE_LIMITS, 15, (at) => bulkLine(Number("1".repeat(at)))],
    [MESSAGE_LIMITS, 65_536, (at) => {
      const start = `*7\r\n${`+${"x".repeat(10_000)}\r\n`.repeat(6)}`;
      return `${start}+${"x".repeat(at - start.length - 3)}\r\n`;
    }],
  ];
  for (const [limits, bound, text] of bounds) {
    assertEquals(
      [passes(text(bound), limits), passes(text(bound + 1), limits)],
      [true, false],
      text(bound).slice(0, 9),
    );
  }
  for (const text of ["*-1\r\n".repeat(9), "*0\r\n".repeat(9), ":-1\r\n", ":0\r\n"]) {
    assertEquals(passes(text, ANSWER_LIMITS), true, text);
  }
});

Deno.test("other protocols and malformed lines are refused at their first line", () => {
  const lines = [
    ":",
    ":x",
    ":1x",
    ":--1",
    "$",
    "$-2",
    "$x",
    "$1e3",
    "$9999999999999999",
    "*",
    "*-2",
    "*99999999999999999",
  ];
  for (const text of [...lines, "%1", ">3", "_", "#t", ",1.5", "(1", "!3", "=3", "~1", "hello", "+a\rb", "\n"]) {
    assertEquals(typeof scanned(Buffer.from(`${text}\r\n`), [], ANSWER_LIMITS), "string", text);
  }
  assertEquals(typeof scanned(Buffer.from("+a\n"), [], ANSWER_LIMITS), "string");
  assertEquals(typeof scanned(Buffer.from("$1\r\nabc\r\n"), [], ANSWER_LIMITS), "string");
  assertMatch(String(scanned(Buffer.from([0x15, 3, 1, 0, 2, 2, 10]), [], ANSWER_LIMITS)), /TLS: write ssl=true/);
  assertMatch(String(scanned(Buffer.from("HTTP/1.1 400 Bad Request"), [], ANSWER_LIMITS)), /HTTP/);
});

Deno.test("random bytes are refused or passed, and never thrown at", () => {
  const soup = fc.array(fc.constantFrom("*1", "$3", "abc", "\r\n", "\r", "\n", ":1", "+", "-", "$-1", "*0", "é", "9"));
  fc.assert(fc.property(soup, pieces, (parts, ends) => void scanned(Buffer.from(parts.join("")), ends, LIMITS)));
});

Deno.test("a message over the limit is cut one byte after it, and the next one is whole", () => {
  fc.assert(
    fc.property(fc.nat(3 * MAX_MESSAGE_BYTES), pieces, (length, ends) => {
      const push = (payload: Buffer) => Buffer.concat([Buffer.from("*2\r\n"), encoded("message"), bulk(payload)]);
      const payload = Buffer.alloc(length, 0x2f);
      const kept = push(payload.subarray(0, MAX_MESSAGE_BYTES + 1));
      const bytes = Buffer.concat([push(payload), encoded("next")]);
      assertEquals(scanned(bytes, ends, MESSAGE_LIMITS), Buffer.concat([kept, encoded("next")]));
    }),
    { numRuns: 50 },
  );
  assertEquals(parseMessage(Buffer.alloc(MAX_MESSAGE_BYTES + 1, 0x2f), ""), { kind: "invalid", why: "It is too long" });
});

Deno.test("a message without end is discarded as it comes", () => {
  const scan = replyGuard(MESSAGE_LIMITS);
  scan(Buffer.from("*2\r\n$7\r\nmessage\r\n$8589934592\r\n"));
  let passed = 0;
  for (let chunk = 0; chunk < 100; chunk++) {
    const found = scan(Buffer.alloc(65_536));
    passed += found.ok ? found.bytes.length : NaN;
  }
  assertEquals(passed, MAX_MESSAGE_BYTES + 1);
});

Deno.test("a source is passed on in one piece, in any pieces that it comes in", () => {
  const source = fc.uint8Array({ maxLength: 200 });
  fc.assert(fc.property(source, fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 12 }), (payload, lengths) => {
    const bytes = Buffer.concat([bulk(Buffer.from(payload)), encoded("next")]);
    const scan = replyGuard(SOURCE_LIMITS);
    const passed: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const found = scan(bytes.subarray(at, at += lengths.pop() ?? bytes.length));
      assert(found.ok);
      passed.push(found.bytes);
    }
    assertEquals(Buffer.concat(passed), bytes);
    assert(passed.some((one) => one.includes(bulk(Buffer.from(payload)))));
  }));
});

Deno.test("the largest honest answer passes: as many peers as are read, each with the longest name and record", () => {
  const peer = [bulk(Buffer.alloc(MAX_NAME_BYTES, 0x6e)), bulk(Buffer.alloc(MAX_RECORD_BYTES + 1, 0x78))];
  const peers = Array.from({ length: MAX_PEERS }, () => peer).flat();
  const bytes = Buffer.concat([Buffer.from(`*${peers.length}\r\n`), ...peers]);
  assertEquals(scanned(bytes, [1_000_000], ANSWER_LIMITS).length, bytes.length);
});
