import { assertEquals, assertStringIncludes } from "@std/assert";
import { type AdminHost, openAdminHost, problemOf } from "./admin_host.ts";
import { pendingApproval, SECRET } from "./fake_daemon_api.ts";

const HASH = "c".repeat(64);
const SIGNATURE = "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n";

async function post(host: AdminHost, path: string, body: unknown): Promise<Response> {
  const headers = { "Content-Type": "application/json" };
  return await host.ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}

Deno.test("the configurations that wait for approval are answered, with the text that a signature must name", async () => {
  await using host = await openAdminHost();
  const answer = await (await host.ask("/admin/approvals")).json();
  const pending = [{ ...pendingApproval(), reason: "new tiles ***" }];
  assertEquals(answer, { required: 2, channel: "honua:config", pending });
  assertEquals((await problemOf(await host.askTcp("/admin/approvals"))).status, 401);
});

Deno.test("a signature is passed on unchanged, and the answer says which signatures count now or why it does not", async () => {
  await using host = await openAdminHost();
  const refused = await post(host, "/admin/approvals", { hash: HASH, signature: SIGNATURE });
  const { status, code, detail } = await problemOf(refused);
  assertEquals([status, code, detail], [409, "admin/refused", "the key of *** is not allowed"]);
  assertEquals(host.api.orders, [{ hash: HASH, signature: SIGNATURE }]);
  const counted = { hash: HASH, have: 1, need: 2, signers: [{ principal: "ben", key: "SHA256:b" }], notShared: null };
  host.api.answerApprove = () => Promise.resolve({ ok: true, ...counted });
  const taken = await post(host, "/admin/approvals", { hash: HASH, signature: SIGNATURE });
  const timestamp = "2026-01-02T03:04:05.678Z";
  assertEquals(await taken.json(), { status: "approved", timestamp, ...counted });
});

Deno.test("a rejection is passed on with its reason and person, or refused with the daemon's reason", async () => {
  await using host = await openAdminHost();
  const order = { hash: HASH, reason: "no tests", author: "ben" };
  const { status, hash } = await (await post(host, "/admin/approvals/reject", order)).json();
  assertEquals([status, hash, host.api.orders], ["rejected", HASH, [order]]);
  host.api.refuseOrders = `it does not wait ${SECRET}`;
  const refused = await problemOf(await post(host, "/admin/approvals/reject", order));
  assertEquals([refused.status, refused.detail], [409, "it does not wait ***"]);
});

Deno.test("a request about approvals that is not as it must be is refused and not passed on", async () => {
  await using host = await openAdminHost();
  const cases: [string, unknown, string][] = [
    ["", { hash: HASH.slice(1), signature: SIGNATURE }, "hash must be the 64 hexadecimal digits"],
    ["", { signature: SIGNATURE }, "hash must be"],
    ["", { hash: HASH }, "signature must be given"],
    ["", { hash: HASH, signature: "x".repeat(16_385) }, "signature must be a text of at most 16384 characters"],
    ["", { hash: HASH, signature: 5 }, "signature must be a text"],
    ["", { hash: HASH, signature: SIGNATURE, author: "ann" }, '"author" is no member'],
    ["/reject", { hash: HASH }, "reason must be given"],
    ["/reject", { hash: "x", reason: "y" }, "hash must be"],
  ];
  for (const [path, body, says] of cases) {
    const { status, detail } = await problemOf(await post(host, `/admin/approvals${path}`, body));
    assertEquals(status, 422);
    assertStringIncludes(String(detail), says);
  }
  assertEquals(host.api.orders, []);
});

Deno.test("judgements that take long are bounded in number and in time, and free their place when they end", async () => {
  await using host = await openAdminHost({ limits: { answerMilliseconds: 50 } });
  const { promise, resolve } = Promise.withResolvers<{ ok: false; reason: string }>();
  host.api.answerApprove = () => promise;
  const ask = async () => (await problemOf(await post(host, "/admin/approvals", { hash: HASH, signature: "x" }))).code;
  assertEquals(await Promise.all(Array.from({ length: 8 }, ask)), Array(8).fill("admin/overdue"));
  assertEquals(await ask(), "admin/too-many");
  resolve({ ok: false, reason: "no" });
  await promise;
  assertEquals(await ask(), "admin/refused");
});
