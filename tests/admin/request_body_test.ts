// A body at each of its limits: the announced length, the sent one, and the time.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readForm, readJson } from "../../src/admin/request_body.ts";
import { turn, withFakeTimeouts } from "../support/fake_clock.ts";
import { openAdminHost } from "./admin_host.ts";

const LIMITS = { bodyMilliseconds: 10_000, maxBodyBytes: 8 };
const PATH = "/admin/metadata/reload";

/** A request whose body a test writes piece by piece. */
function written(headers: Record<string, string> = {}) {
  let controller: ReadableStreamDefaultController<Uint8Array>;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    cancel: () => void (isCancelled = true),
  });
  const request = new Request("http://x/", { method: "POST", body, headers });
  const write = (text: string) => controller.enqueue(new TextEncoder().encode(text));
  const fail = () => controller.error(new Error("reset"));
  return { request, write, fail, end: () => controller.close(), isCancelled: () => isCancelled };
}

async function problemOf(request: Request) {
  const read = await readJson(request, LIMITS);
  assert(!read.ok);
  const { status, headers, detail } = read.problem;
  if (status === 408) assertEquals(detail, "The body did not arrive within 10 s");
  return [status, headers?.["Connection"] ?? null];
}

Deno.test("a body of exactly the limit is read, and one byte more is refused before it is waited for", async () => {
  const bound = written({ "Content-Length": "8" });
  bound.write('"1234');
  bound.write('56"');
  bound.end();
  assertEquals(await readJson(bound.request, LIMITS), { ok: true, value: "123456" });
  const announced = written({ "Content-Length": "9" });
  assertEquals(await problemOf(announced.request), [413, "close"]);
  const larger = written();
  larger.write('"123456');
  larger.write('7"');
  assertEquals([await problemOf(larger.request), larger.isCancelled()], [[413, "close"], true]);
});

Deno.test("a request without a body is one with an empty body", async () => {
  assertEquals(await readJson(new Request("http://x/", { method: "POST" }), LIMITS), { ok: true, value: undefined });
});

Deno.test("a body has its time as a whole, and one that breaks off differs from one that is late", async () => {
  await withFakeTimeouts(async (timers) => {
    const slow = written();
    let answer: unknown = null;
    const reading = problemOf(slow.request).then((problem) => answer = problem);
    timers.tick(9_000);
    slow.write("1");
    await turn();
    timers.tick(999);
    await turn();
    assertEquals([answer, slow.isCancelled()], [null, false]);
    timers.tick(1);
    assertEquals([await reading, slow.isCancelled()], [[408, "close"], true]);
    const broken = written();
    const failing = problemOf(broken.request);
    broken.fail();
    assertEquals(await failing, [400, null]);
    assertEquals(timers.countTimers(), 0);
  });
});

Deno.test("the rest of a body that is not read belongs to no further request", async () => {
  await using host = await openAdminHost({ limits: { bodyMilliseconds: 30, graceMilliseconds: 50 } });
  const head = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: `;
  for (const [text, status] of [[`${head}70000\r\n\r\n{}`, 413], [`${head}10\r\n\r\n{`, 408]] as const) {
    const answer = await host.say(text);
    assertStringIncludes(answer, `HTTP/1.1 ${status} `);
    assertStringIncludes(answer.toLowerCase(), "connection: close");
  }
});

Deno.test("a form is read by its Content-Type only, within the same limits, and each of its names counts once", async () => {
  const read = async (body: string, type: string | null = "application/x-www-form-urlencoded") => {
    const headers = type === null ? {} : { "Content-Type": type };
    const request = new Request("http://x/", { method: "POST", body: new TextEncoder().encode(body), headers });
    const form = await readForm(request, { ...LIMITS, maxBodyBytes: 16 });
    return form.ok ? [...form.value] : [form.problem.status, form.problem.detail];
  };
  assertEquals(await read("a=1&b=%C3%A9+%26"), [["a", "1"], ["b", "é &"]]);
  assertEquals(await read("", "Application/X-WWW-Form-Urlencoded; charset=utf-8"), []);
  assertEquals(await read("a=%FF"), [["a", "\ufffd"]]);
  assertEquals(await read("a=1&b=2&a=3"), [422, '"a" is given twice']);
  assertEquals((await read("a".repeat(17)))[0], 413);
  for (const type of [null, "text/plain", "application/json", "application/x-www-form-urlencodedx"]) {
    assertEquals((await read("a=1", type))[0], 415);
  }
});
