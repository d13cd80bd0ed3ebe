import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { status } from "../../src/cli/status.ts";
import { runRecorded } from "../support/recording_terminal.ts";
import { cannedDaemon, daysAgo, hashOf, json, keepingTerminal, ROLLOUT, statusWith } from "./canned_daemon.ts";

const RELEASE = {
  number: 43,
  hash: hashOf("a"),
  format: "hcl",
  digest: null,
  at: daysAgo(3),
  until: null,
  cause: "rollback",
  author: "anna",
  reason: "servers answered 500",
  state: "healthy",
  changes: null,
} as const;

const ENDED = { ...ROLLOUT, phase: "rolled-back", why: "slow", isUnderWay: false } as const;

/** No control character but the ends of lines, and none that turns the direction of writing. */
const HARMLESS = /^(?:\n|[^\p{Cc}\p{Cf}])*$/u;

Deno.test("status of a healthy host begins with the hash in force, and ends with 0", async () => {
  await using daemon = await cannedDaemon(() => json(statusWith()));
  const { code, out, error } = await runRecorded(["status", ...daemon.flags]);
  assertEquals([code, error], [0, ""]);
  assertEquals(out.split("\n"), [
    "In force: aaaaaaaa, as the source says",
    "In force     aaaaaaaa, generation 17, for 4 d",
    "Source       /etc/honua/config.hcl (watched)",
    "Last reload  activated 4 d ago (took 34 ms, asked for by a file event)",
    "Cluster      agreed, head aaaaaaaa (generation 17)",
    "Redis        up for 8 d, 2 reconnections",
    "Snapshot     /var/lib/honua-configd/config.snapshot.json",
    "Server form  /var/lib/honua-configd/config.snapshot.honua",
    "Instance     edge-7, version 0.2.0, up for 9 d",
    "",
  ]);
  assertEquals(daemon.asked.map(({ what }) => what), ["GET /admin/status"]);
});

Deno.test("status names the origin of the source", async () => {
  const place = async (given: Parameters<typeof statusWith>[0]) => {
    await using daemon = await cannedDaemon(() => json(statusWith(given)));
    const { code, out } = await runRecorded(["status", ...daemon.flags]);
    assertEquals(code, 0);
    return out.split("\n").find((line) => line.startsWith("Source"));
  };
  assertEquals(await place({ source: null, sourceFrom: "store" }), "Source       the store: no file is read");
  assertEquals(
    await place({ sourceFrom: "both" }),
    "Source       /etc/honua/config.hcl (watched); while it is missing, the store",
  );
});

Deno.test("status of a rejected source names the hash that stays in force, shows every diagnostic, and ends with 1", async () => {
  const lastReload = {
    outcome: "rejected",
    at: daysAgo(3),
    durationMilliseconds: 5,
    reasons: ["SIGHUP"],
    reason: "2 errors",
    diagnostics: [
      {
        file: "/etc/honua/config.hcl",
        severity: "error",
        code: "config/unknown-reference",
        summary: "Layer roads names an unknown service odat",
        path: "layer.roads.services",
        line: 54,
        column: 32,
        suggestion: "Did you mean odata?",
        frame: null,
      },
      {
        file: "/etc/honua/config.hcl",
        severity: "error",
        code: "source/x",
        summary: "Second",
        path: null,
        line: null,
        column: null,
        suggestion: null,
        frame: null,
      },
    ],
  };
  await using daemon = await cannedDaemon(() => json(statusWith({ lastReload })));
  const { code, out } = await runRecorded(["status", ...daemon.flags]);
  assertEquals(code, 1);
  assert(out.startsWith("The source was rejected: aaaaaaaa stays in force\n"));
  assertStringIncludes(out, "Last reload  rejected 3 d ago (took 5 ms, asked for by SIGHUP): 2 errors\n");
  assertStringIncludes(out, "error[config/unknown-reference]: Layer roads names an unknown service odat\n");
  assertStringIncludes(out, "--> /etc/honua/config.hcl:54:32  (layer.roads.services)\n");
  assertStringIncludes(out, "help: Did you mean odata?\n");
  assertStringIncludes(out, "error[source/x]: Second\n  = why: It is about /etc/honua/config.hcl\n");
});

const WITHOUT_REDIS = { state: "disabled", since: daysAgo(1), reconnections: 0 } as const;

