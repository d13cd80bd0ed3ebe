// A strict reader of Prometheus' text format 0.0.4 (prometheus.io, Exposition formats): stricter than Prometheus, so
// that a text that passes here is read everywhere. It throws if the text breaks the format.

/** One line with a value. */
export interface ExposedSample {
  /** Its name and labels as written in the text. */
  readonly series: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** A metric with all its samples. */
export interface ExposedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly ExposedSample[];
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"/;
const SAMPLE = new RegExp(`^((${NAME})(?:\\{(${LABEL.source}(?:,${LABEL.source})*)\\})?) (\\S+)$`);
const NUMBER = /^[+-]?(\d+(\.\d+)?(e[+-]?\d+)?|Inf)$|^NaN$/;
const SUFFIXES: ReadonlyMap<string, readonly string[]> = new Map([
  ["counter", [""]],
  ["gauge", [""]],
  ["histogram", ["_bucket", "_sum", "_count"]],
]);

/** Reads a whole text: families of a HELP line, a TYPE line and samples, no family and no series twice. */
export function parseExposition(text: string): ExposedFamily[] {
  if (!text.endsWith("\n")) throw new Error("the last line does not end with a line feed");
  if (!text.isWellFormed()) throw new Error("a lone surrogate");
  const families: (ExposedFamily & { readonly samples: ExposedSample[] })[] = [];
  const seen = new Set<string>();
  const once = (what: string): void => {
    if (seen.has(what)) throw new Error(`twice: ${what}`);
    seen.add(what);
  };
  const lines = text.slice(0, -1).split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    if (line.startsWith("# HELP ")) {
      const [, name, help] = matched(new RegExp(`^# HELP (${NAME}) ((?:[^\\\\]|\\\\[\\\\n])+)$`), line);
      const [, typed, type] = matched(new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram)$`), lines[++at] ?? "");
      if (typed !== name) throw new Error(`HELP of ${name} and TYPE of ${typed}`);
      once(`# ${name}`);
      families.push({ name: name!, help: help!, type: type!, samples: [] });
      continue;
    }
    const family = families.at(-1);
    if (family === undefined) throw new Error(`a sample without a family: ${line}`);
    const sample = sampleIn(line, family);
    once([line.match(NAME)![0], ...[...sample.labels].map(String).sort()].join(" "));
    family.samples.push(sample);
  }
  families.forEach(checkHistogram);
  return families;
}

function sampleIn(line: string, { name, type }: ExposedFamily): ExposedSample {
  const [, series, sampleName, labels = ""] = matched(SAMPLE, line);
  if (!SUFFIXES.get(type)!.some((suffix) => sampleName === name + suffix)) throw new Error(`${sampleName} in ${name}`);
  const number = line.slice(series!.length + 1);
  matched(NUMBER, number);
  const pairs = [...labels.matchAll(new RegExp(LABEL, "g"))].map(([, label, value]) =>
    [label!, unescaped(value!)] as const
  );
  if (new Set(pairs.map(([label]) => label)).size !== pairs.length) throw new Error(`a label twice: ${line}`);
  return { series: series!, labels: new Map(pairs), value: Number(number.replace("Inf", "Infinity")) };
}

/** Buckets go up, end with +Inf, and agree with the count. */
function checkHistogram({ name, type, samples }: ExposedFamily): void {
  if (type !== "histogram") return;
  const buckets = samples.filter(({ series }) => series.startsWith(`${name}_bucket`));
  const bounds = buckets.map(({ labels }) => Number(labels.get("le")?.replace("Inf", "Infinity")));
  const counts = buckets.map(({ value }) => value);
  const ascends = (values: readonly number[]) => values.every((value, at) => at === 0 || value >= values[at - 1]!);
  if (!ascends(bounds) || !ascends(counts)) throw new Error(`the buckets of ${name} do not go up`);
  if (bounds.at(-1) !== Infinity) throw new Error(`${name} has no bucket +Inf at its end`);
  const count = samples.find(({ series }) => series === `${name}_count`)?.value;
  const sum = samples.find(({ series }) => series === `${name}_sum`)?.value;
  if (count !== counts.at(-1) || sum === undefined) throw new Error(`${name}: _sum and _count do not fit its buckets`);
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, escaped) => escaped === "n" ? "\n" : escaped);
}

function matched(expression: RegExp, text: string): RegExpMatchArray {
  const match = expression.exec(text);
  if (match === null) throw new Error(`not as the format wants it: ${JSON.stringify(text)}`);
  return match;
}
