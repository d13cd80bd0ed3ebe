// The page of the fleet as the application serves it: no text of a host becomes markup, no secret is shown, and without
// Redis it says why only this host is there.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fleetView } from "../../../src/admin/ui/fleet_view.ts";
import type { PeersAnswer } from "../../../src/cluster/notifier.ts";
import type { Peer } from "../../../src/cluster/peer_record.ts";
import { peerWith, statusWith } from "../../cli/canned_daemon.ts";
import { openAdminHost } from "../admin_host.ts";
import { SECRET } from "../fake_daemon_api.ts";
import { ago, hashOf, NOW } from "./any_host.ts";

const RELEASES = [{ number: 17, hash: hashOf("a") }];

function viewOf(peers: PeersAnswer, { status = statusWith(), now = NOW } = {}): string {
  return `${fleetView({ status, peers, lost: [], rollout: { ok: true, rollout: null }, releases: RELEASES, now })}`;
}

function rendered(peers: readonly Peer[]): string {
  return viewOf({ ok: true, peers });
}

/** The text of each cell of each row. */
function rowsOf(page: string): string[][] {
  const [, body = ""] = /<tbody>(.*)<\/tbody>/s.exec(page) ?? [];
  return body.split("</tr>").slice(0, -1).map((row) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = ""]) => cell.replace(/<[^>]*>/g, ""))
  );
}

Deno.test("a row has a host's configuration, sync state, rejection, hooks, version and age", () => {
  const page = rendered([
    peerWith({ instance: "edge-1", self: true, since: ago(7_200), release: { number: 17, state: "baking" } }),
    peerWith({
      instance: "edge-2",
      hash: hashOf("b"),
      standing: "diverged",
      since: "2026-01-01T00:00:00.000Z",
      release: { number: 3, state: "healthy" },
      rejected: {
        hash: hashOf("a"),
        generation: 17,
        why: "a.hcl:3:1: error: DATABASE_URL is missing (layer.x) [config/a]",
        at: "2026-01-02T11:00:00.000Z",
      },
      hooks: { waiting: 0, failed: ["nginx"] },
      at: "2026-01-02T11:00:00.000Z",
    }),
  ]);
  assertEquals(rowsOf(page), [
    [
      "edge-2",
      "3 bbbbbbbb",
      "diverged",
      "2026-01-01 00:00:00 UTC",
      "2026-01-02 11:00:00 UTC",
      "DATABASE_URL is missing a.hcl:3:1 (layer.x) [config/a] aaaaaaaa 2026-01-02 11:00:00 UTC",
      "failed: nginx",
      "0.2.0",
      "2026-01-02 11:00:00 UTC",
    ],
    [
      "edge-1 this host",
      "17 aaaaaaaa baking",
      "agreed",
      "2026-01-02 10:00:00 UTC",
      "2026-01-02 10:00:00 UTC",
      "",
      "not known",
      "0.2.0",
      "now",
    ],
  ]);
  assertStringIncludes(page, "1 of 2 hosts runs release 17 (aaaaaaaa); 1 rejected it: DATABASE_URL is missing;");
});

Deno.test("a row says when a host was last seen, or that its clock is ahead", () => {
  const seen = (at: string) => rowsOf(rendered([peerWith({ self: true }), peerWith({ instance: "edge-2", at })]));
  const lastOf = (at: string) => seen(at).find(([name]) => name === "edge-2")!.at(-1);
  assertEquals(lastOf(ago(59)), "just now");
  assertEquals(lastOf(ago(90)), "2026-01-02 11:58:30 UTC");
  assertEquals(lastOf(ago(-90)), "its clock is ahead: 2026-01-02 12:01:30 UTC");
});

Deno.test("a host that does not change has the same row in each answer, so that the script leaves it unchanged", () => {
  const pageAt = (now: number) => {
    const at = new Date(now - 9_000).toISOString();
    const peers = [
      peerWith({ at, since: ago(7_200) }),
      peerWith({ instance: "edge-2", self: true, since: ago(60), at }),
    ];
    return viewOf({ ok: true, peers }, { now });
  };
  assertEquals(pageAt(NOW), pageAt(NOW + 3_600_000));
});

