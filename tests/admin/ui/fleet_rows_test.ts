// The rows of the fleet: the text of each, and that those which need a person come first.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  fleetRows,
  type Host,
  hostsOf,
  maskedPeers,
  type Need,
  type RowFacts,
} from "../../../src/admin/ui/fleet_rows.ts";
import { releaseAnswer } from "../fake_daemon_api.ts";
import { peerWith, statusWith } from "../../cli/canned_daemon.ts";
import { ago, anyHosts, hashOf, hostWith, NOW, rejectedBecause } from "./any_host.ts";

const RANKS: Readonly<Record<Need, number>> = { person: 0, moving: 1, well: 2 };

const CLUSTER: RowFacts = { mode: "cluster", candidate: null, now: NOW };

function rowOf(given: Partial<Host>, facts: Partial<RowFacts> = {}) {
  return fleetRows([hostWith(given)], { ...CLUSTER, ...facts })[0]!;
}

Deno.test("every host has one row, the needier first and then by name, in an order that does not depend on the answer's", () => {
  const names = ["édge", "edge-1", "Edge-2", "edge-2", "edge-10", "\u200dedge-1"];
  fc.assert(fc.property(
    anyHosts.chain((hosts) =>
      fc.tuple(fc.constant(hosts), fc.shuffledSubarray([...hosts], { minLength: hosts.length }))
    ),
    ([hosts, shuffled]) => {
      const rows = fleetRows(hosts, CLUSTER);
      assertEquals(rows.map(({ instance }) => instance).sort(), hosts.map(({ instance }) => instance).sort());
      for (const [at, row] of rows.entries()) {
        const next = rows[at + 1];
        if (next === undefined) continue;
        assert(RANKS[row.need] <= RANKS[next.need]);
        assert(row.need !== next.need || names.indexOf(row.instance) <= names.indexOf(next.instance));
      }
      assertEquals(fleetRows(shuffled, CLUSTER), rows);
    },
  ));
});

const REJECTED = { ...rejectedBecause(hashOf("b"), "DATABASE_URL is missing"), at: ago(90) };

const NEEDS: readonly [what: string, given: Partial<Host>, need: Need][] = [
  ["is well", {}, "well"],
  ["is of an older version", { since: null, hooks: null, release: null }, "well"],
  ["rejected a configuration", { rejected: REJECTED }, "person"],
  ["diverged", { standing: "diverged" }, "person"],
  ["diverged and is held", { standing: "diverged", heldBack: "frozen" }, "person"],
  ["has a failed hook", { hooks: { waiting: 0, failed: ["nginx"] } }, "person"],
  ["runs a release that failed", { release: { number: 3, state: "failed" } }, "person"],
  ["is being rolled back", { release: { number: 3, state: "rolled-back" } }, "person"],
  ["runs nothing", { hash: null }, "person"],
  ["is baking", { release: { number: 3, state: "baking" } }, "moving"],
  ["settles", { standing: "settling" }, "moving"],
  ["has not compared yet", { standing: "unknown" }, "moving"],
  ["is held", { standing: "held" }, "moving"],
  ["waits for its rollout", { heldBack: "staged" }, "moving"],
  ["has hooks that wait", { hooks: { waiting: 2, failed: [] } }, "moving"],
  ["was not seen for a minute", { seen: ago(61) }, "moving"],
  ["has a clock that is a minute ahead", { seen: ago(-61) }, "moving"],
  ["was seen within a minute", { seen: ago(59) }, "well"],
];

for (const [what, given, need] of NEEDS) {
  Deno.test(`a host that ${what} counts as ${need}`, () => assertEquals(rowOf(given).need, need));
}

Deno.test("two processes of one name need a person, and are marked", () => {
  const rows = fleetRows(
    [hostWith(), hostWith({ instance: "edge-2" }), hostWith({ version: "0.3.0" })],
    CLUSTER,
  );
  assertEquals(rows.map(({ instance, isNamesake, need }) => [instance, isNamesake, need]), [
    ["edge-1", true, "person"],
    ["edge-1", true, "person"],
    ["edge-2", false, "well"],
  ]);
});

