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

Deno.test("where the source parsed, a string or comment that looks like a credential is masked all the same", () => {
  assertEquals(shown('url = "redis://:hunter2@h" # ok', []), ['url = "********" # ok']);
  assertEquals(shown('a = "#x" # password=hunter2', []), ['a = "#x" ********']);
  assertEquals(shown("/* a\npassword=hunter2 */ b = 1", []), ["/* a", "*********/ b = 1"]);
});

Deno.test("where the source did not parse, all from the first quote to the last is masked", () => {
  assertEquals(shown('a = "x" b = "y" c = 5', null), ['a = "********" c = 5']);
  assertEquals(shown('a = "${env("N", "hunter2")}" }', null), ['a = "********" }']);
  assertEquals(shown("a = 'hunter2' }", null), ["a = '********' }"]);
});

Deno.test("where the source did not parse and its quotes do not pair, all from the first one is masked", () => {
  assertEquals(shown('a = "hunter2', null), ["a = ********"]);
  assertEquals(shown('a = "x\\" b = hunter2', null), ["a = ********"]);
  assertEquals(shown("a = \u201chunter2\u201d b", null), ["a = ********"]);
  assertEquals(shown(`a = "it's" b`, null), ["a = ********"]);
});

Deno.test("where the source did not parse, what follows a secret name is masked without quotes too", () => {
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

const hostile = fc.constantFrom(
  ...["\n", "\r\n", "\t", '"', "'", "\\", "#", "//", "/*", "*/", "${", "}", "<<E\n", "E\n", " = ", "a", "😀", "\ud800"],
);

Deno.test("no line of a frame shows what stands in a secret range, whatever surrounds it", () => {
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
