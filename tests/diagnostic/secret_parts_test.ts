import { assert, assertEquals } from "@std/assert";
import fc, { anyCharacter } from "fast-check";
import { secretParts, userinfoSecrets } from "../../src/diagnostic/secret_parts.ts";
import { textMasker } from "../../src/diagnostic/text_masker.ts";

/** Secrets, and a part of each that is one by itself. */
const PARTS: readonly (readonly [secret: string, part: string])[] = [
  // URLs.
  ["postgres://honua:hunter2@db:5432/maps", "hunter2"],
  ["postgres://honua:hunt%40er2@db/maps", "hunt@er2"],
  ["postgres://honua:hunt/er2@db/maps?x=1", "hunt/er2"],
  ["amqp://honua:hunt@er2@mq/x", "hunt@er2"],
  ["amqp://honua:hunt@er2@mq/x@y", "hunt@er2"],
  ["redis://:hunter2@cache:6379,redis://:hunter3@cache2:6379", "hunter3"],
  ["mongodb://honua:hunter2@m1:27017,m2:27017/maps", "hunter2"],
  ["https://0123456789abcdef0123@errors.example.com/7", "0123456789abcdef0123"],
  ["//honua:hunter2@db/maps", "hunter2"],
  ["postgres://honua:hunt//er2@db/maps", "hunt//er2"],
  ['redis://:hunter2@cache,"X://:hunter3@cache2"', "hunter3"],
  ["https://x.blob.example/c?sv=2020&sig=aB%2Bc%3D&se=1", "aB+c="],
  ["https://x.example/#access_token=hunter2&x=1", "hunter2"],
  ["https://maps.example/tile?key=hunter2", "hunter2"],
  ["jdbc:postgresql://db/maps?user=honua&password=hunter2", "hunter2"],
  ["jdbc:sqlserver://db;user=honua;password=hunter2;encrypt=true", "hunter2"],
  // Connection strings.
  ["Host=db;Username=honua;Password=hunter2", "hunter2"],
  ["Host=db; PWD = hunter2 ;Port=1", "hunter2"],
  ["Server=db;Password=a,b c;Port=1", "a,b c"],
  ['Host=db;Password="a;b""c";Port=1', 'a;b"c'],
  ["Host=db;Password='a;b''c';Port=1", "a;b'c"],
  ["Driver={PostgreSQL};Pwd={a;b}}c};Port=1", "a;b}c"],
  ["Driver={PostgreSQL};Pwd=hun{ter2;Port=1}", "hun{ter2"],
  ['Host=db;Password=hun"ter"2;Port=1', 'hun"ter"2'],
  ['Host=db;Password="hunt\n""er2";Port=1', 'hunt\n"er2'],
  ["Host=db;Password=hunt er2 ;Port=1", "hunt er2"],
  ["cache:6379,password=hunter2,ssl=true", "hunter2"],
  ["host=db password='hunt\\\ner2' port=1", "hunt\ner2"],
  ["cache:6379,password=hunt;er2,ssl=true", "hunt;er2"],
  ["host=db user=honua password=hunter2 port=5432", "hunter2"],
  [String.raw`host=db password='it\'s me' port=5432`, "it's me"],
  ["DefaultEndpointsProtocol=https;AccountName=x;AccountKey=aGVsbG8+d29ybGQ=;EndpointSuffix=y", "aGVsbG8+d29ybGQ="],
  ["Endpoint=sb://x.example/;SharedAccessKeyName=root;SharedAccessKey=hunter2=", "hunter2="],
  ["BlobEndpoint=https://x;SharedAccessSignature=sv=1&sig=abcd%2F", "abcd/"],
  ["Server=db;Shared Access Key=hunter2", "hunter2"],
  ['{"host":"db","password":"hunt\\"er2"}', 'hunt"er2'],
  [String.raw`{"password":"hun\u0074er2"}`, "hunter2"],
  [String.raw`{"config":"{\"password\":\"hunter2\",\"port\":1}"}`, "hunter2"],
  [String.raw`Host=db;Pwd=hun\"x\"ter2;Port=1`, String.raw`hun\"x\"ter2`],
  ["password: hunter2\nhost: db", "hunter2"],
  ["scott/tiger@//db:1521/ORCL", "tiger"],
  ['scott/"tig/er"@ORCL', "tig/er"],
  ['scott/"tig"er@ORCL', '"tig"er'],
  ['scott/tig"er"@ORCL', 'tig"er"'],
  ["s/tiger@ORCL", "tiger"],
  ["oracle:oci:scott/tiger@db", "tiger"],
  ["JDBC:Oracle:OCI8:scott/tiger@db", "tiger"],
  ["scott/oracle:thin:tiger@db", "oracle:thin:tiger"],
  ["jdbc:oracle:thin:scott/tiger@//db:1521/ORCL", "tiger"],
  ["User Id=scott;Password=tiger;Data Source=db", "tiger"],
  ["(DESCRIPTION=(HOST=db)(USER=scott)(PASSWORD=tiger))", "tiger"],
  ["honua:hunter2@tcp(db:3306)/maps", "hunter2"],
  // Headers.
  [`Basic ${btoa("honua:hunter2")}`, "hunter2"],
  [`Basic ${btoa("honua:hunter2")}`, "honua:hunter2"],
  [`Authorization: Basic ${btoa("honua:hunt:er2")}`, "hunt:er2"],
  ["Bearer hunter2-0123", "hunter2-0123"],
  [btoa("honua:hunter2"), "hunter2"],
  // Keys.
  ["-----BEGIN PRIVATE KEY-----\r\nMIIEabcdefgh\r\nIJKLmnopqrst==\r\n-----END PRIVATE KEY-----\r\n", "IJKLmnopqrst=="],
];

