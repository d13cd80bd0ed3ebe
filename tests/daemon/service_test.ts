// The messages to the service manager, over a manager that records them.
import { assertEquals } from "@std/assert";
import { openService, type ServiceFacts, statusLine } from "../../src/daemon/service.ts";
import type { ServiceManager, ServiceState } from "../../src/telemetry/sd_notify.ts";
import { manualClock } from "../reload/controlled_loop.ts";

const HASH = "3f9c2b1a0d4e".padEnd(64, "0");
const WELL: ServiceFacts = {
  hash: HASH,
  isBusy: false,
  hasLooked: true,
  trouble: null,
  standing: null,
  isolation: null,
  generation: null,
  failedHooks: [],
  isWatching: true,
};

function open(watchdogMilliseconds: number | null = null) {
  const told: string[] = [];
  const manager: ServiceManager = {
    watchdogMilliseconds,
    notify: (state: ServiceState) =>
      void told.push(Object.entries(state).map(([key, value]) => value === true ? key : String(value)).join(" ")),
    flush: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const clock = manualClock();
  let facts: ServiceFacts = { ...WELL, hash: null, hasLooked: false };
  const service = openService(manager, () => facts, clock);
  const set = (changed: Partial<ServiceFacts>) => {
    facts = { ...facts, ...changed };
    service.changed();
  };
  return { service, told, clock, set };
}

Deno.test("READY comes when the first look ended, and a reload is reported around each later one", () => {
  const { service, told, set } = open();
  set({});
  assertEquals(told, []);
  service.serving();
  set({ isBusy: true });
  set({ isBusy: true, hasLooked: true, hash: HASH });
  set({ isBusy: false });
  set({ isBusy: true });
  set({ isBusy: false });
  service.stopping();
  set({ isBusy: true });
  assertEquals(told, [
    "No snapshot is in force; looking at the source",
    "3f9c2b1a0d4e in force",
    "ready",
    "reloading",
    "ready",
    "stopping Stopping",
  ]);
});

Deno.test("without a snapshot READY says so, once the first look ended", () => {
  const { service, told, set } = open();
  service.serving();
  set({ hasLooked: true, trouble: { kind: "rejected", reason: "config/rule: wrong" } });
  assertEquals(
    told.at(-1),
    "ready No snapshot is in force; the source is rejected: config/rule: wrong; watching the source",
  );
});

Deno.test("a snapshot that was in force before waits ten seconds for the first look, and no longer", () => {
  const { service, told, set, clock } = open();
  set({ hash: HASH, isBusy: true });
  service.serving();
  clock.advance(9_999);
  assertEquals(told, ["3f9c2b1a0d4e in force"]);
  clock.advance(1);
  assertEquals(told, ["3f9c2b1a0d4e in force", "ready"]);
  set({ hasLooked: true, isBusy: false });
  assertEquals(told.length, 2);
});

Deno.test("a look beyond the manager's patience is not waited for: READY names the active snapshot", () => {
  const starting = open();
  starting.service.serving();
  starting.set({ isBusy: true });
  starting.clock.advance(54_999);
  assertEquals(starting.told, ["No snapshot is in force; looking at the source"]);
  starting.clock.advance(1);
  assertEquals(starting.told.at(-1), "ready");

  const { service, told, clock, set } = open();
  service.serving();
  set({ hasLooked: true, hash: HASH });
  set({ isBusy: true });
  clock.advance(55_000);
  set({ isBusy: true });
  assertEquals(told.slice(-2), ["reloading", "ready"]);
  set({ isBusy: false });
  set({ isBusy: true });
  assertEquals(told.slice(-2), ["ready", "reloading"]);
});

Deno.test("the heart beats twice as often as the watchdog wants, and not at all without one", () => {
  const { service, told, set } = open(3_000);
  assertEquals(service.heartbeat?.everyMilliseconds, 1_500);
  service.heartbeat?.beat();
  assertEquals(told, ["watchdog"]);
  service.serving();
  set({ hasLooked: true, hash: HASH });
  service.heartbeat?.beat();
  assertEquals(told.at(-1), "watchdog ready", "a READY that was lost is sent again");
  assertEquals(open().service.heartbeat, null);
  assertEquals(openService(null, () => WELL).heartbeat, null);
});

Deno.test("the status names the active snapshot, whether it is agreed, and the problems", () => {
  assertEquals(statusLine(WELL), "3f9c2b1a0d4e in force");
  assertEquals(
    statusLine({ ...WELL, standing: "agreed", generation: 12 }),
    "3f9c2b1a0d4e in force, generation 12, agreed",
  );
  assertEquals(
    statusLine({
      ...WELL,
      standing: "unknown",
      trouble: { kind: "unreadable", reason: "EIO" },
      failedHooks: ["a", "b"],
    }),
    "3f9c2b1a0d4e in force, unknown; the source cannot be read: EIO; failed hooks: a, b",
  );
  assertEquals(statusLine({ ...WELL, isolation: "No connection" }), "3f9c2b1a0d4e in force; No connection");
  assertEquals(
    statusLine({ ...WELL, hash: null, isWatching: false }),
    "No snapshot is in force; waiting for a request to reload",
  );
});
