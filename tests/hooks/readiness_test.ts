// The readiness of a server that a hook restarted, asked of real servers, commands and a systemctl that is a script.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { HookEnding } from "../../src/hooks/ending.ts";
import { askOnce, awaitReadiness, type ReadinessProbe } from "../../src/hooks/readiness.ts";
import { PROCESS_HOST } from "../../src/hooks/hook_host.ts";
import { fakeClock, turn, withFakeTimeouts } from "../support/fake_clock.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { ACTIVATED, run, runShell } from "./sample_hook.ts";

const QUICK = { everyMilliseconds: 20, askMilliseconds: 300 };

/** Asks quickly, for as long as is given. */
function ask(
  probe: ReadinessProbe,
  timeoutMilliseconds: number,
  stopping: AbortSignal = new AbortController().signal,
) {
  const question = { hook: "sample", payload: ACTIVATED, stopping, surroundings: PROCESS_HOST };
  return awaitReadiness({ probe, timeoutMilliseconds }, question, QUICK);
}

/** Asks once, with time enough for a busy machine. */
function askSlowly(probe: ReadinessProbe, environment = PROCESS_HOST.environment, askMilliseconds = 60_000) {
  const surroundings = { ...PROCESS_HOST, environment };
  const question = { hook: "sample", payload: ACTIVATED, stopping: new AbortController().signal, surroundings };
  return askOnce({ probe, timeoutMilliseconds: 1 }, question, { everyMilliseconds: 1, askMilliseconds });
}

function reasonOf(ending: HookEnding): string {
  assert(!ending.ok);
  return ending.reason;
}

/** A server that answers its requests in order, the last answer for ever, and remembers their methods. */
function serve(...answers: (() => Response | Promise<Response>)[]) {
  const methods: string[] = [];
  const closing = new AbortController();
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {}, signal: closing.signal };
  const server = Deno.serve(options, (request) => {
    const answer = answers[Math.min(methods.length, answers.length - 1)]!;
    methods.push(request.method);
    return answer();
  });
  const probe: ReadinessProbe = {
    kind: "http",
    url: `http://127.0.0.1:${server.addr.port}/ready`,
    headers: {},
    headerFiles: {},
  };
  return {
    methods,
    probe,
    async [Symbol.asyncDispose]() {
      closing.abort();
      await server.finished;
    },
  };
}

const starting = () => new Response("starting", { status: 503 });
const well = () => new Response("well");
const silent = () => new Promise<Response>(() => {});

Deno.test("it is asked again until the answer is 2xx, with GET", async () => {
  await using server = serve(starting, starting, well);
  assertEquals(await ask(server.probe, 60_000), { ok: true, output: "well" });
  assertEquals(server.methods, ["GET", "GET", "GET"]);
});

Deno.test("a server that is not ready in time is a failure with the last answer", async () => {
  await using server = serve(starting);
  assertEquals(await ask(server.probe, 300), {
    ok: false,
    reason: "was not ready within 0.3 s: answered 503",
    output: "starting",
    isCarriedOut: true,
  });
  const redirect = serve(() => new Response(null, { status: 302, headers: { location: "/" } }));
  await using _closed = redirect;
  assertMatch(reasonOf(await ask(redirect.probe, 300)), /answered 302, and redirects are not followed/);
});

Deno.test("a port that nobody listens on yet is not ready, and is no reason to give up", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const probe = { kind: "http", url: `http://127.0.0.1:${port}/`, headers: {}, headerFiles: {} } as const;
  assertMatch(
    reasonOf(await ask(probe, 300)),
    /^was not ready within 0.3 s: could not be reached: connection refused$/,
  );
});

Deno.test("an ask without an answer ends by itself, and the next one may succeed", async () => {
  await using server = serve(silent, well);
  assertEquals(await ask(server.probe, 60_000), { ok: true, output: "well" });
  await using mute = serve(silent);
  assertEquals(reasonOf(await ask(mute.probe, 400)), "was not ready within 0.4 s: no answer within 0.3 s");
  await using late = serve(starting, silent);
  assertEquals(reasonOf(await ask(late.probe, 250)), "was not ready within 0.25 s: answered 503");
  assertEquals(reasonOf(await ask(mute.probe, 100)), "was not ready within 0.1 s: no answer");
});

Deno.test("a command is ready if it exits with 0, and gets the payload", async () => {
  await using directory = await temporaryDirectory();
  const probe = (script: string) => ({ kind: "command", command: ["sh", "-c", script] }) as const;
  const counts = `echo x >> ${directory.file("asks")}; test $(wc -l < ${directory.file("asks")}) -ge 3`;
  assertEquals(await ask(probe(`${counts} && echo "$HONUA_CONFIGD_EVENT"`), 60_000), { ok: true, output: "activated" });
  assertEquals(await askSlowly(probe("echo the cache is cold; exit 3")), {
    ok: false,
    reason: "exited with 3",
    output: "the cache is cold",
  });
});

