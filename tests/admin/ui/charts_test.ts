import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { axisEnd, latencyChart, lengthText, median, reloadCharts } from "../../../src/admin/ui/charts.ts";
import type { RecentFigures, RecentReload } from "../../../src/telemetry/recent_figures.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

type Given = readonly (readonly [minutesAgo: number, RecentReload["outcome"], milliseconds: number])[];

function figuresOf(given: Given, hasMore = false, to = HOUR): RecentFigures {
  const entries = given.map(([minutesAgo, outcome, durationMilliseconds]) => ({
    at: to - minutesAgo * MINUTE,
    outcome,
    durationMilliseconds,
  }));
  const latencies = entries.map(({ at, durationMilliseconds }) => ({ at, seconds: durationMilliseconds / 1000 }));
  return { from: to - HOUR, to, reloads: { entries, hasMore }, latencies: { entries: latencies, hasMore } };
}

/** The values of an attribute, in order. */
function attributes(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(` ${name}="([^"]*)"`, "g"))].map((match) => match[1]!);
}

/** The texts within the picture. */
function texts(text: string): string[] {
  return [...text.matchAll(/<text [^>]*>([^<]*)</g)].map((match) => match[1]!);
}

Deno.test("a length is one number and one unit, and one that is rounded up may have the next unit", () => {
  const lengths = [0, 0.04, 0.44, 9.94, 9.96, 35.4, 999.4, 999.6, 1_240, 59_400, 59_600, 90_000, HOUR, 2.5 * HOUR];
  assertEquals(lengths.map(lengthText), [
    ...["0 ms", "0 ms", "0.4 ms", "9.9 ms", "10 ms", "35 ms", "999 ms", "1 s", "1.2 s", "59 s", "1 min", "1.5 min"],
    ...["1 h", "2.5 h"],
  ]);
});

Deno.test("an axis ends at a round number that has room for the largest value, and not for ten times as much", () => {
  const ends = [0, 0.2, 1, 1.1, 35, 50, 51, 999, 1_000, 1_001, 2_100, 49_000, 51_000, 10 * MINUTE, 55 * MINUTE];
  assertEquals(ends.map((end) => lengthText(axisEnd(end))), [
    ...["1 ms", "1 ms", "1 ms", "2 ms", "50 ms", "50 ms", "100 ms", "1 s", "1 s", "2 s", "5 s", "50 s", "1 min"],
    ...["10 min", "1 h"],
  ]);
  fc.assert(fc.property(fc.double({ min: 1, max: 1e9, noNaN: true }), (value) => {
    assert(axisEnd(value) >= value * (1 - 1e-3) && axisEnd(value) <= value * 10, `${value}`);
  }));
});

Deno.test("the median is the value in the middle, or between the two in the middle", () => {
  assertEquals([[7], [9, 1, 2], [4, 1, 2, 9], [3, 3]].map(median), [7, 2, 3, 3]);
});

Deno.test("an hour in which nothing happened is a sentence, without a picture", () => {
  const [reloads, latency] = [`${reloadCharts(figuresOf([]))}`, `${latencyChart(figuresOf([]))}`];
  assertStringIncludes(reloads, '<p class="muted">No reload ended in the last hour.</p>');
  assertStringIncludes(latency, "No change of another instance came into force here in the last hour.");
  assert(!`${reloads}${latency}`.includes("<svg"));
});

Deno.test("each reload has a place by its time and duration, and a form by its outcome", () => {
  const chart = `${
    reloadCharts(figuresOf([[60, "activated", 0], [30, "unchanged", 50], [0, "rejected", 100], [0, "unreadable", 100]]))
  }`;
  // Beside each other by outcome; the samples of the legend come after.
  assertEquals(attributes(chart, "d").filter((_, at) => at >= 3).slice(0, 4), [
    "M182 59h.01",
    "M52 108h.01",
    "M309 7l6 6m0-6l-6 6",
    "M309 7l6 6m0-6l-6 6",
  ]);
  assertEquals(texts(chart).slice(0, 6), ["0 ms", "50 ms", "100 ms", "60 min ago", "30 min ago", "now"]);
  const sentence = "4 reloads in the last hour: median 75 ms, largest 100 ms.";
  const counts = "In the last hour: 1 unchanged, 1 activated, 1 rejected, 1 unreadable.";
  assertEquals(attributes(chart, "aria-label"), [`Reload duration. ${sentence}`, `Reload outcomes. ${counts}`]);
  for (const said of [sentence, counts]) assertStringIncludes(chart, `<p class="muted">${said}</p>`);
  assertMatch(chart, /<li><svg class="sample" aria-hidden="true"[^]*<\/svg> rejected<\/li>/);
});

Deno.test("outcomes are bars as long as they are many, and the smallest can be seen", () => {
  const many = Array.from({ length: 500 }, () => [1, "unchanged", 3] as const);
  const chart = `${reloadCharts(figuresOf([...many, [1, "write-failed", 3]]))}`;
  assertEquals(attributes(chart, "width"), ["188", "2"]);
  assertEquals(texts(chart).slice(6), ["unchanged", "500", "write failed", "1"]);
  // Those at one place are drawn once.
  assertEquals(chart.match(/h\.01/g)?.length, 2);
});

Deno.test("one value, equal values and more than are kept are described unchanged", () => {
  const sentence = (given: Given, hasMore = false) =>
    attributes(`${latencyChart(figuresOf(given, hasMore))}`, "aria-label")[0]?.replace("Agreement latency. ", "");
  const one = [5, "activated", 1_500] as const;
  assertEquals(sentence([one]), "1 change of another instance in the last hour: 1.5 s.");
  assertEquals(
    sentence([one, one, one]),
    "3 changes of other instances in the last hour: median 1.5 s, largest 1.5 s.",
  );
  assertEquals(
    sentence([one, one], true),
    "More than 2 changes of other instances in the last hour; of the newest 2: median 1.5 s, largest 1.5 s.",
  );
  const { reloads } = figuresOf([one, one], true);
  assertStringIncludes(
    `${reloadCharts({ ...figuresOf([]), reloads })}`,
    "In the last hour, of the newest 2 reloads: 2 activated.",
  );
});

Deno.test("the picture stays the same within a minute, so that an open page is not redrawn", () => {
  const at = 10 * HOUR;
  const drawn = (now: number) => {
    const { reloads, latencies } = figuresOf([[5, "activated", 3]], false, at);
    return `${latencyChart({ from: now - HOUR, to: now, reloads, latencies })}`;
  };
  assertEquals(drawn(at - 1_000), drawn(at - 59_000));
  assert(drawn(at - 1_000) !== drawn(at + 1_000));
  // A point at the edge of the hour, and so before the whole minute, is drawn at the edge.
  const edge = figuresOf([[60, "activated", 3]], false, at - 59_000);
  assertEquals(attributes(`${latencyChart(edge)}`, "d").at(-1), "M52 49.2h.01");
});