Deno.test("names with numbers are in the order of the numbers", () => {
  const names = ["edge-10", "edge-9", "edge-1"].map((instance) => hostWith({ instance }));
  assertEquals(fleetRows(names, CLUSTER).map(({ instance }) => instance), ["edge-1", "edge-9", "edge-10"]);
});

Deno.test("a letter with an accent has the place of the letter, however it is written", () => {
  const names = ["zürich", "Évora", "e\u0301vry", "essen", "évian", "ezine"];
  const rows = fleetRows(names.map((instance) => hostWith({ instance })), CLUSTER);
  assertEquals(rows.map(({ instance }) => instance), ["essen", "évian", "Évora", "e\u0301vry", "ezine", "zürich"]);
});

Deno.test("a row says in words the sync state of a host, and why it is held", () => {
  const said = (given: Partial<Host>) => rowOf(given).standing;
  assertEquals(said({}), { text: "agreed", tone: "good" });
  assertEquals(said({ standing: "held" }), { text: "held", tone: "warn" });
  assertEquals(said({ standing: "held", heldBack: "rolled-back" }).text, "held: its file was rolled back");
  assertEquals(said({ heldBack: "unapproved" }).text, "held: its file waits for approval");
  assertEquals(said({ standing: "diverged", heldBack: "staged" }), { text: "diverged", tone: "bad" });
  assertEquals(said({ standing: "unknown" }), { text: "not known yet", tone: "warn" });
});

Deno.test("a host that runs a rollout's candidate is in the rollout, and one that waits for it is held", () => {
  const facts = { candidate: hashOf("c") };
  const said = (given: Partial<Host>) => rowOf(given, facts).standing.text;
  assertEquals(said({ hash: hashOf("c"), standing: "held" }), "in the rollout");
  assertEquals(said({ hash: hashOf("c"), standing: "held", heldBack: "overtaken" }), "in the rollout");
  assertEquals(said({ heldBack: "overtaken" }), "held: another change took the place of its file");
  assertEquals(said({ standing: "held" }), "held");
  assertEquals(said({ standing: "held", heldBack: "staged" }), "held: its file waits for its rollout");
  assertEquals(said({ hash: hashOf("c") }), "agreed");
});

Deno.test("without a cluster there is nothing to agree with, and nothing to wait for", () => {
  const row = rowOf({ standing: "unknown" }, { mode: "alone" });
  assertEquals([row.standing, row.need], [{ text: "no cluster", tone: "muted" }, "well"]);
});

Deno.test("a row says of hooks how many wait and which failed, and of an older version that it is not known", () => {
  const said = (waiting: number, ...failed: string[]) => rowOf({ hooks: { waiting, failed } }).hooks.text;
  assertEquals(said(0), "ok");
  assertEquals(said(2), "2 waiting");
  assertEquals(said(0, "nginx"), "failed: nginx");
  assertEquals(said(1, "a", "b"), "failed: a, b; 1 waiting");
  // A record names three at most.
  assertEquals(said(0, "a", "b", "c"), "failed: a, b, c, perhaps others");
  assertEquals(rowOf({ hooks: null }).hooks, { text: "not known", tone: "muted" });
});

Deno.test("the last change is the later of the last activation and the last rejection", () => {
  assertEquals(rowOf({ since: ago(7_200), rejected: null }).changed, ago(7_200));
  assertEquals(rowOf({ since: ago(7_200), rejected: REJECTED }).changed, REJECTED.at);
  assertEquals(rowOf({ since: ago(30), rejected: REJECTED }).changed, ago(30));
  assertEquals(rowOf({ since: null, rejected: REJECTED }).changed, REJECTED.at);
  assertEquals(rowOf({ since: null }).changed, null);
});