const TAG = `"'><img src=x onerror=alert(1)>`;

Deno.test("no text that a record or a reason can hold becomes markup", async () => {
  await using host = await openAdminHost();
  const hostile = peerWith({
    instance: TAG,
    version: TAG,
    since: TAG,
    rejected: { hash: TAG, generation: 1, why: TAG, at: TAG },
    hooks: { waiting: 0, failed: [TAG] },
    at: TAG,
  });
  const peers = [hostile, { ...hostile, hash: TAG }, { ...hostile, incarnation: "1" }];
  for (const answer of [{ ok: true, peers } as const, { ok: false, reason: TAG } as const]) {
    const page = viewOf(answer, { status: statusWith({ instance: TAG }) });
    assert(!page.includes("<img"), page);
    assertStringIncludes(page, "&lt;img src=x onerror=alert(1)&gt;");
  }
  host.api.answerPeers = () => Promise.resolve({ ok: true, peers });
  const served = await (await host.ask("/ui")).text();
  assert(!served.includes("<img"), served);
});

Deno.test("a secret is masked in each text before it is escaped", async () => {
  const peer = peerWith({ instance: `edge ${SECRET}`, version: SECRET, hooks: { waiting: 0, failed: [SECRET] } });
  const rejected = { hash: hashOf("b"), generation: 1, why: `no ${SECRET}`, at: ago(9) };
  const answers = [{ ok: true, peers: [{ ...peer, rejected }] } as const, { ok: false, reason: SECRET } as const];
  for (const answer of answers) {
    await using host = await openAdminHost();
    host.api.answerPeers = () => Promise.resolve(answer);
    const page = await (await host.ask("/ui")).text();
    assert(!page.includes(SECRET), page);
    assertStringIncludes(page, "***");
  }
});

Deno.test("a secret is masked in the row that is made of this host's status, if its record is not known", async () => {
  await using host = await openAdminHost();
  host.api.answerPeers = () => Promise.resolve({ ok: false, reason: "away" });
  const status = await host.api.status();
  const rejected = { outcome: "rejected", at: ago(9), durationMilliseconds: 1, reasons: [], diagnostics: [] };
  const hook = { name: `hook ${SECRET}`, on: "activated", state: "retrying", failures: 1, heldBy: null } as const;
  host.api.status = () =>
    Promise.resolve({
      ...status,
      instance: `edge ${SECRET}`,
      version: `1 ${SECRET}`,
      lastReload: { ...rejected, reason: `no ${SECRET}` },
      hooks: [{ ...hook, lastRun: null }],
    });
  const page = await (await host.ask("/ui")).text();
  assert(!page.includes(SECRET), page);
  for (const text of ["edge ***", "1 ***", "no ***", "hook ***"]) assertStringIncludes(page, text);
});

Deno.test("if the other hosts cannot be asked for, the page says why and shows this one", async () => {
  await using host = await openAdminHost();
  host.api.activate("c1");
  host.api.answerPeers = () => Promise.resolve({ ok: false, reason: "Redis cannot be reached" });
  const page = await (await host.ask("/ui")).text();
  assertStringIncludes(
    page,
    "The configurations of the other hosts are not known (Redis cannot be reached), this host runs ",
  );
  assertEquals(rowsOf(page).map(([name]) => name), ["edge-1 this host"]);
});

Deno.test("a thousand hosts are a page of at most 400 KB, each with its row", () => {
  const peers = Array.from({ length: 1_000 }, (_, at) =>
    peerWith({
      instance: `edge-${at}`,
      self: at === 0,
      since: ago(at),
      release: { number: 17, state: "healthy" },
      hooks: { waiting: 0, failed: [] },
      at: ago(at % 40),
    }));
  const page = rendered(peers);
  assertEquals(rowsOf(page).length, 1_000);
  assert(page.length < 400_000, `${page.length}`);
  assertStringIncludes(page, "there may be more hosts than are shown");
});
