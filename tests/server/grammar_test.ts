// Which names and values a server's own grammar can say, and how texts are written in it.
import { assertEquals } from "@std/assert";
import type { Json } from "../../src/config/json.ts";
import { isExpandedAgain, isName, isWholeNumber, quoted, serverValueOf, written } from "../../src/server/grammar.ts";

Deno.test("a name is letters, decimal digits and underscores, each of one UTF-16 unit", () => {
  for (const name of ["a", "Z", "_", "0", "a_1", "straße", "日本", "\u0663"]) assertEquals(isName(name), true, name);
  const others = ["", " ", "a b", "a-b", "a.b", "a\n", "\na", "e\u0301", "½", "Ⅷ", "\u{1d400}", "a\u{1d400}", "\ud835"];
  for (const name of others) assertEquals(isName(name), false, JSON.stringify(name));
});

Deno.test("a value that can be expressed is a text, a boolean, a whole number of 32 bits, or a list of texts", () => {
  const values: Json[] = ["", "a", true, false, 0, 1, -1, 2 ** 31 - 1, -(2 ** 31), [], [""], ["a", "b"]];
  for (const value of values) assertEquals(serverValueOf(value), value as ReturnType<typeof serverValueOf>);
  const others: Json[] = [null, 0.5, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, 1e300, [1], ["a", 1], ["a", null], [[]], {}];
  for (const value of others) assertEquals(serverValueOf(value), null, JSON.stringify(value));
  assertEquals([0, -0, 2 ** 31 - 1, 2 ** 31, 0.5, NaN, Infinity].map(isWholeNumber), [
    ...[true, true, true],
    ...[false, false, false, false],
  ]);
});

Deno.test("a text is expanded again for each of the forms that a server looks for, wherever they are in it", () => {
  const forms = ["${env:X}", "${env:", 'env("X")', "env('X')", 'env("', "var.x", "var."];
  for (const form of forms) {
    for (const text of [form, `a${form}`, `a\n${form}b`]) assertEquals(isExpandedAgain(text), true, text);
  }
  const others = [
    "",
    "$env:X",
    "{env:X}",
    "${env}",
    "${ENV:X}",
    "env(X)",
    'env ("X")',
    "env(`X`)",
    "var",
    "variable.x",
  ];
  for (const text of [...others, "VAR.x", "va r.x", "${ env:X}"]) assertEquals(isExpandedAgain(text), false, text);
});

Deno.test("a text is written in quotes, with an escape for each character that ends or breaks it", () => {
  assertEquals(quoted(""), '""');
  assertEquals(quoted('a"b\\c\nd\re\tf"'), '"a\\"b\\\\c\\nd\\re\\tf\\""');
  assertEquals(quoted("\0\b\f\u2028'${x}é\u{1f600}"), '"\0\b\f\u2028\'${x}é\u{1f600}"');
});

Deno.test("a value is written as the grammar spells it", () => {
  const values = ["a", true, false, 0, -0, -5, [], ["a"], ['a"', "b"]] as const;
  assertEquals(values.map(written), ['"a"', "true", "false", "0", "0", "-5", "[]", '["a"]', '["a\\"", "b"]']);
});
