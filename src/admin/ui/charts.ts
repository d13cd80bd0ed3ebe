// Charts of the last hour as inline SVG. Each says the same in a sentence, and a mark differs from the others by its
// form and not only by its colour. The picture is the same for a minute, so that an open page is not redrawn for
// nothing.
import type { Recent, RecentFigures, RecentOutcome } from "../../telemetry/recent_figures.ts";
import { type Markup, markup } from "./markup.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** `0.4 ms`, `35 ms`, `1.2 s`, `3 min`, `2 h`. */
export function lengthText(milliseconds: number): string {
  const { size, unit } = unitOf(milliseconds);
  const count = milliseconds / size;
  return `${count < 9.95 ? Math.round(count * 10) / 10 : Math.round(count)} ${unit}`;
}

/** The unit of a length, chosen by the rounded number that is shown: 999.6 ms are 1 s. */
function unitOf(milliseconds: number): { readonly size: number; readonly unit: string } {
  if (milliseconds < 999.5) return { size: 1, unit: "ms" };
  if (milliseconds < 59.5 * SECOND) return { size: SECOND, unit: "s" };
  return milliseconds < 59.5 * MINUTE ? { size: MINUTE, unit: "min" } : { size: HOUR, unit: "h" };
}

/** Returns the end of an axis from 0 on that has room for the largest length: a round number of its unit. */
export function axisEnd(largestMilliseconds: number): number {
  const { size } = unitOf(largestMilliseconds);
  const largest = largestMilliseconds / size;
  if (!(largest > 1)) return size;
  // The next unit has 60 of these.
  if (largest > 50 && (size === SECOND || size === MINUTE)) return 60 * size;
  const power = 10 ** Math.floor(Math.log10(largest));
  return ([1, 2, 5].find((step) => step * power >= largest) ?? 10) * power * size;
}

/** The middle value; of an even number the mean of the two in the middle. The values are not empty. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

type Mark = "unchanged" | "activated" | "held" | "failed" | "latency";

/** How the outcomes of reloads are drawn; in this order, so that a failure is on top. */
const MARKS: Readonly<Record<RecentOutcome, Mark>> = {
  "unchanged": "unchanged",
  "activated": "activated",
  "held": "held",
  "rejected": "failed",
  "unreadable": "failed",
  "write-failed": "failed",
};

/** The period that a chart shows, in milliseconds since 1970. */
type TimeSpan = Pick<RecentFigures, "from" | "to">;

/** A value of a chart. */
interface Point {
  readonly at: number;
  readonly milliseconds: number;
}

/** The duration of each reload and the number of each outcome. */
export function reloadCharts(figures: RecentFigures): Markup {
  const { reloads: { entries, hasMore } } = figures;
  const title = "Reload duration";
  if (entries.length === 0) return figure({ title, sentence: "No reload ended in the last hour." });
  const shown = Object.entries(MARKS).flatMap(([outcome, mark]) => {
    const points = entries.filter((one) => one.outcome === outcome).map(({ at, durationMilliseconds }) => ({
      at,
      milliseconds: durationMilliseconds,
    }));
    return points.length === 0 ? [] : [{ words: outcome.replace("-", " "), mark, points }];
  });
  const counts = shown.map(({ words, points }) => `${points.length} ${words}`).join(", ");
  const newest = hasMore ? `, of the newest ${entries.length} reloads` : "";
  return markup`${
    figure({
      title,
      sentence: lengthsSentence("reload", { entries: shown.flatMap(({ points }) => points), hasMore }),
      picture: { height: HEIGHT, content: scatter(figures, shown) },
      legend: markup`<ul class="legend">${shown.map(legendEntry)}</ul>`,
    })
  }
${
    figure({
      title: "Reload outcomes",
      sentence: `In the last hour${newest}: ${counts}.`,
      picture: { height: shown.length * BAR_PITCH + 4, content: bars(shown) },
    })
  }`;
}

/** How long changes of other instances took to be in force here. */
export function latencyChart(figures: RecentFigures): Markup {
  const { latencies: { entries, hasMore } } = figures;
  const title = "Agreement latency";
  if (entries.length === 0) {
    return figure({ title, sentence: "No change of another instance came into force here in the last hour." });
  }
  const points = entries.map(({ at, seconds }) => ({ at, milliseconds: seconds * SECOND }));
  return figure({
    title,
    sentence: lengthsSentence("change of another instance", { entries: points, hasMore }, "changes of other instances"),
    picture: { height: HEIGHT, content: scatter(figures, [{ mark: "latency", points }]) },
  });
}

