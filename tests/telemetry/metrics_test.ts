import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import fc, { anyCharacter } from "fast-check";
import {
  type DaemonMetrics,
  type MetricsSettings,
  openMetrics,
  readProcessFigures,
} from "../../src/telemetry/metrics.ts";
import { parseExposition } from "./exposition.ts";

const HASH = "0123456789abcdef".repeat(4);

function metricsOf(settings: Partial<MetricsSettings> = {}): DaemonMetrics {
  return openMetrics({ version: "1.2.3", startTimeSeconds: 1_700_000_000, ...settings });
}

/** The value of one series, by its name and labels as written in the text, without the prefix. */
function valueOf(metrics: DaemonMetrics, series: string): number | undefined {
  const samples = parseExposition(metrics.text()).flatMap((family) => family.samples);
  return samples.find((sample) => sample.series === `honua_configd_${series}`)?.value;
}

Deno.test("before anything happened every series is there and 0, in one order", () => {
  const metrics = metricsOf();
  const families = parseExposition(metrics.text()).filter(({ name }) => name.startsWith("honua_configd_"));
  const samples = families.flatMap((family) => family.samples);
  assertEquals(samples.filter(({ value }) => value !== 0).map(({ series }) => series), [
    'honua_configd_info{version="1.2.3",hash=""}',
  ]);
  const plain = samples.filter(({ series }) => !series.includes("_bucket")).map(({ series }) => series);
  assertEquals(plain.map((series) => series.slice("honua_configd_".length)), [
    'reloads_total{outcome="activated"}',
    'reloads_total{outcome="unchanged"}',
    'reloads_total{outcome="rejected"}',
    'reloads_total{outcome="unreadable"}',
    'reloads_total{outcome="write_failed"}',
    'reloads_total{outcome="held"}',
    "reload_duration_seconds_sum",
    "reload_duration_seconds_count",
    "last_reload_success_timestamp_seconds",
    "last_change_timestamp_seconds",
    "last_reload_successful",
    "notifications_sent_total",
    'notifications_received_total{kind="announcement"}',
    'notifications_received_total{kind="look_again"}',
    "notifications_ignored_total",
    "notifications_invalid_total",
    "notification_latency_seconds_sum",
    "notification_latency_seconds_count",
    "watcher_errors_total",
    "watcher_restarts_total",
    "high_availability_enabled",
    "redis_connected",
    "redis_reconnections_total",
    "active_generation",
    "diverged",
    'rollbacks_total{by="operator"}',
    'rollbacks_total{by="health"}',
    'rollbacks_total{by="confirmation"}',
    'release_state{state="running"}',
    'release_state{state="baking"}',
    'release_state{state="healthy"}',
    'release_state{state="failed"}',
    'release_state{state="rolled_back"}',
    'release_state{state="skipped"}',
    'release_state{state="replaced"}',
    'rollout_phase{phase="awaiting_approval"}',
    'rollout_phase{phase="admitting"}',
    'rollout_phase{phase="baking"}',
    'rollout_phase{phase="paused"}',
    'rollout_phase{phase="halted"}',
    'rollout_phase{phase="rolled_back"}',
    'rollout_phase{phase="withdrawn"}',
    'rollouts_total{outcome="done"}',
    'rollouts_total{outcome="halted"}',
    'rollouts_total{outcome="rolled_back"}',
    'rollouts_total{outcome="withdrawn"}',
    'rollouts_total{outcome="refused"}',
    "held",
    "hook_duration_seconds_sum",
    "hook_duration_seconds_count",
    'peers{state="agreed"}',
    'peers{state="settling"}',
    'peers{state="diverged"}',
    'peers{state="held"}',
    'peers{state="unknown"}',
    'peers{state="rejected"}',
    'info{version="1.2.3",hash=""}',
  ]);
  assertEquals(metrics.text().replace(/^process_.*\n/gm, ""), metricsOf().text().replace(/^process_.*\n/gm, ""));
});

Deno.test("names follow Prometheus' practice: counters end in _total, and units are base units", () => {
  for (const { name, type } of parseExposition(metricsOf().text())) {
    assertEquals(name.endsWith("_total"), type === "counter", name);
    assert(!/milliseconds|minutes|kilobytes/.test(name), name);
    if (type === "histogram") assertMatch(name, /_seconds$/);
  }
});

