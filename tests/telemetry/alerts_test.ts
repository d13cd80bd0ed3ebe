import { assert, assertEquals, assertMatch } from "@std/assert";
import { openMetrics } from "../../src/telemetry/metrics.ts";
import { type ExposedFamily, parseExposition } from "./exposition.ts";

const RULES = new URL("../../monitoring/alerts.yml", import.meta.url);

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: string;
  readonly summary: string;
  readonly description: string;
}

/** The few forms of YAML that the file has; anything else, an unknown key or another order of keys too, does not match. */
const GROUP = /^ {2}- name: ([a-z-]+)\n {4}rules:\n((?: {6}.*\n)+)\n?/gmy;
const RULE = new RegExp(
  [
    "^ {6}- alert: (?<alert>[A-Za-z]+)",
    // A plain scalar in one line, or folded ones.
    " {8}expr: (?<expr>[a-z(](?:(?!: | #)[^\\t\\n])*[^\\s:]|>-(?:\\n {10}\\S[^\\t\\n]*)+)",
    " {8}for: (?<for>[^\\s]+)",
    " {8}labels:",
    " {10}severity: (?<severity>[a-z]+)",
    " {8}annotations:",
    ' {10}summary: "(?<summary>[^"\\\\\\t\\n]+)"',
    ' {10}description: "(?<description>[^"\\\\\\t\\n]+)"\\n',
  ].join("\\n"),
  "gmy",
);

/** Reads all that `expression`, which is sticky, matches one after the other; nothing may be left. */
function readAll(expression: RegExp, text: string): RegExpExecArray[] {
  const matches = [...text.matchAll(expression)];
  const end = matches.reduce((sum, [whole]) => sum + whole.length, 0);
  assertEquals(text.slice(end).split("\n")[0], "", "a line that is not of the form");
  assertEquals(end, text.length);
  return matches as RegExpExecArray[];
}

function readAlerts(text: string): Alert[] {
  const [, groups] = text.match(/^(?:#.*\n)+groups:\n([^]*)$/)!;
  return readAll(GROUP, groups!).flatMap(([, , rules]) =>
    readAll(RULE, rules!).map(({ groups }) => ({ ...groups } as unknown as Alert))
  );
}

const families: readonly ExposedFamily[] = parseExposition(
  openMetrics({ version: "1", startTimeSeconds: 1, hooks: ["server"] }).text(),
);
const alerts = readAlerts(await Deno.readTextFile(RULES));
const OURS = /\b(?:honua_configd|process)_\w+/g;

Deno.test("the alert rules are YAML of a plain form, each complete, and no name is used twice", () => {
  assert(alerts.length > 0);
  for (const { alert, for: duration, severity, summary, description } of alerts) {
    assertMatch(alert, /^HonuaConfigd[A-Z][A-Za-z]+$/);
    assertMatch(duration, /^[1-9]\d*[mhd]$/);
    assert(["critical", "warning", "info"].includes(severity), `${alert}: ${severity}`);
    assert(!summary.endsWith("."), `${alert}: a summary is no sentence`);
    assertMatch(description, /\.$/);
    for (const text of [summary, description]) {
      assertEquals(
        text.replaceAll(/\{\{ \$(?:value|labels\.\w+)(?: \| humanize\w*)? \}\}/g, "").match(/[{}$]/),
        null,
        alert,
      );
    }
  }
  assertEquals(new Set(alerts.map(({ alert }) => alert)).size, alerts.length);
});

Deno.test("every metric that an alert or its words name is exposed", () => {
  const exposed = new Set(families.flatMap(({ name, samples }) => [name, ...samples.map(seriesName)]));
  for (const { alert, expr, summary, description } of alerts) {
    const named = `${expr} ${summary} ${description}`.match(OURS) ?? [];
    for (const name of named) assert(exposed.has(name), `${alert}: ${name} is no metric`);
    assert(named.length > 0 || expr.includes("up{"), `${alert}: watches no metric`);
  }
});

Deno.test("every series that an alert selects by our labels is exposed", () => {
  const words = new Set(
    families.flatMap(({ samples }) =>
      samples.flatMap((sample) => [...sample.labels].map(([label, word]) => `${seriesName(sample)} ${label} ${word}`))
    ),
  );
  let selected = 0;
  for (const { alert, expr } of alerts) {
    for (const [, name, label, operator, word] of expr.matchAll(/(\w+)\{(\w+)(!?=)"([^"]*)"\}/g)) {
      if (label === "job") continue;
      assert(words.has(`${name} ${label} ${word}`), `${alert}: ${name}{${label}${operator}"${word}"} never is`);
      selected++;
    }
  }
  assert(selected > 0);
});

Deno.test("every metric has an alert that watches it, but those of which no value is wrong", () => {
  const watched = new Set(alerts.flatMap(({ expr }) => expr.match(OURS) ?? []));
  const unwatched = families.filter(({ name, samples }) =>
    !watched.has(name) && !samples.some((one) => watched.has(seriesName(one)))
  );
  assertEquals(unwatched.map(({ name }) => name), [
    "honua_configd_last_change_timestamp_seconds",
    "honua_configd_notifications_ignored_total",
  ]);
});

Deno.test("an alert on a label that its expression sums away would show nothing, so none does", () => {
  for (const { alert, expr, summary } of alerts) {
    const kept = /^(?:\w+\([\d., ]*)?(?:sum|max|count) by \(([^)]*)\)/.exec(expr)?.[1]?.split(", ");
    if (kept === undefined) continue;
    for (const [, label] of summary.matchAll(/\$labels\.(\w+)/g)) assert(kept.includes(label!), `${alert}: ${label}`);
  }
});

function seriesName({ series }: ExposedFamily["samples"][number]): string {
  return series.replace(/\{.*/, "");
}
