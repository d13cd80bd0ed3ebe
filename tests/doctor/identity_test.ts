import { assertEquals } from "@std/assert";
import { constants } from "node:fs";
import fc from "fast-check";
import { groupNumber, identityOf, may } from "../../src/doctor/access.ts";
import { type FileFacts, hostMachine } from "../../src/doctor/machine.ts";
import { machineWith, machineWithTexts } from "./subject.ts";

function file(mode: number, uid = 1, gid = 1): FileFacts {
  return { mode: mode | constants.S_IFREG, uid, gid, size: 0 };
}

const USER = { name: "honua-configd", uid: 7, gids: [70, 71] };

Deno.test("the owner's bits count only for the owner, the group's for its members, the others' for the rest", () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 0o777 }),
    fc.constantFrom(7, 8),
    fc.constantFrom(70, 71, 72),
    fc.constantFrom("read" as const, "write" as const, "execute" as const),
    (mode, uid, gid, right) => {
      const digits = mode.toString(8).padStart(3, "0");
      const bits = Number(uid === 7 ? digits[0] : gid !== 72 ? digits[1] : digits[2]);
      const asked = { read: 4, write: 2, execute: 1 };
      assertEquals(may(USER, file(mode, uid, gid), right), (bits & asked[right]) !== 0);
    },
  ));
});

Deno.test("root may do all except run a file that no user may run", () => {
  const root = { name: "root", uid: 0, gids: [0] };
  assertEquals(may(root, file(0o000), "write"), true);
  assertEquals(may(root, file(0o644), "execute"), false);
  assertEquals(may(root, { ...file(0o000), mode: constants.S_IFDIR }, "execute"), true);
});

Deno.test("this process is known by its user and groups, and has a number for a name if it has none", async () => {
  const { signal } = new AbortController();
  const own = await identityOf(null, [], hostMachine, signal);
  assertEquals([own?.uid, own?.gids[0]], [Deno.uid(), Deno.gid()]);
  const telling = (answers: Readonly<Record<string, string>>) =>
    machineWith({
      run: (_, [flag = ""]) => {
        const out = answers[flag];
        return Promise.resolve(out === undefined ? { code: 1, out: "", error: "" } : { code: 0, out, error: "" });
      },
    });
  const answers = { "-u": "7\n", "-G": "70 71\n" };
  assertEquals(await identityOf(null, [], telling({ ...answers, "-un": "honua-configd\n" }), signal), USER);
  assertEquals((await identityOf(null, [], telling(answers), signal))?.name, "user 7");
  assertEquals(await identityOf(null, [], machineWith({ run: () => Promise.resolve(null) }), signal), null);
});

Deno.test("a user of the host is known by id(1), with the groups that a unit adds", async () => {
  const { signal } = new AbortController();
  const daemon = await identityOf("daemon", ["4242", "no-such-group"], hostMachine, signal);
  assertEquals([daemon?.uid, daemon?.gids.at(-1)], [1, 4242]);
  assertEquals(await identityOf("no-such-user", [], hostMachine, signal), null);
  assertEquals(await identityOf("--help", [], hostMachine, signal), null);
});

Deno.test("a group is a name first and else a number", async () => {
  const machine = machineWithTexts({ "/etc/group": "root:x:0:\nsite:x:70:me\n12:x:5:\n" });
  const numbers = ["site", "12", "13", "none", "__proto__", "4294967295"].map((one) => groupNumber(one, machine));
  assertEquals(await Promise.all(numbers), [70, 5, 13, null, null, null]);
});
