// The name of an instance without a name in its options.
import { assert, assertEquals, assertMatch } from "@std/assert";
import fc, { anyCharacter } from "fast-check";
import { MAX_INSTANCE_LENGTH } from "../../src/cluster/peer_record.ts";
import { instanceName } from "../../src/options/instance_name.ts";
import { readOptions } from "../../src/options/option_reader.ts";

function nameWith(path: string | null, host = "edge-7", name: string | null = null): string {
  const flags = [
    ...(path === null ? [] : [{ flag: "--snapshot", key: "Snapshot:Path", value: path }]),
    ...(name === null ? [] : [{ flag: "--set", key: "HighAvailability:InstanceName", value: name }]),
  ];
  const read = readOptions({ flags, environment: {}, file: null });
  assert(read.ok);
  return instanceName(read.options, host);
}

Deno.test("an instance is called as the options say, else after its host", () => {
  assertEquals(nameWith(null, "edge-7", "maps"), "maps");
  assertEquals(nameWith("/srv/honua/config.snapshot.json", "edge-7", "maps"), "maps");
  assertEquals(nameWith(null), "edge-7");
  assertEquals(nameWith("/var/lib/honua-configd/../honua-configd/config.snapshot.json"), "edge-7");
});

Deno.test("instances of one host that have no names differ by the places of their snapshots", () => {
  assertEquals(nameWith("/var/lib/honua-configd/maps/config.snapshot.json"), "edge-7:maps");
  assertMatch(nameWith("/srv/maps/config.snapshot.json"), /^edge-7:maps-[0-9a-f]{8}$/);
  const paths = [
    "/srv/maps/config.snapshot.json",
    "/srv/maps/other.json",
    "/mnt/maps/config.snapshot.json",
    "a/x",
    "b/x",
  ];
  assertEquals(new Set(paths.map((path) => nameWith(path))).size, paths.length);
  assertEquals(nameWith("x/snapshot.json"), nameWith(`${Deno.cwd()}/x/snapshot.json`));
});

Deno.test("for any path, the name is one that the options take", () => {
  const paths = fc.string({ unit: anyCharacter, minLength: 1, maxLength: 300 }).filter((path) => !path.includes("\0"));
  fc.assert(fc.property(paths, fc.string({ maxLength: 64 }), (path, host) => {
    const name = nameWith(path, host);
    assert(name.length <= MAX_INSTANCE_LENGTH);
    assertMatch(name.slice(host.length), /^$|^:[\w.@-]+$/);
  }));
});

Deno.test("a place is shown up to 48 characters, and a host's name up to 64; a character that fits no table is an underscore", () => {
  const place = (name: string) => nameWith(`/srv/${name}/config.snapshot.json`).replace(/-[0-9a-f]{8}$/, "");
  assertEquals(place("p".repeat(48)), `edge-7:${"p".repeat(48)}`);
  assertEquals(place("p".repeat(49)), `edge-7:${"p".repeat(48)}`);
  assertEquals(place("a b:c/d.e@f-g_h"), "edge-7:d.e@f-g_h");
  assertEquals(place("a b:\u00e9\n"), "edge-7:a_b___");
  const unit = "/var/lib/honua-configd/maps/config.snapshot.json";
  assertEquals(nameWith(unit, "h".repeat(65)), `${"h".repeat(64)}:maps`);
  // Only a unit's own directory needs no digest: not one with a name other than is shown, nor another file in it.
  for (const path of [unit.replace("maps", "a b"), unit.replace("config.", "other."), `/srv${unit}`]) {
    assertMatch(nameWith(path), /-[0-9a-f]{8}$/);
  }
});
