import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { codeLine } from "../../src/diagnostic/code_frame.ts";
import { placeOf } from "../../src/diagnostic/diagnostic.ts";
import { hiddenRanges } from "../../src/diagnostic/hidden.ts";
import { type Range, sourceText } from "../../src/diagnostic/range.ts";

/** Every line of a text as a frame would show it. */
function shown(text: string, secretRanges: readonly Range[] | null): string[] {
  const source = sourceText("a.hcl", text);
  const hidden = hiddenRanges({ source, secretRanges });
  return source.lineStarts.map((start) => codeLine(source, placeOf(source, { start, end: start + 1 }), hidden).text);
}

function rangesOf(text: string, ...parts: string[]): Range[] {
  return parts.map((part) => {
    assert(text.includes(part), part);
    return { start: text.indexOf(part), end: text.indexOf(part) + part.length };
  });
}

Deno.test("a secret string is masked between its quotes, and the rest of its line is shown", () => {
  const text = 'password = "hunter2" title = "Roads"';
  assertEquals(shown(text, rangesOf(text, '"hunter2"')), ['password = "********" title = "Roads"']);
});

Deno.test("every line of a secret heredoc is masked whole", () => {
  const text = "password = <<EOT\n  hunter2\n  EOT\ntitle = 1";
  assertEquals(shown(text, rangesOf(text, "<<EOT\n  hunter2\n  EOT")), [
    "password = ********",
    "********",
    "********",
    "title = 1",
  ]);
});

Deno.test("if the source parsed, a string or comment that looks like a credential is masked anyway", () => {
  assertEquals(shown('url = "redis://:hunter2@h" # ok', []), ['url = "********" # ok']);
  assertEquals(shown('a = "#x" # password=hunter2', []), ['a = "#x" ********']);
  assertEquals(shown("/* a\npassword=hunter2 */ b = 1", []), ["/* a", "*********/ b = 1"]);
});

Deno.test("if the source did not parse, all from the first quote to the last is masked", () => {
  assertEquals(shown('a = "x" b = "y" c = 5', null), ['a = "********" c = 5']);
  assertEquals(shown('a = "${env("N", "hunter2")}" }', null), ['a = "********" }']);
  assertEquals(shown("a = 'hunter2' }", null), ["a = '********' }"]);
});

Deno.test("if the source did not parse and its quotes do not pair, all from the first one is masked", () => {
  assertEquals(shown('a = "hunter2', null), ["a = ********"]);
  assertEquals(shown('a = "x\\" b = hunter2', null), ["a = ********"]);
  assertEquals(shown("a = \u201chunter2\u201d b", null), ["a = ********"]);
  assertEquals(shown(`a = "it's" b`, null), ["a = ********"]);
});

Deno.test("if the source did not parse, the text behind a secret name is masked without quotes too", () => {
  assertEquals(shown("password = hunter2 2", null), ["password =********"]);
  assertEquals(shown("url = redis://:hunter2@h", null), ["********"]);
  assertEquals(shown("a".repeat(65_537), null), ["********"]);
});

Deno.test("lines that may be inside a heredoc, an open string or a PEM block of a broken source are masked whole", () => {
  assertEquals(shown("a = <<EOT\nhunter2\nEOT\nb = 1", null), ["a = <<EOT", "********", "********", "b = 1"]);
  assertEquals(shown("a = <<EOT\nhunter2", null), ["a = <<EOT", "********"]);
  assertEquals(shown('a = "x\nhunter2\ny"\nb = 1', null), ["a = ********", "********", "********", "b = 1"]);
  assertEquals(shown('a = "${env("\nhunter2")}"\nb = 1', null), ['a = "********"', "********", "b = 1"]);
  assertEquals(shown("-----BEGIN KEY-----\nhunter2\n-----END KEY-----\nb", null), [
    "********",
    "********",
    "********",
    "b",
  ]);
});

