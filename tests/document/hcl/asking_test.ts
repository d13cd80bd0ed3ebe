// The requests of a block parser to hcl2json, and its use of the answers, which are made up.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { openBlockParser } from "../../../src/document/hcl/block_parser.ts";
import type { HclVerdict } from "../../../src/document/hcl/hcl.ts";
import { DEFAULT_LIMITS, type LimitsLeft, type Parser } from "../../../src/document/hcl/parser.ts";
import type { Judgement } from "../../../src/document/hcl/parser_process.ts";
import { scanSource } from "../../support/whole_scan.ts";

interface Request {
  readonly texts: readonly string[];
  readonly left: LimitsLeft | undefined;
}

/** A parser that answers one request after the other. */
function openFake(...answers: readonly (Judgement | ((texts: readonly string[]) => Judgement))[]) {
  const requests: Request[] = [];
  const calls: string[] = [];
  const parser: Parser = {
    judge: (texts, _signal, left) => {
      const answer = answers[requests.length]!;
      requests.push({ texts, left });
      return Promise.resolve(typeof answer === "function" ? answer(texts) : answer);
    },
    warm: () => void calls.push("warm"),
    kill: () => void calls.push("kill"),
    [Symbol.asyncDispose]: () => (calls.push("dispose"), Promise.resolve()),
  };
  return { requests, calls, blocks: openBlockParser(parser) };
}

function ok(verdicts: readonly HclVerdict[], spentMilliseconds?: number): Judgement {
  return spentMilliseconds === undefined ? { ok: true, verdicts } : { ok: true, verdicts, spentMilliseconds };
}

const TEXT = 'a "x" {\n  b = 1\n}\na "y" {\n  b = 2\n}\nc = f(1)\n';
const [SHAPE, CODE] = ['n0 "n1" {\nn2 = "0"\n}\n', "c = f(1)\n"];
const SHAPED: HclVerdict = { value: { n0: { n1: [{ n2: "0" }] } } };

function judge(fake: ReturnType<typeof openFake>, text = TEXT) {
  return fake.blocks.judge(text, scanSource(text).items);
}

Deno.test("each shape is asked for once, an item without one as it is written, and meanings are filled", async () => {
  const fake = openFake(ok([SHAPED, { value: { c: "f" } }]));
  const judged = await judge(fake);
  assert(judged.ok);
  for (const _time of ["first", "again"]) {
    assertEquals(judged.verdicts.map((one) => "value" in one ? one.value : null), [
      ...[{ a: { x: [{ b: 1 }] } }, { a: { y: [{ b: 2 }] } }, { c: "f" }],
    ]);
  }
  assertEquals(fake.requests, [{ texts: [SHAPE, CODE], left: undefined }]);
  assertEquals(fake.blocks.work, { items: 3, shapesParsed: 1, textsParsed: 1 });
});

Deno.test("an item that its shape does not settle is asked for as it is written, within the rest of the limits", async () => {
  for (const unsettled of [{ complaint: "no" }, { value: { n0: [{ n1: "0", n2: "0" }] } }] as HclVerdict[]) {
    const [x, y]: HclVerdict[] = [{ value: "x" }, { complaint: "y" }];
    const fake = openFake(ok([unsettled, { value: { c: "f" } }], 1_500), ok([x!, y!]));
    const judged = await judge(fake);
    assert(judged.ok);
    assertEquals(judged.verdicts, [x!, y!, { value: { c: "f" } }]);
    assertEquals(fake.requests[1]!.texts, ['a "x" {\n  b = 1\n}\n', 'a "y" {\n  b = 2\n}\n']);
    const { left } = fake.requests[1]!;
    assertEquals(left!.timeMilliseconds, DEFAULT_LIMITS.timeMilliseconds - 1_500);
    assert(left!.wallMilliseconds <= DEFAULT_LIMITS.wallMilliseconds && left!.wallMilliseconds > 0);
    assertEquals(fake.blocks.work, { items: 3, shapesParsed: 1, textsParsed: 3 });
  }
});

Deno.test("the second request has half a second at the least", async () => {
  const whole = DEFAULT_LIMITS.timeMilliseconds;
  for (
    const [spent, left] of [[4_499, 501], [4_500, 500], [4_501, 500], [9_000, 500], [undefined, whole]] as const
  ) {
    const fake = openFake(ok([{ complaint: "no" }, { value: 1 }], spent), ok([{ value: 1 }, { value: 2 }]));
    assert((await judge(fake)).ok);
    assertEquals(fake.requests[1]!.left!.timeMilliseconds, left);
  }
});

