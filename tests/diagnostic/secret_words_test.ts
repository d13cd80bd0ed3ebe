// Every word and every bound that decides whether a name or a text is a secret: at the bound and one beyond it.
import { assert } from "@std/assert";
import { isCredentialName, isSecretName, looksSecret } from "../../src/diagnostic/secrets.ts";

const WORDS =
  "password passwords passphrase passcode pwd pass passkey pw pswd pin pins otp totp secret secrets token " +
  "tokens credential credentials apikey apikeys authorization bearer jwt sas sig signature hmac dsn cookie " +
  "connectionstring connectionstrings connstr connstring";
const KINDS = "api access account activation app auth client consumer deploy encryption hmac licence license master " +
  "private secret session shared signing ssh storage subscription";

Deno.test("each word of a secret makes a name a secret's, by itself and among others", () => {
  for (const word of WORDS.split(" ")) {
    for (const name of [word, `x_${word}`, `${word}-x`, word.toUpperCase(), `${word}2`]) {
      assert(isSecretName(name), name);
    }
  }
  for (const name of ["dbpasswd", "mypassword", "topsecrets", "usercredentials"]) assert(isSecretName(name), name);
});

Deno.test("a key is a secret one behind each word that makes it one, joined or apart, and only right behind it", () => {
  for (const kind of KINDS.split(" ")) {
    for (const name of [`${kind}_key`, `${kind}-keys`, `x_${kind}key`, `${kind}keys`]) assert(isSecretName(name), name);
  }
  for (
    const name of ["key_api", "api_x_key", "api_monkey", "api_keyboard", "access_keyed", "apikeyring", "keys", "p1in"]
  ) {
    assert(!isSecretName(name), name);
  }
});

Deno.test("an address is a secret behind a connection or a webhook, and a connection at the end of a name", () => {
  for (const first of ["conn", "connection", "connections", "webhook"]) {
    for (const last of ["str", "string", "strings", "url", "uri"]) {
      assert(isSecretName(`${first}_${last}`), `${first}_${last}`);
    }
  }
  for (const name of ["connected_url", "my_reconn_url", "webhooks_url", "url_connection_x", "connections", "conn_x"]) {
    assert(!isSecretName(name), name);
  }
  assert(isSecretName("url_connection"));
});

Deno.test("a name is judged by its first 256 characters", () => {
  assert(isSecretName(`${"x".repeat(252)}_pin`));
  assert(!isSecretName(`${"x".repeat(253)}_pin`));
  assert(isCredentialName(`${"x".repeat(252)}_sid`));
  assert(!isCredentialName(`${"x".repeat(253)}_sid`));
});

Deno.test("some words name a secret in a URL or a header only", () => {
  for (const word of ["auth", "authentication", "key", "keys", "code", "session", "sid"]) {
    assert(isCredentialName(word) && isCredentialName(`x_${word.toUpperCase()}`), word);
    assert(!isSecretName(word), word);
  }
  for (const name of ["author", "keyboard", "codec", "sessions", "side"]) assert(!isCredentialName(name), name);
  assert(isCredentialName("password"));
});

