import { assert, assertEquals } from "@std/assert";
import type { HookAction } from "../../src/hooks/hook.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { run } from "./sample_hook.ts";

type DoesToUnit = Extract<HookAction, { kind: "systemd-unit" }>["does"];

/** Carries out a unit's hook with a systemctl that is this script. */
async function reload(script: string, timeoutMilliseconds = 10_000, does: DoesToUnit = "reload-or-restart") {
  await using directory = await temporaryDirectory();
  const systemctl = await directory.write("systemctl", `#!/bin/sh\n${script}\n`);
  await Deno.chmod(systemctl, 0o755);
  const path = `${directory.path}:/usr/bin:/bin`;
  return await run({ kind: "systemd-unit", unit: "tiles.service", does }, {
    timeoutMilliseconds,
    surroundings: { environment: (name) => name === "PATH" ? path : undefined },
  });
}

Deno.test("a unit is reloaded or restarted without asking anyone for a password", async () => {
  const ending = await reload('echo "$@" "$LC_ALL"');
  assertEquals(ending, { ok: true, output: "--no-ask-password reload-or-restart tiles.service C" });
});

Deno.test("a unit is restarted if that is asked for, and a refusal says so", async () => {
  const ending = await reload('echo "$@"', 10_000, "restart");
  assertEquals(ending, { ok: true, output: "--no-ask-password restart tiles.service" });
  const refused = await reload("echo 'Failed to restart tiles.service: Access denied'; exit 4", 10_000, "restart");
  assert(!refused.ok);
  assertEquals(refused.reason, "may not restart tiles.service: name the unit in a polkit rule for the daemon's user");
});

Deno.test("a unit of a health hook is only asked whether it is active", async () => {
  const active = 'test "$*" = "--no-ask-password is-active tiles.service" && echo active';
  assertEquals(await reload(active, 10_000, "is-active"), { ok: true, output: "active" });
  const failed = await reload("echo failed; exit 3", 10_000, "is-active");
  assert(!failed.ok);
  assertEquals(failed.reason, "tiles.service is failed");
});

Deno.test("a refusal of systemctl is reported with advice", async () => {
  for (
    const [says, reason] of [
      [
        "Failed to reload-or-restart tiles.service: Access denied",
        "may not reload tiles.service: name the unit in a polkit rule for the daemon's user",
      ],
      [
        "Failed to reload-or-restart tiles.service: Interactive authentication required.",
        "may not reload tiles.service: name the unit in a polkit rule for the daemon's user",
      ],
      ["Failed to reload-or-restart tiles.service: Unit tiles.service not found.", "found no unit tiles.service"],
      [
        "Failed to reload-or-restart tiles.service: Unit tiles.service is masked.",
        "cannot reload tiles.service, which is masked",
      ],
      [
        "System has not been booted with systemd as init system (PID 1). Can't operate.",
        "cannot reload tiles.service, for systemd cannot be reached from here",
      ],
      [
        "Job for tiles.service failed because the control process exited with error code.",
        "could not reload or restart tiles.service: see journalctl --unit tiles.service",
      ],
      ["Something else.", "systemctl exited with 1"],
    ] as const
  ) {
    assertEquals(await reload(`echo "${says}" >&2; exit 1`), { ok: false, reason, output: says });
  }
});

Deno.test("a systemctl that waits for too long is ended", async () => {
  const ending = await reload("echo 'Access denied'; sleep 600", 200);
  assertEquals(ending, { ok: false, reason: "took longer than 0.2 s and was ended", output: "Access denied" });
});

Deno.test("a host without systemctl differs from a unit that fails", async () => {
  const ending = await run({ kind: "systemd-unit", unit: "tiles.service", does: "restart" }, {
    surroundings: { environment: (name) => name === "PATH" ? "/nowhere" : undefined },
  });
  const reason = "systemctl is not there: systemctl is in no directory of PATH";
  assertEquals(ending, { ok: false, reason, output: "" });
});

Deno.test("every way in which systemctl says a refusal is understood", async () => {
  const may = "may not reload tiles.service: name the unit in a polkit rule for the daemon's user";
  const unreachable = "cannot reload tiles.service, for systemd cannot be reached from here";
  const failedJob = "could not reload or restart tiles.service: see journalctl --unit tiles.service";
  const cases: readonly (readonly [string, string])[] = [
    ["Failed: PERMISSION DENIED", may],
    ["Unit tiles.service could not be found.", "found no unit tiles.service"],
    ["Unit tiles.service not loaded.", "found no unit tiles.service"],
    ["Failed to connect to bus: No medium found", unreachable],
    ["Failed to connect to system scope bus via local transport: x", unreachable],
    ["Failed to get D-Bus connection: x", unreachable],
    ["Job for tiles.service canceled.", failedJob],
    ["Job for tiles.service timed out.", failedJob],
    ["Main: control process exited, code=exited", failedJob],
    ["A dependency job for tiles.service failed.", failedJob],
  ];
  for (const [says, reason] of cases) {
    assertEquals(await reload(`echo "${says}" >&2; exit 1`), { ok: false, reason, output: says });
  }
});
