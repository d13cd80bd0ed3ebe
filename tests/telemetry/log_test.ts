// The form of a line of the log, texts that it never contains, and that logging never harms its caller.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import fc, { anyCharacter } from "fast-check";
import { createLogger, type Logger, type LogSettings } from "../../src/telemetry/log.ts";

const now = () => new Date("2026-01-02T03:04:05.678Z");

function logTo(lines: string[], settings: Partial<LogSettings> = {}): Logger {
  const write = (line: string) => void lines.push(line);
  return createLogger({
    format: "json",
    level: "information",
    write,
    terminal: false,
    colour: false,
    now,
    ...settings,
  });
}

Deno.test("an entry in JSON is one object on one line, with time, level and message", () => {
  const lines: string[] = [];
  logTo(lines).warning("two\nlines 100%s", { path: "/a", count: 2, level: "mine", nothing: undefined });
  assertEquals(lines.length, 1);
  assert(lines[0]!.endsWith("}\n"));
  assertEquals(JSON.parse(lines[0]!), {
    time: "2026-01-02T03:04:05.678Z",
    level: "warning",
    msg: "two\\nlines 100%s",
    path: "/a",
    count: 2,
    level_: "mine",
  });
});

Deno.test("an entry as text has time, level, message and key=value, coloured only for a person's terminal", () => {
  const lines: string[] = [];
  const text = { format: "text" } as const;
  logTo(lines, text).error("it failed", { path: "/a b", why: 'say "x"', count: 1, list: ["a"], plain: "a/b" });
  const plain =
    '2026-01-02T03:04:05.678Z error       it failed path="/a b" why="say \\"x\\"" count=1 list=["a"] plain=a/b\n';
  assertEquals(lines.pop(), plain);
  logTo(lines, text).error("a\nb\x1b\x9b\u2028");
  assertStringIncludes(lines.pop()!, "a\\nb\\u001b\\u009b\\u2028\n");
  logTo(lines, { ...text, terminal: true }).error("x");
  assert(!lines.pop()!.includes("\x1b"));
  logTo(lines, { ...text, terminal: true, colour: true }).error("x");
  assertStringIncludes(lines.pop()!, "\x1b[31merror");
});

Deno.test("auto is text on a terminal and JSON elsewhere", () => {
  const lines: string[] = [];
  logTo(lines, { format: "auto", terminal: true }).information("x");
  logTo(lines, { format: "auto" }).information("x");
  assert(!lines[0]!.startsWith("{"));
  assert(lines[1]!.startsWith("{"));
});

Deno.test("an entry below the level is not written", () => {
  const lines: string[] = [];
  const log = logTo(lines, { level: "warning" });
  log.trace("a");
  log.debug("a");
  log.information("a");
  log.warning("b");
  log.error("b");
  log.critical("b");
  assertEquals(lines.map((line) => JSON.parse(line).level), ["warning", "error", "critical"]);
});

Deno.test("any message and fields make one line without control characters, in both formats", () => {
  const text = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.constantFrom("\x1b[2J", "\r\n", "\u2028", "\x9b1m", "\ud800"),
  );
  fc.assert(fc.property(text, fc.dictionary(text, fc.oneof(text, fc.anything())), (message, fields) => {
    const lines: string[] = [];
    logTo(lines).information(message, fields);
    logTo(lines, { format: "text" }).information(message, fields);
    assertEquals(lines.length, 2);
    // deno-lint-ignore no-control-regex
    for (const line of lines) assertMatch(line, /^[^\x00-\x1f]+\n$/);
    assertMatch(lines[1]!, /^[^\x7f-\x9f\u2028\u2029]+$/);
    assertEquals(JSON.parse(lines[0]!).level, "information");
  }));
});

Deno.test("fields are bounded in length, number and depth, and a cycle ends", () => {
  const lines: string[] = [];
  const cycle: Record<string, unknown> = {
    big: "x".repeat(1_000_000),
    many: Array.from({ length: 100_000 }, (_, i) => i),
  };
  cycle["self"] = cycle;
  logTo(lines).information("m".repeat(1_000_000), cycle);
  assert(lines[0]!.length < 64 * 1024);
  const entry = JSON.parse(lines[0]!);
  assertStringIncludes(entry.big, "(cut, 1000000 characters)");
  assertEquals(entry.many.at(-1), "(99900 more)");
});

