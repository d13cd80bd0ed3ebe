import { assertEquals } from "@std/assert";
import { openLostPeers } from "../../src/cluster/lost_peers.ts";
import { peerWith } from "../cli/canned_daemon.ts";

const START = Date.parse("2026-01-01T00:00:00.000Z");
const LIFE = 90_000;

function opened() {
  let now = START;
  const memory = openLostPeers(() => now, LIFE);
  /** Passes seconds, then sees records of these names, each written at that moment. */
  const see = (seconds: number, ...names: readonly string[]) => {
    now += seconds * 1000;
    memory.see(names.map((instance) => peerWith({ instance, at: new Date(now).toISOString() })));
  };
  return {
    see,
    pass: (seconds: number) => void (now += seconds * 1000),
    names: () => memory.list().map((one) => one.instance),
  };
}

Deno.test("an instance whose record expired is lost until it writes again", () => {
  const { see, names } = opened();
  see(0, "one", "two", "three");
  see(90, "one");
  assertEquals(names(), ["three", "two"]);
  see(5, "one", "two");
  assertEquals(names(), ["three"]);
});

Deno.test("an instance that removed its record stopped as it should, and is not lost", () => {
  const { see, names } = opened();
  see(0, "one", "two");
  see(89, "one");
  see(100, "one");
  assertEquals(names(), []);
});

Deno.test("a lost instance is forgotten after a day", () => {
  const { see, pass, names } = opened();
  see(0, "one", "two");
  see(90, "one");
  pass(24 * 3_600 - 90);
  assertEquals(names(), ["two"]);
  pass(1);
  assertEquals(names(), []);
});