Deno.test("counters add up, each label for itself", () => {
  const metrics = metricsOf();
  metrics.reloads.add(1, { outcome: "activated" });
  metrics.reloads.add(2, { outcome: "write_failed" });
  metrics.reloads.add(1, { outcome: "activated" });
  metrics.notificationsReceived.add(1, { kind: "look_again" });
  metrics.notificationsSent.add(3);
  metrics.notificationsSent.add(0);
  assertEquals(valueOf(metrics, 'reloads_total{outcome="activated"}'), 2);
  assertEquals(valueOf(metrics, 'reloads_total{outcome="write_failed"}'), 2);
  assertEquals(valueOf(metrics, 'reloads_total{outcome="rejected"}'), 0);
  assertEquals(valueOf(metrics, 'notifications_received_total{kind="look_again"}'), 1);
  assertEquals(valueOf(metrics, "notifications_sent_total"), 3);
});

Deno.test("two daemons of one process count apart", () => {
  const [one, other] = [metricsOf(), metricsOf()];
  one.watcherErrors.add(1);
  assertEquals([valueOf(one, "watcher_errors_total"), valueOf(other, "watcher_errors_total")], [1, 0]);
});

Deno.test("a name or value that no metric can have is a bug and throws, and changes nothing", () => {
  const metrics = metricsOf();
  const before = metrics.text().replace(/^process_.*\n/gm, "");
  const wrong: (() => void)[] = [
    () => metrics.notificationsSent.add(-1),
    () => metrics.notificationsSent.add(NaN),
    () => metrics.reloads.add(Infinity, { outcome: "activated" }),
    () => metrics.reloads.add(1, { outcome: "constructor" as "activated" }),
    () => metrics.reloads.add(1, {} as { outcome: "activated" }),
    () => metrics.peers.replace(["agreed", "__proto__" as "agreed"]),
    () => metrics.activeGeneration.set(NaN),
    () => metrics.reloadDuration.observe(NaN),
  ];
  for (const mistake of wrong) assertThrows(mistake, RangeError);
  assertEquals(metrics.text().replace(/^process_.*\n/gm, ""), before);
});

Deno.test("gauges take numbers, and booleans as 0 and 1", () => {
  const metrics = metricsOf();
  metrics.activeGeneration.set(17);
  metrics.diverged.set(true);
  metrics.lastChangeTime.set(1_700_000_000.25);
  assertEquals(valueOf(metrics, "active_generation"), 17);
  assertEquals(valueOf(metrics, "diverged"), 1);
  assertEquals(valueOf(metrics, "last_change_timestamp_seconds"), 1_700_000_000.25);
  metrics.diverged.set(false);
  assertEquals(valueOf(metrics, "diverged"), 0);
});

Deno.test("peers are counted again each time, and a state that nobody is in is 0", () => {
  const metrics = metricsOf();
  metrics.peers.replace(["agreed", "rejected", "agreed"]);
  assertEquals(valueOf(metrics, 'peers{state="agreed"}'), 2);
  assertEquals(valueOf(metrics, 'peers{state="rejected"}'), 1);
  metrics.peers.replace(["diverged"]);
  assertEquals(valueOf(metrics, 'peers{state="agreed"}'), 0);
  assertEquals(valueOf(metrics, 'peers{state="diverged"}'), 1);
  metrics.peers.replace([]);
  assertEquals(valueOf(metrics, 'peers{state="diverged"}'), 0);
});

