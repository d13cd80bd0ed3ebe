import { assertEquals } from "@std/assert";
import { credentialPath } from "../../src/host/credential.ts";

Deno.test("a bare name is a credential's if there are credentials, and every other name a path", () => {
  const given = { CREDENTIALS_DIRECTORY: "/run/credentials/honua-configd.service" };
  assertEquals(credentialPath("admin-token", given), "/run/credentials/honua-configd.service/admin-token");
  assertEquals(credentialPath("./admin-token", given), "./admin-token");
  assertEquals(credentialPath("/etc/token", given), "/etc/token");
  assertEquals(credentialPath("admin-token", {}), "admin-token");
});