Deno.test("each text of a record that may be anything is masked, journals are left out, and all else stays", () => {
  const mark = { n: 7, digest: hashOf("d") };
  const mask = (text: string) => text.replaceAll("hunter2", "***");
  const times = { at: ago(5), since: ago(9) };
  const peerOf = (secret: string) =>
    peerWith({
      instance: secret,
      incarnation: secret,
      version: secret,
      rejected: { hash: hashOf("b"), generation: 1, why: `no ${secret}`, at: ago(9) },
      release: { number: 3, state: "baking" },
      hooks: { waiting: 1, failed: [secret, "nginx"] },
      ...times,
    });
  const peers = [{ ...peerOf("hunter2"), journal: mark, noted: [{ instance: "edge-2", ...mark }] }, peerWith(times)];
  assertEquals(maskedPeers(peers, mask), [peerOf("***"), peerWith(times)]);
});

Deno.test("of a diagnostic the summary comes first, and its place and code apart; another reason stays unchanged", () => {
  const partsOf = (why: string) => {
    const peer = peerWith({ self: true, rejected: { hash: hashOf("b"), generation: 1, why, at: ago(9) } });
    const [host] = hostsOf(statusWith(), { ok: true, peers: [peer] }, []);
    return [host!.rejected!.summary, host!.rejected!.detail];
  };
  for (
    const [why, ...parts] of [
      [
        "/etc/a: b.hcl:3:1: error: A is missing (layer.x) [config/a]",
        "A is missing",
        "/etc/a: b.hcl:3:1 (layer.x) [config/a]",
      ],
      ["error: the file is empty [config/empty]", "the file is empty", "[config/empty]"],
      ["hook lint failed: error: no title [E1]", "hook lint failed: error: no title [E1]", ""],
      [
        "a.json:40:18: error: A is missing (layer.x) [config/a] (and 999 more)",
        "A is missing",
        "a.json:40:18 (layer.x) [config/a] (and 999 more)",
      ],
      // The record's bound cut it off.
      ["a.json:40:18: error: A is missi", "A is missi", "a.json:40:18"],
      ["", "", ""],
    ]
  ) assertEquals(partsOf(why!), parts);
});

Deno.test("if the others are not known, this host's row comes from its status", () => {
  const release = releaseAnswer(7, hashOf("a"), { at: ago(60), state: "baking" });
  const lastReload = {
    outcome: "rejected",
    at: ago(9),
    durationMilliseconds: 1,
    reasons: [],
    reason: "bad",
    diagnostics: [],
  };
  const status = statusWith({ release, lastReload, version: "0.2.0" });
  const [host, ...others] = hostsOf(status, { ok: false, reason: "Redis is away" }, []);
  assertEquals(others, []);
  const { instance, isSelf, since, rejected, seen } = host!;
  assertEquals([instance, isSelf, since, seen, host!.release], ["edge-7", true, ago(60), null, {
    number: 7,
    state: "baking",
  }]);
  assertEquals(rejected, { ...rejectedBecause(null, "bad"), at: ago(9) });
  const before = statusWith({
    release: releaseAnswer(7, hashOf("b"), {}),
    active: { hash: hashOf("a"), since: ago(5) },
  });
  const [changed] = hostsOf(before, { ok: false, reason: "" }, []);
  assertEquals([changed!.since, changed!.release], [ago(5), null]);
});

Deno.test("this host is there although its record is not, and comes once", () => {
  const status = statusWith({ instance: "edge-7" });
  const namesOf = (...peers: ReturnType<typeof peerWith>[]) =>
    hostsOf(status, { ok: true, peers }, []).map(({ instance, isSelf }) => [instance, isSelf]);
  assertEquals(namesOf(peerWith({ instance: "edge-1" })), [["edge-7", true], ["edge-1", false]]);
  assertEquals(namesOf(peerWith({ instance: "edge-7", self: true })), [["edge-7", true]]);
});