const VERDICTS: [string, Parameters<typeof statusWith>[0], number, string][] = [
  ["nothing in force", { active: null, lastReload: null }, 1, "Nothing is in force\n"],
  [
    "an instance that diverged",
    { standing: "diverged", head: { generation: 18, hash: hashOf("b") } },
    1,
    "Diverged: aaaaaaaa is in force here; the latest change, on another host, is bbbbbbbb (generation 18)\n",
  ],
  ["a source that is being looked at again", { standing: "settling" }, 0, "Cluster      settling, head"],
  [
    "an instance that never saw the others",
    { standing: "unknown", head: null },
    0,
    "not known whether the others agree\n",
  ],
  ["an instance alone", { mode: "alone", head: null }, 0, "Cluster      none: High Availability is off\n"],
  [
    "an instance without others by mistake",
    { mode: "alone", head: null, redis: { ...WITHOUT_REDIS, reason: "No connection string is set: set one" } },
    0,
    "Cluster      none: No connection string is set: set one\nRedis        not used\n",
  ],
  [
    "an announcement that is owed",
    { announcementOwed: true, standing: "unknown", generation: null },
    0,
    "Cluster      a change waits to be announced, head aaaaaaaa (generation 17)\n",
  ],
  [
    "a hash that is not that of the generation agreed with last",
    { standing: "diverged", head: { generation: 18, hash: hashOf("b") } },
    1,
    "In force     aaaaaaaa, for 4 d\n",
  ],
  [
    "a release that failed its health checks",
    { release: { ...RELEASE, cause: "file", state: "failed" } },
    1,
    "aaaaaaaa is in force, and its health checks failed\n",
  ],
  [
    "a release that failed and stays",
    { release: { ...RELEASE, cause: "file", state: "failed", halted: "Health:OnFailure is halt" } },
    1,
    "aaaaaaaa is in force, and its health checks failed; it was not rolled back: Health:OnFailure is halt\n",
  ],
  [
    "a rollout that is under way",
    { rollout: ROLLOUT },
    0,
    "Rollout      of cccccccc: step 2 of 3, 3 of 10 hosts let in, baking\n",
  ],
  [
    "a rollout that was rolled back last of all",
    { rollout: ENDED },
    0,
    "Rollout      of cccccccc: rolled back: slow\n",
  ],
  [
    "a source that waits for its step of a rollout",
    {
      held: {
        kind: "staged",
        hash: hashOf("c"),
        by: null,
        at: null,
        reason: null,
        why: "it waits",
        advice: "wait",
      },
    },
    1,
    "Held: aaaaaaaa is in force; it waits\n",
  ],
  ["options that changed", { restartNeeded: true }, 0, "Restart      needed: "],
  [
    "a snapshot that is not the one in force",
    { stored: "another" },
    1,
    "The file at the snapshot's path is not the one in force: honua-configd reload puts aaaaaaaa there\n",
  ],
  [
    "a rejected source beside a snapshot that is gone",
    { stored: "missing", lastReload: { ...statusWith().lastReload!, outcome: "rejected" } },
    1,
    "The source was rejected: there is no file at the snapshot's path\n",
  ],
  [
    "a write that failed beside another's snapshot",
    { stored: "another", lastReload: { ...statusWith().lastReload!, outcome: "write-failed" } },
    1,
    "The snapshot cannot be written: the file at the snapshot's path is not the one in force\n",
  ],
  [
    "a server form that is gone",
    { serverForm: { path: "/config.honua", stored: "missing" } },
    1,
    "There is no file at the server form's path: honua-configd reload puts aaaaaaaa there\n",
  ],
  ["a server form that is not wanted", { serverForm: null }, 0, "Server form  none\n"],
  ["a file system that does not tell", { stored: null }, 0, "In force: aaaaaaaa, as the source says\n"],
  [
    "a source that was replaced outside",
    { singleMounts: [{ path: "/c.hcl", isReplaced: true, what: "/c.hcl was replaced", todo: "Mount its directory" }] },
    1,
    "Warning      /c.hcl was replaced: Mount its directory\n",
  ],
  ["a history that cannot be written", { stateTroubles: ["cannot\x1b[2J"] }, 0, "Warning      cannot␛[2J\n"],
  ["a snapshot found at the start", { lastReload: null }, 0, "aaaaaaaa, found at the start, no reload has ended yet\n"],
  ["watching off", { watching: false }, 0, "(not watched: reloads only on request)\n"],
  [
    "events that cannot be had",
    { watch: { by: "polling", reason: "The limit\x1b[2J" } },
    0,
    "/etc/honua/config.hcl (polled only, as events cannot be had: The limit",
  ],
  [
    "a lost Redis",
    { redis: { state: "down", since: daysAgo(5), reason: "The server refused the password", reconnections: 1 } },
    0,
    "Redis        down for 5 d, 1 reconnection: The server refused the password\n",
  ],
  [
    "a Redis that takes no writes",
    { redis: { state: "up", since: daysAgo(5), reason: "Redis is out of memory", reconnections: 0 } },
    0,
    "Redis        up for 5 d, but: Redis is out of memory\n",
  ],
  [
    "no Redis",
    { redis: { state: "disabled", since: daysAgo(5), reason: null, reconnections: 0 } },
    0,
    "Redis        not used\n",
  ],
];

