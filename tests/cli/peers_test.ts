import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { renderTable } from "../../src/cli/table.ts";
import type { RolloutSummary } from "../../src/rollout/rollout_view.ts";
import { runRecorded } from "../support/recording_terminal.ts";
import { cannedDaemon, daysAgo, hashOf, json, peerWith, ROLLOUT } from "./canned_daemon.ts";

const REJECTED = { hash: hashOf("a"), generation: 17, why: "config.hcl:3:1: error: No such service", at: daysAgo(3) };

async function askPeers(peers: unknown, args: readonly string[] = []) {
  await using daemon = await cannedDaemon(() => json({ peers }));
  return await runRecorded(["peers", ...args, ...daemon.flags]);
}

Deno.test("peers is a table in which the asked instance is marked, and a line that sums it up", async () => {
  const { code, out, error } = await askPeers([
    peerWith({ instance: "edge-1", self: true }),
    peerWith({ instance: "edge-22", hash: hashOf("b"), generation: 16, standing: "diverged", rejected: REJECTED }),
    peerWith({ instance: "new", hash: null, generation: null, standing: "unknown" }),
  ]);
  assertEquals([code, error], [1, ""]);
  assertEquals(out.split("\n"), [
    "   INSTANCE  STANDING  GENERATION  HASH      VERSION  SEEN     NOTE",
    "*  edge-1    agreed    17          aaaaaaaa  0.2.0    3 d ago",
    "   edge-22   diverged  -           bbbbbbbb  0.2.0    3 d ago  rejected aaaaaaaa 3 d ago: config.hcl:3:1: error: No such service",
    "   new       unknown   -           -         0.2.0    3 d ago",
    "",
    "3 instances: 1 runs aaaaaaaa (generation 17), 1 rejected it, 1 runs nothing",
    "",
  ]);
});

Deno.test("an instance that waits for its rollout or for approval has a note, and a line says how far the rollout is", async () => {
  const peers = [
    peerWith({ instance: "edge-1", heldBack: "staged" as never }),
    peerWith({ instance: "edge-2", heldBack: "unapproved" as never }),
    peerWith({ instance: "edge-3", hash: hashOf("c"), standing: "held" }),
    peerWith({ instance: "edge-4", hash: hashOf("d"), standing: "held" }),
  ];
  const ask = async (given: Partial<RolloutSummary>) => {
    await using daemon = await cannedDaemon(() => json({ peers, rollout: { ...ROLLOUT, ...given } }));
    return (await runRecorded(["peers", ...daemon.flags])).out;
  };
  const out = await ask({});
  assertMatch(out, /edge-1 .* its file waits for its rollout\n/);
  assertMatch(out, /edge-2 .* its file waits for approval\n/);
  assertMatch(out, /edge-3 +candidate +- +cccccccc /);
  assertMatch(out, /edge-4 +apart +- +dddddddd /);
  assertStringIncludes(out, "\n4 instances: 2 run aaaaaaaa (generation 17), 1 runs cccccccc, on its way, 1 runs ddd");
  assertStringIncludes(out, "Rollout of cccccccc: step 2 of 3, 3 of 10 hosts let in, baking\n");
  // One that is over in a good way is no news.
  const done = await ask({ isDone: true, isUnderWay: false });
  assertEquals([done.includes("Rollout"), done.includes("1 runs cccccccc, kept apart")], [false, true]);
});

Deno.test("peers ends with 3 and says why if others may be missing", async () => {
  const doubt = "Redis lost the record of this instance";
  await using daemon = await cannedDaemon(() => json({ peers: [peerWith({ self: true })], doubt }));
  const { code, out, error } = await runRecorded(["peers", ...daemon.flags]);
  assertEquals([code, error], [3, `Others may be missing here: ${doubt}\n`]);
  assertStringIncludes(out, "1 instance: 1 runs aaaaaaaa");
});

const many = (count: number, given: Parameters<typeof peerWith>[0]) =>
  Array.from({ length: count }, (_, at) => peerWith({ ...given, instance: `${given?.hash?.[0]}-${at}` }));

