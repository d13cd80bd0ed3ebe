import { assertEquals } from "@std/assert";
import { openServerFormWriter } from "../../src/server/server_form_writer.ts";

Deno.test("the same configuration comes to the same bytes", async () => {
  const config = {
    honua: { version: "1.0", environment: "development", logLevel: "information", allowedHosts: [] },
    dataSources: {},
    services: {},
    layers: {},
    caches: {},
    variables: {},
  };
  assertEquals(await openServerFormWriter().write(config), await openServerFormWriter().write(config));
});
