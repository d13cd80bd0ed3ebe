// The time of each test file, from the report that `deno test --junit-path` writes.

/** A test file and the time that its tests took together. */
export interface FileTime {
  /** From the checkout's root; for tests that one file registers for another, the registering file. */
  readonly file: string;
  readonly seconds: number;
  /** The test that took longest. */
  readonly slowest: { readonly name: string; readonly seconds: number };
}

/** Reads the times of a JUnit report, the longest first; none includes the loading of a file. */
export function fileTimes(junit: string): FileTime[] {
  const times = new Map<string, FileTime>();
  const elements = junit.replaceAll(/<!\[CDATA\[[^]*?\]\]>/g, "");
  for (const [, attributes] of elements.matchAll(/<testcase((?:\s+[\w:-]+="[^"]*")+)/g)) {
    const file = attributeOf(attributes!, "classname").replace(/^\.\//, "");
    const test = { name: attributeOf(attributes!, "name"), seconds: Number(attributeOf(attributes!, "time")) || 0 };
    const known = times.get(file);
    const slowest = known !== undefined && known.slowest.seconds >= test.seconds ? known.slowest : test;
    times.set(file, { file, seconds: (known?.seconds ?? 0) + test.seconds, slowest });
  }
  return [...times.values()].sort((one, other) => other.seconds - one.seconds);
}

/** Quicker files share the last line. */
const LEAST_SECONDS = 0.1;

/** The times as lines for a terminal. */
export function timeTable(times: readonly FileTime[]): string {
  const quick = times.filter(({ seconds }) => seconds < LEAST_SECONDS);
  const lines = times.filter(({ seconds }) => seconds >= LEAST_SECONDS).map(({ file, seconds, slowest }) =>
    `${inSeconds(seconds)}  ${file} (${inSeconds(slowest.seconds).trim()}: ${slowest.name})`
  );
  const rest = quick.reduce((sum, { seconds }) => sum + seconds, 0);
  return [...lines, `${inSeconds(rest)}  ${quick.length} files of less than ${LEAST_SECONDS} s each`].join("\n");
}

function inSeconds(seconds: number): string {
  return `${seconds.toFixed(1).padStart(6)} s`;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function attributeOf(attributes: string, name: string): string {
  const [, text = ""] = new RegExp(`\\s${name}="([^"]*)"`).exec(attributes) ?? [];
  return text.replaceAll(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, entity) => {
    if (entity !== undefined) return ENTITIES[entity] ?? whole;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : parseInt(hex, 16));
  });
}
