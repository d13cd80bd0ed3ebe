// The diagnostics of a source that exceeds a limit or has very many mistakes, from a judge made up.
import { assert, assertEquals } from "@std/assert";
import { sourceText } from "../../../src/diagnostic/range.ts";
import { openBlockParser } from "../../../src/document/hcl/block_parser.ts";
import { fillShape } from "../../../src/document/hcl/shape.ts";
import { FILE_MARK, type HclJson, type HclVerdict } from "../../../src/document/hcl/hcl.ts";
import { openHclReader } from "../../../src/document/hcl/hcl_document.ts";
import type { Parser } from "../../../src/document/hcl/parser.ts";
import type { Judgement } from "../../../src/document/hcl/parser_process.ts";

/** A reader over a judge that answers each request in one way. */
function openReader(answer: (texts: readonly string[]) => Judgement) {
  const parser: Parser = {
    judge: (texts) => Promise.resolve(answer(texts)),
    warm: () => {},
    kill: () => {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return openHclReader(openBlockParser(parser));
}

/** A judge that finds this many places wrong in each text. */
function complaining(places: number): (texts: readonly string[]) => Judgement {
  const one = (at: number) => `${FILE_MARK}:1,${at}-${at + 1}: Invalid operand; x`;
  const complaint = Array.from({ length: places }, (_, at) => one(at + 1)).join(" ");
  return (texts) => ({ ok: true, verdicts: texts.map((): HclVerdict => ({ complaint })) });
}

Deno.test("a limit is reported by its kind, at the item that exceeded it", async () => {
  const source = sourceText("t.hcl", "a = f(1)\n\nb = f(2)\n");
  const reported = async (reason: "time" | "memory" | "crash", at: number) => {
    const parsed = await openReader(() => ({ ok: false, reason, at })).read(source);
    assert(!parsed.ok);
    return parsed.diagnostics.flatMap(({ code, summary, place }) => [code, summary, place!.line]);
  };
  assertEquals(await reported("time", 1), ["document/too-slow", "Parsing took more than 5 seconds and was stopped", 3]);
  assertEquals(await reported("memory", 0), [
    "document/too-large",
    "Parsing took more than 512 MiB of memory and was stopped",
    1,
  ]);
  assertEquals(await reported("crash", 1), ["document/parser-ended", "The parser ended before it was done", 3]);
});

Deno.test("after a limit was exceeded the source is scanned again, and its values are placed then", async () => {
  const answers: ((texts: readonly string[]) => Judgement)[] = [
    () => ({ ok: false, reason: "crash", at: 0 }),
    (texts) => ({ ok: true, verdicts: texts.map((text) => ({ value: { [text[0]!]: "${f}" } })) }),
  ];
  const reader = openReader((texts) => answers.shift()!(texts));
  assertEquals([reader.work.scanned, reader.work.placed], [0, 0]);
  const source = sourceText("t.hcl", "a = f(1)\nb = f(2)\n");
  assertEquals((await reader.read(source)).ok, false);
  assertEquals([reader.work.scanned, reader.work.placed], [2, 0]);
  assertEquals((await reader.read(source)).ok, true);
  assertEquals([reader.work.scanned, reader.work.placed], [2, 2]);
  assertEquals((await reader.read(source)).ok, true);
  assertEquals([reader.work.scanned, reader.work.placed], [0, 0]);
});

Deno.test("values are put at their places in turns: whenever one is spent, all else comes first", async () => {
  for (const isSpent of [true, false]) {
    const log: string[] = [];
    const meaning = (name: string) =>
      Object.defineProperty({}, name, { enumerable: true, get: () => (log.push(name), "${f}") }) as HclJson;
    const reader = openReader((texts) => ({ ok: true, verdicts: texts.map((text) => ({ value: meaning(text[0]!) })) }));
    const rest = async () => {
      await Promise.resolve();
      log.push("rest");
    };
    const parsed = await reader.read(sourceText("t.hcl", "a = f(1)\nb = f(2)\n"), undefined, {
      isSpent: () => isSpent,
      rest,
    });
    assert(parsed.ok);
    assertEquals(isSpent ? log.slice(-4) : log, isSpent ? ["rest", "a", "rest", "b"] : ["a", "b"]);
  }
});

Deno.test("an empty source is reported at its very beginning", async () => {
  const parsed = await openReader(() => ({ ok: true, verdicts: [] })).read(sourceText("t.hcl", ""));
  assert(!parsed.ok);
  assertEquals(parsed.diagnostics.map(({ code, place }) => [code, place!.range]), [
    ["document/empty", { start: 0, end: 0 }],
  ]);
});

Deno.test("a hundred mistakes are reported, and none beyond", async () => {
  const reported = async (items: number, places: number) => {
    const text = Array.from({ length: items }, (_, at) => `a${at} = f(${at}) ${"-".repeat(60)}\n`).join("");
    const parsed = await openReader(complaining(places)).read(sourceText("t.hcl", text));
    assert(!parsed.ok);
    return parsed.diagnostics.length;
  };
  assertEquals([await reported(99, 1), await reported(100, 1), await reported(101, 1)], [99, 100, 100]);
  assertEquals([await reported(3, 33), await reported(3, 34), await reported(4, 25), await reported(5, 25)], [
    99,
    100,
    100,
    100,
  ]);
});

Deno.test("a hundred mistakes of a document are reported of all kinds together, and none beyond", async () => {
  const read = async (computed: number, twice: number) => {
    const text = Array.from({ length: computed }, (_, at) => `c${at} = { (x) = 1 }\n`).join("") +
      "d = 1\n".repeat(twice + 1);
    const reader = openReader((texts) => ({
      ok: true,
      verdicts: texts.map((one): HclVerdict => {
        const name = /^\w+/.exec(one)![0];
        return { value: { [name]: name === "d" ? 1 : { "${x}": 1 } } };
      }),
    }));
    const parsed = await reader.read(sourceText("t.hcl", text));
    assert(parsed.ok);
    const { mistakes } = parsed.document;
    return [mistakes.length, mistakes.filter(({ code }) => code === "document/duplicate").length];
  };
  assertEquals([await read(99, 0), await read(100, 0), await read(101, 0)], [[99, 0], [100, 0], [100, 0]]);
  assertEquals([await read(98, 1), await read(99, 1), await read(99, 2)], [[99, 1], [100, 1], [100, 1]]);
});

Deno.test("a carriage return in a heredoc is reported at the marker's two angle brackets", async () => {
  const text = "a = <<E\r\nx\r\nE\r\n";
  const parsed = await openReader((texts) => ({ ok: true, verdicts: texts.map(() => ({ value: { a: "x\r\n" } })) }))
    .read(
      sourceText("t.hcl", text),
    );
  assert(parsed.ok);
  const reported = parsed.document.mistakes.map(({ place }) => text.slice(place!.range.start, place!.range.end));
  assertEquals(reported, ["<<"]);
});

Deno.test("a name that is a prototype's is its own member in a filled shape", () => {
  const shape = { names: ["__proto__", "toString"], values: [{ a: 1 }, 2] };
  const filled = fillShape({ names: [0, 1], values: [0, 1] }, shape) as Record<string, unknown>;
  assertEquals(Object.keys(filled), ["__proto__", "toString"]);
  assertEquals([Object.getPrototypeOf(filled) === Object.prototype, JSON.stringify(filled)], [
    ...[true, '{"__proto__":{"a":1},"toString":2}'],
  ]);
});

Deno.test("text that nests too deep or is a costly number is reported at just that place, before anything is judged", async () => {
  const reader = openReader(() => {
    throw new Error("it was judged");
  });
  const reported = async (text: string) => {
    const parsed = await reader.read(sourceText("t.hcl", text));
    assert(!parsed.ok);
    return parsed.diagnostics.map((
      { code, place },
    ) => [code, place!.range.start, text.slice(place!.range.start, place!.range.end)]);
  };
  assertEquals(await reported(`x = ${"[".repeat(250)}`), [["document/too-deep", 204, "["]]);
  assertEquals(await reported("x = 1e10000 y"), [["document/inexact-number", 4, "1e10000"]]);
  assertEquals(await reported(`x = ${"[".repeat(250)}\ny = 1e10000`), [["document/too-deep", 204, "["]]);
});
