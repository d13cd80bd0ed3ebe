// The verdict on the fleet in one sentence: the counts add up, and the most common configuration comes first.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { fleetRows, type Host } from "../../../src/admin/ui/fleet_rows.ts";
import { fleetVerdict, groupHosts, type VerdictFacts } from "../../../src/admin/ui/fleet_verdict.ts";
import { ago, anyHosts, hashOf, hostWith, NOW, rejectedBecause } from "./any_host.ts";

const [A, B, C] = [hashOf("a"), hashOf("b"), hashOf("c")] as const;

const FACTS: VerdictFacts = {
  head: A,
  releases: [{ number: 17, hash: A }, { number: 16, hash: B }, { number: 15, hash: A }],
  unknown: null,
  candidate: null,
  mode: "cluster",
  isPart: false,
  now: NOW,
};

const SELF: Partial<Host> = { isSelf: true, seen: null };

function verdict(hosts: readonly Host[], given: Partial<VerdictFacts> = {}) {
  return fleetVerdict(hosts, { ...FACTS, ...given });
}

let named = 0;
const many = (count: number, given: Partial<Host> = {}) =>
  Array.from({ length: count }, () => hostWith({ instance: `edge-${++named}`, ...given }));

function rejecting(hash: string | null, why: string): Partial<Host> {
  return { rejected: rejectedBecause(hash, why), standing: "diverged", hash: B };
}

const anyHash = fc.constantFrom(null, A, B, C);

function membersOf(group: ReturnType<typeof groupHosts>["running"]): readonly Host[] {
  return [...group.values()].flat();
}

Deno.test("each host is in one group, and no configuration has more hosts than the one that leads", () => {
  fc.assert(fc.property(anyHosts, anyHash, anyHash, (hosts, head, candidate) => {
    const { leading, running, others } = groupHosts(hosts, { head, candidate });
    const leaders = membersOf(running);
    const all = [...leaders, ...membersOf(others)];
    assertEquals([all.length, new Set(all)], [hosts.length, new Set(hosts)]);
    assertEquals(
      new Set(leaders),
      new Set(hosts.filter(({ hash, isLost }) => hash !== null && hash === leading && !isLost)),
    );
    for (const hash of [A, B, C]) {
      const count = hosts.filter((host) => host.hash === hash && !host.isLost).length;
      assert(count <= leaders.length);
      assert(hash !== head || count === 0 || count < leaders.length || leading === head);
    }
  }));
});

Deno.test("the sentence does not depend on the order of the answer, and its numbers are those of the groups", () => {
  fc.assert(fc.property(
    anyHosts.chain((hosts) =>
      fc.tuple(fc.constant(hosts), fc.shuffledSubarray([...hosts], { minLength: hosts.length }))
    ),
    anyHash,
    anyHash,
    ([hosts, shuffled], head, candidate) => {
      const { text, tone } = verdict(hosts, { head, candidate });
      assertEquals(verdict(shuffled, { head, candidate }), { text, tone });
      assert(/^[^\n]+[.…]$/.test(text), text);
      const { leading, running, others } = groupHosts(hosts, { head, candidate });
      if (hosts.length < 2 || leading === null) return;
      const count = membersOf(running).length;
      assert(
        text.startsWith(count === hosts.length ? `All ${count} hosts run ` : `${count} of ${hosts.length} hosts run`),
        text,
      );
      const rejecting = others.get("rejected-it");
      if (rejecting !== undefined) assertStringIncludes(text, `; ${rejecting.length} rejected it: `);
    },
  ));
});

Deno.test("the verdict is bad if a row needs a person, and good only if all rows are well and run the same", () => {
  fc.assert(
    fc.property(anyHosts, anyHash, (hosts, candidate) => {
      fc.pre(hosts.length > 0);
      const { tone, text } = verdict(hosts, { candidate });
      const needs = fleetRows(hosts, { ...FACTS, candidate }).map(({ need }) => need);
      assertEquals(tone === "bad", needs.includes("person"), text);
      const isSame = new Set(hosts.map(({ hash }) => hash)).size === 1;
      assertEquals(tone === "good", isSame && needs.every((need) => need === "well"), text);
      assertEquals(tone === "good", !/;|^(?:No host|This host) runs (?:a configuration|nothing) yet/.test(text), text);
      assert(text.split("; ").length <= 4, text);
    }),
    { numRuns: 500 },
  );
});