Deno.test("ranges that overlap are one mask, ranges that touch are two, and an empty one is none", () => {
  const text = 'a = "one two three" "four" b';
  const cut = (...ranges: readonly [start: number, end: number][]) =>
    shown(text, ranges.map(([start, end]) => ({ start, end })));
  assertEquals(cut([4, 19], [9, 12]), ['a = "********" "four" b']);
  assertEquals(cut([4, 19], [4, 6], [8, 10], [11, 12]), ['a = "********" "four" b']);
  assertEquals(cut([9, 12], [4, 10], [11, 19]), ['a = "********" "four" b']);
  assertEquals(cut([4, 19], [8, 26]), ['a = "********" b']);
  assertEquals(cut([4, 9], [9, 19]), ['a = **************** "four" b']);
  assertEquals(cut([20, 26], [20, 20], [7, 7], [9, 8]), ['a = "one two three" "********" b']);
});

Deno.test("a range that ends at the beginning of a line, or begins at the end of one, hides nothing of it", () => {
  const text = "a = 1\nb = 2\nc = 3";
  assertEquals(shown(text, [{ start: 0, end: 6 }, { start: 11, end: 17 }]), ["********", "b = 2", "********"]);
  assertEquals(shown(text, [{ start: 4, end: 5 }, { start: 6, end: 7 }]), ["a = ********", "******** = 2", "c = 3"]);
  assertEquals(shown(text, [{ start: 5, end: 6 }]), ["a = 1", "b = 2", "c = 3"]);
});

Deno.test("if the source parsed, a string ends at its own quote, and a comment begins outside of strings", () => {
  assertEquals(shown(String.raw`a = "x\" redis://:hunter2@h" b = 1`, []), ['a = "********" b = 1']);
  assertEquals(shown('a = "pw=x" b = "#" c = 1', []), ['a = "********" b = "#" c = 1']);
  assertEquals(shown('"#" # pw=x', []), ['"#" ********']);
  assertEquals(shown('a = "redis://:hunter2@h', []), ["a = ********"]);
  assertEquals(shown('"redis://:hunter2@h', []), ["********"]);
  assertEquals(shown('a = 1\nb = "redis://:hunter2@h" # ok', []), ["a = 1", 'b = "********" # ok']);
  assertEquals(shown("a = 1 // pw=x", []), ["a = 1 ********"]);
  assertEquals(shown("a = 1 /* pw=x", []), ["a = 1 ********"]);
  assertEquals(shown('a = 4 / 2 # "pw=x"', []), ["a = 4 / 2 ********"]);
  assertEquals(shown("pw=x", []), ["pw=x"]);
  assertEquals(shown("*/ pw=x", []), ["*/ pw=x"]);
  assertEquals(shown("x */ pw=x", []), ["x */ pw=x"]);
  assertEquals(shown("a = 1 # roads", []), ["a = 1 # roads"]);
});

Deno.test("if the source did not parse, a quote of its own hides all behind it, and a brace in a string nothing", () => {
  assertEquals(shown('a = "', null), ["a = ********"]);
  assertEquals(shown('a = "x{y" b = 5', null), ['a = "********" b = 5']);
  assertEquals(shown('a = "$x%" b = 5', null), ['a = "********" b = 5']);
  assertEquals(shown('a = "%{x" b = 5', null), ["a = ********"]);
  assertEquals(shown('a = "${x}" b = 5', null), ['a = "********" b = 5']);
  assertEquals(shown('a = "${{}}" b = 5', null), ['a = "********" b = 5']);
  // A backslash in code escapes a quote only for a reader that does not know code.
  assertEquals(shown(String.raw`a = "${"${"}\"x"}" b = 5`, null), ["a = ********"]);
  assertEquals(shown(String.raw`a = "${"${"}\"x"}"` + "\nhunter2\nb = 5", null), [
    'a = "********"',
    "********",
    "********",
  ]);
  assertEquals(shown(String.raw`a = "${"${"}\"${"${"}" b = 5`, null), ["a = ********"]);
  assertEquals(shown('# "a\nb = 5', null), ["# ********", "b = 5"]);
  assertEquals(shown('// "a\nb = 5', null), ["// ********", "b = 5"]);
});

