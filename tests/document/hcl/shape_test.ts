import canonicalize from "canonicalize";
import { parse } from "@cdktf/hcl2json";
import { assertEquals } from "@std/assert";
import { fillShape, type LiftedShape, liftShape, planFilling } from "../../../src/document/hcl/shape.ts";
import { type HclJson, judgeTexts, type ParseText } from "../../../src/document/hcl/hcl.ts";
import { MAX_PLAIN_VALUES } from "../../../src/document/hcl/plain_values.ts";
import { nestedValues, SHAPED_VALUES, UNSHAPED_VALUES } from "../../support/shaped_values.ts";

/** The meanings that hcl2json gives for texts, each by itself; null if it refuses one. */
async function meaningsOf(texts: readonly string[]): Promise<(HclJson | null)[]> {
  const verdicts = await judgeTexts(parse as ParseText, texts, 1);
  return verdicts.map((verdict) => ("value" in verdict ? verdict.value : null));
}

/** The shape's meaning with the lifted values put back; null if that is not certain. */
function filled(meaning: HclJson, shape: Pick<LiftedShape, "names" | "values">): HclJson | null {
  const filling = planFilling(meaning, shape);
  return filling === null ? null : fillShape(filling, shape);
}

/** The meaning of a text by way of its shape; null if it has none, or hcl2json refuses that. */
async function byItsShape(text: string): Promise<HclJson | null> {
  const shape = liftShape(text);
  if (!shape) return null;
  const [meaning] = await meaningsOf([shape.text]);
  return meaning! === null ? null : filled(meaning!, shape);
}

function inProcess(name: string, fn: () => Promise<void>): void {
  // The Go runtime inside hcl2json sets its own timers and leaves one behind now and then.
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false, fn });
}

inProcess("a lifted value means the same as in hcl2json, at any place", async () => {
  for (const value of SHAPED_VALUES) {
    for (const text of nestedValues(value)) {
      const [meaning] = await meaningsOf([text]);
      assertEquals(canonicalize(await byItsShape(text)), canonicalize(meaning), text);
      assertEquals(meaning === null, false, text);
    }
  }
});

inProcess("an uncertain value is not lifted", () => {
  for (const value of UNSHAPED_VALUES) {
    for (const text of nestedValues(value)) assertEquals(liftShape(text), null, text);
  }
  return Promise.resolve();
});

Deno.test("items that differ only in names, labels, values, comments and blanks have one shape", () => {
  const one =
    'layer "roads" {\n  title = "Roads"\n  geometry {\n    srid = 4326\n  }\n  services = [service.odata, "wfs"]\n}\n';
  const other =
    'item\t"a b" { # new\r\n  x=null // no title\r\n\r\n  y "/* */{\n  z = -1.5 }'.replace(' "/* */', " /* */") +
    "\n  /* many */\n  w : 1\n}\n";
  const mended = other.replace("z = -1.5 }", "z = -1.5\n  }").replace("w : 1", "w = { a = 1, b : [] }");
  assertEquals(liftShape(one)?.text, 'n0 "n1" {\nn2 = "0"\nn3 {\nn4 = "1"\n}\nn5 = "2"\n}\n');
  assertEquals(liftShape(mended)?.text, liftShape(one)?.text);
  assertEquals(liftShape(mended)?.values, [null, -1.5, { a: 1, b: [] }]);
  assertEquals(liftShape(other), null);
});

Deno.test("blanks and comments around an item count for nothing", () => {
  assertEquals(liftShape("\n\t# new\n x = 1 // one\n\n/* the end */\n")?.text, 'n0 = "0"\n');
  assertEquals(liftShape('b /* b */ c "d" {\n/* x */ x /* = */ = /* 1 */ 1\n}\n')?.text, 'n0 n1 "n2" {\nn3 = "0"\n}\n');
  const many = Array.from({ length: 66 }, (_, index) => `x${index} = ${index}\n`).join("");
  assertEquals(
    liftShape(`b {\n${many}}\n`)?.text.split("\n").slice(-4),
    ['n65 = "64"', 'n66 = "65"', "}", ""],
  );
});

Deno.test("equal names stay equal in a shape and different names different", () => {
  const shape = liftShape('b "x" {\n  x = 1\n  b {\n    x = 2\n    y = 3\n  }\n}\n');
  assertEquals(shape?.text, 'n0 "n1" {\nn1 = "0"\nn0 {\nn1 = "1"\nn2 = "2"\n}\n}\n');
  assertEquals(shape?.names, ["b", "x", "y"]);
});

