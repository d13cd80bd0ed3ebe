// How texts are judged together and by themselves, and the reports of the parser's process, over pipes in memory.
import { assert, assertEquals } from "@std/assert";
import { readFrames, writeFrame } from "../../../src/document/hcl/frames.ts";
import {
  FILE_MARK,
  type HclJson,
  judgeTexts,
  type ParseReply,
  type ParseRequest,
  serveParser,
} from "../../../src/document/hcl/hcl.ts";

/** A parser of `tN {`, a body of digits and `}` that remembers its requests; "bad" is refused by name. */
function openFake(answer: (text: string) => HclJson | null = () => null) {
  const asked: string[] = [];
  const parse = (name: string, text: string): Promise<HclJson> => {
    assertEquals(name, FILE_MARK);
    asked.push(text);
    if (text.includes("bad")) return Promise.reject(new Error(`no: ${text}`));
    const bodies = [...text.matchAll(/^(t\d+) \{\n(.*)\n\}$/gm)].map(([, name, body]) => [name, [body!]]);
    return Promise.resolve(answer(text) ?? (bodies.length > 0 ? Object.fromEntries(bodies) : text.trim()));
  };
  return { asked, parse };
}

Deno.test("texts are judged in batches, each verdict at its place", async () => {
  const { asked, parse } = openFake();
  const progress: number[] = [];
  const verdicts = await judgeTexts(parse, ["1\n", "2\n", "3\n", "4\n", "5\n"], 2, (at) => {
    progress.push(at);
    return Promise.resolve();
  });
  assertEquals(verdicts, ["1", "2", "3", "4", "5"].map((value) => ({ value })));
  assertEquals(asked, ["t0 {\n1\n}\nt1 {\n2\n}\n", "t0 {\n3\n}\nt1 {\n4\n}\n", "5\n"]);
  assertEquals(progress, [0, 2, 4]);
  assertEquals(await judgeTexts(parse, [], 2), []);
});

Deno.test("if one of a batch is refused each is judged by itself, and the complaint is its own", async () => {
  const { asked, parse } = openFake();
  const progress: number[] = [];
  const verdicts = await judgeTexts(parse, ["1\n", "bad\n", "3\n", "4\n"], 3, (at) => {
    progress.push(at);
    return Promise.resolve();
  });
  assertEquals(verdicts, [{ value: "1" }, { complaint: "no: bad\n" }, { value: "3" }, { value: "4" }]);
  assertEquals(asked.length, 5);
  assertEquals(progress, [0, 1, 2, 3]);
});

Deno.test("a batch that does not come back as it went in is judged one by one: a body too many, too few, or under another name", async () => {
  for (
    const together of [
      { t0: ["1"], t1: ["2"], t2: ["3"] },
      { t0: ["1"] },
      { t0: ["1"], t2: ["2"] },
      { t0: ["1"], t1: ["2", "3"] },
      { t0: ["1"], t1: [] },
      { t0: ["1"], t1: "2" },
      {},
    ]
  ) {
    const { parse } = openFake((text) => text.startsWith("t0") ? together : null);
    assertEquals(
      await judgeTexts(parse, ["1\n", "2\n"], 2),
      [{ value: "1" }, { value: "2" }],
      JSON.stringify(together),
    );
  }
});

Deno.test("a complaint that is no error is reported unchanged", async () => {
  const parse = () => Promise.reject("no");
  assertEquals(await judgeTexts(parse, ["1\n"], 2), [{ complaint: "no" }]);
});

/** A pipe that takes all that is written to it. */
function roomyPipe(): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({}, { highWaterMark: Infinity }, { highWaterMark: Infinity });
}

/** The replies of the parser's process to parts, by kinds; `confined` when it was confined among them. */
async function repliesTo(parts: readonly ParseRequest[]): Promise<(ParseReply | "confined")[]> {
  const [input, output] = [roomyPipe(), roomyPipe()];
  const replies: (ParseReply | "confined")[] = [];
  const serving = serveParser(input.readable, output.writable, () => replies.push("confined"));
  const writer = input.writable.getWriter();
  for (const part of parts) await writeFrame(writer, part);
  await writer.close();
  let left = parts.filter((part) => part.isLast).length;
  for await (const reply of readFrames(output.readable)) {
    replies.push(reply as ParseReply);
    if ("residentBytes" in (reply as ParseReply) && --left === 0) break;
  }
  await serving;
  return replies;
}

/** A reply as the tests compare it: its place, the number of verdicts, or the end of a request. */
function inShort(reply: ParseReply | "confined"): unknown {
  if (reply === "confined") return reply;
  if ("at" in reply) return `at ${reply.at}`;
  return "verdicts" in reply ? reply.verdicts.length : "done";
}

Deno.test({
  name:
    "the parser's process is confined before it reads, reports its position, and counts from zero with each request",
  // The Go runtime inside hcl2json sets its own timers and leaves one behind now and then.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const texts = Array.from({ length: 130 }, (_, at) => `x = ${at}\n`);
    const replies = await repliesTo([
      { texts: texts.slice(0, 70), isOpen: false, isLast: false },
      { texts: texts.slice(70), isOpen: false, isLast: true },
      { texts: ["a = 1\n", "b = 1\n"], isOpen: false, isLast: true },
      { texts: texts.slice(0, 64), isOpen: false, isLast: true },
      { texts: [], isOpen: false, isLast: true },
      { texts: ["a = 1\n", "b =\n", "c = 1\n"], isOpen: false, isLast: true },
    ]);
    assertEquals(replies.map(inShort), [
      ...["confined", "at 0", 64, "at 64", 6, "at 70", 60, "done"],
      ...["at 0", 2, "done", "at 0", 64, "done", "done"],
      ...["at 0", "at 1", "at 2", 3, "done"],
    ]);
    const end = replies.at(-1) as { residentBytes: number; processorMilliseconds: number };
    assert(end.residentBytes > 1024 * 1024);
    const times = replies.flatMap((reply) =>
      typeof reply === "object" && "processorMilliseconds" in reply ? [reply] : []
    );
    const spent = times.map((reply) => reply.processorMilliseconds);
    assertEquals(spent, spent.toSorted((one, other) => one - other));
    assert(spent[0]! > 1 && spent.at(-1)! < 10 * 60_000, `${spent}`);
  },
});
