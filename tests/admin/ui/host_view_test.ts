import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { DiagnosticAnswer, Status } from "../../../src/admin/daemon_api.ts";
import { hostProblems, verdictOf } from "../../../src/admin/ui/host_problems.ts";
import { hostView } from "../../../src/admin/ui/host_view.ts";
import type { HookStatus } from "../../../src/hooks/hook_memory.ts";
import { openFigureMemory } from "../../../src/telemetry/recent_figures.ts";
import { hashOf, statusWith } from "../../cli/canned_daemon.ts";
import { openAdminHost } from "../admin_host.ts";
import { releaseAnswer, SECRET } from "../fake_daemon_api.ts";

const AT = "2026-01-01T00:00:00.000Z";

const NOTHING = openFigureMemory().recent(0);

function diagnosticWith(given: Partial<DiagnosticAnswer> = {}): DiagnosticAnswer {
  return {
    severity: "error",
    code: "config/unknown-reference",
    summary: "Layer roads names an unknown service odat",
    path: "layer.roads.services",
    file: "honua.hcl",
    line: 7,
    column: 3,
    suggestion: "Did you mean odata?",
    frame: ["  |", '7 |   services = ["odat"]', "  |               ^^^^^^"],
    ...given,
  };
}

function hookWith(given: Partial<HookStatus> = {}): HookStatus {
  const lastRun = { outcome: "failed", at: AT, durationMilliseconds: 1_240, reason: "exited with 3", output: "no <b>" };
  return {
    name: "server",
    on: "activated",
    state: "retrying",
    failures: 2,
    heldBy: null,
    lastRun: lastRun as HookStatus["lastRun"],
    ...given,
  };
}

/** A host of which everything is to be said. */
function troubled(): Status {
  return statusWith({
    watch: { by: "polling", reason: "no watches are left" },
    sourceFrom: "both",
    lastReload: {
      ...{ outcome: "rejected", at: AT, durationMilliseconds: 35, reasons: ["file"], reason: "1 error" },
      diagnostics: [diagnosticWith(), diagnosticWith({ severity: "warning" })],
    },
    redis: { state: "down", since: AT, reason: "It was closed", reconnections: 2 },
    standing: "diverged",
    head: { generation: 9, hash: hashOf("b") },
    hooks: [hookWith(), hookWith({ name: "cache", state: "waiting", failures: 0, heldBy: "server" })],
    restartNeeded: true,
    stored: "another",
    serverForm: { path: "/server.hcl", stored: "missing" },
    singleMounts: [{ path: "/a", isReplaced: true, what: "It is old", todo: "mount the directory" }],
    release: releaseAnswer(17, hashOf("a"), { author: "ann", reason: "new tiles" }),
    held: {
      kind: "skipped",
      hash: hashOf("c"),
      by: "ben",
      at: AT,
      reason: "slow",
      why: "It was undone",
      advice: "Mend",
    },
    hold: { until: AT, author: "cat", reason: "a fair" },
    confirmation: { deadline: AT, author: "dan" },
    bake: { endsAt: AT, failures: 1 },
    rollout: {
      ...{ hash: hashOf("d"), phase: "baking", step: 0, steps: [1, 3], why: null },
      ...{ isUnderWay: true, isVoid: false, isDone: false },
    },
  });
}

/** A copy with each text replaced. */
function everyText<T>(value: T, text: string): T {
  return JSON.parse(JSON.stringify(value), (_name, one) => typeof one === "string" ? text : one);
}

Deno.test("no text of a status, diagnostic or hook becomes markup", () => {
  const evil = `"'><b id=evil>&`;
  const page = `${hostView({ status: everyText(troubled(), evil), further: 0, figures: NOTHING })}`;
  assert(!page.includes("<b") && !page.includes(`"'`));
  assert(page.split("&quot;&#39;&gt;&lt;b id=evil&gt;&amp;").length > 40);
});