Deno.test("each part of a secret that is secret without the rest is masked", () => {
  for (const [secret, part] of PARTS) assertEquals(textMasker([secret])(`it is ${part}!`), "it is [masked]!", secret);
});

Deno.test("a harmless part of a secret is not masked", () => {
  const harmless: readonly (readonly [secret: string, text: string])[] = [
    ["postgres://honua:hunter2@db.example:5432/maps", "honua at db.example:5432 has no maps"],
    ["postgres://honua@db.example/maps", "honua at db.example"],
    ["https://tiles.example:8443/{z}/{x}/{y}@2x.png?style=dark", "tiles.example 2x.png dark"],
    ["https://tiles.example/dark/x@2x.png", "tiles.example/dark"],
    ["Host=main.example;Username=honua;Database=maps;Port=5432", "honua main.example maps 5432"],
    ["cache.example:6379,password=hunter2,ssl=true,name=edge-7", "cache.example:6379 true edge-7"],
    ["honua/server@1.2.3", "honua server 1.2.3"],
    ["Key=abc;partition_key=region;primaryKey=name", "region name"],
    ["a plain sentence: nothing in it", "plain sentence nothing"],
    ["Host=db;secret partition_key=region", "region"],
    ["Host=db;secret of y key=region", "region"],
    ["Host=db;token of host=main.example", "main.example"],
    ["Driver={x};PWD={};Database=honua main", "{};Database=honua"],
    ["file:///srv/roads@kona", "roads kona"],
    [String.raw`{\"password\":\"\",\"note\":\"roads\"}`, String.raw`\",\"note\"`],
    ["hunter22", String.fromCharCode(...new Uint8Array([0x86, 0xe9]))],
  ];
  for (const [secret, text] of harmless) assertEquals(textMasker([secret])(text), text, secret);
});

Deno.test("an empty text before or behind a separator is no part", () => {
  assertEquals(secretParts(":password=hunter2@y"), ["hunter2@y"]);
  assertEquals(secretParts('scott/""@ORCL'), ['scott/""']);
});

Deno.test("a value that is an ordinary word is masked with its name or user, and not by itself", () => {
  const cases: readonly (readonly [secret: string, text: string, masked: string])[] = [
    ["Host=db;Password=None;Port=1", "none of them: Password=None", "none of them: [masked]"],
    ["https://maps.example/?auth=false&code=true&x=y", "true or false: auth=false", "true or false: [masked]"],
    ["postgres://honua:null@db/maps", "null: honua:null", "null: [masked]"],
    ["scott/true@//db:1521/ORCL", "true as scott/true", "true as [masked]"],
    ["Host=db;Password=test", "test", "[masked]"],
    ["Host=db;Password=yes;Port=1", "yes: Password=yes", "yes: [masked]"],
  ];
  for (const [secret, text, masked] of cases) assertEquals(textMasker([secret])(text), masked, secret);
});

