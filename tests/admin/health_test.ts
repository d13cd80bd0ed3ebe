import { assertEquals, assertMatch } from "@std/assert";
import { openAdminHost, problemOf } from "./admin_host.ts";
import { peer } from "./fake_daemon_api.ts";

Deno.test("health is answered over TCP without a token", async () => {
  await using host = await openAdminHost();
  const live = await host.askTcp("/livez");
  assertEquals([live.status, await live.text()], [200, '{"status":"alive"}\n']);
  assertEquals((await problemOf(await host.askTcp("/readyz"))).code, "admin/not-ready");
  host.api.activate("c1");
  const ready = await host.askTcp("/readyz");
  assertEquals([ready.status, await ready.json()], [200, { status: "ready" }]);
});

Deno.test("instances are consistent when all that live run one hash", async () => {
  await using host = await openAdminHost();
  host.api.answerPeers = () => Promise.resolve({ ok: true, peers: [peer("edge-1", "a1"), peer("edge-2", "a1")] });
  const consistent = await host.ask("/healthz/consistency");
  assertEquals([consistent.status, await consistent.json()], [200, { status: "consistent", hash: "a1", instances: 2 }]);
});

Deno.test("instances that differ are named with their hashes, the largest party first", async () => {
  await using host = await openAdminHost();
  const peers = [peer("edge-1", "a1"), peer("edge-2", "b2"), peer("edge-3", "b2"), peer("edge-4", null)];
  host.api.answerPeers = () => Promise.resolve({ ok: true, peers });
  const response = await host.askTcp("/healthz/consistency");
  assertEquals(response.status, 409);
  assertEquals((await problemOf(response)).hashes, [
    { hash: "b2", instances: ["edge-2", "edge-3"] },
    { hash: "a1", instances: ["edge-1"] },
    { hash: null, instances: ["edge-4"] },
  ]);
});

Deno.test("consistency is not known while two processes have one name, and the answer names the option", async () => {
  await using host = await openAdminHost();
  const peers = [
    peer("edge-1", "a1"),
    { ...peer("edge-1", "a1"), incarnation: "0e", self: false },
    peer("edge-2", "a1"),
  ];
  host.api.answerPeers = () => Promise.resolve({ ok: true, peers });
  const response = await host.askTcp("/healthz/consistency");
  const { code, detail, namesakes } = await problemOf(response);
  assertEquals([response.status, code, namesakes], [503, "admin/peers-unknown", ["edge-1"]]);
  assertMatch(String(detail), /have the name edge-1\b.*HighAvailability:InstanceName$/);
  peers[1] = { ...peers[1]!, hash: "b2" };
  const apart = await problemOf(await host.askTcp("/healthz/consistency"));
  assertEquals(apart.code, "admin/inconsistent");
});

Deno.test("consistency is not known while the records of instances may be missing, and the peers say why", async () => {
  await using host = await openAdminHost();
  const doubt = "The record of this instance could not be written: Redis is out of memory";
  host.api.answerPeers = () => Promise.resolve({ ok: true, peers: [peer("edge-1", "a1")], doubt });
  const response = await host.askTcp("/healthz/consistency");
  assertEquals([response.status, (await problemOf(response)).code], [503, "admin/peers-unknown"]);
  const peers = await (await host.ask("/admin/peers")).json();
  assertEquals([peers.peers.length, peers.doubt], [1, doubt]);
});

Deno.test("an instance that is held on purpose is named among those that differ", async () => {
  await using host = await openAdminHost();
  const peers = [peer("edge-1", "a1"), { ...peer("edge-2", "b2"), standing: "held" } as const];
  host.api.answerPeers = () => Promise.resolve({ ok: true, peers });
  const { code, held } = await problemOf(await host.ask("/healthz/consistency"));
  assertEquals([code, held], ["admin/inconsistent", ["edge-2"]]);
});

Deno.test("instances that all run nothing are not consistent", async () => {
  await using host = await openAdminHost();
  host.api.answerPeers = () => Promise.resolve({ ok: true, peers: [peer("edge-1", null)] });
  const response = await host.ask("/healthz/consistency");
  assertEquals([response.status, (await problemOf(response)).detail], [409, "No instance runs one yet"]);
});

Deno.test("unknown consistency has no reason in the health check, and the peers give the reason only with the token", async () => {
  await using host = await openAdminHost();
  host.api.answerPeers = () => Promise.resolve({ ok: false, reason: "Redis at 10.0.0.7 refused" });
  const open = await host.askTcp("/healthz/consistency");
  const text = await open.text();
  assertEquals([open.status, text.includes("10.0.0.7")], [503, false]);
  const peers = await problemOf(await host.ask("/admin/peers"));
  assertEquals(peers.detail, "Redis at 10.0.0.7 refused");
});

Deno.test("a cluster that does not answer holds nobody up", async () => {
  await using host = await openAdminHost({ limits: { answerMilliseconds: 20 } });
  host.api.answerPeers = () => new Promise(() => {});
  assertEquals((await problemOf(await host.ask("/admin/peers"))).code, "admin/overdue");
  assertMatch(await (await host.ask("/healthz/consistency")).text(), /peers-unknown/);
});
