import { assertEquals } from "@std/assert";
import { hostAuthorities } from "../../src/hooks/authorities.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const nothing = () => undefined;

Deno.test("the first file that is there and not empty has the authorities of this host", async () => {
  await using directory = await temporaryDirectory();
  const [empty, first, second] = await Promise.all(
    ["empty", "first", "second"].map((name) => directory.write(name, name === "empty" ? "" : name)),
  );
  const places = [directory.file("missing"), directory.path, empty!, first!, second!];
  assertEquals(await hostAuthorities(nothing, places), ["first"]);
  assertEquals(await hostAuthorities(nothing, places.slice(0, 3)), []);
});

Deno.test("SSL_CERT_FILE names the only file that is used, and an empty name none", async () => {
  await using directory = await temporaryDirectory();
  const place = await directory.write("place", "of the host");
  const named = await directory.write("named", "named");
  const cases: readonly (readonly [string, string[]])[] = [
    [named, ["named"]],
    [directory.file("missing"), []],
    ["", ["of the host"]],
  ];
  for (const [value, authorities] of cases) {
    const environment = (name: string) => name === "SSL_CERT_FILE" ? value : undefined;
    assertEquals(await hostAuthorities(environment, [place]), authorities, value);
  }
});

Deno.test("a file of authorities is read up to 16 MiB", async () => {
  await using directory = await temporaryDirectory();
  const [most, more] = [directory.file("most"), directory.file("more")];
  for (const [path, size] of [[most, 16 * 1024 * 1024], [more, 16 * 1024 * 1024 + 1]] as const) {
    await Deno.writeFile(path, new Uint8Array());
    await Deno.truncate(path, size);
  }
  assertEquals((await hostAuthorities(nothing, [more, most])).map(({ length }) => length), [16 * 1024 * 1024]);
  assertEquals(await hostAuthorities(nothing, [more]), []);
});
