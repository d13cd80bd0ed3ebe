import { assert, assertEquals } from "@std/assert";
import { mutated } from "./mutant.ts";
import { mutantsOf } from "./mutants.ts";
import { patternMutants } from "./pattern_mutants.ts";

/** The texts that the mutants of a text make, as `kind: text`. */
function mutants(text: string): string[] {
  return mutantsOf("src/room/file.ts", text).map((mutant) => `${mutant.kind}: ${mutated(text, mutant)}`);
}

Deno.test("a comparison is moved to its bound and turned round", () => {
  assertEquals(mutants("a < b"), ["statement: ;", "comparison: a <= b", "comparison: a >= b"]);
  assertEquals(mutants("f(a === b)"), ["statement: ;", "comparison: f(a !== b)"]);
});

Deno.test("booleans, their operators and fallbacks are turned round", () => {
  assertEquals(mutants("const x = !a && b;"), ["boolean: const x = a && b;", "boolean: const x = !a || b;"]);
  assertEquals(mutants("const x = true;"), ["boolean: const x = false;"]);
  assertEquals(mutants("const x = a ?? b;"), ["boolean: const x = (a)!;"]);
  assertEquals(mutants("const x: true | null = y;"), []);
});

Deno.test("a condition is always met, and never, and narrows types as it did", () => {
  assertEquals(mutants("if (a) { f; }").slice(0, 2), [
    "branch: if ((a) || !0) { f; }",
    "branch: if ((a) && !1) { f; }",
  ]);
  assertEquals(mutants("if (a) return 1;").slice(0, 2), [
    "early return: if ((a) || !0) return 1;",
    "early return: if ((a) && !1) return 1;",
  ]);
  assertEquals(mutants("const x = a ? b : c;"), [
    "branch: const x = (a) || !0 ? b : c;",
    "branch: const x = (a) && !1 ? b : c;",
  ]);
  assertEquals(mutants("while (a);"), ["branch: while ((a) && !1);"]);
  assertEquals(mutants("const x = a?.b;"), ["branch: const x = a!.b;"]);
});

Deno.test("statements, awaits, disposals and exits are dropped", () => {
  assertEquals(mutants("await f();"), ["statement: ;", "await: f();"]);
  assertEquals(mutants("() => { return await f(); }"), ["statement: ;", "await: () => { return f(); }"]);
  assertEquals(mutants("using x = f();"), ["statement: const x = f();"]);
  assertEquals(mutants("{ await using x = f(); }"), ["statement: { const x = f(); }"]);
  assertEquals(mutants("{ return; }"), ["early return: { ; }"]);
  assertEquals(mutants("throw e;"), ["statement: ;"]);
  assertEquals(mutants("switch (a) { case b: break; }"), ["branch: switch (a) {  }"]);
});

Deno.test("a bound and a small number grow by one, other numbers tenfold, and a mode lets others in or out", () => {
  assertEquals(mutants("const x = 2;"), ["constant: const x = 3;"]);
  assertEquals(mutants("const MAX_X = 1_000;"), ["constant: const MAX_X = 1001;"]);
  assertEquals(mutants("const x = 1_000;"), ["constant: const x = 10000;"]);
  assertEquals(mutants("const x = 0o600;"), ["constant: const x = 0o666;"]);
  assertEquals(mutants("const x = 0o750;"), ["constant: const x = 0o700;"]);
  assertEquals(mutants("const x = { 1: y };"), []);
});

Deno.test("sums are turned round if they are not of text", () => {
  assertEquals(mutants("const x = a + b;"), ["arithmetic: const x = a - b;"]);
  assertEquals(mutants("const x = a + `${b}` + c;"), []);
  assertEquals(mutants("for (;; i++);"), ["arithmetic: for (;; i--);"]);
});

Deno.test("calls are taken for one another or dropped, and a copy is left", () => {
  assertEquals(mutants("const x = Math.min(a, b);"), ["call: const x = Math.max(a, b);"]);
  assertEquals(mutants("const x = a.slice(b);"), ["call: const x = a;"]);
  assertEquals(mutants("const x = a.slice();"), []);
  assertEquals(mutants("a.catch(b);"), ["statement: ;", "call: a;"]);
});

Deno.test("types, imports and code that runs for the main file are left unchanged", () => {
  assertEquals(mutants('import a from "a";\ninterface B { c: 1 }\ntype D = true;\nif (import.meta.main) f(1);'), []);
});

Deno.test("a pattern loses anchors, bounds and flags, and its classes are turned round", () => {
  assertEquals(patternMutants("/^a[b]+$/i"), [
    "/a[b]+$/i",
    "/^a[^b]+$/i",
    "/^a[b]*$/i",
    "/^a[b]$/i",
    "/^a[b]+/i",
    "/^a[b]+$/",
  ]);
  assertEquals(patternMutants("/\\d{2,3}(?=x)/"), [
    "/\\D{2,3}(?=x)/",
    "/\\d{3,3}(?=x)/",
    "/\\d{2,4}(?=x)/",
    "/\\d{2,3}(?!x)/",
  ]);
  assertEquals(patternMutants("/\\^[\\]^]/"), ["/\\^[^\\]^]/"]);
  assertEquals(patternMutants("/^/"), []);
});

Deno.test("a mutant says the line and the lines that it changes, wherever they are", () => {
  const text = "f();\n  const  x =\n    1 + 2;\n";
  const [, one] = mutantsOf("a.ts", text);
  assert(one !== undefined);
  assertEquals([one.line, one.old, one.new], [3, "1 + 2;", "2 + 2;"]);
  const [, moved] = mutantsOf("a.ts", `f();\n\n\n${text.slice(5)}`);
  assertEquals([moved?.line, moved?.old, moved?.new], [5, one.old, one.new]);
});