Deno.test("a hash is shown by its first 12 digits, in a series that ends when another comes", () => {
  const metrics = metricsOf();
  metrics.info.replace({ hash: HASH });
  assertEquals(valueOf(metrics, 'info{version="1.2.3",hash="0123456789ab"}'), 1);
  assert(!metrics.text().includes(HASH.slice(0, 13)));
  metrics.info.replace({ hash: null });
  assertEquals(metrics.text().match(/^honua_configd_info\{.*$/gm), ['honua_configd_info{version="1.2.3",hash=""} 1']);
});

Deno.test("a bucket counts the values up to its bound, and the last one counts all", () => {
  const seconds = fc.double({ min: -1, max: 1_000, noNaN: true });
  const times = fc.array(fc.oneof(seconds, fc.constantFrom(0.01, 0.1, 1, 30)), { maxLength: 50 });
  fc.assert(fc.property(times, (observed) => {
    const metrics = metricsOf();
    for (const one of observed) metrics.reloadDuration.observe(one);
    const { samples } = parseExposition(metrics.text()).find(({ name }) => name.endsWith("reload_duration_seconds"))!;
    for (const { labels, value } of samples.filter(({ series }) => series.includes("_bucket"))) {
      assertEquals(
        value,
        observed.filter((one) => one <= Number(labels.get("le")!.replace("+Inf", "Infinity"))).length,
      );
    }
    const sum = observed.reduce((total, one) => total + Math.max(0, one), 0);
    assertEquals(samples.at(-2)!.value, sum);
    assertEquals(samples.at(-1)!.value, observed.length);
  }));
});

Deno.test("the text is valid for any version, and a strict reader gets the same version back", () => {
  const hostile = fc.string({
    unit: fc.constantFrom("\\", '"', "\n", "\r", "{", "}", ",", "n", "#", " ", "é", "\u{1F30B}"),
  });
  const versions = fc.oneof(
    hostile,
    fc.string({ unit: anyCharacter }),
    fc.constantFrom('"} 1\nforged_total 7', "\ud800"),
  );
  fc.assert(fc.property(versions, fc.option(hostile), (version, hash) => {
    const metrics = metricsOf({ version });
    metrics.info.replace({ hash });
    const families = parseExposition(metrics.text());
    const [info, ...more] = families.find(({ name }) => name === "honua_configd_info")!.samples;
    assertEquals([...info!.labels], [["version", version.toWellFormed()], [
      "hash",
      (hash ?? "").slice(0, 12).toWellFormed(),
    ]]);
    assertEquals([more.length, families.some(({ name }) => name.startsWith("forged"))], [0, false]);
  }));
});

Deno.test("the text stays valid at the ends of the range of numbers", () => {
  const numbers = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(fc.property(numbers, (number) => {
    const metrics = metricsOf();
    metrics.activeGeneration.set(number);
    assertEquals(valueOf(metrics, "active_generation"), number + 0);
  }));
});

Deno.test("the process's figures are of the moment of the scrape, and one that may not be read is left out", () => {
  let residentBytes: number | null = 1_000;
  const metrics = metricsOf({ processFigures: () => ({ residentBytes, openFileDescriptors: null }) });
  const lines = () => metrics.text().match(/^process_.*$/gm);
  assertEquals(lines(), ["process_start_time_seconds 1700000000", "process_resident_memory_bytes 1000"]);
  residentBytes = 2_000;
  assertEquals(lines(), ["process_start_time_seconds 1700000000", "process_resident_memory_bytes 2000"]);
  assert(!metrics.text().includes("process_open_fds"));
});

Deno.test({
  name: "an open file is one descriptor more",
  ignore: Deno.build.os !== "linux",
  fn() {
    const before = readProcessFigures();
    using _file = Deno.openSync(new URL(import.meta.url));
    const after = readProcessFigures();
    assertEquals(after.openFileDescriptors, before.openFileDescriptors! + 1);
    assert(after.residentBytes! > 1 << 20);
  },
});

Deno.test("the content type names the format's version", () => {
  assertEquals(metricsOf().contentType, "text/plain; version=0.0.4; charset=utf-8");
});

Deno.test("hooks are counted by name and outcome, each from the start, and those that are pending are reported", () => {
  const metrics = openMetrics({ version: "1.2.3", startTimeSeconds: 0, hooks: ["nginx", 'a "name"'] });
  metrics.hookRuns.add(1, { hook: "nginx", outcome: "failed" });
  metrics.hookRuns.add(2, { hook: 'a "name"', outcome: "succeeded" });
  metrics.hooksPending.replace(["nginx"]);
  const series = parseExposition(metrics.text()).flatMap((family) => family.samples)
    .filter((sample) => /hook_(?:runs|pending)/.test(sample.series))
    .map((sample) => `${[...sample.labels.values()].join(" ")} ${sample.value}`);
  assertEquals(series, [
    "nginx succeeded 0",
    "nginx failed 1",
    'a "name" succeeded 2',
    'a "name" failed 0',
    "nginx 1",
    'a "name" 0',
  ]);
  assertThrows(() => metrics.hookRuns.add(1, { hook: "other", outcome: "failed" }), RangeError);
});

Deno.test("durations and latencies have the documented buckets", () => {
  const families = parseExposition(metricsOf().text());
  const bounds = (name: string) =>
    families.find((family) => family.name === `honua_configd_${name}_seconds`)!.samples
      .flatMap(({ labels }) => labels.get("le") ?? []).join(" ");
  for (const name of ["reload_duration", "hook_duration"]) {
    assertEquals(bounds(name), "0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 30 +Inf");
  }
  assertEquals(bounds("notification_latency"), "0.05 0.1 0.25 0.5 1 2.5 5 10 30 60 120 300 +Inf");
});

Deno.test("a scrape has the start and the readable figures of the process, by the names of Prometheus' clients", () => {
  const processFigures = () => ({ residentBytes: null, openFileDescriptors: 17 });
  const text = metricsOf({ processFigures }).text();
  const families = parseExposition(text).filter(({ name }) => name.startsWith("process_"));
  assertEquals(families.map(({ name, type, samples }) => [name, type, samples[0]?.value]), [
    ["process_start_time_seconds", "gauge", 1_700_000_000],
    ["process_open_fds", "gauge", 17],
  ]);
});