/** `12 reloads in the last hour: median 35 ms, largest 1.2 s.` */
function lengthsSentence(one: string, { entries, hasMore }: Recent<Point>, many = `${one}s`): string {
  const values = entries.map(({ milliseconds }) => milliseconds);
  const largest = largestOf(entries);
  if (values.length === 1) return `1 ${one} in the last hour: ${lengthText(largest)}.`;
  const figures = `median ${lengthText(median(values))}, largest ${lengthText(largest)}`;
  if (!hasMore) return `${values.length} ${many} in the last hour: ${figures}.`;
  return `More than ${values.length} ${many} in the last hour; of the newest ${values.length}: ${figures}.`;
}

function largestOf(points: readonly Point[]): number {
  return Math.max(...points.map(({ milliseconds }) => milliseconds));
}

interface Chart {
  readonly title: string;
  readonly sentence: string;
  /** Absent: there is nothing to draw. */
  readonly picture?: { readonly height: number; readonly content: Markup };
  readonly legend?: Markup;
}

const WIDTH = 320;

function figure({ title, sentence, picture, legend }: Chart): Markup {
  const svg = picture &&
    markup`<svg role="img" aria-label="${title}. ${sentence}" viewBox="0 0 ${WIDTH} ${picture.height}">${picture.content}</svg>
`;
  return markup`<figure class="chart"><figcaption>${title}</figcaption>
${svg ?? ""}${legend ?? ""}
<p class="muted">${sentence}</p>
</figure>`;
}

/** The height of a chart over time, and its plot within. */
const HEIGHT = 132;
const PLOT = { left: 52, right: 312, top: 10, bottom: 108 } as const;

/** Points over time: one path for each kind of mark. */
function scatter(
  { from, to }: TimeSpan,
  kinds: readonly { readonly mark: Mark; readonly points: readonly Point[] }[],
): Markup {
  const end = Math.ceil(to / MINUTE) * MINUTE;
  const start = end - (to - from);
  const top = axisEnd(largestOf(kinds.flatMap(({ points }) => points)));
  const x = (at: number) => PLOT.left + clamped((at - start) / (end - start)) * (PLOT.right - PLOT.left);
  const y = (milliseconds: number) => PLOT.bottom - clamped(milliseconds / top) * (PLOT.bottom - PLOT.top);
  const path = ({ mark, points }: typeof kinds[number]) => {
    // Points that would be at one place are drawn once.
    const drawn = new Set(points.map((one) => drawnMark(mark, x(one.at), y(one.milliseconds))));
    return markup`<path class="mark ${mark}" d="${[...drawn].join("")}"/>`;
  };
  const tick = (milliseconds: number) =>
    markup`<path class="grid" d="M${PLOT.left} ${rounded(y(milliseconds))}H${PLOT.right}"/>
<text x="${PLOT.left - 6}" y="${rounded(y(milliseconds) + 4)}" text-anchor="end">${lengthText(milliseconds)}</text>
`;
  const label = (text: string, at: number, anchor: string) =>
    markup`<text x="${at}" y="${HEIGHT - 6}" text-anchor="${anchor}">${text}</text>
`;
  return markup`${[0, top / 2, top].map(tick)}${label("60 min ago", PLOT.left, "start")}${
    label("30 min ago", (PLOT.left + PLOT.right) / 2, "middle")
  }${label("now", PLOT.right, "end")}${kinds.map(path)}`;
}

/** A stroke of no length is as wide as its line: a dot, or a square, as the styles say. */
function drawnMark(mark: Mark, x: number, y: number): string {
  if (mark === "failed") return `M${rounded(x - 3)} ${rounded(y - 3)}l6 6m0-6l-6 6`;
  return `M${rounded(x)} ${rounded(y)}h.01`;
}

function legendEntry({ words, mark }: { readonly words: string; readonly mark: Mark }): Markup {
  const sample = markup`<path class="mark ${mark}" d="${drawnMark(mark, 6, 6)}"/>`;
  return markup`<li><svg class="sample" aria-hidden="true" viewBox="0 0 12 12">${sample}</svg> ${words}</li>`;
}

const BAR_PITCH = 20;
const BAR = { left: 88, right: 276, height: 12 } as const;

/** One bar for each outcome, with its name and number beside it. */
function bars(
  kinds: readonly { readonly words: string; readonly mark: Mark; readonly points: readonly Point[] }[],
): Markup {
  const most = Math.max(...kinds.map(({ points }) => points.length));
  return markup`${
    kinds.map(({ words, mark, points: { length } }, at) => {
      const y = at * BAR_PITCH + 4;
      // A single one beside hundreds is seen too.
      const width = rounded(Math.max(2, (length / most) * (BAR.right - BAR.left)));
      return markup`<text x="0" y="${
        y + 10
      }">${words}</text><rect class="bar ${mark}" x="${BAR.left}" y="${y}" width="${width}" height="${BAR.height}"/><text x="${
        BAR.left + width + 6
      }" y="${y + 10}">${length}</text>
`;
    })
  }`;
}

function clamped(share: number): number {
  return Math.min(1, Math.max(0, share));
}

/** To tenths: more would only be longer. */
function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
