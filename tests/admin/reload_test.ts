import { assertEquals, assertStringIncludes } from "@std/assert";
import { type AdminHost, openAdminHost, problemOf, TOKEN } from "./admin_host.ts";
import { eventually } from "../support/eventually.ts";

const PATH = "/admin/metadata/reload";

function post(host: AdminHost, body?: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  return host.ask(PATH, { method: "POST", headers, ...body === undefined ? {} : { body } });
}

Deno.test("a reload is answered as Honua's servers answer it, when it is done", async () => {
  await using host = await openAdminHost();
  const response = await post(host, '{"notifyOtherInstances": true}', { "Content-Type": "application/json" });
  assertEquals([response.status, await response.text()], [
    200,
    '{"status":"reloaded","timestamp":"2026-01-02T03:04:05.678Z","instancesNotified":3,"hash":"a1","generation":7,' +
    '"standing":"agreed","notNotified":null,"warnings":[]}\n',
  ]);
  assertEquals(host.api.requests, [{
    notifyOtherInstances: true,
    force: false,
    emergency: false,
    author: null,
    reason: null,
    now: false,
    confirmSeconds: null,
  }]);
});

Deno.test("a reload whose source is held names the source, and says whether a rollout is to come", async () => {
  await using host = await openAdminHost();
  host.api.answerReload = () =>
    Promise.resolve({ kind: "held", reason: "Its rollout waits", hash: "e5", awaitsRollout: true });
  const response = await post(host);
  const { code, detail, hash, awaitsRollout } = await response.json();
  assertEquals([response.status, code, detail, hash, awaitsRollout], [
    409,
    "admin/held",
    "Its rollout waits",
    "e5",
    true,
  ]);
});

Deno.test("a reload without the steps of a rollout is asked for with its reason", async () => {
  await using host = await openAdminHost();
  const body = '{"now": true, "reason": "urgent"}';
  await (await post(host, body, { "Content-Type": "application/json" })).body?.cancel();
  assertEquals(host.api.requests.map(({ now, reason }) => [now, reason]), [[true, "urgent"]]);
});

Deno.test("a reload's body may be absent, blank, or name its members in any case", async () => {
  await using host = await openAdminHost();
  const json = { "Content-Type": "application/json; charset=utf-8" };
  for (const body of [undefined, "", " \n", "{}", '\ufeff{"Force": true}', '{"NOTIFYOTHERINSTANCES":false}']) {
    const response = await post(host, body, body === undefined ? {} : json);
    assertEquals([body, response.status], [body, 200]);
    await response.body?.cancel();
  }
  assertEquals(host.api.requests.map(({ force }) => force), [false, false, false, false, true, false]);
  assertEquals(host.api.requests.every(({ notifyOtherInstances }) => notifyOtherInstances === false), true);
});

Deno.test("a reload that is asked for wrongly is refused and not begun", async () => {
  await using host = await openAdminHost();
  const json = "application/json";
  const cases: [BodyInit, string, number, string][] = [
    ["{", json, 400, "not valid JSON"],
    [new Uint8Array([0x7b, 0xff, 0x7d]), json, 400, "not valid UTF-8"],
    ["{}", "text/plain", 415, "must be JSON"],
    ["{}", "application/jsonp", 415, "must be JSON"],
    ["[]", json, 422, "must be an object"],
    ["5", json, 422, "must be an object"],
    ['"force"', json, 422, "must be an object"],
    ["true", json, 422, "must be an object"],
    ['{"force": {"a": 1}, "force": true}', json, 422, '"force" is given twice'],
    ['{"force": ["a"], "force": true}', json, 422, '"force" is given twice'],
    ['{"force": [{"force": 1, "a": 1}], "a": 1}', json, 422, "force must be true or false"],
    ["{}", "application/json x", 415, "must be JSON"],
    ["{}", "x application/json", 415, "must be JSON"],
    ["null", json, 422, "must be an object"],
    ['{"now": true}', json, 422, "reason must be given with now"],
    ['{"force": "true"}', json, 422, "force must be true or false"],
    ['{"notifyOtherInstance": true}', json, 422, "did you mean notifyOtherInstances?"],
    ['{"__proto__": {"force": true}}', json, 422, '"__proto__" is no member'],
    ['{"a\\nb": true}', json, 422, '"a\\u000ab" is no member'],
    ['{"force": true, "Force": false}', json, 422, "force is given twice"],
    ['{"force": true, "force": false}', json, 422, '"force" is given twice'],
    ['{"force": true, "notifyOtherInstances": true, "\\u0066orce": true}', json, 422, '"force" is given twice'],
    ['{"a": [1, {"a": {"b": 1, "b": 1}}]}', json, 422, '"a" is no member'],
    [`{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}`, json, 422, '"a" is no member'],
    ["[".repeat(60_000), json, 400, "not valid JSON"],
    [" ".repeat(64 * 1024 + 1), json, 413, "larger than 65536 bytes"],
  ];
  for (const [body, type, status, detail] of cases) {
    const response = await post(host, body, { "Content-Type": type });
    const problem = await problemOf(response);
    assertEquals([detail, response.status], [detail, status]);
    assertStringIncludes(String(problem.detail), detail);
  }
  assertEquals(host.api.requests, []);
});