Deno.test("a limit is reported at the item whose text exceeded it, in the first request and in the second", async () => {
  const failed = (at: number): Judgement => ({ ok: false, reason: "memory", at });
  assertEquals(await judge(openFake(failed(0))), { ok: false, reason: "memory", at: 0 });
  assertEquals(await judge(openFake(failed(1))), { ok: false, reason: "memory", at: 2 });
  assertEquals(await judge(openFake(failed(7))), { ok: false, reason: "memory", at: 0 });
  const first = ok([{ complaint: "no" }, { value: 1 }]);
  assertEquals(await judge(openFake(first, failed(1))), { ok: false, reason: "memory", at: 1 });
});

Deno.test("after a limit was exceeded nothing is remembered, and a shape that was refused is not asked for again", async () => {
  const fake = openFake(
    { ok: false, reason: "time", at: 0 },
    ok([{ complaint: "no" }, { value: 1 }]),
    ok([{ value: "x" }, { value: "y" }]),
    ok([{ value: "z" }]),
  );
  const text = `${TEXT}a "z" {\n  b = 3\n}\n`;
  const { items } = scanSource(text);
  assertEquals((await fake.blocks.judge(text, items.slice(0, 3))).ok, false);
  assertEquals((await fake.blocks.judge(text, items.slice(0, 3))).ok, true);
  assertEquals(await fake.blocks.judge(text, items), {
    ok: true,
    verdicts: [{ value: "x" }, { value: "y" }, { value: 1 }, { value: "z" }],
  });
  assertEquals(fake.requests.map(({ texts }) => texts), [
    [SHAPE, CODE],
    [SHAPE, CODE],
    ['a "x" {\n  b = 1\n}\n', 'a "y" {\n  b = 2\n}\n'],
    ['a "z" {\n  b = 3\n}\n'],
  ]);
});

Deno.test("a text is asked for once, for any number of its occurrences", async () => {
  const fake = openFake(ok([{ value: 1 }]));
  assert((await judge(fake, "c = f(1)\nc = f(1)\n")).ok);
  assertEquals(fake.requests[0]!.texts, [CODE]);
  assertEquals(fake.blocks.work.items, 1);
});

Deno.test("an item that was judged is known by itself, also when its text is forgotten", async () => {
  const fake = openFake(ok([SHAPED, { value: 1 }]), ok([{ value: 2 }]), ok([{ value: 3 }]));
  assertEquals(fake.blocks.work, { items: 0, shapesParsed: 0, textsParsed: 0 });
  const { items } = scanSource(TEXT);
  for (const text of [TEXT, "x = f(2)", "x = f(3)", TEXT]) {
    assert((await fake.blocks.judge(text, text === TEXT ? items : scanSource(text).items)).ok);
  }
  assertEquals(fake.requests.length, 3);
  assertEquals(fake.blocks.work, { items: 0, shapesParsed: 0, textsParsed: 0 });
});

Deno.test("judging rests before each item and each verdict for which its time is spent, and at no other time", async () => {
  for (const isSpent of [true, false]) {
    let rests = 0;
    const pace = { isSpent: () => isSpent, rest: () => Promise.resolve(void rests++) };
    const fake = openFake(ok([SHAPED, { value: 1 }]));
    const { items } = scanSource(TEXT);
    assert((await fake.blocks.judge(TEXT, items, undefined, pace)).ok);
    assertEquals(rests, isSpent ? 6 : 0);
    assert((await fake.blocks.judge(TEXT, items, undefined, pace)).ok);
    assertEquals(rests, isSpent ? 6 : 0);
  }
});

Deno.test("judging that is not wanted any more ends with the signal's reason", async () => {
  const signal = AbortSignal.abort(new Error("superseded"));
  const fake = openFake();
  const pace = { isSpent: () => true, rest: () => Promise.reject(signal.reason) };
  await assertRejects(() => fake.blocks.judge(TEXT, scanSource(TEXT).items, signal, pace), Error, "superseded");
  assertEquals(fake.requests, []);
});

Deno.test("judging that is not wanted any more behind the first request ends as well", async () => {
  let rests = 0;
  const rest = () => ++rests > 3 ? Promise.reject(new Error("superseded")) : Promise.resolve();
  const fake = openFake(ok([SHAPED, { value: 1 }]));
  const judging = fake.blocks.judge(TEXT, scanSource(TEXT).items, undefined, { isSpent: () => true, rest });
  await assertRejects(() => judging, Error, "superseded");
  assertEquals(rests, 4);
});

Deno.test("hints, kills and the end are handed on to the parser", async () => {
  const fake = openFake();
  fake.blocks.warm();
  fake.blocks.kill();
  await fake.blocks[Symbol.asyncDispose]();
  assertEquals(fake.calls, ["warm", "kill", "dispose"]);
});