const SUMMARIES: [string, ReturnType<typeof peerWith>[], number, string][] = [
  [
    "all running one hash ends with 0",
    many(40, { hash: hashOf("a") }),
    0,
    "40 instances: 40 run aaaaaaaa (generation 17)",
  ],
  ["only one, without a generation", [peerWith({ generation: null })], 0, "1 instance: 1 runs aaaaaaaa"],
  [
    "some that rejected the others' configuration",
    [...many(3, { hash: hashOf("b"), generation: 16, rejected: REJECTED }), ...many(37, { hash: hashOf("a") })],
    1,
    "40 instances: 37 run aaaaaaaa (generation 17), 3 rejected it",
  ],
  [
    "as many on each side: the later generation first",
    [...many(2, { hash: hashOf("b"), generation: 16 }), ...many(2, { hash: hashOf("a") })],
    1,
    "4 instances: 2 run aaaaaaaa (generation 17), 2 run bbbbbbbb (generation 16)",
  ],
  [
    "an edit of its own that one of them rejected",
    [...many(2, {}), ...many(1, { hash: hashOf("a"), rejected: { ...REJECTED, hash: hashOf("c") } })],
    0,
    "3 instances: 3 run aaaaaaaa (generation 17); 1 of them rejected another",
  ],
  [
    "one that diverged, whose hash is of no generation",
    [...many(1, { hash: hashOf("b"), generation: 16, standing: "diverged" }), ...many(2, { hash: hashOf("a") })],
    1,
    "3 instances: 2 run aaaaaaaa (generation 17), 1 runs bbbbbbbb",
  ],
  [
    "one that is held, which differs on purpose",
    [...many(1, { hash: hashOf("b"), standing: "held" }), ...many(2, { hash: hashOf("a") })],
    1,
    "3 instances: 2 run aaaaaaaa (generation 17), 1 runs bbbbbbbb, kept apart",
  ],
  [
    "two of one name, which is not agreement",
    [peerWith({}), peerWith({ incarnation: "00000001" })],
    1,
    "2 instances: 2 run aaaaaaaa (generation 17); several have the name edge-1: give one of them a different " +
    "HighAvailability:InstanceName",
  ],
  ["none that runs anything", many(2, { hash: null, generation: null }), 1, "2 instances: 2 run nothing"],
  ["none at all", [], 1, "No instance is known"],
];

for (const [what, peers, expected, summary] of SUMMARIES) {
  Deno.test(`peers sums up ${what}`, async () => {
    const { code, out } = await askPeers(peers);
    assertEquals([code, out.trimEnd().split("\n").at(-1)], [expected, summary]);
  });
}

Deno.test("peers as JSON is the daemon's answer, and ends as the table does", async () => {
  const peers = [peerWith({}), peerWith({ hash: hashOf("b"), instance: "other" })];
  const { code, out } = await askPeers(peers, ["--format", "json"]);
  assertEquals([code, JSON.parse(out)], [1, { peers }]);
});

Deno.test("peers ends with 3 and the reason if the daemon cannot reach Redis", async () => {
  const problem = { type: "about:blank", status: 503, title: "Unavailable", detail: "Redis is down: refused" };
  await using daemon = await cannedDaemon(() => json(problem, 503));
  const { code, out, error } = await runRecorded(["peers", ...daemon.flags]);
  assertEquals([code, out], [3, ""]);
  assertStringIncludes(error, "answers: Redis is down: refused\n");
});

Deno.test("a table lines up by columns of the terminal, and holds no character that could steer it", () => {
  assertEquals(
    renderTable(["A", "B"], [["日本", "x"], ["e\u0301", "y"], ["\x1b[31m", ""], ["__proto__", "z\nz"]]),
    "A          B\n日本       x\ne\u0301          y\n␛[31m\n__proto__  z␊z\n",
  );
});

Deno.test("a peer has a note if its file was rolled back, changes are held, its release is watched or a hook failed", async () => {
  const peers = [
    peerWith({ instance: "edge-1", heldBack: "rolled-back" }),
    peerWith({ instance: "edge-2", heldBack: "frozen", release: { number: 7, state: "baking" } }),
    peerWith({ instance: "edge-3", release: { number: 7, state: "healthy" }, heldBack: null }),
    peerWith({ instance: "edge-4", heldBack: "frozen", hooks: { waiting: 1, failed: ["nginx", "server"] } }),
    peerWith({ instance: "edge-5", hooks: { waiting: 1, failed: [] } }),
    peerWith({ instance: "edge-6", hooks: { waiting: 0, failed: ["nginx"] }, rejected: REJECTED }),
  ];
  const { out } = await askPeers(peers);
  const notes = out.split("\n").slice(1, 7).map((line) => line.split("3 d ago").slice(1).join("").trim());
  assertEquals(notes, [
    "its file was rolled back",
    "changes are held; release 7 baking",
    "",
    "failed hooks: nginx, server; changes are held",
    "",
    "failed hooks: nginx; rejected aaaaaaaa : config.hcl:3:1: error: No such service",
  ]);
});
