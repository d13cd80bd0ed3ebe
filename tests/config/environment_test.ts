import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { sourceText } from "../../src/diagnostic/range.ts";
import { environmentOf, parseEnvironmentFile, processEnvironment } from "../../src/config/environment.ts";

function parse(text: string): Record<string, string> {
  return Object.fromEntries(parseEnvironmentFile(sourceText("test.env", text)).variables);
}

function warnings(text: string): string[] {
  const { diagnostics } = parseEnvironmentFile(sourceText("test.env", text));
  return diagnostics.map(({ code, place }) => `${code} ${place?.line}:${place?.column}`);
}

Deno.test("an environment file is read as systemd reads it", () => {
  const cases: [string, Record<string, string>][] = [
    ["A=1\nB=2", { A: "1", B: "2" }],
    ["# A=1\n; B=2\n\n  C=3", { C: "3" }],
    ["A=1\r\nB=2\r\n", { A: "1", B: "2" }],
    ["A =  x y  ", { A: "x y" }],
    ["A=", { A: "" }],
    ["A='x  y'", { A: "x  y" }],
    ["A='a\\nb\nc'", { A: "a\\nb\nc" }],
    ['A="a\\"b\\\\c\\$d\\`e\\nf"', { A: 'a"b\\c$d`e\\nf' }],
    ['A="a\\\nb"', { A: "ab" }],
    ["A=a\\\nb", { A: "ab" }],
    ["A=a\\ \nB=c", { A: "a ", B: "c" }],
    // White space before a backslash is no longer at the end of the value, with any continuation.
    ["A=a \\\n", { A: "a " }],
    ["A=a \\\r", { A: "a " }],
    ["A=a\\\r\nB=c", { A: "a", B: "c" }],
    ["A=\\'a", { A: "'a" }],
    ["A=a\\", { A: "a" }],
    ["\tA\t=1", { A: "1" }],
    ["A \t=\t 1\t", { A: "1" }],
    ["A=\t'x'\t\"y\"", { A: "xy" }],
    ["A=1\rB=2", { A: "1", B: "2" }],
    ["A\r=1\nB=2", { B: "2" }],
    ["A='x", { A: "x" }],
    ['A="x', { A: "x" }],
    ['A="x\\', { A: "x" }],
    ["# \\\r\nA=1", { A: "1" }],
    ["# \\x\nA=1", { A: "1" }],
    ["# \\", {}],
    ["A=1 ;x", { A: "1 ;x" }],
    ["_a9=1\nA-B=2\n=3\nA B=4", { _a9: "1" }],
    ["A='x'\nB=y", { A: "x", B: "y" }],
    ['A="a\\\rb"', { A: "a\\\rb" }],
    ["A='x'\"y\"z", { A: "xyz" }],
    ["A=x'y'", { A: "x'y'" }],
    ["A='x' ", { A: "x" }],
    ["A=x # no comment", { A: "x # no comment" }],
    ["# a comment \\\nA=1", { A: "1" }],
    ["A=1\nA=2", { A: "2" }],
    ["A=${B}", { A: "${B}" }],
    ["A=b=c", { A: "b=c" }],
  ];
  for (const [text, expected] of cases) assertEquals(parse(text), expected, text);
});

Deno.test("a line that systemd passes over silently is a warning at its place", () => {
  assertEquals(warnings("export A=1\nB=2\n1C=3\n\u00e4=4"), [
    "environment/invalid-name 1:1",
    "environment/invalid-name 3:1",
    "environment/invalid-name 4:1",
  ]);
  assertEquals(parse("export A=1\nB=2"), { B: "2" });
  // A backslash is of the name, and continues no line.
  assertEquals(warnings("A\\B=1\nC=2"), ["environment/invalid-name 1:1"]);
  assertEquals(warnings("A\\\nB=2"), ["environment/no-assignment 1:1"]);
  assertEquals(warnings("A=1\nstray words\nB=2"), ["environment/no-assignment 2:1"]);
  assertEquals(warnings("A=1\nB='x\nC=2"), ["environment/unclosed-quote 2:3"]);
  for (const silent of ["A=1", "# \\", "# x", "; x", "", " ", "A=", "A=x\\"]) {
    assertEquals(warnings(silent), [], silent);
  }
});

