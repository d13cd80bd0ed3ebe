// The file's format: its layout word for word, harmless edits, and damage that shows.
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import fc, { anyCharacter } from "fast-check";
import { canonicalText, type Json, type JsonObject } from "../../src/snapshot/canonical.ts";
import { describeFault, MAX_SNAPSHOT_BYTES, verifyInTurns } from "../../src/snapshot/snapshot.ts";
import { sealSnapshot } from "./sealed_once.ts";
import { anyJsonObject } from "./json_arbitrary.ts";
import { canonicalBytes, sha256Hex } from "./reference_hash.ts";

const config: JsonObject = {
  services: { odata: { id: "odata", enabled: true, settings: {} } },
  layers: { "10": { id: "10", services: ["odata", "wfs"] }, "9": { id: "9", title: 'a: {b}, ["c"] \\' } },
};
const portable: JsonObject = { honua: { version: '${env("V")}' } };

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

async function reasonOf(bytes: Uint8Array): Promise<string | null> {
  const verification = await verifyInTurns(bytes);
  return verification.ok ? null : verification.reason;
}

Deno.test("the file has the header first, then canonical order, indented by two, ended by a newline", async () => {
  const { bytes, hash, contentHash } = await sealSnapshot(config, portable);
  assertEquals(
    textOf(bytes),
    `{
  "$snapshot": {
    "format": 1,
    "hash": "${hash}",
    "contentHash": "${contentHash}"
  },
  "layers": {
    "10": {
      "id": "10",
      "services": ["odata","wfs"]
    },
    "9": {
      "id": "9",
      "title": "a: {b}, [\\"c\\"] \\\\"
    }
  },
  "services": {
    "odata": {
      "enabled": true,
      "id": "odata",
      "settings": {}
    }
  }
}
`,
  );
});

Deno.test("an empty config is a whole snapshot", async () => {
  const { bytes } = await sealSnapshot({}, {});
  assert(textOf(bytes).endsWith('"\n  }\n}\n'));
  const verification = await verifyInTurns(bytes);
  assert(verification.ok);
  assertEquals(verification.config, {});
});

Deno.test("the hash is the portable config's, the content hash the resolved one's, both without $snapshot", async () => {
  const sealed = await sealSnapshot({ ...config, $snapshot: 1 }, { ...portable, $snapshot: 2 });
  assertEquals(sealed.hash, sha256Hex(canonicalBytes(portable)));
  assertEquals(sealed.contentHash, sha256Hex(canonicalBytes(config)));
});

Deno.test("property: a sealed snapshot is verified, with the same content and header", async () => {
  await fc.assert(fc.asyncProperty(anyJsonObject, anyJsonObject, async (content, portable) => {
    const { bytes, hash, contentHash } = await sealSnapshot(content, portable);
    const verification = await verifyInTurns(bytes);
    assert(verification.ok);
    assertEquals(verification.header, { format: 1, hash, contentHash });
    const { $snapshot: _, ...expected } = content;
    assertEquals(canonicalText(verification.config), canonicalText(expected));
  }));
});

Deno.test("property: the layout adds nothing but whitespace to the canonical text", async () => {
  await fc.assert(fc.asyncProperty(anyJsonObject, async (content) => {
    const text = textOf((await sealSnapshot(content, {})).bytes);
    const strings = /"(?:[^"\\]|\\.)*"|\s+/gs;
    const compact = text.replace(strings, (token) => token.startsWith('"') ? token : "");
    const header = /^\{"\$snapshot":\{[^}]*\},?/;
    const { $snapshot: _, ...expected } = content;
    assertEquals(`{${compact.replace(header, "")}`, canonicalText(expected));
  }));
});

Deno.test("a flipped bit is noticed, or lies in the hash that the file by itself cannot prove, or changed no content", async () => {
  const { bytes } = await sealSnapshot(config, portable);
  const expected = canonicalText(config);
  const hashStart = textOf(bytes).indexOf('"hash"') + '"hash": "'.length;
  let noticed = 0;
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = Uint8Array.from(bytes);
    const at = bit >> 3;
    damaged[at]! ^= 1 << (bit & 7);
    const verification = await verifyInTurns(damaged);
    if (!verification.ok) {
      noticed++;
      continue;
    }
    const inHash = at >= hashStart && at < hashStart + 64;
    assert(inHash || /\s/.test(String.fromCharCode(bytes[at]!)), `bit ${bit} went unnoticed`);
    assertEquals(canonicalText(verification.config), expected);
  }
  assert(noticed > bytes.length * 4);
});