Deno.test("the view has no style, script or handler of its own, and each of its parts is updated by itself", () => {
  const page = `${hostView({ status: troubled(), further: 0, figures: NOTHING })}`;
  assert(!/ style=| on\w+=|<script/.test(page));
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]!);
  assertEquals(ids, ["host", "diagnostics", "hooks", "hook-output-0", "hook-output-1", "figures"]);
  assertEquals(page.match(/ data-live>/g)?.length, 4);
});

Deno.test("the worst problem comes first, in a sentence, and the others below it", () => {
  const needs = hostProblems(troubled());
  assertEquals(needs.map(({ tone, text }) => `${tone}: ${text}`), [
    "bad: The source was rejected, and aaaaaaaa stays in force: 1 error",
    "bad: The file at the path of the snapshot is not the one in force: honua-configd reload writes it again",
    "bad: There is no file at the path of the server form: honua-configd reload writes it again",
    "bad: It is old: mount the directory",
    "bad: This host diverged: aaaaaaaa is in force here, and the latest change, on another host, is bbbbbbbb",
    "bad: Hook server failed: exited with 3",
    "bad: Redis cannot be reached: It was closed",
    "warn: It was undone. Mend",
    "warn: A change goes back unless a person confirms it: honua-configd confirm keeps it",
    "warn: cat holds changes: a fair",
    "warn: Changes are found only by polling: no watches are left",
    "warn: The options file changed: restart the daemon for it to count",
  ]);
  const page = `${hostView({ status: troubled(), further: 0, figures: NOTHING })}`;
  assertStringIncludes(page, `<p class="verdict bad">${needs[0]!.text}.</p>`);
  assertStringIncludes(page, `<li class="warn">${needs.at(-1)!.text}</li>`);
});

Deno.test("the verdict on a healthy host names its configuration, and says no more than is known", () => {
  const verdict = (given: Partial<Status>) => {
    const status = statusWith(given);
    return verdictOf(status, hostProblems(status));
  };
  assertEquals(verdict({}), "aaaaaaaa is in force, as the source says.");
  assertEquals(
    verdict({ lastReload: null }),
    "aaaaaaaa is in force as it was found at the start: no reload has ended yet.",
  );
  assertEquals(verdict({ active: null, lastReload: null }), "Nothing is in force.");
  const redis = { since: AT, reason: "It is full", reconnections: 0 };
  assertEquals(verdict({ redis: { ...redis, state: "up" } }), "Redis refuses requests: It is full.");
  assertEquals(verdict({ redis: { ...redis, state: "disabled" } }), "It is full.");
  const release = releaseAnswer(17, hashOf("a"), { state: "failed" });
  assertEquals(verdict({ release }), "Release 17 failed its health checks.");
  assertEquals(
    verdict({ release: { ...release, halted: "Health:OnFailure is halt" } }),
    "Release 17 failed its health checks, and it was not rolled back: Health:OnFailure is halt.",
  );
  const singleMounts = [{ path: "/a", isReplaced: false, what: "/a is a mount", todo: "mount its directory." }];
  assertEquals(hostProblems(statusWith({ singleMounts })).map(({ tone }) => tone), ["warn"]);
  assertEquals(verdict({ singleMounts }), "/a is a mount: mount its directory.");
  assertEquals(verdict({ stateTroubles: ["The journal is full"] }), "The journal is full.");
  assertStringIncludes(
    `${hostView({ status: statusWith(), further: 0, figures: NOTHING })}`,
    '<p class="verdict good">',
  );
});

