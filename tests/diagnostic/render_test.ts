import { assert, assertEquals } from "@std/assert";
import fc, { anyCharacter } from "fast-check";
import {
  type Diagnostic,
  type DiagnosticDetails,
  errorDiagnostic,
  hasErrors,
  placeOf,
  warningDiagnostic,
} from "../../src/diagnostic/diagnostic.ts";
import type { FrameSource } from "../../src/diagnostic/hidden.ts";
import { type Range, type SourceText, sourceText } from "../../src/diagnostic/range.ts";
import { openFrames, renderJson, renderLine, renderText } from "../../src/diagnostic/render.ts";
import { useColour } from "../../src/diagnostic/terminal_text.ts";

function rangeOf(source: SourceText, part: string): Range {
  const start = source.text.indexOf(part);
  assert(start >= 0, part);
  return { start, end: start + part.length };
}

function plain(frame: FrameSource, ...diagnostics: Diagnostic[]): string {
  const sources = new Map([[frame.source.name, frame]]);
  return renderText(diagnostics, { sources, colour: false, frames: true });
}

function unknown(details: DiagnosticDetails): Diagnostic {
  return errorDiagnostic("config/unknown-reference", "Layer roads names an unknown service odat", details);
}

Deno.test("a diagnostic is shown with its line underlined, the reason, the suggestion and the other place", () => {
  const source = sourceText("honua.hcl", 'layer "roads" {\n  title = "x"\n'.repeat(5) + '  services = ["odat"]\n}\n');
  const diagnostic = unknown({
    path: "layer.roads.services",
    place: placeOf(source, rangeOf(source, '"odat"')),
    why: "No service has this id",
    suggestion: "Did you mean odata?",
    other: { label: "first defined here", place: placeOf(source, rangeOf(source, 'layer "roads"')) },
  });
  assertEquals(
    plain({ source, secretRanges: [] }, diagnostic),
    `error[config/unknown-reference]: Layer roads names an unknown service odat
  --> honua.hcl:11:15  (layer.roads.services)
   |
11 |   services = ["odat"]
   |               ^^^^^^
   = why: No service has this id
   = help: Did you mean odata?
  ::: honua.hcl:1:1 first defined here
   |
 1 | layer "roads" {
   | -------------

1 error in honua.hcl
`,
  );
});

Deno.test("the code frame of a diagnostic is had by itself, with the other place and without colours", () => {
  const source = sourceText("a.hcl", 'password = "hunter2"\n\tx = 1\n');
  const frames = new Map([[source.name, { source, secretRanges: [rangeOf(source, '"hunter2"')] }]]);
  const other = { label: "first\ndefined here", place: placeOf(source, rangeOf(source, "password")) };
  const frameOf = openFrames(frames);
  assertEquals(frameOf(unknown({ place: placeOf(source, rangeOf(source, "x")), other, why: "y", path: "z" })), [
    "  |",
    "2 |     x = 1",
    "  |     ^",
    " ::: a.hcl:1:1 first␊defined here",
    "  |",
    '1 | password = "********"',
    "  | --------",
  ]);
  const elsewhere = { ...placeOf(source, { start: 0, end: 1 }), file: "b.hcl" };
  assertEquals([frameOf(unknown({})), frameOf(unknown({ place: elsewhere, other }))], [null, null]);
});

Deno.test("diagnostics without a place or a source have no frame, and are counted by severity", () => {
  const source = sourceText("a.hcl", "x = 1");
  const elsewhere = { ...placeOf(source, { start: 0, end: 1 }), file: "b.hcl" };
  const text = plain(
    { source, secretRanges: [] },
    warningDiagnostic("config/no-layers", "No layers are defined", { path: "layer" }),
    warningDiagnostic("config/other", "Elsewhere", { place: elsewhere }),
    errorDiagnostic("config/none", "Nowhere", { suggestion: "Look\nagain" }),
  );
  assertEquals(
    text,
    `warning[config/no-layers]: No layers are defined
 --> (layer)

warning[config/other]: Elsewhere
 --> b.hcl:1:1

error[config/none]: Nowhere
  = help: Look␊again

1 error, 2 warnings in b.hcl
`,
  );
  assertEquals(renderText([], { sources: new Map(), colour: true, frames: true }), "");
});