for (const [what, given, expected, says] of VERDICTS) {
  Deno.test(`status of ${what} says so and ends with ${expected}`, async () => {
    await using daemon = await cannedDaemon(() => json(statusWith(given)));
    const { code, out } = await runRecorded(["status", ...daemon.flags]);
    assertStringIncludes(out, says);
    assertEquals(code, expected);
  });
}

for (const outcome of ["unreadable", "write-failed", "constructor"]) {
  Deno.test(`status after a reload that ended as ${outcome} names the hash that stays in force and ends with 1`, async () => {
    const lastReload = { ...statusWith().lastReload!, outcome, reason: "The disk is full" };
    await using daemon = await cannedDaemon(() => json(statusWith({ lastReload })));
    const { code, out } = await runRecorded(["status", ...daemon.flags]);
    assertEquals(code, 1);
    assertStringIncludes(out.split("\n")[0]!, ": aaaaaaaa stays in force");
    assertStringIncludes(out, "): The disk is full\n");
  });
}

Deno.test("status says why an address of the admin interface is not open, and the source is in force all the same", async () => {
  const listenerTroubles = ["Port 80 of 0.0.0.0 cannot be listened on: Address already in use: free it"];
  await using daemon = await cannedDaemon(() => json({ ...statusWith(), listenerTroubles }));
  const { code, out } = await runRecorded(["status", ...daemon.flags]);
  assertStringIncludes(out, `\nAdmin        ${listenerTroubles[0]}\n`);
  assertEquals(code, 0);
});

Deno.test("status as JSON is the daemon's answer, on one line", async () => {
  const answer = { ...statusWith({ standing: "diverged" }), laterMember: { of: ["another", "version"] } };
  await using daemon = await cannedDaemon(() => new Response(JSON.stringify(answer, null, 2)));
  const { code, out } = await runRecorded(["status", "--format", "json", ...daemon.flags]);
  assertEquals([code, JSON.parse(out), out.indexOf("\n")], [1, answer, out.length - 1]);
});

Deno.test("a head that is out of bounds is no answer of a daemon", async () => {
  const heads = [
    { generation: 0, hash: hashOf("a") },
    { generation: 2 ** 52 + 1, hash: hashOf("a") },
    { generation: 1, hash: hashOf("A") },
    { generation: 1, hash: "a" },
  ];
  for (const head of heads) {
    await using daemon = await cannedDaemon(() => json(statusWith({ head })));
    const { code, error } = await runRecorded(["status", ...daemon.flags]);
    assertEquals(code, 3);
    assertStringIncludes(error, "not of a version that this one understands");
  }
});

Deno.test("nothing in an answer steers the terminal, as text or as JSON", async () => {
  const evil = "x\x1b]0;owned\x07\r\n\u202e\x9b31m";
  const hostile = statusWith({
    instance: evil,
    version: evil,
    mode: evil as "cluster",
    source: evil,
    snapshot: evil,
    standing: evil as "agreed",
    active: { hash: hashOf("a"), since: evil },
    redis: { state: evil as "up", since: evil, reason: evil, reconnections: 0 },
    lastReload: {
      outcome: evil,
      at: evil,
      durationMilliseconds: 1,
      reasons: [evil],
      reason: evil,
      diagnostics: [
        {
          ...{ file: evil, severity: evil, code: evil, summary: evil, path: evil, line: 1, column: 1 },
          ...{ suggestion: evil, frame: [evil] },
        },
      ],
    },
  });
  await using daemon = await cannedDaemon(() => json(hostile));
  const text = await runRecorded(["status", ...daemon.flags]);
  assert(HARMLESS.test(text.out), JSON.stringify(text.out));
  assertEquals(text.error, "");
  const raw = await runRecorded(["status", "--format", "json", ...daemon.flags]);
  assert(HARMLESS.test(raw.out));
  assertEquals(JSON.parse(raw.out), hostile);
});