Deno.test("a diagnostic has its place, its line of the source and its help; of very many the first are shown", () => {
  const shown = (diagnostics: readonly DiagnosticAnswer[], outcome = "activated") => {
    const lastReload = { ...statusWith().lastReload!, outcome, diagnostics };
    return `${hostView({ status: statusWith({ lastReload }), further: 0, figures: NOTHING })}`;
  };
  const page = shown([diagnosticWith()]);
  assertStringIncludes(page, '<strong class="bad">error</strong> Layer roads names an unknown service odat');
  assertStringIncludes(page, "honua.hcl:7:3 · layer.roads.services");
  assertStringIncludes(page, ">  |\n7 |   services = [&quot;odat&quot;]\n  |               ^^^^^^</pre>");
  assertStringIncludes(page, "Help: Did you mean odata?");
  const bare = shown([diagnosticWith({ file: null, line: null, path: null, frame: null, suggestion: null })]);
  assert(!bare.includes("<pre") && !bare.includes("Help"));
  const many = shown(Array.from({ length: 80 }, () => diagnosticWith()));
  assertEquals(many.match(/<pre/g)?.length, 50);
  assertStringIncludes(many, "30 more: honua-configd status lists them.");
  assertStringIncludes(shown([]), "no errors and no warnings");
  assertStringIncludes(shown([], "unreadable"), "The last reload has none to show.");
});

Deno.test("a hook shows its state, the reason of its failure and, folded, its output", () => {
  const page = `${hostView({ status: troubled(), further: 0, figures: NOTHING })}`;
  assertMatch(page, /<span class="bad">retrying, 2 failures in a row<\/span>/);
  assertStringIncludes(page, "not run, because hook server failed");
  assertStringIncludes(page, '<td data-label="Why it failed">exited with 3</td>');
  assertMatch(
    page,
    /<details id="hook-output-0"><summary>Output of server in its last run<\/summary>\n<pre[^>]*>no &lt;b&gt;<\/pre>/,
  );
  const hooks = [hookWith({ state: "idle", failures: 0, lastRun: null })];
  const idle = `${hostView({ status: statusWith({ hooks }), further: 0, figures: NOTHING })}`;
  assertStringIncludes(idle, '<td data-label="Last run">not since the start</td>');
  assert(!idle.includes("<details"));
  assertStringIncludes(idle, '<span class="muted">idle</span>');
  const once = `${
    hostView({ status: statusWith({ hooks: [hookWith({ failures: 1 })] }), further: 0, figures: NOTHING })
  }`;
  assertStringIncludes(once, "retrying, 1 failure in a row");
});

Deno.test("the link to Redis shows since when it has its state, and how often it was made again", () => {
  const shown = (reconnections: number) => {
    const redis = { state: "up", since: AT, reason: null, reconnections } as const;
    const page = `${hostView({ status: statusWith({ redis }), further: 0, figures: NOTHING })}`;
    return /up<\/span> since <time[^>]*>[^<]*<\/time>([^<]*)</.exec(page)?.[1];
  };
  assertEquals([0, 1, 2].map(shown), ["", ", 1 reconnection", ", 2 reconnections"]);
});

Deno.test("the page of the host shows no secret, in any text of the daemon, and charts of the last hour", async () => {
  await using host = await openAdminHost();
  host.api.given = everyText(troubled(), `x ${SECRET}`);
  const at = Date.parse("2026-01-01T00:59:00.000Z");
  host.api.figures.reloaded({ at, outcome: "activated", durationMilliseconds: 35 });
  const answer = await host.ask("/ui/host");
  const page = await answer.text();
  assertEquals(answer.status, 200);
  assert(!page.includes(SECRET));
  assert(page.split("x ***").length > 40);
  assertStringIncludes(page, "1 reload in the last hour: 35 ms.");
  host.api.given = { mode: "cluster" };
  host.api.figures.agreed({ at, seconds: 2 });
  const next = await (await host.ask("/ui/host")).text();
  assertStringIncludes(next, "1 change of another instance in the last hour: 2 s.");
});

Deno.test("the page of the host has the first of a thousand diagnostics, and says how many more there are", async () => {
  await using host = await openAdminHost();
  const diagnostics = Array.from({ length: 1_000 }, () => diagnosticWith());
  host.api.given = { lastReload: { ...statusWith().lastReload!, outcome: "rejected", diagnostics } };
  const page = await (await host.ask("/ui/host")).text();
  assertEquals(page.match(/<pre/g)?.length, 50);
  assertStringIncludes(page, "950 more: honua-configd status lists them.");
});
