import { assertEquals } from "@std/assert";
import type { PublishAnswer } from "../../src/admin/daemon_api.ts";
import { type AdminHost, openAdminHost, problemOf } from "./admin_host.ts";
import { SECRET } from "./fake_daemon_api.ts";

const [A] = ["a".repeat(64)] as const;
const WANTED = { name: "honua.hcl", text: "honua {\r\n}", reason: "new tiles", author: "ann" };

const post = (host: AdminHost, body: unknown) =>
  host.ask("/admin/publish", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

Deno.test("a text is published as it was sent, with the person and the reason, also a large one", async () => {
  await using host = await openAdminHost();
  host.api.answerPublish = () => Promise.resolve({ kind: "published", status: "proposed", hash: A });
  const response = await post(host, WANTED);
  const { timestamp, ...body } = await response.json();
  assertEquals([response.status, body, typeof timestamp], [200, { status: "proposed", hash: A }, "string"]);
  const large = { ...WANTED, text: "# \n".repeat(400_000) };
  assertEquals((await (await post(host, large)).json()).status, "proposed");
  assertEquals(host.api.published, [WANTED, large]);
});

Deno.test("a publication that is rejected, refused, failed or overtaken by the end says so", async () => {
  await using host = await openAdminHost();
  const about = async (answer: PublishAnswer) => {
    host.api.answerPublish = () => Promise.resolve(answer);
    const { status, code, detail, source, diagnostics } = await problemOf(await post(host, WANTED));
    return [status, code, detail, source, diagnostics].filter((one) => one !== undefined);
  };
  assertEquals(await about({ kind: "rejected", reason: "bad", diagnostics: [] }), [
    422,
    "admin/rejected",
    "bad",
    "honua.hcl",
    [],
  ]);
  assertEquals(await about({ kind: "refused", reason: `no ${SECRET}` }), [409, "admin/refused", "no ***"]);
  assertEquals(await about({ kind: "failed", reason: "no store" }), [503, "admin/not-published", "no store"]);
  assertEquals((await about({ kind: "stopping" })).slice(0, 2), [503, "admin/stopping"]);
});

Deno.test("a publication without a name, a text or a reason is not begun", async () => {
  await using host = await openAdminHost();
  const without = (member: string) => Object.fromEntries(Object.entries(WANTED).filter(([name]) => name !== member));
  const wrong = [{ ...WANTED, text: 1 }, { ...WANTED, text: "\ud800" }, { ...WANTED, file: "x" }, []];
  for (const body of [...["name", "text", "reason"].map(without), ...wrong]) {
    const { status, code } = await problemOf(await post(host, body));
    assertEquals([JSON.stringify(body), status, code].slice(1), [422, "admin/invalid-request"]);
  }
  assertEquals(host.api.published, []);
  assertEquals((await problemOf(await post(host, WANTED))).status, 503);
});

Deno.test("one publication is made at a time", async () => {
  await using host = await openAdminHost();
  const answer = Promise.withResolvers<PublishAnswer>();
  const begun = Promise.withResolvers<void>();
  host.api.answerPublish = () => {
    begun.resolve();
    return answer.promise;
  };
  const first = post(host, WANTED);
  await begun.promise;
  assertEquals((await problemOf(await post(host, WANTED))).code, "admin/too-many");
  answer.resolve({ kind: "published", status: "unchanged", hash: A });
  assertEquals((await (await first).json()).status, "unchanged");
  assertEquals((await (await post(host, WANTED)).json()).status, "unchanged");
});

Deno.test("the stable source is answered byte for byte, with its hash and format", async () => {
  await using host = await openAdminHost();
  const ask = () => host.ask("/admin/stable/source");
  assertEquals((await problemOf(await ask())).code, "admin/no-release");
  const bytes = new TextEncoder().encode(`password = "${SECRET}"\r\n`);
  host.api.answerStable = () => Promise.resolve({ ok: true, hash: A, format: "json", bytes });
  const response = await ask();
  assertEquals([response.headers.get("X-Honua-Hash"), response.headers.get("X-Honua-Format")], [A, "json"]);
  assertEquals(new Uint8Array(await response.arrayBuffer()), bytes);
  host.api.answerStable = () => Promise.resolve({ ok: false, isUnknown: false, reason: "no store" });
  assertEquals((await problemOf(await ask())).code, "admin/source-unreadable");
});