Deno.test("a frame is shown if frames are asked for, and an empty line in it ends at its bar", () => {
  const source = sourceText("a.hcl", "a = 1\n\n");
  const sources = new Map([["a.hcl", { source, secretRanges: [] }]]);
  const diagnostic = errorDiagnostic("a/b", "No", { place: placeOf(source, { start: 6, end: 7 }) });
  assertEquals(
    renderText([diagnostic], { sources, colour: false, frames: true }),
    "error[a/b]: No\n --> a.hcl:2:1\n  |\n2 |\n  | ^\n\n1 error in a.hcl\n",
  );
  assertEquals(
    renderText([diagnostic], { sources, colour: false, frames: false }),
    "error[a/b]: No\n --> a.hcl:2:1\n\n1 error in a.hcl\n",
  );
});

Deno.test("a path is shown up to 200 characters, and places in two files are counted", () => {
  const source = sourceText("a.hcl", "a = 1");
  const place = placeOf(source, { start: 0, end: 1 });
  const about = (length: number) => errorDiagnostic("a/b", "No", { path: "p".repeat(length), place });
  const text = (one: Diagnostic) => renderText([one], { sources: new Map(), colour: false, frames: true });
  const [bound, beyond] = [`(${"p".repeat(200)})`, `(${"p".repeat(200)}…)`];
  assertEquals([text(about(200)).includes(bound), text(about(201)).includes(beyond)], [true, true]);
  assertEquals(renderLine(about(200)), `a.hcl:1:1: error: No ${bound} [a/b]`);
  assertEquals(renderLine(about(201)), `a.hcl:1:1: error: No ${beyond} [a/b]`);
  const two = [about(1), warningDiagnostic("a/c", "Elsewhere", { place: { ...place, file: "b.hcl" } })];
  const shown = renderText(two, { sources: new Map(), colour: false, frames: true });
  assertEquals(shown.split("\n").at(-2), "1 error, 1 warning in 2 files");
});

Deno.test("one error among warnings is an error", () => {
  const [error, warning] = [errorDiagnostic("a/b", "No"), warningDiagnostic("a/b", "No")];
  assertEquals([hasErrors([]), hasErrors([warning, warning]), hasErrors([warning, error])], [false, false, true]);
});

Deno.test("tabs, wide characters and combining marks keep the underline under its text", () => {
  const source = sourceText("a.hcl", '\ttitle = "道路🛣e\u0301" x = 1');
  const text = plain({ source, secretRanges: [] }, unknown({ place: placeOf(source, rangeOf(source, "x = 1")) }));
  const [, , , line = "", mark = ""] = text.split("\n");
  assertEquals(line, '1 |     title = "道路🛣e\u0301" x = 1');
  assertEquals(mark, `  | ${" ".repeat(4 + 9 + 2 + 2 + 1 + 1 + 2)}^^^^^`);
});

Deno.test("a long line is shown around the place, and a range of several lines on its first", () => {
  const source = sourceText("a.hcl", `${"a".repeat(500)}BAD\r\n${"b".repeat(500)}`);
  const range = { start: 500, end: 600 };
  const [, , , line = "", mark = ""] = plain({ source, secretRanges: [] }, unknown({ place: placeOf(source, range) }))
    .split("\n");
  assertEquals(line, `1 | …${"a".repeat(60)}BAD`);
  assertEquals(mark, `  | ${" ".repeat(61)}^^^`);
});