Deno.test("if the source did not parse, a secret without quotes before or behind a string hides the whole line", () => {
  assertEquals(shown('redis://:hunter2@h a = "x"', null), ["********"]);
  assertEquals(shown('a = "x" redis://:hunter2@h', null), ["********"]);
  assertEquals(shown('password = a b = "x" c', null), ["password =********"]);
  assertEquals(shown('b = "x" password = hunter2', null), ['b = "********" password =********']);
  assertEquals(shown("title = a password: hunter2", null), ["title = a password:********"]);
  assertEquals(shown("'password' : hunter2", null), ["'********' :********"]);
  assertEquals(shown("passwordless = hunter2", null), ["passwordless =********"]);
  assertEquals(shown("compass = hunter2", null), ["compass = hunter2"]);
  assertEquals(shown("pw = hunter2 pin = 3", null), ["pw =********"]);
  assertEquals(shown("//honua:hunter2@h", null), ["********"]);
});

Deno.test("the bounds of the text that is read in a source that did not parse", () => {
  const secret = (length: number, spaces = 0) => `${"x".repeat(length - 4)}_otp${" ".repeat(spaces)}=hunter2`;
  assertEquals(shown(secret(128), null), [`${secret(128).slice(0, -7)}********`]);
  assertEquals(shown(secret(129), null), [secret(129)]);
  assertEquals(shown(secret(20, 64), null), [`${secret(20, 64).slice(0, -7)}********`]);
  assertEquals(shown(secret(20, 65), null), [secret(20, 65)]);
  assertEquals(shown("a".repeat(65_536), null), [`${"a".repeat(160)}…`]);
  const heredoc = (start: string, end: string) => shown(`a = ${start}\nhunter2\n${end}\nb = 1`, null).slice(1);
  const hidden = ["********", "********", "b = 1"];
  for (const start of ["<<E", "<<-E", "<<~E", "<<'E'", `<<${" ".repeat(8)}E`]) {
    assertEquals(heredoc(start, "  E"), hidden);
  }
  assertEquals(heredoc(`<<${" ".repeat(9)}E`, "E"), ["hunter2", "E", "b = 1"]);
  const marker = "E".repeat(256);
  assertEquals(heredoc(`<<${marker}`, marker), hidden);
  // Its end is not recognised.
  assertEquals(heredoc(`<<${marker}E`, `${marker}E`), ["********", "********", "********"]);
  assertEquals(shown("-----BEGIN KEY----- x -----END KEY-----\nb = 1", null), ["********", "b = 1"]);
  assertEquals(shown("-----BEGIN KEY-----\nx -----END KEY-----\nb = 1", null).at(-1), "b = 1");
  assertEquals(heredoc("<<E", "x E"), ["********", "********", "********"]);
});

const hostile = fc.constantFrom(
  ...["\n", "\r\n", "\t", '"', "'", "\\", "#", "//", "/*", "*/", "${", "}", "<<E\n", "E\n", " = ", "a", "😀", "\ud800"],
);

Deno.test("no line of a frame shows the text of a secret range, in any surroundings", () => {
  const noise = fc.array(hostile, { maxLength: 30 }).map((parts) => parts.join(""));
  fc.assert(fc.property(noise, noise, noise, fc.nat(400), (before, inside, after, shift) => {
    const secret = `"SECRET${inside}SECRET"`;
    const text = before + secret + after;
    const source = sourceText("a.hcl", text);
    const range = { start: before.length, end: before.length + secret.length };
    const hidden = hiddenRanges({ source, secretRanges: [range] });
    const place = placeOf(source, { start: shift % (text.length + 1), end: text.length });
    assert(!codeLine(source, place, hidden).text.includes("SECRET"));
    assert(shown(text, [range]).every((line) => !line.includes("SECRET")));
  }));
});

Deno.test("no line of a source that did not parse shows a string, however it nests and goes on", () => {
  const joined = (parts: fc.Arbitrary<string>) => fc.array(parts, { maxLength: 6 }).map((all) => all.join(""));
  const outside = joined(fc.constantFrom("a", " = ", "\n", '"b"', "{", "}", '"${env("c")}"', "# d\n", "1"));
  const { content } = fc.letrec<{ content: string; code: string }>((tie) => ({
    content: joined(fc.oneof({ maxDepth: 3 }, fc.constantFrom("x", "\nSECRET", '\\"', "#", "{", "$"), tie("code"))),
    code: tie("content").map((text) => `\${f("SECRET${text}")}`),
  }));
  fc.assert(fc.property(outside, content, outside, (before, middle, after) => {
    const lines = shown(`${before}"SECRET${middle}"${after}`, null);
    assert(lines.every((line) => !line.includes("SECRET")));
  }));
});