Deno.test("an entry is bounded as a whole, however many members its fields have at every depth", () => {
  const lines: string[] = [];
  let wide: unknown = "x".repeat(4096);
  for (let depth = 0; depth < 4; depth++) wide = Array.from({ length: 100 }, () => wide);
  logTo(lines).information("m", { wide, empty: Array.from({ length: 100 }, () => Array(100).fill([[]])) });
  assert(lines[0]!.length < 256 * 1024);
  assertStringIncludes(lines[0]!, "more)");
});

/** The fields of the one entry in JSON. */
function fieldsOf(fields: Record<string, unknown>): Record<string, unknown> {
  const lines: string[] = [];
  logTo(lines).information("m", fields);
  assertEquals(lines.length, 1);
  const { time: _, level: __, msg: ___, ...rest } = JSON.parse(lines[0]!);
  return rest;
}

/** The greatest cost of an entry: its characters, each escaped, and the syntax around its members. */
const MOST_OF_A_LINE = 400_000;

Deno.test("a field is copied down to the fifth level, and an object there is not", () => {
  assertEquals(fieldsOf({ a: { b: { c: { d: { e: {}, f: 1, g: [1], h: "x" } } } } }), {
    a: { b: { c: { d: { e: "(too deep)", f: 1, g: "(too deep)", h: "x" } } } },
  });
});

Deno.test("a hundred members or items are copied, and the others counted", () => {
  const items = (count: number) => Array.from({ length: count }, (_, index) => index);
  const members = (count: number) => Object.fromEntries(items(count).map((one) => [`m${one}`, one]));
  const { list, object } = fieldsOf({ list: items(100), object: members(100) });
  assertEquals([list, object], [items(100), members(100)]);
  const more = fieldsOf({ list: items(102), object: members(102) });
  assertEquals(more, { list: [...items(100), "(2 more)"], object: { ...members(100), more: 2 } });
});

Deno.test("a text is copied up to 4096 characters, and not cut inside a character", () => {
  const [most, beyond] = ["x".repeat(4_096), "y".repeat(4_097)];
  const split = `${"z".repeat(4_095)}\u{1f600}`;
  assertEquals(fieldsOf({ most, beyond, split }), {
    most,
    beyond: `${beyond.slice(0, 4_096)} (cut, 4097 characters)`,
    split: `${"z".repeat(4_095)}\ufffd (cut, 4097 characters)`,
  });
});

Deno.test("an entry ends after 65536 copied characters, and says how much is missing", () => {
  // Each value costs its characters and one: the message and the name 1, the fields and the list 1, an item 4097.
  const items = Array.from({ length: 20 }, () => "x".repeat(4_096));
  assertEquals((fieldsOf({ a: items }).a as string[]).map((item) => item.slice(0, 8)), [
    ...Array(16).fill("xxxxxxxx"),
    "(4 more)",
  ]);
  // With 17 characters fewer in the 15 items before, exactly as many are left as the next one needs to begin.
  const until = (rest: number) => [...items.slice(0, 15), "x".repeat(65_536 - 4 - 15 * 4_097 - 1 - rest), "last", "x"];
  assertEquals((fieldsOf({ a: until(1) }).a as string[]).slice(16), ["last", "(1 more)"]);
  assertEquals((fieldsOf({ a: until(0) }).a as string[]).slice(16), ["(2 more)"]);
  const names = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`${index}`.padEnd(4_096, "n"), index]));
  assertEquals(fieldsOf(names).more, 4);
});