const REFUSED = [
  ...["x = 1 y = 2\n", "b {\n x = 1 }\n", "b { x = 1\n}\n", "b {\n x = 1\n", "b {\n}}\n", "x = 1\ny = 2\n", "x\n= 1\n"],
  ...["x =\n", "x\n", "b c\n", "b {\n x =\n}\n", "b c\n{\n}\n"],
  ...["x =\n1\n", "b\n{\n}\n", "b {\n\r x = 1\n}\n", "x = 1\r", "x = 1", "x = 1,\n", "b {\n x = 1,\n}\n", "/* x = 1\n"],
  ...['"q" = 1\n', 'b "" {\n}\n', 'b "\\t" {\n}\n', 'b "é" {\n}\n', 'b "${x}" {\n}\n', 'b "$x" {\n}\n', "é = 1\n"],
  ...["x == 1\n", "x => 1\n", "true = 1\n", "for = 1\n", "\ufeffx = 1\n", "x\u00a0= 1\n", "# x = 1\n", "", "\n"],
  ...["x = {\n a = 1\n , b = 2 }\n", "x = { a = 1, , b = 2 }\n", "x = { , a = 1 }\n", "x = { a = 1 b = 2 }\n"],
  ...[
    "x = { a = 1, a = 2 }\n",
    'x = { a = 1, "a" = 2 }\n',
    "x = { for = 1 }\n",
    "x = { true = 1 }\n",
    "x = { 1 = 1 }\n",
  ],
  ...["x = { (a) = 1 }\n", "x = { a.b = 1 }\n", "x = { a => 1 }\n", "x = { a = \n1 }\n", "x = [1 2]\n", "x = [,]\n"],
  ...[
    'x = { "é" = 1 }\n',
    'x = { "" = 1 }\n',
    'x = { "a${b}" = 1 }\n',
    "x = { a }\n",
    "x = [\n",
    "x = {\n",
    "x = [1]]\n",
  ],
];

Deno.test("a text that the grammar does not understand to its end has no shape", () => {
  for (const text of REFUSED) assertEquals(liftShape(text), null, JSON.stringify(text));
});

inProcess("HCL's complaint about duplicates is the same for the shape, or the item is left to HCL", async () => {
  const texts = [
    "b {\n x = 1\n x = 2\n}\n",
    "b {\n x = 1\n x {\n y = 2\n }\n}\n",
    'b {\n c "l" {\n x = 1\n }\n c "l" {\n x = 2\n }\n c "m" {\n }\n}\n',
    'b {\n c "l" {\n }\n c {\n }\n}\n',
    'b "b" "b" {\n b = 1\n}\n',
    "b {\n __proto__ = 1\n constructor {\n toString = 2\n }\n}\n",
    'b "__proto__" {\n hasOwnProperty = { __proto__ = { __proto__ = null } }\n}\n',
  ];
  const [twice, dropped, ...others] = await Promise.all(texts.map(byItsShape));
  assertEquals([twice, dropped], [null, null]);
  const meanings = await meaningsOf(texts.slice(2));
  assertEquals(others.map((json) => canonicalize(json)), meanings.map((json) => canonicalize(json)));
  assertEquals(Object.keys((others.at(-1) as { b: object }).b), ["__proto__"]);
});

Deno.test("a meaning that is not the shape's own fills nothing", () => {
  const shape = liftShape('b {\n  x = "a"\n  y = [1]\n}\n')!;
  const whole: HclJson = { n0: [{ n1: "0", n2: "1" }] };
  assertEquals(filled(whole, shape), { b: [{ x: "a", y: [1] }] });
  const strange: HclJson[] = [
    ...[{ n0: [{ n1: "0" }] }, { n0: [{ n1: "0", n2: "0" }] }, { n0: [{ n1: "0", n3: "1" }] }, {
      n0: [{ n1: "0", n2: 1 }],
    }],
    ...[{ n0: [{ n1: "0", n2: "2" }] }, { n0: [{ n1: "0", n2: "${1}" }] }, { n0: [{ n1: "0", "1": "1" }] }, null, true],
    ...[{ n0: [{ n1: "00", n2: "1" }] }, { n0: [{ n1: "-0", n2: "1" }] }, { n0: [{ n1: "0", n2: null }] }, "0", []],
    ...["0", "1", "2", "x"].map((more) => ({ n0: more, n1: "0", n2: "1" })),
    ...["x1", "n01", "nn1", "n1 "].map((name) => ({ n0: [{ [name]: "0", n2: "1" }] })),
  ];
  for (const meaning of strange) assertEquals(filled(meaning, shape), null, JSON.stringify(meaning));
});

Deno.test("a shape of many names and values is filled by their numbers", () => {
  const many = Array.from({ length: 101 }, (_, index) => index);
  const shape = { names: many.map((index) => `name ${index}`), values: many };
  const meaning = Object.fromEntries(many.map((index) => [`n${index}`, `${index}`]));
  assertEquals(filled(meaning, shape), Object.fromEntries(many.map((index) => [`name ${index}`, index])));
});

Deno.test("megabytes in one place are lifted or left, and soon", () => {
  const long = "a".repeat(16 * 1024 * 1024);
  assertEquals(liftShape(`x = "${long}"\n`)?.values, [long]);
  assertEquals(liftShape(`x = "${long}\n`), null);
  assertEquals(liftShape(`x = "${"é".repeat(1024 * 1024)}\\n"\n`)?.values.length, 1);
  assertEquals(liftShape(`x = "\${a}${long}"\n`), null);
  assertEquals(liftShape(`x = ${long}\n`), null);
  // A template of 1,000 characters, and of one more.
  assertEquals([994, 995].map((more) => liftShape(`x = "\${a}${"b".repeat(more)}"\n`) !== null), [true, false]);
  assertEquals([30, 31].map((digits) => liftShape(`x = 1.${"1".repeat(digits)}\n`) !== null), [true, false]);
  assertEquals(liftShape(`${long} = 1\n`)?.names[0]?.length, long.length);
  assertEquals(liftShape(`x = ${"1".repeat(1024 * 1024)}\n`), null);
  assertEquals(liftShape(`x = [${"1,".repeat(MAX_PLAIN_VALUES - 1)}]\n`)?.values.length, 1);
  assertEquals(liftShape(`x = [${"1,".repeat(MAX_PLAIN_VALUES)}]\n`), null);
});