Deno.test("a body that says nothing of its size is cut off at the same limit", async () => {
  await using host = await openAdminHost();
  const chunks = Array.from({ length: 20 }, () => new Uint8Array(8 * 1024).fill(32));
  const response = await post(host, ReadableStream.from(chunks));
  assertEquals([response.status, (await problemOf(response)).code], [413, "admin/too-large"]);
});

Deno.test("a body that does not arrive is given up", async () => {
  await using host = await openAdminHost({ limits: { bodyMilliseconds: 30, graceMilliseconds: 50 } });
  const answer = await host.say(`POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{`);
  assertStringIncludes(answer, "HTTP/1.1 408 ");
  assertEquals(host.api.requests, []);
});

Deno.test("If-Match lets a reload through only on the snapshot that it names", async () => {
  await using host = await openAdminHost();
  const ask = async (tag: string) => {
    const response = await post(host, undefined, { "If-Match": tag });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals([await ask("*"), await ask('"c1"')], [412, 412]);
  const detailOf = async (tag: string) => (await problemOf(await post(host, undefined, { "If-Match": tag }))).detail;
  assertEquals(await detailOf("*"), "No snapshot is in force");
  host.api.activate("c1");
  for (const tag of ["*", '"c1"', '"x", "c1"', ' , "c1",']) assertEquals([tag, await ask(tag)], [tag, 200]);
  for (const tag of ['"c2"', 'W/"c1"', '"C1"']) assertEquals([tag, await ask(tag)], [tag, 412]);
  for (const tag of ["c1", '"c1', '"a" "c1"', "", "*, *", 'w/"c1"']) assertEquals([tag, await ask(tag)], [tag, 400]);
  assertEquals(await detailOf('"c2"'), "Another snapshot is in force than If-Match names");
  assertEquals(host.api.requests.length, 4);
  const { detail } = await problemOf(await post(host, undefined, { "If-Match": "c1" }));
  assertEquals(detail, 'If-Match must be * or a list of entity tags in double quotes, as in If-Match: "3f2a"');
});

Deno.test("a configuration that is rejected is answered with its diagnostics", async () => {
  await using host = await openAdminHost();
  const diagnostic = {
    file: "honua.hcl",
    severity: "error",
    code: "x/y",
    summary: "No",
    path: "layer.roads",
    line: 1,
    column: 2,
    suggestion: null,
    frame: null,
  };
  host.api.answerReload = () => Promise.resolve({ kind: "rejected", reason: "1 error", diagnostics: [diagnostic] });
  const response = await post(host);
  const problem = await problemOf(response);
  assertEquals([response.status, problem.code, problem.detail], [422, "admin/rejected", "1 error"]);
  assertEquals(problem.diagnostics, [diagnostic]);
});

Deno.test("a reload that fails, or finds the daemon about to end, is no success", async () => {
  await using host = await openAdminHost();
  host.api.answerReload = () => Promise.resolve({ kind: "failed", reason: "The disk is full" });
  const failed = await post(host);
  assertEquals([failed.status, (await problemOf(failed)).detail], [503, "The disk is full"]);
  host.api.answerReload = () => Promise.resolve({ kind: "stopping" });
  const stopping = await post(host);
  assertEquals([stopping.status, (await problemOf(stopping)).code], [503, "admin/stopping"]);
});

Deno.test("a reload that takes too long is answered as overdue and still counts as running", async () => {
  await using host = await openAdminHost({ limits: { reloadMilliseconds: 20, maxReloads: 1 } });
  const { answerReload } = host.api;
  const { promise, resolve } = Promise.withResolvers<void>();
  host.api.answerReload = () => promise.then(answerReload);
  assertEquals((await problemOf(await post(host))).code, "admin/overdue");
  const second = await post(host);
  assertEquals([second.status, second.headers.get("Retry-After")], [503, "1"]);
  assertEquals((await problemOf(second)).code, "admin/too-many");
  resolve();
  await eventually("reloads are taken again", async () => {
    const response = await post(host);
    await response.body?.cancel();
    return response.status === 200;
  });
});

Deno.test("an emergency is taken over the socket with a reason, and over TCP not even with the token", async () => {
  await using host = await openAdminHost();
  const body = JSON.stringify({ emergency: true, reason: "the approvers are away" });
  const headers = { "Content-Type": "application/json", "Authorization": `Bearer ${TOKEN}` };
  const overTcp = await host.askTcp("/admin/metadata/reload", { method: "POST", headers, body });
  const { status, code, detail } = await problemOf(overTcp);
  assertEquals([status, code], [403, "admin/only-local"]);
  assertStringIncludes(String(detail), "only over the unix socket");
  assertEquals((await problemOf(await post(host, '{"emergency": true}', headers))).detail, "emergency needs a reason");
  assertEquals(host.api.requests, []);
  const taken = await post(host, body, headers);
  assertEquals([taken.status, (await taken.json()).status], [200, "reloaded"]);
  assertEquals(host.api.requests.map(({ emergency }) => emergency), [true]);
});
