import { assertEquals, assertStringIncludes } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import { type AdminHost, openAdminHost, problemOf } from "./admin_host.ts";

const PATH = "/admin/events";
const AT = '"at":"2026-01-01T00:00:00.000Z"';
const OPENING = (seen: number) => `retry: 2000\nid: 5eed-${seen}\n\n`;

interface Follower extends AsyncDisposable {
  /** Reads on until the text so far contains this. */
  sees(part: string): Promise<string>;
  /** Reads to the end. */
  rest(): Promise<string>;
}

async function follow(host: AdminHost, lastEventId?: string): Promise<Follower> {
  const response = await host.ask(PATH, lastEventId === undefined ? {} : { headers: { "Last-Event-ID": lastEventId } });
  assertEquals([response.status, response.headers.get("Content-Type")], [200, "text/event-stream"]);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const read = async () => {
    const { done, value } = await reader.read();
    text += value ?? "";
    return !done;
  };
  return {
    async sees(part) {
      while (!text.includes(part)) if (!await read()) throw new Error(`ended after ${JSON.stringify(text)}`);
      return text;
    },
    async rest() {
      while (await read());
      return text;
    },
    [Symbol.asyncDispose]: () => reader.cancel(),
  };
}

Deno.test("a follower gets the events from now on", async () => {
  await using host = await openAdminHost();
  host.api.events.add("activated", { hash: "a1" });
  await using follower = await follow(host);
  await follower.sees(OPENING(1));
  host.api.events.add("redis-down", { reason: "gone\nfor good" });
  assertEquals(
    await follower.sees("good"),
    `${OPENING(1)}id: 5eed-2\nevent: redis-down\ndata: {${AT},"reason":"gone\\nfor good"}\n\n`,
  );
});

Deno.test("a follower whose last id is empty has none", async () => {
  await using host = await openAdminHost();
  host.api.events.add("activated", { hash: "a1" });
  await using follower = await follow(host, "");
  assertEquals(await follower.sees(OPENING(1)), OPENING(1));
});

Deno.test("a follower that comes back misses nothing and sees nothing twice", async () => {
  await using host = await openAdminHost();
  for (const generation of [1, 2, 3]) host.api.events.add("agreed", { generation });
  await using follower = await follow(host, "5eed-1");
  host.api.events.add("agreed", { generation: 4 });
  const text = await follower.sees('"generation":4');
  assertEquals([...text.matchAll(/"generation":(\d)/g)].map(([, digit]) => digit), ["2", "3", "4"]);
  assertEquals(text.includes("reset"), false);
});

Deno.test("more events than go out at a time arrive whole and in order", async () => {
  await using host = await openAdminHost();
  for (let number = 1; number <= 1000; number++) host.api.events.add("agreed", { number });
  await using follower = await follow(host, "5eed-0");
  const text = await follower.sees('"number":1000}');
  const numbers = [...text.matchAll(/"number":(\d+)/g)].map(([, digits]) => Number(digits));
  assertEquals(numbers, Array.from({ length: 1000 }, (_, index) => index + 1));
});

Deno.test("a follower of another process gets a reset, and sees all that is kept", async () => {
  await using host = await openAdminHost();
  host.api.events.add("activated", { hash: "a1" });
  for (const id of ["0ther-1", "5eed-2", "5eed-", "5eed--1", "garbage"]) {
    await using follower = await follow(host, id);
    assertEquals(
      await follower.sees("a1"),
      `${OPENING(0)}id: 5eed-0\nevent: reset\ndata: {"why":"another process"}\n\n` +
        `id: 5eed-1\nevent: activated\ndata: {${AT},"hash":"a1"}\n\n`,
    );
  }
});

Deno.test("a follower that was away for too long learns that it missed events", async () => {
  await using host = await openAdminHost();
  for (const generation of [1, 2, 3, 4]) host.api.events.add("agreed", { generation });
  host.api.events.forget(2);
  await using follower = await follow(host, "5eed-1");
  const text = await follower.sees('"generation":4');
  assertStringIncludes(text, 'id: 5eed-2\nevent: reset\ndata: {"why":"too long ago"}\n\nid: 5eed-3\n');
});

Deno.test("a quiet stream shows signs of life", async () => {
  await using host = await openAdminHost({ limits: { heartbeatMilliseconds: 10 } });
  await using follower = await follow(host);
  await follower.sees(":\n\n:\n\n");
});

Deno.test("followers that go away leave nothing behind, and more than there may be are refused", async () => {
  await using host = await openAdminHost({ limits: { maxFollowers: 1, heartbeatMilliseconds: 10 } });
  {
    await using follower = await follow(host);
    await follower.sees(OPENING(0));
    const second = await host.ask(PATH);
    assertEquals([second.status, (await problemOf(second)).code], [503, "admin/too-many"]);
  }
  await eventually("nobody follows", () => host.api.events.followers() === 0);
  await using follower = await follow(host);
  await follower.sees(OPENING(0));
});

Deno.test("a follower that does not read is dropped", async () => {
  await using host = await openAdminHost({ limits: { stuckMilliseconds: 100, heartbeatMilliseconds: 20 } });
  const filler = "x".repeat(100_000);
  for (let number = 1; number <= 40; number++) host.api.events.add("agreed", { filler });
  using connection = await Deno.connect({ transport: "unix", path: host.socket });
  await connection.write(new TextEncoder().encode(`GET ${PATH} HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 5eed-0\r\n\r\n`));
  await eventually("it follows", () => host.api.events.followers() === 1);
  await eventually("it does not any more", () => host.api.events.followers() === 0);
});

Deno.test("closing the interface ends the streams at once", async () => {
  await using host = await openAdminHost();
  await using follower = await follow(host);
  await follower.sees(OPENING(0));
  await host.server[Symbol.asyncDispose]();
  assertEquals(await follower.rest(), OPENING(0));
  assertEquals(host.api.events.followers(), 0);
});