Deno.test("nothing of a source, a path or a name steers the terminal", () => {
  const evil = "\x1b[2J\x07\x9b1m\u202e\u2066\r\0";
  const source = sourceText(`f${evil}.hcl`, `a = ${evil}# ${evil}\n`);
  const place = placeOf(source, { start: 4, end: 6 });
  const diagnostic = errorDiagnostic("a/b", `summary${evil}`, { path: evil, why: evil, suggestion: evil, place });
  for (const secretRanges of [null, []]) {
    // deno-lint-ignore no-control-regex
    assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066]/.test(plain({ source, secretRanges }, diagnostic)));
  }
  // deno-lint-ignore no-control-regex
  assert(!/[\x00-\x1f\x7f-\x9f\u202e\u2066]/.test(renderLine(diagnostic)));
  const json = renderJson([{ file: evil, valid: false, hash: null, diagnostics: [diagnostic] }]);
  // deno-lint-ignore no-control-regex
  assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066]/.test(json));
  assertEquals(JSON.parse(json).files[0].file, evil);
});

Deno.test("colours are used if they are asked for and change nothing else", () => {
  const source = sourceText("a.hcl", "x = 1");
  const diagnostic = unknown({ place: placeOf(source, { start: 0, end: 1 }), why: "w" });
  const sources = new Map([["a.hcl", { source, secretRanges: [] }]]);
  const coloured = renderText([diagnostic], { sources, colour: true, frames: true });
  assert(coloured.includes("\x1b[1;31merror"));
  // deno-lint-ignore no-control-regex
  assertEquals(coloured.replace(/\x1b\[[0-9;]*m/g, ""), plain({ source, secretRanges: [] }, diagnostic));
});

Deno.test("colour is for terminals, and NO_COLOR and TERM=dumb turn it off", () => {
  const env = (values: Record<string, string>) => (name: string) => values[name];
  assertEquals(useColour({ isTerminal: true, env: env({}) }), true);
  assertEquals(useColour({ isTerminal: true, env: env({ NO_COLOR: "" }) }), true);
  assertEquals(useColour({ isTerminal: true, env: env({ NO_COLOR: "0" }) }), false);
  assertEquals(useColour({ isTerminal: true, env: env({ TERM: "dumb" }) }), false);
  assertEquals(useColour({ isTerminal: false, env: env({}) }), false);
});

Deno.test("a line for a log holds place, severity, summary, path and code", () => {
  const source = sourceText("honua.hcl", "a = 1\n  b = 2");
  const place = placeOf(source, rangeOf(source, "b"));
  assertEquals(
    renderLine(errorDiagnostic("config/x", "Wrong", { place, path: "layer.b" })),
    "honua.hcl:2:3: error: Wrong (layer.b) [config/x]",
  );
  assertEquals(renderLine(warningDiagnostic("config/x", "No layers")), "warning: No layers [config/x]");
});

Deno.test("the JSON has exactly the documented members", () => {
  const source = sourceText("a.hcl", "a = 1");
  const place = placeOf(source, { start: 4, end: 5 });
  const hash = "0".repeat(64);
  assertEquals(
    renderJson([
      {
        file: "a.hcl",
        valid: false,
        hash: null,
        diagnostics: [unknown({ place, suggestion: "s", path: "a", why: "w" })],
      },
      { file: "b.hcl", valid: true, hash, diagnostics: [warningDiagnostic("config/x", "No layers")] },
    ]),
    `{"files":[{"file":"a.hcl","valid":false,"hash":null,"diagnostics":[{"severity":"error",` +
      `"code":"config/unknown-reference","summary":"Layer roads names an unknown service odat","path":"a","line":1,` +
      `"column":5,"suggestion":"s"}]},{"file":"b.hcl","valid":true,"hash":"${hash}","diagnostics":[{` +
      `"severity":"warning","code":"config/x","summary":"No layers","path":null,"line":null,"column":null,` +
      `"suggestion":null}]}]}\n`,
  );
});

Deno.test("rendering never throws, for any source and ranges", () => {
  const range = fc.record({ start: fc.nat(60), end: fc.nat(60) });
  const ranges = fc.option(fc.array(range));
  fc.assert(fc.property(fc.string({ unit: anyCharacter, maxLength: 50 }), range, ranges, (text, at, secretRanges) => {
    const source = sourceText("a.hcl", text);
    assert(plain({ source, secretRanges }, unknown({ place: placeOf(source, at) })).startsWith("error["));
  }));
});