Deno.test("a unit is ready if it is active, and in no other state", async () => {
  await using directory = await temporaryDirectory();
  const systemctl = directory.file("systemctl");
  const probe = { kind: "systemd-unit", unit: "tiles.service" } as const;
  const states = async (script: string, askMilliseconds?: number) => {
    await Deno.writeTextFile(systemctl, `#!/bin/sh\n${script}\n`);
    await Deno.chmod(systemctl, 0o755);
    return await askSlowly(probe, () => `${directory.path}:/usr/bin:/bin`, askMilliseconds);
  };
  assertEquals(await states('test "$*" = "--no-ask-password is-active tiles.service" && echo active'), {
    ok: true,
    output: "active",
  });
  for (const [state, code] of [["reloading", 0], ["activating", 3], ["failed", 3], ["inactive", 3]] as const) {
    assertEquals(reasonOf(await states(`echo ${state}; exit ${code}`)), `tiles.service is ${state}`);
  }
  assertEquals(
    reasonOf(await states("echo 'Failed to connect to bus: No such file or directory'; exit 1")),
    "cannot ask about tiles.service, for systemd cannot be reached from here",
  );
  for (const script of ["echo what is that", "echo What", "true"]) {
    assertEquals(reasonOf(await states(script)), "systemctl does not say that tiles.service is active");
  }
  assertEquals(reasonOf(await states("echo activating; exec sleep 600", 500)), "no answer within 0.5 s");
  assertEquals(
    reasonOf(await askSlowly(probe, () => "/nowhere")),
    "systemctl is not there: systemctl is in no directory of PATH",
  );
});

Deno.test("the daemon's stop ends the wait, between two asks and during one", async () => {
  for (const answer of [starting, silent]) {
    await using server = serve(answer);
    const stop = new AbortController();
    const waiting = ask(server.probe, 600_000, stop.signal);
    stop.abort();
    assertEquals(reasonOf(await waiting), "was ended because the daemon stops");
  }
});

Deno.test("a hook that fails is not asked about, and one that is ready has its own output", async () => {
  await using server = serve(well);
  const readiness = { probe: server.probe, timeoutMilliseconds: 10_000 };
  assertEquals(await runShell("echo no; exit 1", { readiness }), { ok: false, reason: "exited with 1", output: "no" });
  assertEquals(server.methods, []);
  assertEquals(await runShell("echo restarted", { readiness }), { ok: true, output: "restarted" });
});

Deno.test("a failed readiness shows the hook's output and the answer", async () => {
  await using server = serve(starting);
  const readiness = { probe: server.probe, timeoutMilliseconds: 200 };
  const ending = await runShell("echo restarted", { readiness });
  assertEquals([reasonOf(ending), ending.output], ["was not ready within 0.2 s: answered 503", "restarted\nstarting"]);
});

Deno.test("an action that was carried out is carried out again only if the server is still not ready", async () => {
  await using directory = await temporaryDirectory();
  const action = { kind: "command", command: ["sh", "-c", `echo x >> ${directory.file("runs")}`] } as const;
  const runs = async () => (await Deno.readTextFile(directory.file("runs")).catch(() => "")).length / 2;
  await using ready = serve(well);
  await using sick = serve(starting, well);
  const carriedOut = (probe: ReadinessProbe) =>
    run(action, { readiness: { probe, timeoutMilliseconds: 10_000 }, isCarriedOut: true });
  assertEquals([(await carriedOut(ready.probe)).ok, await runs()], [true, 0]);
  assertEquals([(await carriedOut(sick.probe)).ok, await runs()], [true, 1]);
});

Deno.test("by default one ask may take five seconds", async () => {
  const signal = new AbortController().signal;
  const question = { hook: "sample", payload: ACTIVATED, stopping: signal, surroundings: PROCESS_HOST };
  const probe = { kind: "command", command: ["sleep", "600"] } as const;
  await withFakeTimeouts(async (timers) => {
    let isAnswered = false;
    const asked = askOnce({ probe, timeoutMilliseconds: 1 }, question).finally(() => isAnswered = true);
    await timers.tickAsync(4_999);
    await turn();
    assertEquals(isAnswered, false);
    await timers.tickAsync(1);
    assertEquals(await asked, { ok: false, reason: "no answer within 5 s", output: "" });
  });
});

Deno.test("by default it is asked every second, however long the answer took, or at once if it took longer", async () => {
  const { clock, timers } = fakeClock();
  const answers = [0, 400, 1_500, 0];
  const asks: number[] = [];
  await using server = serve(() => {
    timers.tick(answers[asks.push(timers.now) - 1]!);
    return asks.length === answers.length ? well() : starting();
  });
  const signal = new AbortController().signal;
  const question = { hook: "sample", payload: ACTIVATED, stopping: signal, surroundings: PROCESS_HOST };
  const readiness = { probe: server.probe, timeoutMilliseconds: 60_000 };
  const awaited = awaitReadiness(readiness, question, undefined, clock);
  for (let pauses = 1; pauses < answers.length; pauses++) {
    await eventually("it waits", () => timers.countTimers() === 1);
    timers.next();
  }
  assertEquals(await awaited, { ok: true, output: "well" });
  assertEquals(asks, [0, 1_000, 2_000, 3_500]);
});

Deno.test("a failure or an answer without text leaves no empty line", async () => {
  const mute = () => new Response(null, { status: 503 });
  for (const [script, answer, output] of [["true", starting, "starting"], ["echo done", mute, "done"]] as const) {
    await using server = serve(answer);
    const ending = await runShell(script, { readiness: { probe: server.probe, timeoutMilliseconds: 200 } });
    assertEquals(ending.output, output);
  }
});