Deno.test("ages are counted by the given clock", async () => {
  const since = "2026-01-31T12:00:00.000Z";
  const known = statusWith();
  const answer = statusWith({
    active: { hash: hashOf("a"), since },
    lastReload: { ...known.lastReload!, at: since },
  });
  await using daemon = await cannedDaemon(() => json(answer));
  const { terminal, out } = keepingTerminal();
  const address = { socket: daemon.at, optionsFile: null, url: null, tokenFile: null, caFile: null };
  await status({ address, format: "text" }, terminal, () => Date.parse("2026-01-31T12:00:12.345Z"));
  assertStringIncludes(out.join(""), "Last reload  activated 12 s ago");
  assertStringIncludes(out.join(""), "In force     aaaaaaaa, generation 17, for 12 s\n");
});

const HELD = {
  kind: "skipped",
  hash: hashOf("b"),
  by: "anna",
  at: daysAgo(3),
  reason: "servers answered 500",
  why: "The source is not put in force",
  advice: "honua-configd show 43 --output FILE brings the file in line, or edit it",
} as const;

Deno.test("status of a held host begins with the active release, and by whom, when and why the file was taken back", async () => {
  const at = { source: "/etc/honua/the config.hcl", held: HELD, release: RELEASE };
  await using daemon = await cannedDaemon(() => json(statusWith(at)));
  const { code, out } = await runRecorded(["status", ...daemon.flags]);
  assertEquals([code, ...out.split("\n").slice(0, 4)], [
    1,
    "Held: aaaaaaaa (release 43) is in force; anna rolled the file's configuration back 3 d ago: servers answered 500",
    "In force     aaaaaaaa, generation 17, for 4 d",
    "To do        honua-configd show 43 --output '/etc/honua/the config.hcl' brings the file in line, or edit it",
    "Release      43, healthy, by anna (rollback): servers answered 500",
  ]);
});

Deno.test("status names the file in each command of the advice", async () => {
  const advice = "honua-configd pull --force FILE brings it in line; honua-configd publish FILE --reason TEXT";
  const held = { ...HELD, kind: "overtaken", by: null, at: null, reason: null, advice } as const;
  await using daemon = await cannedDaemon(() => json(statusWith({ held, source: "/etc/honua/c.hcl" })));
  const { out } = await runRecorded(["status", ...daemon.flags]);
  assertStringIncludes(
    out,
    "pull --force /etc/honua/c.hcl brings it in line; honua-configd publish /etc/honua/c.hcl --reason TEXT\n",
  );
});

Deno.test("status of a host that cannot leave a release that was rolled back says that it is still in force", async () => {
  const held = { ...HELD, hash: hashOf("a") };
  await using daemon = await cannedDaemon(() => json(statusWith({ held, release: RELEASE })));
  const { code, out } = await runRecorded(["status", ...daemon.flags]);
  const first = "Still in force: aaaaaaaa (release 43), which anna rolled back 3 d ago: servers answered 500";
  assertEquals([code, out.split("\n")[0]], [1, first]);
});

Deno.test("status of a host that was rolled back automatically, or is frozen, says so in its first line", async () => {
  const hold = { until: "2026-03-01T12:00:00.000Z", author: "bob", reason: "the fair" };
  const cases = [
    [
      { held: { ...HELD, by: "a health check" } },
      "a health check rolled the file's configuration back 3 d ago: servers",
    ],
    [
      { held: { ...HELD, kind: "frozen", by: "bob" }, hold },
      "bob holds changes until 2026-03-01T12:00:00.000Z: servers",
    ],
  ] as const;
  for (const [given, says] of cases) {
    await using daemon = await cannedDaemon(() => json(statusWith({ ...given, release: RELEASE })));
    const { code, out } = await runRecorded(["status", ...daemon.flags]);
    assertEquals(code, 1);
    assertStringIncludes(out.split("\n")[0]!, `Held: aaaaaaaa (release 43) is in force; ${says}`);
  }
});