/** For each kind of secret: texts at its bounds, and as near to them as can be texts that are none. */
const BOUNDS: readonly (readonly [secret: readonly string[], harmless: readonly string[]])[] = [
  // Members of a connection string.
  [
    ["password", "passwd", "passphrase", "pwd", "secret", "token", "credential", "credentials", "signature"]
      .map((name) => `x;${name}=y`),
    ["x;passwor=y", "x;credence=y"],
  ],
  [
    ["api", "access", "account", "license", "licence", "private", "shared"]
      .flatMap((kind) => [`${kind}key=y`, `${kind} key=y`, `${kind}_key=y`, `${kind}-key: y`]),
    ["primary key=y", "api  key=y"],
  ],
  [[`pwd${" ".repeat(8)}=${" ".repeat(8)}y`], [`pwd${" ".repeat(9)}=y`, `pwd=${" ".repeat(9)}y`]],
  [
    ["'pwd': 'y'", '"PWD":"y"', "pwd=,y".replace(",", "'")],
    ["pwd", "pwd=", "pwd=;", "pwd=,", "pwd=&", "pwd=' ", 'pwd="" '],
  ],
  [
    ["user id", "userid", "uid", "user name", "username", "sig", "pass", "pin", "pw"].map((name) => `x;${name}=y`),
    ["uid: y", "xuid=y", "upin=y", "bypass=y", "user  id=y", "pass=", "sig=&"],
  ],
  [
    [`"uid"=y`, `uid${" ".repeat(8)}=${" ".repeat(8)}'y`],
    [`uid${" ".repeat(9)}=y`, `uid=${" ".repeat(9)}y`],
  ],
  // Headers.
  [
    ["bearer", "Basic"].flatMap((scheme) => [`${scheme} ${"a".repeat(12)}`, `${scheme}${" ".repeat(4)}A1~+/-._aaaa`]),
    [`bearer ${"a".repeat(11)}`, `bearer${" ".repeat(5)}${"a".repeat(12)}`, `forbearer ${"a".repeat(12)}`],
  ],
  // Oracle and MySQL.
  [
    ["u/p@h", "jdbc:oracle:oci8:u/p@h", "oracle:oci:u/p@h", "'u/p@h", "u/p@(h", "u/p@[::1]", "u/p@1.2.3.4", 'u/"p@"@h'],
    ["u/p@", "u/@h", "/p@h", "u/p@h x", "x u/p@h", "u/p@-h", "jdbc:u/p@h", "u/p@1", "u/p@v1.2.3-rc1", "u/p@1.2+b x"],
  ],
  [
    [`${"u".repeat(128)}/p@h`, `u/${"p".repeat(128)}@h`, `u/"${"p".repeat(128)}"@h`],
    [`${"u".repeat(129)}/p@h`, `u/${"p".repeat(129)}@h`, `u/"${"p".repeat(127)} "@h`],
  ],
  [["u/p@sha256x", "u/p@sha:x"], ["u/p@sha256:x", "u/p@sha1:x"]],
  [
    ["u:p@h", "'u:p@h", `${"u".repeat(128)}:p@h`, `u:${"p".repeat(128)}@h`, "mail:p@h", "u:p@(h)"],
    [`${"u".repeat(129)}:p@h`, `u:${"p".repeat(129)}@h`, "u:p@", "u:@h", ":p@h", "x u:p@h", "u:p@h x", "u:p@-"],
  ],
  [
    [],
    ["MAILTO", "mailto", "sip", "sips", "xmpp", "acct", "tel", "urn", "data", "im", "pres"].map((scheme) =>
      `${scheme}:a@h`
    ),
  ],
  [
    ["//u:p@", "'//u:p@h", `//${"u".repeat(128)}:p@h`, `//u:${"p".repeat(128)}@h`, "//:p@h"],
    [`//${"u".repeat(129)}:p@h`, `//u:${"p".repeat(129)}@h`, "x//u:p@h", "//u:@h", "//u/x:p@h", "//u:p"],
  ],
  // Keys that their issuers made recognisable.
  [
    ["AKIA", "ASIA", "AROA", "AIDA", "AGPA", "ANPA"].map((prefix) => `x ${prefix}${"A1".repeat(6)}`),
    [`AKIA${"A".repeat(11)}`, `XAKIA${"A".repeat(12)}`, `AKIA${"a".repeat(12)}`, `ABIA${"A".repeat(12)}`],
  ],
  [
    [..."pousr"].map((kind) => `gh${kind}_${"aA1".repeat(7).slice(1)}`),
    [`ghp_${"a".repeat(19)}`, `ghx_${"a".repeat(20)}`],
  ],
  [["github_pat_", "glpat-", ...[..."abeprs"].map((kind) => `xox${kind}-`), "rk_live_", "sk_live_"], [
    "xoxc-",
    "pk_live_",
  ]],
  [[`AIza${"a-_1".repeat(9).slice(1)}`], [`AIza${"a".repeat(34)}`]],
  [["eyJabcd.abcd", "x eyJab-_.a-_c"], ["eyJabc.abcd", "eyJabcd.abc", "xeyJabcd.abcd", "-eyJabcd.abcd"]],
  [["-----BEGIN X"], ["-----BEGINX", "----BEGIN X"]],
  // Userinfo.
  [
    [
      "a://u@h",
      "://u@h",
      "a://u:@h",
      "a://u/x:y@h",
      "a://t/u@v:pw@h",
      "see a://u@h now",
      "a://u/v@w@h:1@h",
      "a://u@h?to=b://c",
    ],
    ["a://@h", "a://h/@u", "a://h/x@u", "a:// u@h", "a:/u@h", "u@h a://h", "a://h u:p@h"],
  ],
];

Deno.test("a text looks like a secret up to each bound, and not one beyond it", () => {
  for (const [secrets, harmless] of BOUNDS) {
    for (const text of secrets) assert(looksSecret(text), text);
    for (const text of harmless) assert(!looksSecret(text), text);
  }
});