Deno.test("text in front of a secret is not masked if it is no secret", () => {
  assertEquals(textMasker(["postgres://honua:hunter2@db/maps"])("//honua:hunter2"), "//[masked]");
  assertEquals(textMasker(["scott/tiger@ORCL"])("scott/tiger x/tiger"), "[masked] x/[masked]");
  assertEquals(textMasker([btoa("hunter2:")])("hunter2:"), "[masked]:");
});

Deno.test("a member is secret by its name in any syntax, up to the end that the syntax gives it", () => {
  const ends = [";", ",", "&", ")", "#", " ", "\n"];
  for (const end of ends) {
    const parts = secretParts(`x;pwd=hunter2${end}rest`);
    assert(parts.includes("hunter2"), end);
    const others = ends.filter((one) => one !== end).join("").trim();
    assert(secretParts(`x;pwd=hun${others}ter2${end}rest`).includes(`hun${others}ter2`), end);
  }
  for (const before of [..."\"';,&?#{}()[]\r\n/@"]) {
    assert(secretParts(`harmless${before}pwd=hunter2`).includes("hunter2"), before);
    assertEquals(secretParts(`pwd${before}harmless=hunter2`).includes("hunter2"), false, before);
  }
  for (
    const name of [
      "Account Key",
      "Connection String",
      "account keys",
      "Shared Access Signature",
      "my pwd",
      "'pwd'",
      "'pwd '",
      "Shared  Access   Key",
    ]
  ) {
    assert(secretParts(`x;${name} = hunter2;`).includes("hunter2"), name);
  }
  for (
    const name of [
      "partition_key",
      "pwd of key holder",
      "pwd of monkey",
      "pwd of keyboard",
      "keyboard",
      "signatures and key x",
      "session_x",
    ]
  ) {
    assertEquals(secretParts(`x;${name}=hunter2;`).includes("hunter2"), false, name);
  }
  for (const name of ["auth", "KEY", "code", "session", "sid"]) {
    assert(secretParts(`x;${name}=hunter2`).includes("hunter2"));
  }
});

Deno.test("a user's name is a secret if it looks like a token, from a length on", () => {
  const isSecret = (user: string) => userinfoSecrets(user, "").includes(user);
  assertEquals(["abcdefg1", "1234567a", "a".repeat(16), "1".repeat(16), "glpat-"].map(isSecret), Array(5).fill(true));
  assertEquals(["abcdef1", "a".repeat(15), "1".repeat(15), "", "honua-db"].map(isSecret), Array(5).fill(false));
  assertEquals(userinfoSecrets("u%41", "p%42"), ["u%41:p%42", "uA:pB", "p%42"]);
  assertEquals(userinfoSecrets("honua", ""), []);
  assertEquals(userinfoSecrets("", "pw"), [":pw", ":pw", "pw"]);
});

Deno.test("parts are looked for up to each bound, and not beyond it", () => {
  const value = (length: number) => secretParts(`x;pwd=${"a".repeat(length)};y`).map((part) => part.length);
  assertEquals([Math.max(...value(4_095)), Math.max(...value(4_096))], [4_095, 4_095]);
  const far = (length: number) => secretParts(`${"x".repeat(length - 9)};pwd=abcd`).includes("abcd");
  assertEquals([far(16 * 4_096), far(16 * 4_096 + 1)], [true, false]);
  const name = (length: number) => secretParts(`;pwd_${"x".repeat(length - 4)}=abcd`).includes("abcd");
  assertEquals([name(64), name(65)], [true, false]);
  assertEquals([secretParts("x;pwd=;y"), secretParts("hunter2-x ")], [["pwd="], []]);
  const lines = (count: number) =>
    secretParts(Array.from({ length: count }, (_, at) => `line-${1_000 + at}`).join("\n"));
  // One of the parts is the whole text with other line breaks, unless it is written so already.
  assertEquals([lines(1_024).length, lines(1_025).length], [1_024, 1_024]);
  assertEquals(secretParts("12345678\n1234567\r-----END x\r\n  abcdefgh  \n"), [
    "12345678\n1234567\n-----END x\n  abcdefgh",
    "12345678",
    "abcdefgh",
  ]);
  const scheme = (text: string) => secretParts(text).includes(text.split(/\s+/)[1]!);
  assertEquals(
    ["Bearer abcd", "basic\tabcd", `token${" ".repeat(8)}abcd`, "x apikey abcd"].map((text) =>
      secretParts(text).includes("abcd")
    ),
    [true, true, true, true],
  );
  assertEquals([scheme("Bearer abc"), scheme(`token${" ".repeat(9)}abcd`), scheme("xbearer abcd")], [
    false,
    false,
    false,
  ]);
});

