import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { events, type EventsPace } from "../../src/cli/events.ts";
import { readEvents, type StreamEvent } from "../../src/cli/event_stream.ts";
import { programCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { runRecorded } from "../support/recording_terminal.ts";
import { cannedDaemon, hashOf, json, keepingTerminal } from "./canned_daemon.ts";

const AT = "2026-01-31T12:00:00.000Z";
const PACE: EventsPace = {
  backoff: { firstMilliseconds: 2, capMilliseconds: 10 },
  random: () => 0,
  limits: { idleMilliseconds: 60_000, maxCharacters: 1_000 },
};

const eventText = (id: string, kind: string, data: unknown) =>
  `id: ${id}\nevent: ${kind}\ndata: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;

/** A stream of these parts; `stays` keeps it open behind them. */
function stream(parts: readonly (string | Uint8Array)[], stays = false): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) controller.enqueue(typeof part === "string" ? new TextEncoder().encode(part) : part);
      if (!stays) controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

function requestTo(socket: string, count: number | null = null) {
  const address = { socket, optionsFile: null, url: null, tokenFile: null, caFile: null };
  return { address, count, format: "text" } as const;
}

Deno.test("events are one line each, with the time as the daemon gave it and hashes cut short", async () => {
  const parts = [
    eventText("e-1", "activated", { at: AT, hash: hashOf("a"), generation: 17, by: null }),
    ": a comment\n\n",
    eventText("e-2", "rejected", { at: AT, reason: 'a.hcl:3:1: error: No "x" \x1b[31m', constructor: [1] }),
    eventText("e-3", "odd\x07", "no JSON"),
    eventText("e-4", "list", "[]"),
  ];
  await using daemon = await cannedDaemon(() => stream(parts, true));
  const { code, out, error } = await runRecorded(["events", "--count", "4", ...daemon.flags]);
  assertEquals([code, error], [0, ""]);
  assertEquals(out.split("\n"), [
    `${AT} activated hash=aaaaaaaa generation=17`,
    `${AT} rejected reason=${JSON.stringify('a.hcl:3:1: error: No "x" ␛[31m')} constructor=[1]`,
    "odd␇ no JSON",
    "list",
    "",
  ]);
  assertEquals(daemon.asked.map(({ what }) => what), ["GET /admin/events"]);
  assertEquals(daemon.asked[0]!.headers.get("accept"), "text/event-stream");
});

Deno.test("events as JSON are one line each, with their ids", async () => {
  const data = { at: AT, hash: hashOf("a"), reason: "\u202e" };
  await using daemon = await cannedDaemon(() => stream([eventText("e-1", "activated", data), "data: x\n\n"], true));
  const { out } = await runRecorded(["events", "-n", "2", "--format", "json", ...daemon.flags]);
  assertEquals(out.trimEnd().split("\n").map((line) => JSON.parse(line)), [
    { id: "e-1", event: "activated", data },
    { id: "e-1", event: "message", data: "x" },
  ]);
  assert(!out.includes("\u202e"));
});

Deno.test("a stream that ends is taken up again behind the last event, and an outage is reported once", async () => {
  let streams = 0;
  await using daemon = await cannedDaemon(() => {
    streams++;
    if (streams === 1) return stream([eventText("e-1", "activated", { at: AT }), "id: e-2\n\n"]);
    if (streams < 5) return json({}, 503);
    if (streams === 5) return stream([eventText("e-3", "activated", { at: AT })]);
    return stream([eventText("e-4", "activated", { at: AT })], true);
  });
  const { terminal, out, error } = keepingTerminal();
  const code = await events(requestTo(daemon.at, 3), terminal, new AbortController().signal, PACE);
  assertEquals([code, out.length], [0, 3]);
  const resumed = daemon.asked.map(({ headers }) => headers.get("last-event-id"));
  assertEquals(resumed, [null, "e-1", "e-1", "e-1", "e-1", "e-3"]);
  assertEquals(error, [
    `${daemon.at} ended the stream; trying again until it answers\n`,
    `${daemon.at} answers again\n`,
    `${daemon.at} ended the stream; trying again until it answers\n`,
    `${daemon.at} answers again\n`,
  ]);
});

Deno.test("the wait that a stream asks for is not longer than the longest of the backoff", async () => {
  let streams = 0;
  await using daemon = await cannedDaemon(() =>
    ++streams === 1 ? stream(["retry: 999999999\n\n"]) : stream([eventText("e-1", "a", "{}")], true)
  );
  const { terminal, out } = keepingTerminal();
  assertEquals(await events(requestTo(daemon.at, 1), terminal, new AbortController().signal, PACE), 0);
  assertEquals(out, ["a\n"]);
});

Deno.test("a stream that is silent for too long is taken up again", async () => {
  let streams = 0;
  await using daemon = await cannedDaemon(() => stream(++streams === 1 ? [] : [eventText("e-1", "a", "{}")], true));
  const { terminal, error } = keepingTerminal();
  const pace = { ...PACE, limits: { ...PACE.limits, idleMilliseconds: 200 } };
  assertEquals(await events(requestTo(daemon.at, 1), terminal, new AbortController().signal, pace), 0);
  assertStringIncludes(error[0]!, "broke off: Nothing came for 0.2 s; trying again");
});

Deno.test("a stream with an event that is too large is taken up again", async () => {
  let streams = 0;
  const large = `data: ${"x".repeat(2_000)}`;
  await using daemon = await cannedDaemon(() => stream([++streams === 1 ? large : eventText("e-1", "a", "{}")], true));
  const { terminal, error } = keepingTerminal();
  assertEquals(await events(requestTo(daemon.at, 1), terminal, new AbortController().signal, PACE), 0);
  assertStringIncludes(error[0]!, "broke off: An event is larger than 1000 characters; trying again");
});

Deno.test("a daemon that no longer takes the token ends the following with 3", async () => {
  let streams = 0;
  await using daemon = await cannedDaemon(() => ++streams === 1 ? stream([]) : json({}, 401), { tcp: true });
  const { terminal, error } = keepingTerminal();
  const request = { ...requestTo(""), address: { ...requestTo("").address, socket: null, url: daemon.at } };
  assertEquals(await events(request, terminal, new AbortController().signal, PACE), 3);
  assertStringIncludes(error.at(-1)!, "wants a token");
});

const STARTS: [string, () => Response, string][] = [
  ["an answer that is no stream", () => json({}), "is not honua-configd"],
  ["a reason", () => json({ detail: "Too many\x07" }, 503), "answers: Too many␇\n"],
  ["nothing there", () => json({}, 404), "answered with status 404"],
];

for (const [what, answering, says] of STARTS) {
  Deno.test(`events that are answered with ${what} at the start end with 3 and say so`, async () => {
    await using daemon = await cannedDaemon(answering);
    const { code, out, error } = await runRecorded(["events", ...daemon.flags]);
    assertEquals([code, out, daemon.asked.length], [3, "", 1]);
    assertStringIncludes(error, says);
  });
}

Deno.test("following ends at once with 0 when it is stopped, in a stream and between two", async () => {
  let streams = 0;
  await using daemon = await cannedDaemon(() => ++streams === 1 ? stream([]) : stream([], true));
  const between = new AbortController();
  const waiting = { ...PACE, backoff: { firstMilliseconds: 600_000, capMilliseconds: 600_000 } };
  const first = keepingTerminal();
  const ending = events(requestTo(daemon.at), first.terminal, between.signal, waiting);
  await eventually("the stream ended", () => first.error.length > 0);
  between.abort();
  assertEquals(await ending, 0);
  const inside = new AbortController();
  const second = keepingTerminal();
  const following = events(requestTo(daemon.at), second.terminal, inside.signal, PACE);
  await eventually("the second stream is had", () => streams === 2);
  inside.abort();
  assertEquals([await following, second.error], [0, []]);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`the process that follows ends with 0 on ${signal}`, async () => {
    await using daemon = await cannedDaemon(() => stream([eventText("e-1", "activated", { at: AT })], true));
    const process = programCommand(["events", ...daemon.flags]).spawn();
    await process.stdin.close();
    const reader = process.stdout.getReader();
    const { value } = await reader.read();
    assertEquals(new TextDecoder().decode(value), `${AT} activated\n`);
    process.kill(signal);
    reader.releaseLock();
    const { code } = await process.output();
    assertEquals(code, 0);
  });
}

Deno.test("a stream is parsed the same however it is cut, with every line ending and bytes that are no UTF-8", async () => {
  const text =
    "\ufeffid: 1\r\nevent: a\r\ndata: é\r\n\r\nretry: 5\rdata: x\rdata: 日\r\r:c\n\nid\ndata\n\nid: a\0b\ndata: end\n\n";
  const bytes = [...new TextEncoder().encode(text)];
  const expected: StreamEvent[] = [
    { lastId: "1", kind: "a", data: "é" },
    { lastId: "1", kind: "message", data: "x\n日" },
    { lastId: null, kind: "message", data: "" },
    { lastId: null, kind: "message", data: "end" },
  ];
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const parts = Array.from(
      { length: Math.ceil(bytes.length / size) },
      (_, at) => new Uint8Array(bytes.slice(at * size, (at + 1) * size)),
    );
    const waits: number[] = [];
    const parsed = await Array.fromAsync(readEvents(stream(parts).body!, PACE.limits, (wait) => waits.push(wait)));
    assertEquals([parsed, waits], [expected, [5]]);
  }
  const broken = stream([new Uint8Array([...new TextEncoder().encode("data: "), 0xff, 0x0a, 0x0a])]);
  assertEquals((await Array.fromAsync(readEvents(broken.body!, PACE.limits, () => {})))[0]?.data, "\ufffd");
});

for (const count of ["0", "-1", "1.5", "x", "9999999999"]) {
  Deno.test(`--count ${count} is wrong usage`, async () => {
    const { code, error } = await runRecorded(["events", `--count=${count}`]);
    assertEquals(code, 2);
    assertStringIncludes(error, "It must be a whole number from 1 on");
  });
}
