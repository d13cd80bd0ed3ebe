// What a line of the log looks like, what it never contains, and that logging never harms who logs.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { createLogger, type Logger, type LogSettings } from "../../src/process/log.ts";

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

Deno.test("an entry as text has time, level, message and key=value, coloured only for a person who wants it", () => {
  const lines: string[] = [];
  const text = { format: "text" } as const;
  logTo(lines, text).error("it failed", { path: "/a b", why: 'say "x"', count: 1, list: ["a"], plain: "a/b" });
  const plain =
    '2026-01-02T03:04:05.678Z error       it failed path="/a b" why="say \\"x\\"" count=1 list=["a"] plain=a/b\n';
  assertEquals(lines.pop(), plain);
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

Deno.test("what is below the level is not written", () => {
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
    fc.string({ unit: "binary" }),
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
  const module = new URL("../../src/process/log.ts", import.meta.url).href;
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