Deno.test("values without characters are bounded in number too", () => {
  for (const nothing of ["", null, true, new Date(0), new Date(NaN), [], {}, undefined, 1n]) {
    let wide: unknown = nothing;
    for (let depth = 0; depth < 4; depth++) wide = Array.from({ length: 100 }, () => wide);
    const lines: string[] = [];
    logTo(lines).information("m", { wide });
    assert(lines[0]!.length < MOST_OF_A_LINE, `${String(nothing)}: ${lines[0]!.length}`);
    assertStringIncludes(lines[0]!, "more)");
  }
});

Deno.test("a value without a form in JSON is written as text, and an absent one is not", () => {
  assertEquals(fieldsOf({ a: NaN, b: -Infinity, c: 12n, d: Symbol("s"), e: new Date(0), f: new Date(NaN), g: null }), {
    a: "NaN",
    b: "-Infinity",
    c: "12",
    d: "Symbol(s)",
    e: "1970-01-01T00:00:00.000Z",
    f: null,
    g: null,
  });
  assertEquals(fieldsOf({ list: [undefined, 1], time: 1, msg: 2, cause: undefined }), {
    list: [null, 1],
    time_: 1,
    msg_: 2,
  });
});

Deno.test("an error is written with its message and cause and without its stack", () => {
  const lines: string[] = [];
  logTo(lines).error("failed", { error: new Error("could not write", { cause: new TypeError("disk") }) });
  assertEquals(JSON.parse(lines[0]!).error, {
    name: "Error",
    message: "could not write",
    cause: { name: "TypeError", message: "disk" },
  });
});

Deno.test("a mask sees every text, name and number before anything is cut or escaped", () => {
  const secret = 'p"ss\nword';
  const mask = (text: string) => text.replaceAll(secret, "***").replaceAll("424242", "***");
  for (const format of ["json", "text"] as const) {
    const lines: string[] = [];
    const log = logTo(lines, { format }).withMask(mask);
    const edge = "x".repeat(4092) + secret;
    log.error(`a ${secret}`, { a: secret, b: [{ [secret]: secret }], c: new Error(secret), d: 424242, edge });
    assertEquals(lines.length, 1);
    for (const part of ['p"', 'p\\"', "word", "424242"]) assert(!lines[0]!.includes(part), part);
    assertStringIncludes(lines[0]!, "***");
  }
});

Deno.test("masks add up, and the log they were made from keeps its own", () => {
  const lines: string[] = [];
  const plain = logTo(lines);
  const masked = plain.withMask((text) => text.replaceAll("a", "1")).withMask((text) => text.replaceAll("b", "2"));
  masked.information("ab");
  plain.information("ab");
  assertEquals(lines.map((line) => JSON.parse(line).msg), ["12", "ab"]);
});

Deno.test("neither a write that fails nor a field that throws reaches the caller", () => {
  const broken = () => {
    throw new Deno.errors.BrokenPipe("gone");
  };
  for (const format of ["json", "text"] as const) {
    logTo([], { format, write: broken }).critical("x");
    const lines: string[] = [];
    const hostile = Object.defineProperty({}, "x", { enumerable: true, get: broken });
    logTo(lines, { format }).critical("x", { hostile });
    assertEquals(lines.length, 1);
  }
});

Deno.test("a process that logged ends by itself, also when its standard error is closed", async () => {
  const module = new URL("../../src/telemetry/log.ts", import.meta.url).href;
  const script = `import { standardErrorLogger } from ${JSON.stringify(module)};
    const { log, drain } = standardErrorLogger({ format: "auto", level: "trace" }, {});
    log.information("x");
    await drain(5_000);
    console.log("alive");`;
  for (const redirection of ["", "2>&-"]) {
    const command = new Deno.Command("sh", {
      args: ["-c", `printf %s "$1" | "$0" run -A --no-lock --config "$2" --ext=ts - ${redirection}`].concat([
        Deno.execPath(),
        script,
        new URL("../../deno.json", import.meta.url).pathname,
      ]),
      signal: AbortSignal.timeout(60_000),
    });
    const { code, stdout, stderr } = await command.output();
    assertEquals([code, new TextDecoder().decode(stdout)], [0, "alive\n"]);
    if (redirection === "") assertStringIncludes(new TextDecoder().decode(stderr), '"level":"information"');
  }
});
