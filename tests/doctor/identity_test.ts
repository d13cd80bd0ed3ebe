import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { groupNumber, identityOf, may, obstacleTo, ownIdentity, type Wanted } from "../../src/doctor/identity.ts";
import { type FileFacts, hostMachine } from "../../src/doctor/machine.ts";
import { machineWithTexts } from "./subject.ts";
import { temporaryDirectory } from "../support/temporary.ts";

function file(mode: number, uid = 1, gid = 1): FileFacts {
  return { kind: "file", mode, uid, gid, size: 0, modifiedMilliseconds: 0 };
}

const USER = { name: "honua-configd", uid: 7, gids: [70, 71] };

Deno.test("the owner's bits count only for the owner, the group's for its members, the others' for the rest", () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 0o777 }),
    fc.constantFrom(7, 8),
    fc.constantFrom(70, 71, 72),
    fc.subarray<Wanted>(["read", "write", "enter"], { minLength: 1 }),
    (mode, uid, gid, wanted) => {
      const digits = mode.toString(8).padStart(3, "0");
      const bits = Number(uid === 7 ? digits[0] : gid !== 72 ? digits[1] : digits[2]);
      const asked = { read: 4, write: 2, enter: 1 };
      assertEquals(may(USER, file(mode, uid, gid), wanted), wanted.every((one) => (bits & asked[one]) !== 0));
    },
  ));
});

Deno.test("root may do all except run a file that no user may run", () => {
  const root = { name: "root", uid: 0, gids: [0] };
  assertEquals(may(root, file(0o000), ["read", "write"]), true);
  assertEquals(may(root, file(0o644), ["enter"]), false);
  assertEquals(may(root, { ...file(0o000), kind: "directory" }, ["enter"]), true);
});

Deno.test("an obstacle is the first directory on the way that keeps a user out", async () => {
  await using directory = await temporaryDirectory();
  await Deno.chmod(directory.path, 0o755);
  await Deno.mkdir(directory.file("a/b"), { recursive: true });
  const path = await directory.write("a/b/file", "x");
  await Deno.chmod(path, 0o644);
  const nobody = { name: "nobody", uid: 65_534, gids: [65_534] };
  assertEquals(await obstacleTo(hostMachine, nobody, path, ["read"]), null);
  assertEquals((await obstacleTo(hostMachine, nobody, path, ["write"]))?.path, path);
  await Deno.chmod(directory.file("a"), 0o700);
  const obstacle = await obstacleTo(hostMachine, nobody, path, ["read"]);
  assertEquals([obstacle?.path, obstacle?.code], [directory.file("a"), "denied"]);
  assertEquals((await obstacleTo(hostMachine, USER, directory.file("none"), ["read"]))?.code, "ENOENT");
});

Deno.test("this process is known by its user and groups", async () => {
  const own = await ownIdentity(hostMachine);
  assertEquals([own?.uid, own?.gids[0]], [Deno.uid(), Deno.gid()]);
});

Deno.test("the doctor's user has effective numbers, all groups, and a name if there is one", async () => {
  const machine = machineWithTexts({
    "/proc/self/status": "Name:\tx\nUid:\t9\t7\t7\t7\nGid:\t9\t70\t70\t70\nGroups:\t70 71 \n",
    "/etc/passwd": "root:x:0:0::/:/bin/sh\nhonua-configd:x:7:70::/:/usr/sbin/nologin\n",
  });
  assertEquals(await ownIdentity(machine), USER);
  assertEquals(await ownIdentity(machineWithTexts({ "/proc/self/status": null })), null);
});

Deno.test("a user of the host is known by id(1), with the groups that a unit adds", async () => {
  const { signal } = new AbortController();
  const daemon = await identityOf("daemon", ["4242", "no-such-group"], hostMachine, signal);
  assertEquals([daemon?.uid, daemon?.gids.at(-1)], [1, 4242]);
  assertEquals(await identityOf("no-such-user", [], hostMachine, signal), null);
  assertEquals(await identityOf("--help", [], hostMachine, signal), null);
});

Deno.test("a group is a name first and else a number", () => {
  const groups = "root:x:0:\nsite:x:70:me\n12:x:5:\n";
  assertEquals(["site", "12", "13", "none", "__proto__"].map((one) => groupNumber(groups, one)), [
    70,
    5,
    13,
    null,
    null,
  ]);
});