Deno.test("a file cut short at any byte is noticed", async () => {
  const { bytes } = await sealSnapshot(config, portable);
  for (let length = 0; length < bytes.length; length++) {
    assertNotEquals(await reasonOf(bytes.subarray(0, length)), null, `cut at ${length}`);
  }
  assertEquals(await reasonOf(bytes), null);
});

Deno.test("another layout of the same content is accepted", async () => {
  const text = textOf((await sealSnapshot(config, portable)).bytes);
  assertEquals(await reasonOf(bytesOf(`${JSON.stringify(JSON.parse(text))}\r\n`)), null);
});

Deno.test("each fault has its own reason", async () => {
  const text = textOf((await sealSnapshot(config, portable)).bytes);
  const zeros = "0".repeat(64);
  const cases: readonly (readonly [string, string | Uint8Array])[] = [
    ["not-json", ""],
    ["not-json", text.trimEnd()],
    ["not-json", `\ufeff${text}`],
    ["not-json", `${text}{}\n`],
    ["not-json", text.replace("{", "{ // comment\n")],
    ["not-text", Uint8Array.of(0x7b, 0xff, 0x7d, 0x0a)],
    ["not-text", Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22, 0x0a)],
    ["no-header", "null\n"],
    ["no-header", "[]\n"],
    ["no-header", "{}\n"],
    ["no-header", '{"__proto__":{"$snapshot":{}}}\n'],
    ["no-header", '{"$snapshot":[]}\n'],
    ["no-header", text.replace('"format": 1', '"format": "1"')],
    ["no-header", text.replace('"format": 1', '"format": 0')],
    ["no-header", text.replace('"format": 1', '"format": 1.5')],
    ["no-header", text.replace('"format": 1', '"format": 1, "more": 2')],
    ["no-header", text.replace(/"hash": "[^"]*"/, '"hash": "x"')],
    ["newer-format", text.replace('"format": 1', '"format": 2, "more": 2')],
    ["content-differs", text.replace(/"contentHash": "[^"]*"/, `"contentHash": "${zeros}"`)],
    ["content-differs", text.replace("wfs", "wms")],
    ["content-differs", text.replace("true", "1e999")],
    ["content-differs", text.replace("wfs", "\\ud800")],
  ];
  for (const [reason, content] of cases) {
    assertEquals(await reasonOf(typeof content === "string" ? bytesOf(content) : content), reason, String(content));
  }
});

Deno.test("a file larger than the bound of a snapshot is refused unread", async () => {
  assertEquals(await reasonOf(new Uint8Array(MAX_SNAPSHOT_BYTES)), "not-json");
  assertEquals(await reasonOf(new Uint8Array(MAX_SNAPSHOT_BYTES + 1)), "too-large");
});

Deno.test("property: arbitrary bytes never make the verification throw", async () => {
  const text = textOf((await sealSnapshot(config, portable)).bytes);
  const edited = fc.tuple(fc.nat(text.length), fc.nat(20), fc.string({ unit: anyCharacter, maxLength: 8 }))
    .map(([at, removed, added]) => bytesOf(text.slice(0, at) + added + text.slice(at + removed)));
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array(), edited), async (bytes) => {
      const verification = await verifyInTurns(bytes);
      if (verification.ok) assertEquals(canonicalText(verification.config), canonicalText(config));
      else assert(describeFault(verification.reason).length > 0);
    }),
    { numRuns: 500 },
  );
});

Deno.test("deep nesting and long lists keep the file within a small multiple of their content", async () => {
  let deep: Json = Array.from({ length: 10_000 }, () => 1);
  for (let depth = 0; depth < 200; depth++) deep = { a: deep };
  const { bytes } = await sealSnapshot({ deep }, {});
  assert(bytes.length < 3 * canonicalText({ deep }).length);
  assertEquals(await reasonOf(bytes), null);
});

Deno.test("a megabyte in one string is laid out and verified", async () => {
  const { bytes } = await sealSnapshot({ text: '\\"{}[],:'.repeat(131_072) }, {});
  assertEquals(await reasonOf(bytes), null);
});

Deno.test("each fault has its own words, and the bound is reported", () => {
  const faults = ["too-large", "not-text", "not-json", "no-header", "newer-format", "content-differs"] as const;
  const words = faults.map(describeFault);
  assertEquals([words[0], new Set(words).size], ["is larger than 67108864 bytes", faults.length]);
  assertEquals(words.every((text) => /^(is|has|was|does) /.test(text)), true);
});