const SENTENCES: readonly [what: string, hosts: readonly Host[], sentence: string, given?: Partial<VerdictFacts>][] = [
  ["all that run one release", many(3), "All 3 hosts run release 17 (aaaaaaaa)."],
  ["a configuration that has no number here", many(3, { hash: C }), "All 3 hosts run configuration cccccccc."],
  [
    "some that rejected the most common configuration",
    [
      ...many(38),
      ...many(2, rejecting(A, "DATABASE_URL is missing")),
    ],
    "38 of 40 hosts run release 17 (aaaaaaaa); 2 rejected it: DATABASE_URL is missing.",
  ],
  [
    "different reasons, the most frequent first",
    [...many(9), ...many(1, rejecting(A, "z")), ...many(2, rejecting(A, "b")), ...many(1, rejecting(A, "a"))],
    "9 of 13 hosts run release 17 (aaaaaaaa); 4 rejected it: b and 2 other reasons.",
  ],
  [
    "an edit that a host rejected although it runs the most common configuration",
    [...many(2), ...many(1, { rejected: rejectedBecause(C, "no such layer") })],
    "All 3 hosts run release 17 (aaaaaaaa); 1 rejected another configuration: no such layer.",
  ],
  [
    "hosts on their way",
    [...many(4), ...many(2, { hash: B, heldBack: "staged" }), ...many(1, { hash: B, standing: "settling" })],
    "4 of 7 hosts run release 17 (aaaaaaaa); 1 is settling; 2 wait for their rollout.",
  ],
  [
    "as many on each side: the agreed one leads",
    [...many(2, { hash: B, standing: "diverged" }), ...many(2)],
    "2 of 4 hosts run release 17 (aaaaaaaa); 2 have diverged.",
  ],
  [
    "a rollout that one host runs, one rejected and one waits for",
    [
      ...many(1),
      ...many(1, { heldBack: "staged" }),
      ...many(1, { hash: C, standing: "held" }),
      ...many(1, { rejected: rejectedBecause(C, "DATABASE_URL is missing") }),
    ],
    "3 of 4 hosts run release 17 (aaaaaaaa); 1 rejected the rollout's candidate: DATABASE_URL is missing; " +
    "1 runs the rollout's candidate (cccccccc); and more below.",
    { candidate: C },
  ],
  [
    "a rollout whose last step bakes",
    many(3, { hash: C, standing: "held" }),
    "All 3 hosts run configuration cccccccc; its rollout is not over.",
    { candidate: C },
  ],
  [
    "clocks that differ",
    [...many(2), ...many(1, { seen: ago(-600) }), ...many(1, { seen: ago(600) })],
    "All 4 hosts run release 17 (aaaaaaaa); 1 was not seen lately; 1 has a clock that is ahead.",
  ],
  [
    "one that runs nothing",
    [...many(1, { hash: null }), ...many(2)],
    "2 of 3 hosts run release 17 (aaaaaaaa); 1 runs nothing.",
  ],
  ["none that runs anything", many(2, { hash: null }), "No host runs a configuration yet."],
  [
    "hooks that fail",
    [
      ...many(2),
      ...many(2, { hooks: { waiting: 0, failed: ["nginx"] } }),
      ...many(1, { hooks: { waiting: 0, failed: ["a"] } }),
    ],
    "All 5 hosts run release 17 (aaaaaaaa); 3 have failed hooks (nginx and 1 other hook).",
  ],
  [
    "two of one name",
    [...many(1), ...many(2, { instance: "edge-x" })],
    "All 3 hosts run release 17 (aaaaaaaa); 2 share a name (edge-x).",
  ],
  [
    "a release that failed, one that bakes, and one that is not seen",
    [
      ...many(1, { release: { number: 1, state: "failed" } }),
      ...many(2, { release: { number: 1, state: "baking" } }),
      ...many(1, { seen: ago(70) }),
    ],
    "All 4 hosts run release 17 (aaaaaaaa); 1 runs a release that failed; 2 are baking; and more below.",
  ],
  [
    "a host without a cluster whose hook fails",
    many(1, { ...SELF, hooks: { waiting: 0, failed: ["nginx"] } }),
    "This host runs release 17 (aaaaaaaa); it has failed hooks (nginx).",
    { mode: "alone" },
  ],
  ["a host without a cluster", many(1, SELF), "This host runs release 17 (aaaaaaaa).", { mode: "alone" }],
  [
    "a host without a cluster that rejected an edit",
    many(1, { ...SELF, rejected: rejectedBecause(C, "no such layer") }),
    "This host runs release 17 (aaaaaaaa); it rejected another configuration: no such layer.",
    { mode: "alone" },
  ],
  [
    "a host that could not take its first configuration",
    many(1, { ...SELF, ...rejecting(null, "no such layer"), hash: null }),
    "This host runs nothing yet; it rejected its configuration: no such layer.",
    { mode: "alone" },
  ],
  ["the only host of a cluster", many(1, SELF), "This host runs release 17 (aaaaaaaa), and no other host is known."],
  [
    "a host that cannot ask for the others",
    many(1, SELF),
    "The configurations of the other hosts are not known (Redis cannot be reached), this host runs release 17 (aaaaaaaa).",
    { unknown: "Redis cannot be reached" },
  ],
  [
    "as many hosts as are read at once",
    many(3),
    "All 3 hosts run release 17 (aaaaaaaa); there may be more hosts than are shown.",
    { isPart: true },
  ],
];

for (const [what, hosts, sentence, given] of SENTENCES) {
  Deno.test(`the verdict on ${what}`, () => assertEquals(verdict(hosts, given).text, sentence));
}

Deno.test("the verdict is as bad as the worst that it says", () => {
  assertEquals(verdict(many(3)).tone, "good");
  assertEquals(verdict([...many(2), ...many(1, { hash: B, heldBack: "staged" })]).tone, "warn");
  assertEquals(verdict(many(1, SELF), { unknown: "Redis is away" }).tone, "warn");
  assertEquals(verdict([...many(2), ...many(1, { hash: B, standing: "diverged" })]).tone, "bad");
  assertEquals(verdict(many(2, { hash: null })).tone, "bad");
});

Deno.test("a long reason is cut in the sentence, and nothing in it can change the writing direction", () => {
  const { text } = verdict([...many(2), ...many(1, rejecting(A, `\u202e${"x".repeat(300)}`))]);
  assertStringIncludes(text, "rejected it: <U+202E>xxx");
  assert(text.length < 280, `${text.length}`);
});

Deno.test("a host that is gone runs nothing, however its record ends, and needs a person", () => {
  const others = [1, 2].map((number) => hostWith({ instance: `edge-${number}` }));
  const gone = hostWith({ instance: "edge-9", isLost: true, seen: ago(200), hooks: { waiting: 0, failed: ["nginx"] } });
  assertEquals(verdict([...others, gone], { releases: [] }), {
    text: "2 of 3 hosts run configuration aaaaaaaa; 1 is gone (edge-9).",
    tone: "bad",
  });
});
