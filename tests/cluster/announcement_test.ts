// Messages on the channel: a sent message is understood, and any other text is a path or nothing.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { MAX_GENERATION } from "../../src/agreement/head.ts";
import fc, { anyCharacter } from "fast-check";
import { announcementText, MAX_MESSAGE_BYTES, newIncarnation, parseMessage } from "../../src/cluster/announcement.ts";

const HASH = "0123456789abcdef".repeat(4);
const ID = "0123456789ab";
const OTHER_ID = "ba9876543210";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** The outcome of a message: its kind if it was understood, otherwise the reason. */
function outcome(message: string | Uint8Array): string {
  const parsed = parseMessage(message, ID);
  if (parsed.kind === "invalid") return parsed.why;
  return parsed.kind === "look-again" ? `path ${parsed.path}` : `generation ${parsed.generation}`;
}

Deno.test("every process is called something else, in 12 hex digits", () => {
  const all = Array.from({ length: 100 }, newIncarnation);
  assertEquals(new Set(all).size, 100);
  for (const one of all) assertEquals(outcome(announcementText(1, HASH, one)), "generation 1");
});

Deno.test("an announcement of any generation weighs at most 100 bytes and is understood as it was sent", () => {
  const hex = (length: number) =>
    fc.array(fc.constantFrom(..."0123456789abcdef"), { minLength: length, maxLength: length });
  const generations = fc.oneof(fc.integer({ min: 1, max: 2 ** 31 - 1 }), fc.constantFrom(2 ** 50, MAX_GENERATION));
  fc.assert(fc.property(generations, hex(64), hex(12), fc.boolean(), (generation, hash, by, own) => {
    const text = announcementText(generation, hash.join(""), by.join(""));
    assert(bytesOf(text).length <= 100, text);
    const expected = { kind: "announcement", generation, hash: hash.join(""), by: by.join(""), own } as const;
    const ownId = own ? expected.by : `${expected.by}x`;
    assertEquals(parseMessage(text, ownId), expected);
    assertEquals(parseMessage(bytesOf(text), ownId), expected);
  }));
});

Deno.test("an announcement that nobody would understand is not made", () => {
  for (const generation of [0, -1, 1.5, NaN, Infinity, MAX_GENERATION + 1, 2 ** 53, 1e21]) {
    assertThrows(() => announcementText(generation, HASH, ID), RangeError);
  }
  assertThrows(() => announcementText(1, HASH.toUpperCase(), ID), RangeError);
  assertThrows(() => announcementText(1, HASH, "edge-1"), RangeError);
});

Deno.test("a text that is almost an announcement is none", () => {
  const good = `v1 17 ${HASH} ${OTHER_ID}`;
  assertEquals(outcome(good), "generation 17");
  const malformed = [
    `v1 0 ${HASH} ${ID}`,
    `v1 017 ${HASH} ${ID}`,
    `v1 -1 ${HASH} ${ID}`,
    `v1 1e3 ${HASH} ${ID}`,
    `v1 ${MAX_GENERATION + 1} ${HASH} ${ID}`,
    `v1 9007199254740992 ${HASH} ${ID}`,
    `v1 90071992547409910 ${HASH} ${ID}`,
    `v1 17 ${HASH.toUpperCase()} ${ID}`,
    `v1 17 ${HASH.slice(1)} ${ID}`,
    `v1 17 ${HASH}0 ${ID}`,
    `v1 17 ${HASH} ${ID}0`,
    `v1 17 ${HASH} ${ID} `,
    `v1 17  ${HASH} ${ID}`,
    `v1 17 ${HASH}`,
    `v1 /etc/honua/config.hcl`,
    `${good}\n`,
    `v1 `,
  ];
  for (const text of malformed) assertEquals(outcome(text), "It is a malformed announcement", text);
  assertEquals(outcome(`v2 17 ${HASH} ${ID}`), "It is of a version that is not known");
  assertEquals(outcome(`v01 17 ${HASH} ${ID}`), "It is of a version that is not known");
  assertEquals(outcome(` ${good}`), "It is neither an announcement nor a path");
  assertEquals(outcome(`V1 17 ${HASH} ${ID}`), "It is neither an announcement nor a path");
});

Deno.test("a text that looks like a path leads to a look", () => {
  const paths = [
    "/etc/honua/config.hcl",
    "C:\\honua\\config.hcl",
    "\\\\server\\share\\honua",
    "config.hcl",
    "site.HONUA",
    "config.json",
    "/",
    "/daten/straßen 😀/honua.hcl",
    "v1/config.hcl",
    "/v1 17",
    "__proto__.json",
  ];
  for (const path of paths) {
    assertEquals(parseMessage(path, ID), { kind: "look-again", path, own: false });
    assertEquals(parseMessage(bytesOf(path), ID), { kind: "look-again", path, own: false });
  }
});

Deno.test("a text that is neither is invalid, and the reason does not quote it", () => {
  for (const text of ["reload", "config.hcl.bak", "hunter2", "{}"]) {
    assertEquals(outcome(text), "It is neither an announcement nor a path", text);
  }
  for (const text of ["/etc\n/honua", "/etc/honua\n", "/\0", "/\x1b[2J", "/\x7f", "/\x85"]) {
    assertEquals(outcome(text), "It holds control characters");
  }
  assertEquals(outcome(""), "It is empty");
  assertEquals(outcome(new Uint8Array()), "It is empty");
  assertEquals(outcome("/\ud800"), "It is not UTF-8");
  for (const bytes of [[0x2f, 0xff], [0x2f, 0xc0, 0xaf], [0x2f, 0xed, 0xa0, 0x80], [0x2f, 0xe2, 0x82]]) {
    assertEquals(outcome(new Uint8Array(bytes)), "It is not UTF-8");
  }
});

Deno.test("a path has at most 4096 bytes of any characters, and a longer one is not decoded", () => {
  const longest = "/" + "x".repeat(MAX_MESSAGE_BYTES - 1);
  assertEquals(outcome(longest), `path ${longest}`);
  assertEquals(outcome(`${longest}x`), "It is too long");
  const wide = "/" + "ß".repeat(2_048);
  assertEquals(outcome(wide), "It is too long");
  assertEquals(outcome(bytesOf(wide)), "It is too long");
  // The bytes are not UTF-8, which nobody would notice without having decoded them.
  assertEquals(outcome(new Uint8Array(16 * 1024 * 1024).fill(0xff)), "It is too long");
  assertEquals(outcome("\ud800".repeat(1024 * 1024)), "It is too long");
});

Deno.test("no message throws, and bytes mean the same as their text", () => {
  const texts = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 200 }),
    fc.string({ unit: fc.constantFrom(..."v1 2/\\.hcl0a\n"), maxLength: 110 }),
  );
  fc.assert(fc.property(texts, (text) => {
    assertEquals(parseMessage(bytesOf(text), ID), parseMessage(text, ID));
  }));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 5_000 }), (bytes) => {
    const parsed = parseMessage(bytes, ID);
    if (parsed.kind === "look-again") assert(/^\P{Cc}{1,4096}$/u.test(parsed.path));
  }));
});