Deno.test("a change that is watched, waits for a person, or is followed by a hold has a row, and ends with 0", async () => {
  const ahead = (milliseconds: number) => new Date(Date.now() + milliseconds + 30_000).toISOString();
  const given = {
    bake: { endsAt: ahead(120_000), failures: 2 },
    confirmation: { deadline: ahead(540_000), author: "anna" },
    hold: { until: ahead(3 * 3_600_000), author: "bob", reason: "the fair" },
  };
  await using daemon = await cannedDaemon(() => json(statusWith(given)));
  const { code, out } = await runRecorded(["status", ...daemon.flags]);
  assertEquals([code, ...out.split("\n").slice(2, 5)], [
    0,
    "Health       watched for 2 min more, 2 failures in a row",
    "Confirm      9 min left, then the change goes back: honua-configd confirm keeps it",
    "Hold         for 3 h more, by bob: the fair (honua-configd release-hold ends it)",
  ]);
});

Deno.test("a release that failed is asked about again, and the status says how long the answers must stay good", async () => {
  const release = { ...RELEASE, state: "failed" } as const;
  const rowOf = async (endsAt: string | null) => {
    const bake = { endsAt, failures: 2 };
    await using daemon = await cannedDaemon(() => json(statusWith({ release, bake })));
    return (await runRecorded(["status", ...daemon.flags])).out.split("\n").find((line) => line.startsWith("Health"));
  };
  const again = "Health       asked again, and healthy when that succeeds for a whole bake";
  assertEquals(await rowOf(null), again);
  assertEquals(await rowOf(new Date(Date.now() + 150_000).toISOString()), `${again}: it succeeds, for 2 min more`);
});

Deno.test("a candidate whose own bake is over is still watched", async () => {
  const bake = { endsAt: new Date(Date.now() - 60_000).toISOString(), failures: 0 };
  await using daemon = await cannedDaemon(() => json(statusWith({ bake })));
  const { out } = await runRecorded(["status", ...daemon.flags]);
  assertEquals(out.split("\n")[2], "Health       watched while its rollout is under way, no failure");
});

Deno.test("if nothing is in force, status gives the command that puts the last good release in force", async () => {
  const lastReload = { ...statusWith().lastReload!, outcome: "rejected" };
  const lost = statusWith({ active: null, release: null, lastReload, undo: { to: 41, why: null } });
  await using daemon = await cannedDaemon(() => json(lost));
  const { code, out } = await runRecorded(["status", ...daemon.flags]);
  assertEquals([code, ...out.split("\n").slice(0, 3)], [
    1,
    "The source was rejected: nothing is in force",
    "In force     nothing",
    "To undo      honua-configd rollback --reason TEXT puts release 41 in force, until the source is valid",
  ]);
});

Deno.test("status gives the command that undoes a new edit, if the daemon would go back from it", async () => {
  const edit = { ...RELEASE, at: new Date().toISOString(), cause: "file" } as const;
  const undo = { to: 42, why: null };
  const rejected = { ...statusWith().lastReload!, outcome: "rejected" };
  const row = async (given: Parameters<typeof statusWith>[0]) => {
    await using daemon = await cannedDaemon(() => json(statusWith({ release: edit, undo, ...given })));
    const { out } = await runRecorded(["status", ...daemon.flags]);
    return out.split("\n").find((line) => line.startsWith("To undo"))?.slice(13) ?? null;
  };
  const command = "honua-configd rollback --reason TEXT goes back";
  assertEquals(await row({}), `${command} here and on all other instances`);
  assertEquals(await row({ mode: "alone" }), command);
  for (const cause of ["operator", "force", "cluster"] as const) {
    assertEquals(await row({ mode: "alone", release: { ...edit, cause } }), command);
  }
  const refused = { to: null, why: "a person has to choose" };
  assertEquals(await row({ undo: refused, lastReload: rejected }), null, "the edit was rejected");
  assertEquals(await row({ undo: refused, standing: "diverged" }), null, "another host's change was agreed on");
  assertEquals(await row({ undo: refused, release: { ...edit, cause: "cluster" } }), null, "it followed a rollback");
  assertEquals(await row({ held: HELD }), null, "it was taken back already");
  assertEquals(await row({ release: { ...edit, cause: "rollback" } }), null);
  assertEquals(await row({ release: { ...edit, at: daysAgo(2) } }), null, "it is long ago");
});

Deno.test("status is silent about a rollout that was rolled back, once another configuration came into force", async () => {
  await using daemon = await cannedDaemon(() => json(statusWith({ rollout: { ...ENDED, isVoid: true } })));
  const { out } = await runRecorded(["status", ...daemon.flags]);
  assertEquals(out.includes("Rollout"), false);
});