Deno.test("text that is part of a value and hardly meant to be is a warning at its place, and stays part of it", () => {
  const cases: [text: string, value: string, warning: string | null][] = [
    ['A="x" # note', "x# note", "comment-in-value 1:7"],
    ["A='x'# note", "x# note", "comment-in-value 1:6"],
    ["A=x # note", "x # note", "comment-in-value 1:5"],
    ["A= # note", "# note", "comment-in-value 1:4"],
    ['A="x" y', "xy", "text-behind-quote 1:7"],
    ['A="x"y', "xy", "text-behind-quote 1:6"],
    ['A="x" "y"', "xy", "text-behind-quote 1:7"],
    ['A="x\nB="y"', 'x\nB=y"', "text-behind-quote 2:4"],
    ['A="x\r\ny"\r\n', "x\r\ny", "carriage-return 1:5"],
    ['A="x\\\r\ny"\r\n', "x\\\r\ny", "carriage-return 1:6"],
    ["A=\"x\"'y'", "xy", null],
    ['A="x # y"', "x # y", null],
    ["A=x#y", "x#y", null],
    ["A=#fff", "#fff", null],
    ["A=a; b", "a; b", null],
    ['A="x" \r\n# note\r\n', "x", null],
    ["A=x \\\n y", "x  y", null],
    ["A=x\t# note", "x\t# note", "comment-in-value 1:5"],
    ["A='x'\t'y'", "xy", "text-behind-quote 1:7"],
    ["A= 'x'", "x", null],
    ["A='x\ry'", "x\ry", "carriage-return 1:5"],
    // A warning names only the first oddity of a value, and none of the value before.
    ['A="x" # y "z" # w', 'x# y "z" # w', "comment-in-value 1:7"],
    ["A='x'\nB='y' # z", "x", "comment-in-value 2:7"],
    ["A='x'\nB=y", "x", null],
    ["A=x # y\nB=z", "x # y", "comment-in-value 1:5"],
  ];
  for (const [text, value, warning] of cases) {
    assertEquals(parse(text).A, value, text);
    assertEquals(warnings(text), warning === null ? [] : [`environment/${warning}`], text);
  }
  assertEquals(warnings("export A=x # note"), ["environment/invalid-name 1:1"]);
});

Deno.test("warnings about an environment file are in the order of its lines", () => {
  assertEquals(warnings("stray\nexport A=1\nwords\n1B=2\nC='x"), [
    "environment/no-assignment 1:1",
    "environment/invalid-name 2:1",
    "environment/no-assignment 3:1",
    "environment/invalid-name 4:1",
    "environment/unclosed-quote 5:3",
  ]);
  const many = warnings(`${"export A=1\n".repeat(100)}stray\n`.split("\n").reverse().join("\n"));
  assertEquals([many.length, many[0]], [100, "environment/no-assignment 2:1"]);
  assertEquals(warnings("export A=1\n".repeat(99)).length, 99);
});

Deno.test("a warning underlines its subject, from the first character to the last", () => {
  const underlined = (text: string) =>
    parseEnvironmentFile(sourceText("test.env", text)).diagnostics.map(({ place }) =>
      text.slice(place!.range.start, place!.range.end)
    );
  assertEquals(underlined("  stray words\n  export A=1\nB='x' # y\n  word"), [
    ...["stray words", "export A=1", "# y", "word"],
  ]);
  assertEquals(underlined("A=1\nB='x"), ["'"]);
});

Deno.test("no warning about an environment file quotes it", () => {
  const secret = "hunter2";
  const { diagnostics } = parseEnvironmentFile(
    sourceText("test.env", `export P=${secret}\n${secret}\nR=x #${secret}\nQ='${secret}`),
  );
  assertEquals(diagnostics.length, 4);
  assertEquals(JSON.stringify(diagnostics.map(({ place: _, ...rest }) => rest)).includes(secret), false);
});

Deno.test("a value in single quotes comes back as it was", () => {
  fc.assert(fc.property(fc.string().filter((text) => !text.includes("'")), (text) => {
    assertEquals(parse(`A='${text}'\nB=1`), { A: text, B: "1" });
  }));
});

Deno.test("any text at all is read without an error", () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(..."A=\\'\"#; \n\r\tx") }), (text) => {
    for (const name of Object.keys(parse(text))) assertEquals(/^[A-Za-z_]\w*$/.test(name), true);
  }));
});

Deno.test("files beat the process, and later files beat earlier ones", () => {
  const process = (name: string) => ({ A: "process", B: "process", C: "process" })[name];
  const environment = environmentOf(process, [new Map([["B", "first"], ["C", "first"]]), new Map([["C", "second"]])]);
  assertEquals(["A", "B", "C", "a"].map(environment), ["process", "first", "second", undefined]);
});

Deno.test("an empty value of a file beats the process, and no name of a prototype is a variable", () => {
  const environment = environmentOf(processEnvironment({ A: "process", B: "process" }), [new Map([["A", ""]])]);
  assertEquals(["A", "B", "toString", "__proto__"].map(environment), ["", "process", undefined, undefined]);
});