Deno.test("bytes behind base64 that are no text are no part", () => {
  const parts = (...bytes: number[]) => secretParts(btoa(String.fromCharCode(...bytes)));
  const text = [..."tokens"].map((character) => character.charCodeAt(0));
  assertEquals(parts(...text), ["tokens"]);
  for (const control of [0, 8, 0x0e, 0x1f, 0x7f, 0x80, 0xff]) assertEquals(parts(...text, control), [], `${control}`);
  for (const control of [9, 10, 13]) assertEquals(parts(...text, control).length > 0, true, `${control}`);
  assertEquals(secretParts("dG9rZW4"), []);
  assertEquals(secretParts("x dG9rZW5z"), []);
  assertEquals(secretParts("dG9rZW5z x"), []);
  assertEquals(secretParts("dG9rZW5z\n").includes("tokens"), true);
  assertEquals([secretParts("dG9rZW5zYQ=="), secretParts("dG9rZW5zYQ===")], [["tokensa"], []]);
});

Deno.test("a password is masked in any quoting of a connection string", () => {
  const password = fc.string({ unit: fc.constantFrom(..."abXY09;,='\"{}\\%+/@: &#é"), minLength: 2, maxLength: 12 })
    .map((text) => `q9${text}9q`);
  const bare = (text: string, not: RegExp) => not.test(text) ? [] : [text];
  const syntaxes: readonly ((text: string) => readonly string[])[] = [
    (text) => [`Host=db;Password="${text.replaceAll('"', '""')}";Port=1`],
    (text) => [`Host=db;Password='${text.replaceAll("'", "''")}';Port=1`],
    (text) => [`Driver={x};PWD={${text.replaceAll("}", "}}")}};Port=1`],
    (text) => [`host=db password='${text.replace(/[\\']/g, "\\$&")}' port=1`],
    (text) => [JSON.stringify({ host: "db", password: text, port: 1 })],
    (text) => [`postgres://honua:${encodeURIComponent(text)}@db/x?y=1`],
    (text) => [`https://db/x?password=${encodeURIComponent(text)}&y=1`],
    (text) => bare(text, /;/).map((value) => `Host=db;Password=${value};Port=1`),
    (text) => bare(text, /,/).map((value) => `cache:6379,password=${value},ssl=true`),
    (text) => [`Basic ${btoa(unescape(encodeURIComponent(`honua:${text}`)))}`],
  ];
  fc.assert(
    fc.property(password, fc.nat(syntaxes.length - 1), (text, at) => {
      for (const secret of syntaxes[at]!(text)) {
        const mask = textMasker([secret]);
        for (const form of [text, encodeURIComponent(text), JSON.stringify(text)]) {
          assert(!/q9|9q/.test(mask(`it is ${form}!`)), `${secret}: ${mask(form)}`);
        }
        assert(!/q9|9q/.test(mask(secret)), mask(secret));
      }
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("the parts of any secret are found, and finding them takes time in proportion to it", () => {
  fc.assert(fc.property(fc.string({ unit: anyCharacter }), (text) => void secretParts(text)));
  // Each of these would take minutes if a search began again at every character.
  for (const unit of ["password=", "a:", "//", "@", '"', "basic a ", "user/pw@", "a//b:c@,"]) {
    secretParts(unit.repeat(100_000));
  }
});
