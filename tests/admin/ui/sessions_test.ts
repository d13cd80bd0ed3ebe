import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { openSessions, SESSION_LIMITS } from "../../../src/admin/ui/sessions.ts";

const ANNA = { token: "0123456789abcdef", name: "Anna" };
const HOUR = 3_600_000;

function sessionsAt(clock: { now: number }) {
  return openSessions({ now: () => clock.now });
}

Deno.test("a session is found by its id, which is 256 random bits, and ends when it is ended", () => {
  const sessions = sessionsAt({ now: 0 });
  const [anna, ben] = [sessions.begin(ANNA), sessions.begin({ ...ANNA, name: "Ben" })];
  assertMatch(anna, /^[\w-]{43}$/);
  assertNotEquals(anna, ben);
  assertEquals([sessions.find(anna, true), sessions.find(ben, true)?.name], [ANNA, "Ben"]);
  assertEquals([sessions.find("", true), sessions.find(anna.slice(1), true)], [null, null]);
  sessions.end(anna);
  sessions.end(anna);
  assertEquals([sessions.find(anna, true), sessions.find(ben, true)?.name], [null, "Ben"]);
});

Deno.test("the bytes of an id come from the given source", () => {
  const asked: number[] = [];
  const random = (bytes: number) => {
    asked.push(bytes);
    return new Uint8Array(bytes).fill(255);
  };
  assertEquals(openSessions({ now: () => 0, random }).begin(ANNA), `${"_".repeat(42)}8`);
  assertEquals(asked, [32]);
});

Deno.test("a session ends an hour after its last use, and requests that the page makes by itself are no use", () => {
  const clock = { now: 5 };
  const sessions = sessionsAt(clock);
  const id = sessions.begin(ANNA);
  clock.now += HOUR - 1;
  assertEquals(sessions.find(id, true), ANNA);
  clock.now += HOUR - 1;
  assertEquals(sessions.find(id, false), ANNA);
  clock.now += 1;
  assertEquals(sessions.find(id, false), null);
  clock.now -= 1;
  assertEquals(sessions.find(id, true), null, "it does not come back");
});

Deno.test("a session ends twelve hours after the sign-in, however much it is used", () => {
  const clock = { now: 0 };
  const sessions = sessionsAt(clock);
  const id = sessions.begin(ANNA);
  for (; clock.now < 12 * HOUR; clock.now += HOUR / 2) assertEquals(sessions.find(id, true), ANNA);
  assertEquals(sessions.find(id, true), null);
});

Deno.test("of more than a hundred sessions the oldest ends, and one that is over takes no place", () => {
  const clock = { now: 0 };
  const sessions = sessionsAt(clock);
  const { maxSessions } = SESSION_LIMITS;
  assertEquals(maxSessions, 100);
  const ids = Array.from({ length: maxSessions }, () => sessions.begin(ANNA));
  clock.now = HOUR / 2;
  for (const id of ids.slice(0, 2)) sessions.find(id, true);
  sessions.begin(ANNA);
  assertEquals(ids.slice(0, 3).map((id) => sessions.find(id, false)?.name), [undefined, "Anna", "Anna"]);
  clock.now = HOUR;
  // Only the second of the first hundred was used in the last hour.
  for (let more = 0; more < maxSessions - 2; more++) sessions.begin(ANNA);
  assertEquals(sessions.find(ids[1]!, false), ANNA);
});
